"""CloudFormation for moto: every resource type of the template, made through moto's public APIs.

``table`` says how each type is made, read, updated and deleted; ``engine`` creates, updates, rolls back
and deletes a stack in dependency order; ``mends`` puts both behind moto's CloudFormation endpoint.

A property, type, reference or attribute that is not known fails the stack operation, which is then
rolled back. (AWS refuses unresolved references and unknown types one step earlier, at
CreateChangeSet.) Where the order is free, the resource that stands last in the template comes first:
the order in which a missing DependsOn does the most harm.
"""

from emulator.kinds import Refused
from emulator.mends import ENDPOINTS, mend
from emulator.table import KINDS, UNMODELLED

__all__ = ["ENDPOINTS", "KINDS", "UNMODELLED", "Refused", "mend"]

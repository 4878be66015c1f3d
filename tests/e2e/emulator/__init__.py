"""CloudFormation for moto: every resource type of the template, made through moto's public APIs.

``types.yaml`` says how each type is made, read, updated and deleted; ``engine`` creates, updates, rolls
back and deletes a stack in dependency order; ``mends`` puts it behind moto's CloudFormation endpoint.

A property, type, reference or attribute that is not known fails the stack operation, which is then
rolled back. (AWS refuses unresolved references and unknown types one step earlier, at
CreateChangeSet.) Where the order is free, the resource that stands last in the template comes first:
the order in which a missing DependsOn does the most harm.
"""

from emulator.chats import PATHS as CHATS
from emulator.chats import answer as chat
from emulator.mends import CODE, ENDPOINTS, mend, package
from emulator.resource import KINDS

# What is known and left out; printed with the figures.
UNMODELLED = (
    *(f"{kind.type}.{name}" for kind in KINDS.values() for name in kind.unmodelled),
    "AWS::Lambda::Function.LoggingConfig: taken, and not shown",
    "parameters that name one of Parameter Store: the name stands for its value",
    "replacement: a change that needs it is refused",
    "policies of keys and buckets: no service asks them",
    "schedules, event patterns and alarms: stored, never evaluated",
    "engine versions and backtrack regions: any are accepted",
    "mail subscriptions: confirmed at once",
    "plans of AWS Backup and channels of a chat: stored, nothing is backed up or sent",
)

__all__ = ["CHATS", "CODE", "ENDPOINTS", "KINDS", "UNMODELLED", "chat", "mend", "package"]

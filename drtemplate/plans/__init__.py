"""What the stack is made of and how it is named: addresses, database, names, roles, what exists already."""

from drtemplate.plans.automation import Automation
from drtemplate.plans.database import DatabasePlan
from drtemplate.plans.existing import Existing
from drtemplate.plans.names import Names, Roles
from drtemplate.plans.network import ZONES, AddressPlan

__all__ = ["ZONES", "AddressPlan", "Automation", "DatabasePlan", "Existing", "Names", "Roles"]

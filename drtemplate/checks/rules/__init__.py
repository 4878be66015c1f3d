"""Rules for what neither cfn-lint nor an emulator sees: only AWS itself would refuse it, or go on
without a word. They run on dictionaries, in milliseconds.
"""

from collections.abc import Callable, Iterator

from drtemplate.checks.findings import Finding
from drtemplate.checks.rules.alarms import check_alarms
from drtemplate.checks.rules.creation import check_creation
from drtemplate.checks.rules.database import check_database
from drtemplate.checks.rules.functions import check_functions
from drtemplate.checks.rules.health import check_health
from drtemplate.checks.rules.keys import check_keys
from drtemplate.checks.rules.names import check_names
from drtemplate.cloudformation.reading import Template

RULES: tuple[Callable[[Template], Iterator[Finding]], ...] = (
    check_keys,
    check_health,
    check_functions,
    check_alarms,
    check_names,
    check_database,
    check_creation,
)


def check_rules(template: Template) -> list[Finding]:
    """Everything that the rules find, in the order of the template's paths."""
    return sorted(finding for rule in RULES for finding in rule(template))

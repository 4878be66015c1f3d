"""Stack names that the template cannot live with, and which of its names says so."""

import re
from collections.abc import Mapping
from typing import Any

from drtemplate.cloudformation.names import STACK_NAME_LENGTH, name_problems
from drtemplate.errors import DeployError

# The names that the project promises to work with: each service's rule is a part of it.
_FORM = re.compile(r"[a-z][a-z0-9-]*")


def check_stack_name(template: Mapping[str, Any], name: str) -> None:
    """Refuse a name from which the template would make one that a service refuses.

    Raises:
        DeployError: the reason, with the resource whose name would be refused if there is one.
    """
    reason = next(
        (f"{where[1]}: {problem}" for where, problem in name_problems(template, name)),
        "",
    )
    # These hold whatever names the template makes.
    if not reason and len(name) > STACK_NAME_LENGTH:
        reason = f"it has {len(name)} characters"
    if not reason and not _FORM.fullmatch(name):
        reason = "it has other characters, or a first one that is no letter"
    if reason:
        raise DeployError(
            f"the stack cannot be called {name!r}: {reason}; choose at most {STACK_NAME_LENGTH} "
            "lower-case letters, digits and hyphens, a letter first, not beginning with aws, ssm "
            "or internal-"
        )

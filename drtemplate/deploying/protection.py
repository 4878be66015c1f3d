"""Protection of a stack in Production: from a stray delete, and from losing what holds data."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from drtemplate.cloudformation.reading import Template, section
from drtemplate.cloudformation.schemas import data_bearing_types
from drtemplate.deploying.account import UnansweredError, account_call
from drtemplate.deploying.living import Living

LIFT = "docs/runbook.md#deploy"


def stack_policy(template: Template) -> dict[str, Any]:
    """No update replaces or deletes what holds data; all else may change.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
    """
    held = [
        f"LogicalResourceId/{title}"
        for title, resource in section(template, "Resources")
        if resource.get("Type") in data_bearing_types()
    ]
    everything = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}
    loss = {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*"}
    return {"Statement": [everything, *([loss | {"Resource": held}] if held else [])]}


def protect(living: Living) -> Iterator[str]:
    """Turn on, in Production, what is not on yet; each as a line, and what could not be done too."""
    if living.values.get("Environment") != "Production":
        return
    name = living.target.stack
    if not living.stack.protected:
        try:
            with account_call(f"turn on termination protection of {name}"):
                living.account.cloudformation.update_termination_protection(
                    StackName=name, EnableTerminationProtection=True
                )
            yield f"termination protection is on: nobody deletes {name} by mistake ({LIFT})"
        except UnansweredError as exc:
            yield f"note: termination protection is off: {exc}"
    try:
        with account_call(f"set the stack policy of {name}"):
            present = living.account.cloudformation.get_stack_policy(StackName=name).get(
                "StackPolicyBody"
            )
            wanted = stack_policy(living.template)
            known = _parsed(present)
            if present and known != wanted and not (_is_ours(known) or _is_lifted(known)):
                yield f"note: {name} has a stack policy of its own, which stays"
            elif known != wanted:
                living.account.cloudformation.set_stack_policy(
                    StackName=name, StackPolicyBody=json.dumps(wanted)
                )
                yield f"a stack policy is set: no update replaces or deletes what holds data ({LIFT})"
    except UnansweredError as exc:
        yield f"note: no stack policy is set: {exc}"


def denied_by_policy(living: Living, lost: set[str]) -> list[str]:
    """Which of the resources the stack's own policy would not let an update replace or delete.

    Raises:
        DeployError: CloudFormation does not answer.
    """
    with account_call(f"ask for the stack policy of {living.target.stack}"):
        told = living.account.cloudformation.get_stack_policy(StackName=living.target.stack)
        policy = _parsed(told.get("StackPolicyBody"))
    if not _is_ours(policy):
        return []
    held = policy["Statement"][1]["Resource"]
    return sorted(name for name in lost if f"LogicalResourceId/{name}" in held)


def _parsed(text: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_lifted(policy: Mapping[str, Any]) -> bool:
    """Whether it allows everything, as the runbook lifts ours with: none can be taken away."""
    match policy.get("Statement"):
        case [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]:
            return True
    return False


def _is_ours(policy: Mapping[str, Any]) -> bool:
    """Whether ``stack_policy`` has made it, for this template or an earlier one."""
    match policy.get("Statement"):
        case [
            {"Effect": "Allow", "Action": "Update:*"},
            {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Resource": list()},
        ]:
            return True
    return False

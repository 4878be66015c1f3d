"""What a resource policy lets a service do, as far as a template tells."""

from collections.abc import Iterator, Mapping
from typing import Any

from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.policies import OPERATORS, matches_wildcard
from drtemplate.cloudformation.reading import list_of, mapping_of, mappings_of

_ACCOUNT = "${AWS::AccountId}"


def allowed(
    document: Any, service: str, actions: frozenset[str], context: Mapping[str, str]
) -> frozenset[str]:
    """Those of the actions that the policy allows a service principal; a Deny is not looked at.

    Args:
        document: the policy document.
        service: the principal, as ``events.amazonaws.com``; may hold ``${AWS::Region}``.
        actions: full names of actions, as ``kms:Decrypt``.
        context: condition key -> the value that the service's request carries, as a Sub's text. A
            condition on any other key counts as not met, since nothing here tells its value; so does
            one with an operator that is not known.
    """
    granted: set[str] = set()
    for statement in _statements(document):
        if statement.get("Effect") == "Allow" and _names(statement, service):
            if not _holds(mapping_of(statement.get("Condition")), context):
                continue
            patterns = [text_of(action) or "" for action in list_of(statement.get("Action"))]
            granted |= {
                action
                for action in actions
                if any(matches_wildcard(pattern.lower(), action.lower()) for pattern in patterns)
            }
    return frozenset(granted)


def _statements(document: Any) -> Iterator[Mapping[str, Any]]:
    yield from mappings_of(mapping_of(document).get("Statement"))


def _names(statement: Mapping[str, Any], service: str) -> bool:
    principal = statement.get("Principal", {})
    if principal == "*":
        return True
    return service in [text_of(name) for name in list_of(mapping_of(principal).get("Service"))]


def _holds(condition: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """Whether every operator and key of the condition holds for the request."""
    # IAM reads the names of keys without regard to case.
    given = {key.lower(): value for key, value in context.items()}
    return all(
        _one_holds(
            operator,
            [text_of(value) or "" for value in list_of(wanted)],
            given.get(str(key).lower()),
        )
        for operator, keys in condition.items()
        for key, wanted in mapping_of(keys).items()
    )


def _one_holds(operator: str, wanted: list[str], value: str | None) -> bool:
    compare = OPERATORS.get(operator)
    return (
        compare is not None
        and value is not None
        and any(compare(pattern, value) for pattern in wanted)
    )


def source_context(arn: str) -> dict[str, str]:
    """The condition keys that a service's request for a resource of this account carries."""
    return {"aws:SourceAccount": _ACCOUNT, "aws:SourceArn": arn}

"""What IAM decides of a request under the statements of a policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
An element or an operator that is not known here is an error, never a guess. Values may be as
deployed or the texts of a Sub.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# A colon, but not one of ``${AWS::Region}`` or of a policy variable.
_COLON = re.compile(r":(?![^{}]*\})")


def matches_wildcard(pattern: str, text: str) -> bool:
    """``*`` for any number of characters, ``?`` for one, and no other wildcard."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None


def arn_like(pattern: str, arn: str) -> bool:
    """Each of the six components of an ARN by itself.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
    """
    patterns, parts = _COLON.split(pattern, 5), _COLON.split(arn, 5)
    return len(patterns) == len(parts) == 6 and all(map(matches_wildcard, patterns, parts))


def _same(wanted: str, given: str) -> bool:
    return wanted.lower() == given.lower()


# Operator -> whether what a condition wants holds for what a request carries.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringEqualsIgnoreCase": _same,
    "StringLike": matches_wildcard,
    "ArnEquals": arn_like,
    "ArnLike": arn_like,
    "Bool": _same,
}

# A negated operator -> what it negates; it holds where the request carries no such key.
NEGATED = {"ArnNotEquals": "ArnEquals"}

KNOWN_ELEMENTS = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What IAM is asked: an action on one resource.

    Attributes:
        context: Condition keys in lower case, each with its one value.
        principal: (kind, name), such as ``("Service", "events.amazonaws.com")``; asked for by
            resource-based policies only.
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)
    principal: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement; every element a tuple, whichever form the document had."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    principals: tuple[tuple[str, str], ...] = ()

    def covers(self, request: Request) -> bool:
        """Whether the statement, allow or deny, speaks of the request."""
        return (
            any(
                matches_wildcard(pattern.lower(), request.action.lower())
                for pattern in self.actions
            )
            and any(resource_like(pattern, request.resource) for pattern in self.resources)
            and (not self.principals or self.names(request.principal))
            and all(
                _holds(operator, request.context.get(key), values)
                for operator, key, values in self.conditions
            )
        )

    def names(self, principal: tuple[str, str] | None) -> bool:
        """Whether the principal is among those of the statement."""
        return principal in self.principals or ("*", "*") in self.principals


def _holds(operator: str, carried: str | None, values: tuple[str, ...]) -> bool:
    """Whether a condition holds for the value that a request carries, if any."""
    if operator in NEGATED:
        return carried is None or not _holds(NEGATED[operator], carried, values)
    return carried is not None and any(OPERATORS[operator](one, carried) for one in values)


def statements(document: Mapping[str, Any]) -> tuple[Statement, ...]:
    """The statements of a policy document.

    Raises:
        ValueError: An element or a condition operator that is not known here.
    """
    return tuple(_statement(statement) for statement in _listed(document["Statement"]))


def allows(policy: Iterable[Statement], request: Request) -> bool:
    """An explicit deny wins; else one allow is enough; else the request is denied."""
    effects = {statement.effect for statement in policy if statement.covers(request)}
    return effects == {"Allow"}


def resource_like(pattern: str, resource: str) -> bool:
    """A resource of a request under one of a statement; an action without one asks for ``*``."""
    return pattern == "*" or arn_like(pattern, resource)


def _statement(given: Mapping[str, Any]) -> Statement:
    unknown = given.keys() - KNOWN_ELEMENTS
    conditions = given.get("Condition", {})
    unknown |= conditions.keys() - OPERATORS.keys() - NEGATED.keys()
    if unknown:
        raise ValueError(f"policy elements this engine does not know: {sorted(unknown)}")
    return Statement(
        effect=given["Effect"],
        actions=_listed(given["Action"]),
        resources=_listed(given["Resource"]),
        conditions=tuple(
            (operator, key.lower(), tuple(map(_text, _listed(values))))
            for operator, keys in conditions.items()
            for key, values in keys.items()
        ),
        principals=_principals(given.get("Principal", {})),
    )


def _principals(given: str | Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    if isinstance(given, str):
        return ((given, given),)
    return tuple((kind, name) for kind, names in given.items() for name in _listed(names))


def _listed(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

"""How the rules read a template: resources by type, and values without CloudFormation's wrapping.

A rule sees text in one spelling only: ``${X}`` for a Ref and ``${X.Arn}`` for a GetAtt, alone or
inside a Sub. So two values that CloudFormation would make equal are equal for a rule too.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Template = Mapping[str, Any]
Properties = Mapping[str, Any]

_WHOLE = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}")
_VARIABLE = re.compile(r"\$\{([^}]+)\}")


def of_type(template: Template, *types: str) -> Iterator[tuple[str, Properties]]:
    """The resources of these types: logical id and properties (empty if it has none)."""
    for title, resource in template.get("Resources", {}).items():
        if resource.get("Type") in types:
            yield title, resource.get("Properties", {})


def properties_of(template: Template, title: str | None, kind: str) -> Properties | None:
    """The properties of the resource with this logical id, or None if it is no such resource."""
    resource = template.get("Resources", {}).get(title, {})
    return resource.get("Properties", {}) if resource.get("Type") == kind else None


def text_of(value: Any) -> str | None:
    """The value as the text of a Sub, or None if it is no text that can be known here."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((name, argument),) = value.items()
    if name == "Ref":
        return f"${{{argument}}}"
    if name == "Fn::GetAtt":
        return f"${{{argument if isinstance(argument, str) else '.'.join(map(str, argument))}}}"
    if name == "Fn::Sub":
        return _sub(argument)
    if name == "Fn::Join":
        parts = [text_of(part) for part in argument[1]] if isinstance(argument[1], list) else [None]
        return None if None in parts else str(argument[0]).join(map(str, parts))
    return None


def _sub(argument: Any) -> str | None:
    if isinstance(argument, str):
        return argument
    text, own = argument
    values = {name: text_of(value) for name, value in own.items()}
    if None in values.values():
        return None
    return _VARIABLE.sub(lambda found: str(values.get(found[1], found[0])), text)


def target_of(value: Any) -> tuple[str | None, str]:
    """What a Ref, a GetAtt or a Sub of one variable points at: logical id, attribute ('' for Ref).

    The logical id is None if the value points at no single thing.
    """
    found = _WHOLE.fullmatch(text_of(value) or "")
    return (found[1], found[2] or "") if found else (None, "")


def branches(value: Any) -> Iterator[Any]:
    """The value, or, if an If chooses it, each of the values that it may be; NoValue is none."""
    if isinstance(value, dict) and list(value) == ["Fn::If"]:
        for branch in value["Fn::If"][1:]:
            yield from branches(branch)
    elif value is not None and value != {"Ref": "AWS::NoValue"}:
        yield value


def list_of(value: Any) -> list[Any]:
    """A list as it is, a single value as a list of one, nothing as an empty list."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def number_of(value: Any) -> float | None:
    """The number, also where it stands as text; None if a parameter or a function decides."""
    try:
        return float(text_of(value) or "")
    except ValueError:
        return None

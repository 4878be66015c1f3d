"""Short questions to a template: resources by type, and values without CloudFormation's wrapping.

Who asks sees text in one spelling only: ``${X}`` for a Ref and ``${X.Arn}`` for a GetAtt, alone or
inside a Sub. So two values that CloudFormation would make equal are equal here too.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from drtemplate.cloudformation.lookups import text_of

Template = Mapping[str, Any]
Properties = Mapping[str, Any]

_WHOLE = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}")


def of_type(template: Template, *types: str) -> Iterator[tuple[str, Properties]]:
    """The resources of these types: logical id and properties (empty if it has none)."""
    for title, resource in template.get("Resources", {}).items():
        if resource.get("Type") in types:
            yield title, resource.get("Properties", {})


def properties_of(template: Template, title: str | None, kind: str) -> Properties | None:
    """The properties of the resource with this logical id, or None if it is no such resource."""
    resource = template.get("Resources", {}).get(title, {})
    return resource.get("Properties", {}) if resource.get("Type") == kind else None


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

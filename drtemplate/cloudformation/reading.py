"""Short questions to a template: resources by type, and values without CloudFormation's wrapping.

Who asks sees text in one spelling only: ``${X}`` for a Ref and ``${X.Arn}`` for a GetAtt, alone or
inside a Sub. So two values that CloudFormation would make equal are equal here too.

Any template may be asked, however broken: what is not of the shape that CloudFormation wants is as
good as absent, and no question raises an error.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from drtemplate.cloudformation.lookups import text_of

Template = Mapping[str, Any]
Properties = Mapping[str, Any]

_WHOLE = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}")


def section(template: Template, name: str) -> Iterator[tuple[str, Properties]]:
    """The entries of a section of the template: name and facts."""
    for title, facts in mapping_of(template.get(name)).items():
        if isinstance(facts, Mapping):
            yield title, facts


def of_type(template: Template, *types: str) -> Iterator[tuple[str, Properties]]:
    """The resources of these types: logical id and properties (empty if it has none)."""
    for title, resource in section(template, "Resources"):
        if resource.get("Type") in types:
            yield title, mapping_of(resource.get("Properties"))


def properties_of(template: Template, title: str | None, kind: str) -> Properties | None:
    """The properties of the resource with this logical id, or None if it is no such resource."""
    resource = mapping_of(value_at(template, "Resources", title) if title else None)
    return mapping_of(resource.get("Properties")) if resource.get("Type") == kind else None


def mapping_of(value: Any) -> Properties:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def mappings_of(value: Any) -> list[Properties]:
    """The mappings among a list's items; a single value is a list of one."""
    return [item for item in list_of(value) if isinstance(item, Mapping)]


def value_at(value: Any, *steps: str | int) -> Any:
    """The value below the keys and positions, one after the other, or None where one is missing."""
    for step in steps:
        if isinstance(step, str):
            value = mapping_of(value).get(step)
        else:
            value = value[step] if isinstance(value, list) and step < len(value) else None
    return value


def target_of(value: Any) -> tuple[str | None, str]:
    """What a Ref, a GetAtt or a Sub of one variable points at: logical id, attribute ('' for Ref).

    The logical id is None if the value points at no single thing.
    """
    found = _WHOLE.fullmatch(text_of(value) or "")
    return (found[1], found[2] or "") if found else (None, "")


def branches(value: Any) -> Iterator[Any]:
    """The value, or, if an If chooses it, each of the values that it may be; NoValue is none."""
    match value:
        case {"Fn::If": [_, *values]} if len(value) == 1:
            for branch in values:
                yield from branches(branch)
        case None | {"Ref": "AWS::NoValue"}:
            return
        case _:
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

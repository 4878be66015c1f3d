"""Values on one line: flow style, and the short forms of CloudFormation's functions."""

from collections.abc import Iterable, Mapping
from typing import Any

from drtemplate.rendering.scalars import scalar

# The functions that have a short form. Rules' functions (Fn::EachMemberIn and so on) have none.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
SHORT_FORMS = {
    "Ref": "!Ref",
    "Condition": "!Condition",
    **{
        f"Fn::{name}": f"!{name}"
        for name in (
            "And Base64 Cidr Equals FindInMap GetAZs GetAtt If ImportValue Join Length Not Or "
            "Select Split Sub ToJsonString Transform"
        ).split()
    },
}


def flow(value: Any, where: str, room: int) -> str | None:
    """The value in flow style, or None if a text of it has lines or a tag stands before a tag.

    None too once it is longer than ``room`` columns, so that what cannot fit is not written out.
    """
    if room < 0 or (isinstance(value, str) and "\n" in value):
        return None
    if not isinstance(value, dict | list):
        return scalar(value, flow=True, where=where)
    if isinstance(value, dict) and (intrinsic := intrinsic_of(value)) is not None:
        tag, argument = intrinsic
        if isinstance(argument, dict) and intrinsic_of(argument) is not None:
            return None
        inner = flow(argument, where, room - len(tag) - 1)
        return None if inner is None else f"{tag} {inner}"
    if isinstance(value, dict):
        members = (
            (f"{scalar(key, flow=True, where=where)}: ", item, f"{where}.{key}")
            for key, item in value.items()
        )
        parts = _members(members, room - len("{}"))
        return None if parts is None else "{" + ", ".join(parts) + "}"
    parts = _members((("", item, where) for item in value), room - len("[]"))
    return None if parts is None else "[" + ", ".join(parts) + "]"


def _members(members: Iterable[tuple[str, Any, str]], room: int) -> list[str] | None:
    """Each member in flow style behind its key, if all of them fit into the room."""
    parts: list[str] = []
    for key, item, where in members:
        text = flow(item, where, room - len(key))
        if text is None:
            return None
        parts.append(key + text)
        room -= len(key) + len(text) + len(", ")
    return parts


def intrinsic_of(value: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Tag and argument if the mapping is a function in long form that has a short one."""
    if len(value) != 1:
        return None
    ((name, argument),) = value.items()
    tag = SHORT_FORMS.get(name)
    if tag is None or (name in ("Ref", "Condition") and not isinstance(argument, str)):
        return None
    if (
        name == "Fn::GetAtt"
        and isinstance(argument, list)
        and all(isinstance(part, str) for part in argument)
    ):
        return tag, ".".join(argument)
    return tag, argument

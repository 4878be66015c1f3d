"""The emitter: a template as the YAML that a person would have written.

Sections in the order of AWS's template anatomy, ``Type`` first in each resource, short intrinsics
without quotes, a literal block for every text of several lines, small collections on one line, and
a banner per group. What it writes is YAML 1.1 and 1.2 alike: a text that either would read as
something else is quoted.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from drtemplate.errors import RenderError
from drtemplate.rendering.flow import flow, intrinsic_of
from drtemplate.rendering.scalars import scalar, unprintable

SECTIONS = (
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Resources",
    "Outputs",
)
RESOURCE_ATTRIBUTES = (
    "Type",
    "Condition",
    "DependsOn",
    "CreationPolicy",
    "UpdatePolicy",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
    "Properties",
)
# CloudFormation takes 51,200 bytes and no more, and a template of this size has some 6,000 columns
# of indentation: one blank a level leaves them to the failover code.
INDENT = " "
WIDTH = 160
DASH = "  "  # what stands behind "- " aligns with it

_NOT_IN_A_BLOCK = re.compile(r"[\t\r\x85\u2028\u2029\ufeff]| (?=\n)| \Z")


def to_yaml(template: Mapping[str, Any], groups: Mapping[str, str] | None = None) -> str:
    """Write a template.

    Args:
        template: the template as plain dictionaries, intrinsics in long form.
        groups: logical id -> group title; resources of a group stand under its banner.

    Raises:
        RenderError: a text of several lines cannot be a literal block, or a value is no YAML.
    """
    lines: list[str] = []
    for _, _, part in sections(template, groups or {}):
        lines += part
    return "\n".join(lines) + "\n"


def sections(
    template: Mapping[str, Any], groups: Mapping[str, str]
) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the parts of the file: section, logical id (or ''), and lines.

    Raises:
        RenderError: as ``to_yaml``.
    """
    banner = last = ""
    for section in _in_order(template, SECTIONS):
        content = template[section]
        if section != "Resources" or not content:
            lines = _section(section, content)
            yield section, "", _apart(lines, last)
            last = lines[-1]
            continue
        yield section, "", _apart(["Resources:"], last)
        last = "Resources:"
        for title, resource in content.items():
            group = groups.get(title, "")
            lines = [f"{INDENT}# {group}"] if group and group != banner else []
            banner = group
            ordered = {key: resource[key] for key in _in_order(resource, RESOURCE_ATTRIBUTES)}
            lines += _resource(title, ordered)
            yield section, title, _apart(lines, last)
            last = lines[-1]


def _apart(lines: list[str], last: str) -> list[str]:
    """A blank line before the part; one that a text kept at its end will do for both."""
    return ["", *lines] if last else lines


def _section(section: str, content: Any) -> list[str]:
    if not isinstance(content, dict) or not content:
        return _entry(section, content, "", section)
    return [f"{section}:", *_mapping(content, INDENT, section)]


def _in_order(mapping: Mapping[str, Any], order: tuple[str, ...]) -> list[str]:
    known = [key for key in order if key in mapping]
    return known + [key for key in mapping if key not in order]


def _resource(title: str, resource: Mapping[str, Any]) -> list[str]:
    """A resource is never on one line."""
    where = f"Resources.{title}"
    head = f"{INDENT}{scalar(title, flow=False, where=where)}:"
    return [head, *_mapping(resource, INDENT * 2, where)]


def _entry(key: str, value: Any, indent: str, where: str) -> list[str]:
    """``key: value``, on one line where the value allows it."""
    return _prefixed(f"{indent}{scalar(key, flow=False, where=where)}:", value, indent, where)


def _item(value: Any, indent: str, where: str) -> list[str]:
    """``- value``; a mapping's first key stands behind the dash."""
    inline = _inline(value, len(indent) + 2, where)
    if inline is not None:
        return [f"{indent}- {inline}"]
    if isinstance(value, dict) and intrinsic_of(value) is None:
        lines = _mapping(value, indent + DASH, where)
        return [f"{indent}- {lines[0].lstrip(' ')}", *lines[1:]]
    if isinstance(value, list):
        lines = [line for item in value for line in _item(item, indent + DASH, where)]
        return [f"{indent}- {lines[0].lstrip(' ')}", *lines[1:]]
    return _prefixed(f"{indent}-", value, indent, where)


def _prefixed(prefix: str, value: Any, indent: str, where: str) -> list[str]:
    inline = _inline(value, len(prefix) + 1, where)
    if inline is not None:
        return [f"{prefix} {inline}"]
    if isinstance(value, str):
        return _block(prefix, value, indent, where)
    if isinstance(value, dict) and (intrinsic := intrinsic_of(value)) is not None:
        tag, argument = intrinsic
        if isinstance(argument, dict) and intrinsic_of(argument) is not None:
            # YAML allows one tag a node, so the outer function of two is in its long form.
            ((name, _),) = value.items()
            return [prefix, *_entry(name, argument, indent + INDENT, where)]
        return _prefixed(f"{prefix} {tag}", argument, indent, where)
    if isinstance(value, dict):
        return [prefix, *_mapping(value, indent + INDENT, where)]
    # A sequence's dashes stand under its key, which saves two columns; under a dash they would be
    # taken for its siblings.
    inner = indent + DASH if prefix.startswith(f"{indent}-") else indent
    return [prefix, *(line for item in value for line in _item(item, inner, where))]


def _mapping(value: Mapping[str, Any], indent: str, where: str) -> list[str]:
    return [
        line for key, item in value.items() for line in _entry(key, item, indent, f"{where}.{key}")
    ]


def _block(prefix: str, text: str, indent: str, where: str) -> list[str]:
    """A literal block, or an error: quoted, code becomes a line that nobody can review."""
    found = _NOT_IN_A_BLOCK.search(text)
    if culprit := found[0] if found else unprintable(text.replace("\n", "")):
        line = text.count("\n", 0, found.start() if found else text.index(culprit)) + 1
        raise RenderError(
            f"{where}: line {line} of the text holds {culprit!r}, which no literal block takes; "
            "remove trailing blanks, tabs and control characters"
        )
    if not text.strip("\n"):
        raise RenderError(f"{where}: a text of nothing but line ends cannot be a literal block")
    body = text.rstrip("\n")
    chomping = {0: "-", 1: ""}.get(len(text) - len(body), "+")
    # One blank is enough to be inside, and over hundreds of lines of code each blank counts.
    indicator = "1" if body.lstrip("\n").startswith(" ") else ""
    blanks = [""] * (len(text) - len(body) - 1)
    lines = [f"{indent} {line}" if line else "" for line in body.split("\n")]
    return [f"{prefix} |{indicator}{chomping}", *lines, *blanks]


def _inline(value: Any, column: int, where: str) -> str | None:
    """The value on one line from ``column`` on, or None where it needs several."""
    if isinstance(value, str):
        return None if "\n" in value else scalar(value, flow=False, where=where)
    if not isinstance(value, dict | list):
        return scalar(value, flow=False, where=where)
    if not value:
        return "{}" if isinstance(value, dict) else "[]"
    if isinstance(value, dict) and (intrinsic := intrinsic_of(value)) is not None:
        tag, argument = intrinsic
        if isinstance(argument, dict) and intrinsic_of(argument) is not None:
            return None
        inline = _inline(argument, column + len(tag) + 1, where)
        return None if inline is None else f"{tag} {inline}"
    written = flow(value, where, WIDTH - column)
    return written if written is not None and column + len(written) <= WIDTH else None

"""The emitter: a template as the YAML that a person would have written.

Block style, two blanks a level, list items under their key; sections and keys in AWS's order; short
intrinsics; a literal block for every text of several lines; a header, and a banner for each group.
libyaml writes the values. It writes no comments, so each part is emitted apart, and the parts are
joined. What comes out is YAML 1.1 and 1.2 alike: a text that either would read as something else is
quoted.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
"""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

import yaml

from drtemplate.errors import RenderError
from drtemplate.rendering.order import ENTRY_KEYS, SECTIONS, STATEMENT_KEYS, in_order, ordered

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
INDENT = 2
WIDTH = 95  # columns; a text breaks at the first blank behind them

_TEXT, _INT, _FLOAT, _BOOL, _LIST, _MAP = (
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "seq", "map")
)
# What one YAML parser or another reads as a number, a date, a boolean or null. The emitter knows the
# rules of YAML 1.1 only.
_NOT_TEXT = re.compile(
    r"[-+]?\.?[0-9][-+0-9_.,:eExXoOa-fA-FtTzZ]*|[0-9]{4}-[0-9].*|[-+]?\.(inf|nan)|~|=|<<"
    r"|y|n|yes|no|on|off|true|false|null",
    re.IGNORECASE,
)
# Words with one blank between them; if they are many, they are folded, which needs no quotes.
_PROSE = re.compile(r"\S+( \S+)+")
FOLDED = 75  # characters, behind which a text takes lines of its own
# The characters for which libyaml leaves a literal block: tabs, control characters, line ends other
# than LF, a byte order mark, what lies above U+FFFF, and blanks at the end of a line.
_NOT_IN_A_BLOCK = re.compile(
    "[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]| (?=\n)| \\Z"
)
# What no YAML file may hold, or what no reader of one would see.
# https://yaml.org/spec/1.2.2/#51-character-set
_UNPRINTABLE = re.compile(
    "[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def to_yaml(
    template: Mapping[str, Any], banners: Mapping[str, str] | None = None, header: str = ""
) -> str:
    """Write a template.

    Args:
        template: the template as plain dictionaries, intrinsics in long form.
        banners: logical id -> banner of its group; resources that follow each other under the same
            banner share it.
        header: lines that stand as a comment above everything.

    Raises:
        RenderError: a text of several lines cannot be a literal block, a value is no YAML, or
            PyYAML came without libyaml.
    """
    text = _comment(header)
    for number, name in enumerate(in_order(template, SECTIONS)):
        text += ("" if number == 0 else _blank_line_after(text)) + _section(
            name, template[name], banners or {}
        )
    return text


def _comment(text: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())


def _blank_line_after(text: str) -> str:
    """A blank line, but behind a block that keeps its own: to that it would add one."""
    return "" if text.endswith("\n\n") else "\n"


def _section(name: str, content: Any, banners: Mapping[str, str]) -> str:
    """A section, from its key to its last line."""
    if name not in ENTRY_KEYS or not isinstance(content, dict) or not content:
        return _emit({name: content})
    text, banner = f"{name}:\n", ""
    for number, (title, entry) in enumerate(content.items()):
        if name == "Resources":
            was, banner = banner, banners.get(title, "")
            if banner and banner != was:
                text += f"{_blank_line_after(text)}{' ' * INDENT}# {banner}\n"
        if name == "Resources" or (name == "Parameters" and number):
            text += _blank_line_after(text)
        text += _emit({name: {title: ordered(entry, ENTRY_KEYS[name])}}).removeprefix(f"{name}:\n")
    return text


def _emit(value: Mapping[str, Any]) -> str:
    dumper = getattr(yaml, "CSafeDumper", None)
    if dumper is None:
        raise RenderError(
            "PyYAML was installed without libyaml, which writes the template; "
            "install one of PyYAML's wheels: pip install --force-reinstall PyYAML"
        )
    text = yaml.serialize(
        _node(value, ""), Dumper=dumper, indent=INDENT, width=WIDTH, allow_unicode=True
    )
    # libyaml ends the document, in a line of its own, behind a block that keeps its blank lines.
    return str(text)[: -len("...\n")] if text.endswith("\n...\n") else str(text)


def _node(value: Any, where: str) -> yaml.Node:
    """The value as a node of YAML; ``where`` is its path in the template."""
    if isinstance(value, str):
        return _scalar(value, _TEXT, where)
    if isinstance(value, dict):
        if (short := _short_form(value)) is not None:
            tag, argument = short
            return _tagged(tag, argument, where)
        return _mapping(value, where)
    if isinstance(value, list):
        items = [_node(item, f"{where}[{number}]") for number, item in enumerate(value)]
        return yaml.SequenceNode(_LIST, items, flow_style=not items)
    if isinstance(value, bool):
        return yaml.ScalarNode(_BOOL, "true" if value else "false")
    if isinstance(value, int):
        return yaml.ScalarNode(_INT, repr(value))
    if isinstance(value, float) and isfinite(value):
        # YAML 1.1 reads an exponent as a number only behind a point.
        mantissa, exponent, power = repr(value).partition("e")
        return yaml.ScalarNode(
            _FLOAT, mantissa + ("" if "." in mantissa else ".0") + exponent + power
        )
    raise RenderError(f"{where}: {value!r} is no template value; use text, numbers and lists")


def _mapping(value: Mapping[Any, Any], where: str) -> yaml.Node:
    if "Effect" in value:
        value = ordered(value, STATEMENT_KEYS)
    entries = []
    for key, item in value.items():
        path = f"{where}.{key}" if where else str(key)
        if not isinstance(key, str) or "\n" in key:
            raise RenderError(f"{where}: the key {key!r} is no text of one line")
        entries.append((_scalar(key, _TEXT, path), _node(item, path)))
    return yaml.MappingNode(_MAP, entries, flow_style=not entries)


def _short_form(value: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Tag and argument if the mapping is a function that can be written in its short form."""
    if len(value) != 1:
        return None
    ((name, argument),) = value.items()
    tag = SHORT_FORMS.get(name)
    if tag is None or (name in ("Ref", "Condition") and not isinstance(argument, str)):
        return None
    if not isinstance(argument, str | list | dict):
        return None  # behind a tag a number would become a text
    if isinstance(argument, dict) and _short_form(argument) is not None:
        return None  # YAML allows one tag a node, so the outer function of two is in its long form
    if name == "Fn::GetAtt" and isinstance(argument, list):
        # With a reference in it, cfn-flip reads the short form as something else.
        return (tag, ".".join(argument)) if all(isinstance(n, str) for n in argument) else None
    return tag, argument


def _tagged(tag: str, argument: Any, where: str) -> yaml.Node:
    node = _node(argument, where)
    node.tag = tag
    return node


def _scalar(text: str, tag: str, where: str) -> yaml.Node:
    return yaml.ScalarNode(tag, str(text), style=_style(text, where))


def _style(text: str, where: str) -> str | None:
    """The quotes or the block that a text needs; None leaves the choice to libyaml."""
    if "\n" in text:
        if found := not_in_a_block(text):
            line, character = found
            raise RenderError(
                f"{where}: line {line} of the text holds {character!a}, which no literal block "
                "takes; leave out trailing blanks, tabs, control characters and what lies above U+FFFF"
            )
        if not text.strip("\n"):
            raise RenderError(f"{where}: a text of nothing but line ends cannot be a literal block")
        return "|"
    if unprintable := _UNPRINTABLE.search(text):
        raise RenderError(f"{where}: holds the control character {unprintable[0]!a}; remove it")
    if not text or _NOT_TEXT.fullmatch(text):
        return "'"
    return ">" if len(text) > FOLDED and _PROSE.fullmatch(text) else None


def not_in_a_block(text: str) -> tuple[int, str] | None:
    """Line (from 1) and character of the first place that no literal block takes, if there is one."""
    found = _NOT_IN_A_BLOCK.search(text)
    return (text.count("\n", 0, found.start()) + 1, found[0]) if found else None

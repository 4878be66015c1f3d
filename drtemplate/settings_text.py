"""The settings for people: the file of the defaults, and the page of the docs; both from the types."""

import json
import textwrap
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from drtemplate.choices import Choice, choices
from drtemplate.settings import Settings
from drtemplate.settings_file import part_of

WIDTH = 98
HEAD = """\
The settings of drtemplate, with their defaults. Leave out what stays as it is. Saved as drtemplate.toml in
the working directory it is found there; another name is given with --settings. See docs/settings.md.
"""


def as_toml() -> str:
    """The file of the defaults; read back it means them."""
    lines = [*_comment(HEAD), ""]
    lines += _table(Settings, Settings(), "")
    return "\n".join(lines).rstrip() + "\n"


def _table(part: type, values: Any, path: str, mark: str = "") -> Iterator[str]:
    """The values of a part, then the parts in it; ``mark`` begins each line of one that is not made."""
    known = choices(part)
    for name, choice in known.items():
        yield from _comment(describe(choice, _default(part, name)))
        yield f"{mark}{name} = {_value(getattr(values, name, _default(part, name)))}"
        yield ""
    for one in fields(part):
        below = part_of(part, one.name)
        if below is None:
            continue
        inner = f"{path}.{one.name}" if path else one.name
        value = getattr(values, one.name)
        yield from _comment(_purpose(below))
        if is_dataclass(value):
            yield f"[{inner}]"
            yield ""
            yield from _table(below, value, inner)
        else:
            # Absent by default: what stands here would make one.
            yield f"# [[{inner}]]" if value == () else f"# [{inner}]"
            yield "#"
            yield from _table(below, None, inner, "# ")


def describe(choice: Choice, default: object = MISSING) -> str:
    """Meaning, rule and default in one sentence or two."""
    meaning = choice.meaning[:1].upper() + choice.meaning[1:]
    rule = choice.rule()
    parts = [rule[:1].upper() + rule[1:]] if rule else []
    if default is not MISSING:
        parts.append(f"default {_value(default)}")
    return f"{meaning}. {'; '.join(parts)}." if parts else f"{meaning}."


def _default(part: type, name: str) -> object:
    return next(one.default for one in fields(part) if one.name == name)


def _purpose(part: type) -> str:
    """The first line of the docstring."""
    return (part.__doc__ or "").splitlines()[0]


def _value(value: object) -> str:
    if value is MISSING:
        return '""'
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def _comment(text: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    return [f"# {line}" for line in lines]


def as_tables() -> str:
    """Every field in Markdown, a table for each part."""
    return "\n".join(_section(Settings, "", "The whole")).rstrip() + "\n"


def _section(part: type, path: str, title: str) -> Iterator[str]:
    yield f"### {title}\n"
    yield f"{_purpose(part)}\n"
    yield "| field | meaning | rule | default |"
    yield "|---|---|---|---|"
    for name, choice in choices(part).items():
        default = _default(part, name)
        shown = "" if default is MISSING else f"`{_value(default)}`"
        cells = [f"`{name}`", choice.meaning, choice.rule(), shown]
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""
    for one in fields(part):
        if below := part_of(part, one.name):
            inner = f"{path}.{one.name}" if path else one.name
            several = one.default == ()
            yield from _section(below, inner, f"`[[{inner}]]`" if several else f"`[{inner}]`")

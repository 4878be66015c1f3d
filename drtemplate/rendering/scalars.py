"""A scalar on one line, quoted where YAML 1.1 or 1.2 would read it as something else."""

import re
from functools import cache
from math import isfinite
from typing import Any

from drtemplate.errors import RenderError

# What one YAML parser or another reads as a number, a date, a boolean or null.
_NOT_TEXT = re.compile(
    r"[-+]?\.?[0-9][-+0-9_.,:eExXoOa-fA-FtTzZ]*|[0-9]{4}-[0-9].*|[-+]?\.(inf|nan)|~|=|<<"
    r"|y|n|yes|no|on|off|true|false|null",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[^\s\-?:,\[\]{}#&*!|>'\"%@`][^\n]*(?<![\s:])")
_NEVER_PLAIN = re.compile(r": | #")
_FLOW_INDICATOR = re.compile(r"[,\[\]{}?]")  # PyYAML ends a plain text at a ?
# What YAML calls printable, less line ends. https://yaml.org/spec/1.2.2/#51-character-set
# A pattern's text, since compiling it costs more than most renders need: see unprintable.
_UNPRINTABLE = "[^\\x20-\\x7e\\xa0-\\u2027\\u202a-\\ud7ff\\ue000-\\ufefe\\uff00-\\ufffd\\U00010000-\\U0010ffff]"


def scalar(value: Any, *, flow: bool, where: str) -> str:
    """Write a scalar.

    Args:
        value: a text of one line, a number or a boolean.
        flow: whether it stands inside brackets or braces, which quotes more texts.
        where: path into the template, for errors.

    Raises:
        RenderError: the value is no scalar, or holds a control character.
    """
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return repr(value)
    if isinstance(value, float) and isfinite(value):
        # YAML 1.1 reads an exponent as a number only behind a point.
        mantissa, exponent, power = repr(value).partition("e")
        return mantissa + ("" if "." in mantissa else ".0") + exponent + power
    if not isinstance(value, str):
        raise RenderError(f"{where}: {value!r} is no template value; use text, numbers and lists")
    text = _text(value, flow)
    if text is None:
        raise RenderError(f"{where}: holds the control character {unprintable(value)!r}; remove it")
    return text


@cache
def _text(value: str, flow: bool) -> str | None:
    """A text on one line, quoted if it must be; None if no YAML may hold it."""
    if unprintable(value):
        return None
    plain = (
        _PLAIN.fullmatch(value)
        and not _NEVER_PLAIN.search(value)
        and not _NOT_TEXT.fullmatch(value)
        and not (flow and _FLOW_INDICATOR.search(value))
    )
    return value if plain else "'" + value.replace("'", "''") + "'"


def unprintable(text: str) -> str:
    """The first character of a line that no YAML file may hold, or nothing."""
    if text.isascii() and text.isprintable():
        return ""
    found = re.search(_UNPRINTABLE, text)
    return found[0] if found else ""

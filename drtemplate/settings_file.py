"""The settings file: ``drtemplate.toml``, read whole and checked whole before anything is built."""

import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from drtemplate.choices import choices
from drtemplate.cloudformation.document import read_text
from drtemplate.errors import InputError, SettingsError
from drtemplate.settings import Settings

MAX_BYTES = 100_000  # a hundred times the file of the defaults without its comments
WHAT = "settings file"
_BARE = re.compile(r"[A-Za-z0-9_-]+")  # what TOML takes as a key without quotes
# What a value should have been, by what pydantic calls the error.
# https://docs.pydantic.dev/latest/errors/validation_errors/
_WANTED = {
    "int": "a whole number",
    "bool": "true or false",
    "string": "a text in quotes",
    "tuple": "a list in square brackets",
    "dataclass": "a table",
}


def load(path: Path) -> Settings:
    """The settings of a file; what it leaves out is as in the defaults.

    Raises:
        InputError: the file is missing, empty, too large or no TOML.
        SettingsError: with every fault of its fields, a line each.
    """
    where = " ".join(str(path).splitlines())
    try:
        return check(_parse(path), where)
    except RecursionError as exc:
        raise InputError(f"{where}: the {WHAT} is nested too deeply") from exc


def _parse(path: Path) -> dict[str, Any]:
    text = read_text(path, WHAT, "utf-8-sig")
    if len(text) > MAX_BYTES:
        raise InputError(
            f"{path}: the {WHAT} has more than {MAX_BYTES:,} characters, which is too large"
        )
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise InputError(f"{path}: the {WHAT} is not TOML: {exc}") from exc
    except ValueError as exc:
        raise InputError(f"{path}: the {WHAT} is not TOML: a number is too long") from exc
    if not text.strip():
        raise InputError(
            f"{path}: the {WHAT} is empty; `python generate.py settings` prints one with the defaults"
        )
    return values


def check(values: Mapping[str, Any], where: str) -> Settings:
    """The settings that the values of a file mean.

    Args:
        values: what TOML knows, by field.
        where: names the file in each fault.

    Raises:
        SettingsError: with every fault, a line each.
    """
    known = _known(Settings)
    faults = [
        _unknown(_dotted([name]), value, Settings)
        for name, value in values.items()
        if name not in known
    ]
    kept = {name: value for name, value in values.items() if name in known}
    settings, found = _read(kept)
    faults += (fault for _, fault in found)
    # How the sound fields go together is told too; not what only a field left out would upset.
    bad = {place.partition(".")[0].partition("[")[0] for place, _ in found} - {""}
    if bad:
        _, more = _read({name: value for name, value in kept.items() if name not in bad})
        faults += (fault for _, fault in more if not any(name in fault for name in bad))
    if settings is not None and not faults:
        return settings
    lines = [f"{where}: {fault}" for fault in sorted(faults)]
    raise SettingsError("\n".join(lines), lines)


def _read(values: Mapping[str, Any]) -> tuple[Settings | None, list[tuple[str, str]]]:
    """The settings, or the faults: each with the field that it is found at."""
    # Half as long to import as a render takes; nobody without a file waits for it.
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415

    try:
        # As JSON, since TOML has no tuples either, and pydantic is strict about them in Python alone.
        return TypeAdapter(Settings).validate_json(json.dumps(values, default=str)), []
    except ValidationError as exc:
        return None, [found for error in exc.errors() for found in _faults(error)]


def _faults(error: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What one error of pydantic says, in our words, and the field that it says it of."""
    steps = [step for step in error["loc"] if not _is_label(step)]
    field, kind, value = _dotted(steps), error["type"], error["input"]
    if kind == "unexpected_keyword_argument":
        yield field, _unknown(field, value, _part(steps[:-1]))
    elif kind == "missing":
        yield field, f"{field}: is missing; give it"
    elif kind == "value_error":
        reason = error["ctx"]["error"]
        for fault in getattr(reason, "faults", ()) or [str(reason)]:
            yield field, f"{field}: {fault}" if field else str(fault)
    else:
        wanted = _WANTED.get(kind.split("_")[0]) or f"what it must be: {error['msg']}"
        yield field, f"{field}: {_shown(value)} is not {wanted}"


def _is_label(step: object) -> bool:
    """Whether pydantic has put a type's name between the fields, as it does in a union."""
    return isinstance(step, str) and step[:1].isupper()


def _dotted(steps: list[Any]) -> str:
    """A path as people write it: ``alert_endpoints[2].protocol``, counted from 1."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step + 1}]"
        else:
            key = step if _BARE.fullmatch(step) else json.dumps(step)
            path += f".{key}" if path else key
    return path


def _unknown(field: str, value: object, part: type) -> str:
    name = field.rpartition(".")[2]
    known = _known(part)
    near = difflib.get_close_matches(name, known, 1, 0.5)
    hint = f"the nearest is {near[0]}" if near else f"known are {', '.join(known)}"
    return f"{field} = {_shown(value)}: is no field; {hint}"


def _shown(value: object) -> str:
    """A value as a file would have it, if it is short."""
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _known(part: type) -> list[str]:
    """The fields of a part that a file may set: those with a choice, and the parts."""
    return [
        one.name
        for one in fields(part)
        if one.name in choices(part) or part_of(part, one.name) is not None
    ]


def part_of(part: type, name: str) -> type | None:
    """The part of the settings that a field holds, or a list of; None if it holds a value."""

    def search(hint: Any) -> type | None:
        if isinstance(hint, type) and is_dataclass(hint):
            return hint
        return next((found for one in get_args(hint) if (found := search(one))), None)

    return search(get_type_hints(part).get(name))


def _part(steps: list[Any]) -> type:
    part: type = Settings
    for step in steps:
        if isinstance(step, str):
            part = part_of(part, step) or part
    return part

"""AWS's own timings: one file, each entry with its distribution, its source, and who vouches for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from drtemplate.cloudformation.document import load_document
from drtemplate.errors import InputError
from drtemplate.world.distributions import KINDS, Draw, Fixed

TIMINGS = Path(__file__).with_name("timings.yaml")
WHAT = "assumptions file"


@dataclass(frozen=True, slots=True)
class Assumption:
    """An entry of the file, for printing.

    Attributes:
        name: what it times, as ``aurora.promotion_seconds``.
        value: its distribution in words, as ``lognormal, median 18 s, 99th percentile 50 s``.
        documented: whether AWS documents it; else we assume it.
        source: the address of the page; empty only if assumed.
        note: what the page says, or why we assume what we do.
    """

    name: str
    value: str
    documented: bool
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """An entry: how to draw from it (seconds), how to print it, and where it is from."""

    name: str
    draw: Draw
    words: str
    documented: bool
    source: str
    note: str


class Timings:
    """The timings by name.

    Args:
        entries: by name.
    """

    def __init__(self, entries: Mapping[str, Timing]) -> None:
        self.entries = dict(entries)

    def draw(self, name: str, random: Random) -> float:
        """Seconds, drawn from an entry."""
        return self.entries[name].draw(random)

    def drawer(self, name: str) -> Draw:
        """An entry's draw, for what draws often."""
        # An object that is called looks this up in each call.
        return self.entries[name].draw.__call__

    def rows(self) -> tuple[Assumption, ...]:
        """For printing."""
        return tuple(
            Assumption(one.name, one.words, one.documented, one.source, one.note)
            for one in self.entries.values()
        )

    def fixed(self, **seconds: float) -> Timings:
        """The same with some entries fixed, for comparisons by hand."""
        made = {
            name: Timing(name, Fixed(value), f"fixed {value:g} s", False, "", "fixed by hand")
            for name, value in seconds.items()
        }
        return Timings({**self.entries, **made})

    def all_fixed(self, seconds: float, **others: float) -> Timings:
        """Every entry the same in every draw, some of them with values of their own."""
        return self.fixed(**{**dict.fromkeys(self.entries, seconds), **others})


def load_timings(path: Path = TIMINGS) -> Timings:
    """Read the file.

    Raises:
        InputError: it cannot be read, or an entry is missing, unknown, negative or malformed.
    """
    document = load_document(path, WHAT)
    if not isinstance(document, dict):
        raise InputError(f"{path}: the {WHAT} is no mapping of names to entries")
    known = _names() if path != TIMINGS else list(document)
    for name in known:
        if name not in document:
            raise InputError(f"{path}: the {WHAT} lacks {name}; take it over from {TIMINGS.name}")
    for name in document:
        if name not in known:
            raise InputError(f"{path}: the {WHAT} has {name}, which nothing uses; take it out")
    return Timings({name: _timing(path, name, document[name]) for name in known})


def _names() -> list[str]:
    return list(load_document(TIMINGS, WHAT))


def _timing(path: Path, name: str, entry: Any) -> Timing:
    def fail(problem: str) -> InputError:
        return InputError(f"{path}: {name}: {problem}")

    if not isinstance(entry, dict):
        raise fail("must be a mapping with a distribution")
    kind = entry.get("distribution")
    if kind not in KINDS:
        raise fail(f"distribution {kind!r} is none of {', '.join(KINDS)}")
    keys, make = KINDS[kind]
    wanted = {"distribution", "documented", "source", "note", *keys}
    if missing := wanted - set(entry):
        raise fail(f"{kind} lacks {', '.join(sorted(missing))}")
    if surplus := set(entry) - wanted:
        raise fail(f"{kind} does not know {', '.join(sorted(surplus))}")
    if not isinstance(entry["documented"], bool):
        raise fail("documented must be true or false")
    for key in ("source", "note"):
        if not isinstance(entry[key], str):
            raise fail(f"{key} must be a text")
    if entry["documented"] and not entry["source"]:
        raise fail("what is documented needs its source")
    try:
        draw, words = make(*(_seconds(entry[key]) for key in keys))
    except ValueError as exc:
        raise fail(str(exc)) from exc
    return Timing(name, draw, words, entry["documented"], entry["source"], entry["note"])


def _seconds(value: Any) -> Any:
    """A number of seconds, or a list of pairs with them."""
    if isinstance(value, list):
        return [[_seconds(number) for number in _pair(pair)] for pair in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no number of seconds")
    if value < 0:
        raise ValueError(f"{value!r} is negative; give seconds from 0 up")
    return float(value)


def _pair(pair: Any) -> Any:
    if not isinstance(pair, list) or len(pair) != 2:
        raise ValueError(f"{pair!r} is no pair of share and seconds")
    return pair

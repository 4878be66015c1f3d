"""What a change set would do, as a table for people: what holds data first and loudest."""

import json
from collections.abc import Collection, Iterator, Sequence
from itertools import takewhile
from typing import Any

from drtemplate.cloudformation.changes import PropertyChange, ResourceChange
from drtemplate.cloudformation.inherited import InheritedChange
from drtemplate.cloudformation.leaves import leaves
from drtemplate.cloudformation.masking import masked
from drtemplate.cloudformation.updates import Behaviour

LONGEST = 60  # characters of a value that are shown
_OLD_RESOURCE = {
    "Delete": "the old one is deleted, with what it holds",
    "Snapshot": "a snapshot of the old one stays",
    "Retain": "the old one stays, outside the stack",
}
_REPLACEMENT = {
    Behaviour.REPLACEMENT: "yes",
    Behaviour.CONDITIONAL: "perhaps",
    Behaviour.ADDED_OR_REMOVED: "perhaps",
}
_ACTIONS = {Behaviour.REPLACEMENT: "Replace", Behaviour.CONDITIONAL: "Replace?"}
_HEADINGS = ("action", "logical id", "type", "replacement")


def loses_data(change: ResourceChange) -> bool:
    """Whether what holds data is, or may be, removed or replaced."""
    gone = change.action in ("Remove", "Dynamic") or change.behaviour >= Behaviour.CONDITIONAL
    return change.holds_data and change.action != "Add" and gone


def summary(changes: Sequence[ResourceChange]) -> str:
    """How many of each, in a line."""
    added = sum(change.action == "Add" for change in changes)
    removed = sum(change.action == "Remove" for change in changes)
    replaced = sum(
        change.action not in ("Add", "Remove") and change.behaviour >= Behaviour.CONDITIONAL
        for change in changes
    )
    changed = len(changes) - added - removed - replaced
    return f"{added} to add, {changed} to change, {replaced} to replace, {removed} to remove"


def change_table(changes: Sequence[ResourceChange]) -> Iterator[str]:
    """Action, logical id, type and replacement of each resource; below it, old and new values.

    No secret is in it: CloudFormation masks what comes of a NoEcho parameter, and what is called as
    secrets are is masked here.
    """
    ordered = sorted(changes, key=_loudness)
    rows = [(_action(one), one.logical_id, one.type, _replacement(one)) for one in ordered]
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]

    def line(cells: Sequence[str], mark: str = " ") -> str:
        padded = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        return f"{mark} {padded}".rstrip()

    yield line(_HEADINGS)
    for one, row in zip(ordered, rows, strict=True):
        yield line(row, "!" if loses_data(one) else " ")
        if one.old_resource_policy and (one.holds_data or one.old_resource_policy != "Delete"):
            yield f"      {_OLD_RESOURCE[one.old_resource_policy]}"
        yield from (f"      REFUSED by CloudFormation: {each}" for each in one.obstacles)
        yield from (f"      {text}" for text in _values(one))


def refusal(changes: Sequence[ResourceChange], allowed: Collection[str]) -> str:
    """Why the changes must not be made without a word for each loss; '' if there is one for each."""
    lost = [one.logical_id for one in changes if loses_data(one)]
    silent = [name for name in lost if name not in allowed]
    if not silent:
        return ""
    words = " ".join(f"--allow-data-loss {name}" for name in silent)
    return (
        f"{', '.join(silent)} would or might be replaced or removed, and what they hold with them; "
        f"if that is meant, give {words} (make: ALLOW_DATA_LOSS='{' '.join(silent)}'), else keep "
        "the old value (docs/runbook.md#restore-good-data)"
    )


def _loudness(change: ResourceChange) -> tuple[bool, bool, int]:
    """The loudest first; else as CloudFormation tells them."""
    behaviour = int(change.behaviour)
    if change.action == "Remove":
        behaviour = int(Behaviour.REPLACEMENT)
    return not loses_data(change), change.action == "Add", -behaviour


def _action(change: ResourceChange) -> str:
    if change.action != "Modify":
        return change.action
    return _ACTIONS.get(change.behaviour, "Modify")


def _replacement(change: ResourceChange) -> str:
    if change.action in ("Add", "Remove"):
        return "-"
    text = _REPLACEMENT.get(change.behaviour, "no")
    if change.behaviour == Behaviour.SOME_INTERRUPTION:
        text = "no, some interruption"
    return f"{text}, holds data" if loses_data(change) else text


def _values(change: ResourceChange) -> Iterator[str]:
    for each in change.changes:
        yield from _value(each)
    seen = {each.path for each in change.changes}
    for along in change.inherited:
        if along.path not in seen:
            yield f"{_name(along.path)}: along with {along.cause.partition('.')[2]}{_effect(along)}"
            seen.add(along.path)


def _value(change: PropertyChange) -> Iterator[str]:
    """Old and new; of objects, only the leaves that differ."""
    before, after = (_leaves(change.path, text) for text in (change.before, change.after))
    both = list(dict.fromkeys([*before, *after]))
    if not both:
        yield f"{_name(change.path)}: changed, no value is told{_effect(change)}"
    for path in both:
        old, new = before.get(path), after.get(path)
        if old != new or len(both) == 1:
            yield f"{_name(path)}: {pair(old, new)}{_effect(change)}"


def _leaves(path: str, text: str | None) -> dict[str, str]:
    """The leaves of a value at their paths, secrets masked."""
    if text is None:
        return {}
    try:
        value: Any = json.loads(text) if text[:1] in ("{", "[") else text
        found = leaves({path: value}) if isinstance(value, dict | list) else {path: text}
    except (ValueError, RecursionError):
        found = {path: text}
    return masked(found)


def _effect(change: PropertyChange | InheritedChange) -> str:
    return f"  ({change.verdict.behaviour})" if change.verdict.behaviour else ""


def _name(path: str) -> str:
    return path.removeprefix("Properties.")


def pair(old: str | None, new: str | None) -> str:
    """Both values; of long ones, what is around the first difference."""
    begin = 0
    if old is not None and new is not None and max(len(old), len(new)) > LONGEST:
        same = takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False))
        begin = max(sum(1 for _ in same) - LONGEST // 3, 0)
    dots = "..." if begin else ""
    before, after = (text if text is None else text[begin:] for text in (old, new))
    return f"{dots}{_short(before)} -> {dots}{_short(after)}"


def _short(text: str | None) -> str:
    if text is None:
        return "(none)"
    line = text.replace("\n", "\\n") or "(empty)"
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."

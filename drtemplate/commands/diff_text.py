"""What ``generate.py diff`` tells people, the loudest first."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from textwrap import wrap
from typing import TypeVar

from drtemplate.cloudformation.carried import Carried
from drtemplate.cloudformation.changes import Differences, PropertyChange, ResourceChange
from drtemplate.cloudformation.sections import Change
from drtemplate.cloudformation.updates import Verdict

Item = TypeVar("Item")
Key = TypeVar("Key")
LONGEST = 60  # characters of a value that are shown
WIDEST = 90  # of an object or a list that was added or removed
# The loudest first: a heading, then action, behaviour's name and whether data is at stake (None: any).
_GROUPS = (
    ("REPLACES, holds data", "Modify", "REPLACEMENT", True),
    ("REMOVES, holds data", "Remove", None, True),
    ("MAY REPLACE, holds data", "Modify", "CONDITIONAL", True),
    ("REPLACES", "Modify", "REPLACEMENT", False),
    ("REMOVES", "Remove", None, False),
    ("MAY REPLACE", "Modify", "CONDITIONAL", False),
    ("UPDATES, with some interruption", "Modify", "SOME_INTERRUPTION", None),
    ("UPDATES", "Modify", "NO_INTERRUPTION", None),
    ("ADDS", "Add", None, None),
)
_FATES = {
    "Delete": "the old one is deleted",
    "Snapshot": "a snapshot of the old one stays",
    "Retain": "the old one stays, outside the stack",
}


def as_text(found: Differences) -> str:
    """The changes for people, the loudest first."""
    if not found.resources and not found.others:
        return "equal"
    lines: list[str] = []
    for heading, action, behaviour, data in _GROUPS:
        group = [
            one
            for one in found.resources
            if one.action == action
            and behaviour in (None, one.behaviour.name)
            and data in (None, one.holds_data)
        ]
        if group:
            lines += ["", f"{heading}:"]
            lines += [line for one in group for line in _resource_lines(one)]
    if found.others:
        lines += ["", "BESIDES RESOURCES:"]
        lines += _other_lines(found.others)
    return "\n".join([*lines[1:], "", _summary(found)])


def _resource_lines(one: ResourceChange) -> list[str]:
    """The resource and its changes; in one line if there is but one, and nothing else to tell."""
    fate = ""
    if one.fate and (one.holds_data or one.fate != "Delete"):
        doubt = "if it is replaced, " if one.behaviour.name == "CONDITIONAL" else ""
        fate = f": {doubt}{_FATES[one.fate]}"
    head = f"  {one.logical_id} ({one.type}){fate}"
    below = [f"REFUSED by CloudFormation: {obstacle}" for obstacle in one.obstacles]
    below += _change_lines(one.changes)
    below += [f"along with others: {_along(one.carried)}"] if one.carried else []
    if len(below) == 1 and not fate:
        return [f"{head}: {below[0]}"]
    return [head, *(f"    {line}" for line in below)]


def _change_lines(changes: Sequence[PropertyChange]) -> Iterator[str]:
    groups = _grouped(changes, lambda change: change.whole)
    names = _named(groups)
    for whole, group in groups.items():
        if whole not in names.values():
            new_name = names.get(whole, "").rpartition(".Statement[")[2]
            text = (
                f"{_property(whole)} is now [{new_name}, else the same"
                if new_name
                else _change(whole, group)
            )
            gravest = max((one.verdict for one in group), key=lambda verdict: verdict.behaviour)
            yield f"{text}{_effect(gravest)}"


def _named(groups: Mapping[str, Sequence[PropertyChange]]) -> dict[str, str]:
    """Statements that only got a Sid, or another one: the old path -> the new one."""
    contents: dict[tuple[str, frozenset[tuple[str, str]]], list[str]] = {}
    for whole, group in groups.items():
        above, statement, _ = whole.rpartition(".Statement[")
        if statement and whole.endswith("]") and group[0].path != whole:
            parts = {(one.path.removeprefix(whole), _either(one)) for one in group}
            key = (above, frozenset(part for part in parts if part[0] != ".Sid"))
            contents.setdefault(key, []).append(whole)
    pairs = [pair for pair in contents.values() if len(pair) == 2]
    olds = [[one for one in pair if groups[one][0].after is None] for pair in pairs]
    return {
        old[0]: next(one for one in pair if one != old[0])
        for old, pair in zip(olds, pairs, strict=True)
        if len(old) == 1
    }


def _other_lines(others: Sequence[Change]) -> Iterator[str]:
    """Changes besides resources; what touches nothing and is new in many places, once for all."""
    groups = _grouped(others, lambda one: (_everywhere(one) or one.whole, one.effect))
    for (where, effect), group in groups.items():
        if "*" in where and len(group) > 1:
            names = ", ".join(one.path.split(".")[1] for one in group)
            text = f"{where}: + on {names}  ({effect})"
            yield from wrap(text, 110, initial_indent="  ", subsequent_indent="    ")
        else:
            yield f"  {_change(group[0].whole, group)}  ({effect})"


def _everywhere(one: Change) -> str:
    """``Outputs.*.Description`` for one that was added without any effect; else ''."""
    section, *names = one.path.split(".")
    mute = one.before is None and one.whole == one.path and one.effect == "touches no resource"
    return f"{section}.*.{names[1]}" if mute and len(names) == 2 else ""


def _grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def _either(one: PropertyChange | Change) -> str:
    """The value, where there is one on one side only."""
    return (one.before if one.after is None else one.after) or ""


def _change(whole: str, changes: Sequence[PropertyChange | Change]) -> str:
    """One value that changed, or in one line all that was added or removed together."""
    one, text = changes[0], _either(changes[0])
    if len(changes) == 1 and one.path == whole:
        # A member of a set is named by its whole text, which is its value too.
        return f"{_property(whole.removesuffix(f'[{text}]'))}: {_values(one.before, one.after)}"
    inside: dict[str, list[str]] = {}
    for each in changes:
        text = _either(each)
        path = each.path.removesuffix(f"[{text}]").removeprefix(whole).removeprefix(".")
        # The member of an element by which it is named is in its name.
        if not each.path.rpartition(".")[0].endswith(f"[{text}]"):
            inside.setdefault(path, []).append(text)
    texts = {path: ", ".join(values) for path, values in inside.items()}
    shown = ", ".join(f"{path}: {text}" if path else text for path, text in texts.items())
    sign = "-" if one.after is None else "+"
    return f"{_property(whole)}: {sign} {_short(f'{{{shown}}}', WIDEST)}"


def _effect(verdict: Verdict) -> str:
    """What is more than no interruption, with both sources if they differ."""
    doubt = f" ({verdict.disagreement})" if verdict.disagreement else ""
    return f"  {verdict.behaviour}{doubt}" if verdict.behaviour else ""


def _along(carried: Sequence[Carried], most: int = 3) -> str:
    """The gravest of what others carry into a resource, in a line."""
    gravest = max((one.verdict for one in carried), key=lambda verdict: verdict.behaviour)
    causes = [f"{_property(one.path)} ({_cause(one)})" for one in carried
              if one.verdict.behaviour == gravest.behaviour]  # fmt: skip
    others = len(carried) - len(causes[:most])
    more = f" and {others} more" if others else ""
    return f"{', '.join(causes[:most])}{more}{_effect(gravest)}"


def _property(path: str) -> str:
    """A path without Properties, cut where it is long."""
    name = path.removeprefix("Properties.")
    return name if len(name) <= 90 else f"{name[:87]}..."


def _cause(along: Carried) -> str:
    section, _, name = along.cause.partition(".")
    if section == "Resources":
        return f"{name} {'is' if along.certain else 'may be'} replaced"
    return f"{section.lower().removesuffix('s')} {name} is changed"


def _values(before: str | None, after: str | None) -> str:
    """Both values, cut to where they begin to differ if they are long."""
    if before is None or after is None:
        return f"- {_short(before)}" if after is None else f"+ {_short(after)}"
    if max(len(before), len(after)) <= LONGEST:
        return f"{_short(before)} -> {_short(after)}"
    same = takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
    begin = max(sum(1 for _ in same) - LONGEST // 3, 0)
    dots = "..." if begin else ""
    return f"{dots}{_short(before[begin:])} -> {dots}{_short(after[begin:])}"


def _short(text: str | None, most: int = LONGEST) -> str:
    line = (text or "(empty)").replace("\n", "\\n")
    return line if len(line) <= most else f"{line[: most - 3]}..."


def _summary(found: Differences) -> str:
    """How many, in a line."""
    by = [(one.action, one.behaviour.name) for one in found.resources]
    modified = sum(action == "Modify" for action, _ in by)
    surely = by.count(("Modify", "REPLACEMENT"))
    perhaps = by.count(("Modify", "CONDITIONAL"))
    return (
        f"{sum(action == 'Add' for action, _ in by)} to add, {modified} to change "
        f"({surely} by replacement, {perhaps} perhaps), "
        f"{sum(action == 'Remove' for action, _ in by)} to remove, "
        f"{sum(bool(one.obstacles) for one in found.resources)} refused, "
        f"{len(found.others)} changes besides resources"
    )

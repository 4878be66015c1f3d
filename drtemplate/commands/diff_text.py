"""What ``generate.py diff`` tells people, the loudest first."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from textwrap import wrap
from typing import TypeVar

from drtemplate.cloudformation.changes import Differences, PropertyChange, ResourceChange
from drtemplate.cloudformation.consequences import Consequence, told
from drtemplate.cloudformation.inherited import InheritedChange
from drtemplate.cloudformation.sections import Change
from drtemplate.cloudformation.updates import Verdict
from drtemplate.console import plural, printable

Item = TypeVar("Item")
Key = TypeVar("Key")
LONGEST = 60  # characters of a value that are shown
WIDEST = 90  # of an object or a list that was added or removed
# The loudest first: a heading, then action, behaviour's name and whether data is at stake (None: any).
_GROUPS = (
    ("REPLACES, holds data", "Modify", "REPLACEMENT", True),
    ("REMOVES, holds data", "Remove", None, True),
    ("MAY REMOVE OR ADD, holds data", "Modify", "ADDED_OR_REMOVED", True),
    ("MAY REPLACE, holds data", "Modify", "CONDITIONAL", True),
    ("REPLACES", "Modify", "REPLACEMENT", False),
    ("REMOVES", "Remove", None, False),
    ("MAY REMOVE OR ADD", "Modify", "ADDED_OR_REMOVED", False),
    ("MAY REPLACE", "Modify", "CONDITIONAL", False),
    ("UPDATES what no update can change", "Modify", "NOT_SUPPORTED", None),
    ("UPDATES, with some interruption", "Modify", "SOME_INTERRUPTION", None),
    ("UPDATES", "Modify", "NO_INTERRUPTION", None),
    ("ADDS", "Add", None, None),
)
_OLD_RESOURCE = {
    "Delete": "the old one is deleted",
    "Snapshot": "a snapshot of the old one stays",
    "Retain": "the old one stays, outside the stack",
}
_DOUBTS = {"CONDITIONAL": "if it is replaced, ", "ADDED_OR_REMOVED": "if it is removed, "}


def as_text(found: Differences, meaning: Sequence[Consequence] = ()) -> str:
    """What the changes mean, then the changes themselves, the loudest first."""
    if not found.resources and not found.others:
        return "equal"
    lines: list[str] = []
    if meaning:
        lines += ["", "WHAT IT MEANS:"]
        lines += [f"  {one.logical_id} {told(one)}: {one.because}" for one in meaning]
    for heading, group in sections(found):
        lines += ["", f"{heading}:", *group]
    return "\n".join(map(printable, [*lines[1:], "", summary(found)]))


def sections(found: Differences) -> Iterator[tuple[str, list[str]]]:
    """Each heading that has changes, the loudest first, and their lines."""
    for heading, action, behaviour, data in _GROUPS:
        group = [
            line
            for resource in found.resources
            if resource.action == action
            and behaviour in (None, resource.behaviour.name)
            and data in (None, resource.holds_data)
            for line in _resource_lines(resource)
        ]
        if group:
            yield heading, group
    if found.others:
        yield "BESIDES RESOURCES", list(_other_lines(found.others))


def _resource_lines(resource: ResourceChange) -> list[str]:
    """The resource and its changes; in one line if there is but one, and nothing else to tell."""
    policy, old_one = resource.old_resource_policy, ""
    if policy and (resource.holds_data or policy != "Delete"):
        old_one = f": {_DOUBTS.get(resource.behaviour.name, '')}{_OLD_RESOURCE[policy]}"
    head = f"  {resource.logical_id} ({resource.type}){old_one}"
    below = [f"REFUSED by CloudFormation: {obstacle}" for obstacle in resource.obstacles]
    below += _change_lines(resource.changes)
    below += [f"along with others: {_along(resource.inherited)}"] if resource.inherited else []
    if len(below) == 1 and not old_one:
        return [f"{head}: {below[0]}"]
    return [head, *(f"    {line}" for line in below)]


def _change_lines(changes: Sequence[PropertyChange]) -> Iterator[str]:
    groups = _grouped(changes, lambda change: change.subtree)
    names = _renamed_statements(groups)
    for subtree, group in groups.items():
        if subtree not in names.values():
            new_name = names.get(subtree, "").rpartition(".Statement[")[2]
            text = (
                f"{_property(subtree)} is now [{new_name}, else the same"
                if new_name
                else _change(subtree, group)
            )
            gravest = max(
                (change.verdict for change in group), key=lambda verdict: verdict.behaviour
            )
            yield f"{text}{_effect(gravest)}"


def _renamed_statements(groups: Mapping[str, Sequence[PropertyChange]]) -> dict[str, str]:
    """Statements that only got a Sid, or another one: the old path -> the new one."""
    contents: dict[tuple[str, frozenset[tuple[str, str]]], list[str]] = {}
    for subtree, group in groups.items():
        above, statement, _ = subtree.rpartition(".Statement[")
        if statement and subtree.endswith("]") and group[0].path != subtree:
            parts = {(change.path.removeprefix(subtree), _either(change)) for change in group}
            key = (above, frozenset(part for part in parts if part[0] != ".Sid"))
            contents.setdefault(key, []).append(subtree)
    pairs = [pair for pair in contents.values() if len(pair) == 2]
    olds = [[path for path in pair if groups[path][0].after is None] for pair in pairs]
    return {
        old[0]: next(path for path in pair if path != old[0])
        for old, pair in zip(olds, pairs, strict=True)
        if len(old) == 1
    }


def _other_lines(others: Sequence[Change]) -> Iterator[str]:
    """Changes besides resources; what touches nothing and is new in many places, once for all."""
    groups = _grouped(
        others, lambda change: (_wildcard_path(change) or change.subtree, change.effect)
    )
    for (where, effect), group in groups.items():
        if "*" in where and len(group) > 1:
            names = ", ".join(change.path.split(".")[1] for change in group)
            text = f"{where}: + on {names}  ({effect})"
            yield from wrap(text, 110, initial_indent="  ", subsequent_indent="    ")
        else:
            yield f"  {_change(group[0].subtree, group)}  ({effect})"


def _wildcard_path(change: Change) -> str:
    """``Outputs.*.Description`` for one that was added without any effect; else ''."""
    section, *names = change.path.split(".")
    alone = change.before is None and change.subtree == change.path
    mute = alone and change.effect == "touches no resource"
    return f"{section}.*.{names[1]}" if mute and len(names) == 2 else ""


def _grouped(items: Iterable[Item], key: Callable[[Item], Key]) -> dict[Key, list[Item]]:
    groups: dict[Key, list[Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def _either(change: PropertyChange | Change) -> str:
    """The value, where there is one on one side only."""
    return (change.before if change.after is None else change.after) or ""


def _change(subtree: str, changes: Sequence[PropertyChange | Change]) -> str:
    """One value that changed, or in one line all that was added or removed together."""
    first, text = changes[0], _either(changes[0])
    if len(changes) == 1 and first.path == subtree:
        # A member of a set is named by its subtree text, which is its value too.
        return (
            f"{_property(subtree.removesuffix(f'[{text}]'))}: {_values(first.before, first.after)}"
        )
    inside: dict[str, list[str]] = {}
    for change in changes:
        text = _either(change)
        path = change.path.removesuffix(f"[{text}]").removeprefix(subtree).removeprefix(".")
        # The member of an element by which it is named is in its name.
        if not change.path.rpartition(".")[0].endswith(f"[{text}]"):
            inside.setdefault(path, []).append(text)
    texts = {path: ", ".join(values) for path, values in inside.items()}
    shown = ", ".join(f"{path}: {text}" if path else text for path, text in texts.items())
    sign = "-" if first.after is None else "+"
    return f"{_property(subtree)}: {sign} {_short(f'{{{shown}}}', WIDEST)}"


def _effect(verdict: Verdict) -> str:
    """What is more than no interruption, with both sources if they differ."""
    doubt = f" ({verdict.disagreement})" if verdict.disagreement else ""
    return f"  {verdict.behaviour}{doubt}" if verdict.behaviour else ""


def _along(inherited: Sequence[InheritedChange], most: int = 3) -> str:
    """The gravest of what a resource inherits from others, in a line."""
    gravest = max((change.verdict for change in inherited), key=lambda verdict: verdict.behaviour)
    causes = [f"{_property(change.path)} ({_cause(change)})" for change in inherited
              if change.verdict.behaviour == gravest.behaviour]  # fmt: skip
    others = len(inherited) - len(causes[:most])
    more = f" and {others} more" if others else ""
    return f"{', '.join(causes[:most])}{more}{_effect(gravest)}"


def _property(path: str) -> str:
    """A path without Properties, cut where it is long."""
    name = path.removeprefix("Properties.")
    return name if len(name) <= 90 else f"{name[:87]}..."


def _cause(change: InheritedChange) -> str:
    section, _, name = change.cause.partition(".")
    if section == "Resources":
        return f"{name} {'is' if change.certain else 'may be'} replaced"
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


def summary(found: Differences) -> str:
    """How many, in a line."""
    by = [(resource.action, resource.behaviour.name) for resource in found.resources]
    modified = sum(action == "Modify" for action, _ in by)
    surely = by.count(("Modify", "REPLACEMENT"))
    perhaps = by.count(("Modify", "CONDITIONAL"))
    by_condition = by.count(("Modify", "ADDED_OR_REMOVED"))
    return (
        f"{sum(action == 'Add' for action, _ in by)} to add, {modified} to change "
        f"({surely} by replacement, {perhaps} perhaps, "
        f"{by_condition} to remove or add by a condition), "
        f"{sum(action == 'Remove' for action, _ in by)} to remove, "
        f"{sum(bool(resource.obstacles) for resource in found.resources)} refused, "
        f"{plural(len(found.others), 'change')} besides resources"
    )

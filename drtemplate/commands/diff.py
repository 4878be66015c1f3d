"""``generate.py diff``: what an update from one template to another would do to a stack."""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import takewhile
from pathlib import Path
from typing import Any

from drtemplate import pipeline
from drtemplate.cloudformation.carried import Carried
from drtemplate.cloudformation.changes import Differences, ResourceChange, compare
from drtemplate.cloudformation.document import load_template
from drtemplate.cloudformation.leaves import leaves
from drtemplate.cloudformation.references import unknown_functions
from drtemplate.cloudformation.updates import Verdict
from drtemplate.console import show
from drtemplate.errors import InputError
from drtemplate.settings import Settings

FINE, FOUND = 0, 1
LONGEST = 60  # characters of a value that are shown
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


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("other", type=Path, metavar="OTHER", help="the template that is deployed")
    parser.add_argument(
        "new", type=Path, nargs="?", metavar="NEW", help="the next one; today's render by default"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Print what would change; 1 if the templates differ.

    Raises:
        InputError: a file is no template, or has a function that CloudFormation does not know.
    """
    old = _load(options.other)
    new = _load(options.new) if options.new else pipeline.render(settings).template
    found = compare(old, new)
    show(_as_json(found) if options.format == "json" else as_text(found))
    return FOUND if found.resources or found.others else FINE


def _load(path: Path) -> dict[str, Any]:
    template = load_template(path)
    for where, name in unknown_functions(template):
        raise InputError(f"{path}: {where} has {name}, which CloudFormation does not know; mend it")
    try:
        leaves(template)
    except InputError as exc:
        raise InputError(f"{path}: {exc}; mend it") from exc
    return template


def _as_json(found: Differences) -> str:
    """The changes for programs; a verdict's behaviours by their names."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [plain(item) for item in value]
        return str(value) if type(value).__name__ == "Behaviour" else value

    return json.dumps(plain(asdict(found)), indent=2)


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
        lines += [
            f"  {one.path}: {_values(one.before, one.after)}  ({one.effect})"
            for one in found.others
        ]
    return "\n".join([*lines[1:], "", _summary(found)])


def _resource_lines(one: ResourceChange) -> Iterator[str]:
    fate = ""
    if one.fate and (one.holds_data or one.fate != "Delete"):
        doubt = "if it is replaced, " if one.behaviour.name == "CONDITIONAL" else ""
        fate = f": {doubt}{_FATES[one.fate]}"
    yield f"  {one.logical_id} ({one.type}){fate}"
    for obstacle in one.obstacles:
        yield f"    REFUSED by CloudFormation: {obstacle}"
    for change in one.changes:
        # A member of a set is named by its whole text, which is its value too.
        text = change.before if change.after is None else change.after
        path = _property(change.path.removesuffix(f"[{text}]"))
        yield f"    {path}: {_values(change.before, change.after)}{_effect(change.verdict)}"
    if one.carried:
        yield f"    along with others: {_along(one.carried)}"


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


def _short(text: str | None) -> str:
    line = (text or "(empty)").replace("\n", "\\n")
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."


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

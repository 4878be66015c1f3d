"""What a change set leaves out, from both templates: what it means, other sections, values that are not told."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from drtemplate.cloudformation.changes import PropertyChange, ResourceChange, compare
from drtemplate.cloudformation.consequences import Consequence, consequences, told
from drtemplate.cloudformation.sections import Change
from drtemplate.deploying.change_table import pair
from drtemplate.deploying.deployed import deployed_template
from drtemplate.deploying.living import Living
from drtemplate.errors import DrTemplateError

MOST = 20  # lines of other sections


def completed(
    living: Living, changes: Sequence[ResourceChange]
) -> tuple[tuple[ResourceChange, ...], tuple[str, ...]]:
    """The changes with what the templates tell besides, and lines about their meaning and other sections.

    A template that cannot be asked for or read leaves the changes as they are, and a line says so.
    """
    if not living.stack.exists:
        return tuple(changes), ()
    try:
        old = deployed_template(living.account, living.target.stack)
        found = compare(old, living.template)
        meaning = consequences(old, living.template, found)
    except DrTemplateError as exc:
        return tuple(changes), (f"not told: what changes besides resources: {exc}",)
    known = {one.logical_id: one for one in found.resources}
    filled = tuple(_filled(one, known.get(one.logical_id)) for one in changes)
    return filled, (*_meant(meaning), *_besides(found.others))


def _filled(change: ResourceChange, known: ResourceChange | None) -> ResourceChange:
    if known is None or known.type != change.type:
        return change
    parts = [part for each in change.changes for part in _values(each, known.changes)]
    obstacles = dict.fromkeys([*change.obstacles, *known.obstacles])
    return replace(change, changes=tuple(parts), obstacles=tuple(obstacles))


def _values(change: PropertyChange, known: Sequence[PropertyChange]) -> Sequence[PropertyChange]:
    """The values at or below a property of which CloudFormation tells none."""
    if change.before is not None or change.after is not None:
        return [change]
    below = [
        replace(each, verdict=max(each.verdict, change.verdict, key=lambda one: one.behaviour))
        for each in known
        if each.path == change.path or each.path.startswith((f"{change.path}.", f"{change.path}["))
    ]
    return below or [change]


def _meant(meaning: Sequence[Consequence]) -> Iterator[str]:
    if meaning:
        yield "what it means:"
    for one in meaning:
        yield f"  {one.logical_id} {told(one)}: {one.because}"


def _besides(others: Sequence[Change]) -> Iterator[str]:
    if others:
        yield "besides resources:"
    for one in others[:MOST]:
        yield f"  {one.path}: {pair(one.before, one.after)}  ({one.effect})"
    if len(others) > MOST:
        yield f"  and {len(others) - MOST} more: python generate.py diff"

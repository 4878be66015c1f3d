"""What lies between two templates, and what CloudFormation would do with it.

Templates are compared as ``leaves`` sees them, so what CloudFormation reads alike is equal. A value
that only a deployed stack has (a parameter's, an attribute's) is not known here: a resource whose
GetAtt another one uses is taken as unchanged unless it is replaced.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drtemplate.cloudformation.collisions import name_collision, name_still_taken
from drtemplate.cloudformation.inherited import InheritedChange, inherited_changes
from drtemplate.cloudformation.leaves import differing, leaves, without_function
from drtemplate.cloudformation.masking import masked
from drtemplate.cloudformation.retention import when_modified, when_removed
from drtemplate.cloudformation.schemas import data_bearing_types
from drtemplate.cloudformation.sections import Change, other_changes
from drtemplate.cloudformation.updates import Behaviour, Verdict, change_verdict, property_path

Template = Mapping[str, Any]
Leaves = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyChange:
    """A value of a resource that is not the same.

    Attributes:
        path: below the resource, as ``Properties.CidrBlock`` or ``DeletionPolicy``.
        subtree: the object, list or element of a list that was added or removed with it; else path.
        before: as ``leaves`` has it, or the leaves of a function in a line; None if it is not there.
            A secret is masked.
    """

    path: str
    subtree: str
    before: str | None
    after: str | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """What happens to one resource.

    Attributes:
        action: Add, Remove or Modify, as in a change set.
        behaviour: of a Modify, the gravest of its changes, inherited ones among them.
        inherited: changes that come by a reference to something else that changes.
        holds_data: the type keeps what cannot be made again.
        old_resource_policy: Delete, Snapshot or Retain, of the old resource that is or may be removed
            or replaced; else ''.
        collision: why its fixed name is taken while it is made, in words; else ''.
        obstacles: why CloudFormation would refuse it, in words; a collision among them.
    """

    logical_id: str
    type: str
    action: str
    behaviour: Behaviour = Behaviour.NO_INTERRUPTION
    changes: tuple[PropertyChange, ...] = ()
    inherited: tuple[InheritedChange, ...] = ()
    holds_data: bool = False
    old_resource_policy: str = ""
    collision: str = ""
    obstacles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """All changes.

    Attributes:
        resources: in the order of the new template, the removed ones last.
        others: of parameters, conditions, outputs and all other sections.
    """

    resources: tuple[ResourceChange, ...]
    others: tuple[Change, ...]


def compare(old: Template, new: Template) -> Differences:
    """What an update of a stack from one template to the other would change."""
    before, after = leaves(old), leaves(new)
    shown_before, shown_after = masked(before), masked(after)
    subtrees = differing(before, after)
    changed = {path: (shown_before.get(path), shown_after.get(path)) for path in subtrees}
    others = other_changes(old, new, changed, subtrees)
    own = {
        title: tuple(_own_changes(title, resource["Type"], subtrees, shown_before, shown_after))
        for title, resource in new["Resources"].items()
        if title in old["Resources"]
    }
    own_behaviours = {
        title: frozenset(change.verdict.behaviour for change in changes)
        for title, changes in own.items()
    }
    inherited = inherited_changes(old, new, own_behaviours, changed)
    found = [
        _modified(old, new, title, own[title], inherited[title])
        if title in own
        else _added(old, new, title)
        for title in new["Resources"]
    ]
    found += [_removed(old, title) for title in old["Resources"] if title not in own]
    return Differences(resources=tuple(filter(None, found)), others=tuple(others))


def _own_changes(
    title: str, type_: str, subtrees: Mapping[str, str], before: Leaves, after: Leaves
) -> Iterator[PropertyChange]:
    """The resource's leaves that differ; those of one function are one change."""
    prefix = f"Resources.{title}."
    groups: dict[str, list[str]] = {}
    for path in sorted(subtrees):
        if path.startswith(prefix):
            below = path.removeprefix(prefix)
            groups.setdefault(without_function(below), []).append(below)
    for path, members in groups.items():
        subtree = min(subtrees[prefix + members[0]].removeprefix(prefix), path, key=len)
        found = [change_verdict(type_, member, subtree) for member in members]
        yield PropertyChange(
            path=path,
            subtree=subtree,
            before=_text(before, prefix + path),
            after=_text(after, prefix + path),
            verdict=max(found, key=lambda verdict: verdict.behaviour),
        )


def _text(side: Leaves, path: str) -> str | None:
    """The leaf at the path, or those of the function that stands there."""
    if path in side:
        return side[path]
    function = f"{path}.Fn::"
    leaves_below = [
        f"{leaf.removeprefix(f'{path}.')}={text}"
        for leaf, text in side.items()
        if leaf.startswith(function)
    ]
    return " ".join(leaves_below) or None


def _added(old: Template, new: Template, title: str) -> ResourceChange:
    resource = new["Resources"][title]
    obstacles = tuple(name_still_taken(old["Resources"], resource))
    return ResourceChange(
        logical_id=title,
        type=resource["Type"],
        action="Add",
        collision=next(iter(obstacles), ""),
        obstacles=obstacles,
    )


def _removed(old: Template, title: str) -> ResourceChange:
    resource = old["Resources"][title]
    return ResourceChange(
        logical_id=title,
        type=resource["Type"],
        action="Remove",
        holds_data=resource["Type"] in data_bearing_types(),
        old_resource_policy=when_removed(resource),
    )


def _modified(
    old: Template,
    new: Template,
    title: str,
    changes: tuple[PropertyChange, ...],
    inherited: Sequence[InheritedChange],
) -> ResourceChange | None:
    if not changes and not inherited:
        return None
    versions = old["Resources"][title], new["Resources"][title]
    types = [resource["Type"] for resource in versions]
    behaviours = {verdict.behaviour for verdict in verdicts(changes, inherited)}
    collision = _collision(versions[0], versions[1], changes, inherited)
    return ResourceChange(
        logical_id=title,
        type=types[1],
        action="Modify",
        behaviour=max(behaviours),
        changes=changes,
        inherited=tuple(inherited),
        holds_data=not data_bearing_types().isdisjoint(types),
        old_resource_policy="" if types[0] != types[1] else when_modified(versions, behaviours),
        collision=collision,
        obstacles=tuple(_obstacles(types, collision, changes, inherited)),
    )


def _collision(
    old_resource: Mapping[str, Any],
    new_resource: Mapping[str, Any],
    changes: Sequence[PropertyChange],
    inherited: Sequence[InheritedChange],
) -> str:
    """Why a replacement cannot have the resource's name; '' if it can, or if none is made."""
    behaviours = {verdict.behaviour for verdict in verdicts(changes, inherited)}
    type_ = new_resource["Type"]
    replaced = not behaviours.isdisjoint((Behaviour.REPLACEMENT, Behaviour.CONDITIONAL))
    if not replaced or old_resource["Type"] != type_:
        return ""
    properties = [resource.get("Properties", {}) for resource in (old_resource, new_resource)]
    renewed = {property_path(c.path).partition(".")[2] for c in inherited if c.certain}
    return next(name_collision(type_, properties[0], properties[1], renewed), "")


def _obstacles(
    types: Sequence[str],
    collision: str,
    changes: Sequence[PropertyChange],
    inherited: Sequence[InheritedChange],
) -> Iterator[str]:
    """Why CloudFormation would refuse what is certain of a resource's changes."""
    if types[0] != types[1]:
        # https://github.com/aws/aws-sam-cli/issues/6786
        yield "the type of a resource cannot be changed; give it another logical id"
        return
    if collision:
        yield collision
    if all(one.behaviour != Behaviour.REPLACEMENT for one in verdicts(changes, inherited)):
        yield from not_supported((*changes, *inherited))


def verdicts(
    changes: Iterable[PropertyChange], inherited: Iterable[InheritedChange]
) -> list[Verdict]:
    """Of a resource's own changes and of those that it inherits."""
    return [change.verdict for change in changes] + [change.verdict for change in inherited]


def not_supported(changes: Iterable[PropertyChange | InheritedChange]) -> Iterator[str]:
    """What no update can change, unless the resource is replaced for something else.

    What may only be inherited is not yet refused.
    """
    paths = [
        change.path
        for change in changes
        if change.verdict.behaviour == Behaviour.NOT_SUPPORTED
        and (isinstance(change, PropertyChange) or change.certain)
    ]
    properties = dict.fromkeys(property_path(path).split(".")[1] for path in paths)
    if properties:
        names = ", ".join(properties)
        yield f"no update of {names} is supported; make the resource anew under another logical id"

"""What lies between two templates, and what CloudFormation would do with it.

Templates are compared as ``leaves`` sees them, so what CloudFormation reads alike is equal. A value
that only a deployed stack has (a parameter's, an attribute's) is not known here: a resource whose
GetAtt another one uses is taken as unchanged unless it is replaced.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from drtemplate.cloudformation.carried import Carried, carried
from drtemplate.cloudformation.leaves import ancestors, leaves, only_there
from drtemplate.cloudformation.schemas import data_bearing_types, resource_facts
from drtemplate.cloudformation.sections import Change, other_changes
from drtemplate.cloudformation.updates import IN_PLACE, Behaviour, Verdict, verdict

Template = Mapping[str, Any]
Leaves = Mapping[str, str]
# What becomes of the old resource, from the worst on.
FATES = ("Delete", "Snapshot", "Retain")


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyChange:
    """A value of a resource that is not the same.

    Attributes:
        path: below the resource, as ``Properties.CidrBlock`` or ``DeletionPolicy``.
        whole: the object, list or element of a list that was added or removed with it; else path.
        before: as ``leaves`` has it, or the leaves of a function in a line; None if it is not there.
    """

    path: str
    whole: str
    before: str | None
    after: str | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceChange:
    """What happens to one resource.

    Attributes:
        action: Add, Remove or Modify, as in a change set.
        behaviour: of a Modify, the gravest of its changes, carried ones among them.
        carried: changes that come along a reference to something else that changes.
        holds_data: the type keeps what cannot be made again.
        fate: Delete, Snapshot or Retain, of the old resource that is removed or replaced; else ''.
        obstacles: why CloudFormation would refuse it, in words.
    """

    logical_id: str
    type: str
    action: str
    behaviour: Behaviour = Behaviour.NO_INTERRUPTION
    changes: tuple[PropertyChange, ...] = ()
    carried: tuple[Carried, ...] = ()
    holds_data: bool = False
    fate: str = ""
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
    changed = {
        path: (before.get(path), after.get(path))
        for path in (*after, *before)
        if before.get(path) != after.get(path)
    }
    sides = [{above for path in side for above in ancestors(path)} for side in (before, after)]
    wholes = {
        path: only_there(path, sides[0] if was is None else sides[1])
        for path, (was, now) in changed.items()
    }
    others = other_changes(old, new, changed, wholes)
    own = {
        title: tuple(_own_changes(title, resource["Type"], wholes, before, after))
        for title, resource in new["Resources"].items()
        if title in old["Resources"]
    }
    gravity = {
        title: max((one.verdict.behaviour for one in changes), default=None)
        for title, changes in own.items()
    }
    along = carried(old, new, gravity, changed)
    found = [
        _modified(old, new, title, own[title], along[title])
        if title in own
        else _added(old, new, title)
        for title in new["Resources"]
    ]
    found += [_removed(old, title) for title in old["Resources"] if title not in own]
    return Differences(resources=tuple(one for one in found if one), others=tuple(others))


def _own_changes(
    title: str, type_: str, wholes: Mapping[str, str], before: Leaves, after: Leaves
) -> Iterator[PropertyChange]:
    """The resource's leaves that differ; those of one function are one change."""
    prefix = f"Resources.{title}."
    groups: dict[str, list[str]] = {}
    for path in sorted(wholes):
        if path.startswith(prefix):
            below = path.removeprefix(prefix)
            groups.setdefault(_without_function(below), []).append(below)
    for path, members in groups.items():
        verdicts = [_verdict(type_, one) for one in members]
        yield PropertyChange(
            path=path,
            whole=min(wholes[prefix + members[0]].removeprefix(prefix), path, key=len),
            before=_text(before, prefix + path),
            after=_text(after, prefix + path),
            verdict=max(verdicts, key=lambda one: one.behaviour),
        )


def _without_function(path: str) -> str:
    """The path up to a function; one in the name of a list's element is none."""
    above, _, _ = path.partition(".Fn::")
    return above if above.count("[") == above.count("]") else path


def _text(side: Leaves, path: str) -> str | None:
    """The leaf at the path, or those of the function that stands there."""
    if path in side:
        return side[path]
    function = f"{path}.Fn::"
    leaves_below = [
        f"{one.removeprefix(f'{path}.')}={text}"
        for one, text in side.items()
        if one.startswith(function)
    ]
    return " ".join(leaves_below) or None


def _verdict(type_: str, path: str) -> Verdict:
    section, _, name = path.partition(".")
    if section == "Properties":
        return verdict(type_, name)
    if section == "Condition":
        return Verdict(behaviour=Behaviour.CONDITIONAL)
    return Verdict(behaviour=Behaviour.REPLACEMENT) if section == "Type" else IN_PLACE


def _added(old: Template, new: Template, title: str) -> ResourceChange:
    type_ = new["Resources"][title]["Type"]
    return ResourceChange(
        logical_id=title, type=type_, action="Add", obstacles=tuple(_taken_name(old, new, title))
    )


def _removed(old: Template, title: str) -> ResourceChange:
    resource = old["Resources"][title]
    return ResourceChange(
        logical_id=title,
        type=resource["Type"],
        action="Remove",
        holds_data=resource["Type"] in data_bearing_types(),
        fate=_fate(resource.get("DeletionPolicy") or _default_policy(resource)),
    )


def _modified(
    old: Template,
    new: Template,
    title: str,
    changes: tuple[PropertyChange, ...],
    along: Sequence[Carried],
) -> ResourceChange | None:
    if not changes and not along:
        return None
    was, now = old["Resources"][title], new["Resources"][title]
    verdicts = [one.verdict for one in changes] + [one.verdict for one in along]
    gravest = max(one.behaviour for one in verdicts)
    change = ResourceChange(
        logical_id=title,
        type=now["Type"],
        action="Modify",
        behaviour=gravest,
        changes=changes,
        carried=tuple(along),
        holds_data=bool({was["Type"], now["Type"]} & data_bearing_types()),
    )
    if was["Type"] != now["Type"]:
        # https://github.com/aws/aws-sam-cli/issues/6786
        reason = "the type of a resource cannot be changed; give it another logical id"
        return replace(change, fate="Delete", obstacles=(reason,))
    if gravest < Behaviour.CONDITIONAL:
        return change
    policies = (_fate(one.get("UpdateReplacePolicy")) for one in (was, now))
    obstacles = tuple(same_name(now["Type"], _name(old, title), _name(new, title)))
    return replace(change, fate=min(policies, key=FATES.index), obstacles=obstacles)


def _fate(policy: Any) -> str:
    """What a policy does to a resource that has been made; without one it is deleted.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatereplacepolicy.html
    """
    return "Retain" if policy == "RetainExceptOnCreate" else policy if policy in FATES else "Delete"


def _default_policy(resource: Mapping[str, Any]) -> str:
    """The DeletionPolicy of a resource that has none.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    """
    alone = "DBClusterIdentifier" not in resource.get("Properties", {})
    type_ = resource["Type"]
    is_database = type_ == "AWS::RDS::DBCluster" or (type_ == "AWS::RDS::DBInstance" and alone)
    return "Snapshot" if is_database else "Delete"


def same_name(type_: str, before: str, after: str) -> Iterator[str]:
    """A replacement is made while the old resource is there, so it cannot have the same name.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
    """
    facts = resource_facts(type_)
    if facts and after and before == after:
        yield f"a replacement cannot have the same {facts.name} {after}; give it another name"


def _taken_name(old: Template, new: Template, title: str) -> Iterator[str]:
    """What is added is made before what goes is removed."""
    type_, name = new["Resources"][title]["Type"], _name(new, title)
    for other, resource in old["Resources"].items():
        if name and resource["Type"] == type_ and _name(old, other) == name:
            yield f"its name {name} is still that of {other}, which is removed only afterwards"


def _name(template: Template, title: str) -> str:
    """The physical name that a resource is given, as text; '' if AWS makes one."""
    resource = template["Resources"][title]
    facts = resource_facts(resource["Type"])
    given = resource.get("Properties", {}).get(facts.name) if facts and facts.name else None
    texts = leaves({"name": given}).values() if given is not None else ()
    return " ".join(texts).removeprefix("!Sub ")

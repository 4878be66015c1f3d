"""A change set as CloudFormation describes it, read as the changes that ``compare`` finds.

What it does not tell is not there: positions stand for the names of a list's elements, values are
missing unless they were asked for, and only a Modify has obstacles.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from drtemplate.cloudformation.changes import (
    PropertyChange,
    ResourceChange,
    not_supported,
    verdicts,
)
from drtemplate.cloudformation.collisions import name_collision
from drtemplate.cloudformation.inherited import InheritedChange
from drtemplate.cloudformation.schemas import data_bearing_types
from drtemplate.cloudformation.updates import Behaviour, Verdict, change_verdict

Facts = Mapping[str, Any]
_REPLACEMENTS = {"True": Behaviour.REPLACEMENT, "Conditional": Behaviour.CONDITIONAL}
_RECREATIONS = {"Always": Behaviour.REPLACEMENT, "Conditionally": Behaviour.CONDITIONAL}
# What the guide tells of a change in place, and a change set does not.
_NOT_TOLD = (Behaviour.SOME_INTERRUPTION, Behaviour.NOT_SUPPORTED)
_REFERENCES = frozenset(("ResourceReference", "ResourceAttribute"))


def described(answers: Iterable[Facts]) -> tuple[ResourceChange, ...]:
    """Every change of a change set.

    Args:
        answers: DescribeChangeSet's, all pages; with ``IncludePropertyValues`` they hold the values.

    Returns:
        In the answers' order; an action may also be Import, Dynamic or SyncWithActual, as there.
    """
    return tuple(
        _resource(change["ResourceChange"])
        for answer in answers
        for change in answer.get("Changes") or ()
        if change["Type"] == "Resource"
    )


def _resource(facts: Facts) -> ResourceChange:
    action, type_ = facts["Action"], facts["ResourceType"]
    details = facts.get("Details") or ()
    changes = tuple(_changes(type_, details))
    inherited = tuple(_inherited(type_, details))
    behaviour = Behaviour.CONDITIONAL if action == "Dynamic" else Behaviour.NO_INTERRUPTION
    # An Add may have a Replacement too, and it means nothing there.
    if action == "Modify":
        stated = _REPLACEMENTS.get(facts.get("Replacement", ""), behaviour)
        behaviour = max([stated, *(verdict.behaviour for verdict in verdicts(changes, inherited))])
    goes = action == "Remove" or behaviour >= Behaviour.CONDITIONAL
    # ReplaceAndRetain, or Retain; the worst where it is not told.
    policy = facts.get("PolicyAction") or "Delete"
    return ResourceChange(
        logical_id=facts["LogicalResourceId"],
        type=type_,
        action=action,
        behaviour=behaviour,
        changes=changes,
        inherited=inherited,
        holds_data=action != "Add" and type_ in data_bearing_types(),
        old_resource_policy=policy.removeprefix("ReplaceAnd") if goes else "",
        obstacles=tuple(_obstacles(facts, behaviour, (*changes, *inherited))),
    )


def _changes(type_: str, details: Iterable[Facts]) -> Iterator[PropertyChange]:
    """Changes of the template or of a parameter, once for each target."""
    referring = {_path(detail["Target"]) for detail in details if _is_inherited(detail)}
    found: dict[str, PropertyChange] = {}
    for detail in details:
        target = detail["Target"]
        path = _path(target)
        if _is_inherited(detail):
            continue
        # A reference is told a second time, as what may also be a change of the template.
        if path in referring and detail.get("Evaluation") == "Dynamic":
            continue
        verdict = _verdict(type_, path, detail)
        if path not in found or verdict.behaviour > found[path].verdict.behaviour:
            found[path] = PropertyChange(
                path=path,
                subtree=path,
                before=target.get("BeforeValue"),
                after=target.get("AfterValue"),
                verdict=verdict,
            )
    yield from found.values()


def _inherited(type_: str, details: Iterable[Facts]) -> Iterator[InheritedChange]:
    for detail in details:
        if _is_inherited(detail):
            path = _path(detail["Target"])
            # GetAtt's has the attribute too: Key.Arn.
            cause = f"Resources.{detail['CausingEntity'].partition('.')[0]}"
            certain = detail["Evaluation"] == "Static"
            yield InheritedChange(path, cause, _verdict(type_, path, detail), certain)


def _is_inherited(detail: Facts) -> bool:
    return detail.get("ChangeSource") in _REFERENCES


def _path(target: Facts) -> str:
    """``/Properties/SubnetIds/0`` as ``Properties.SubnetIds[0]``; without values, the property."""
    if not target.get("Path"):
        return ".".join(filter(None, (target["Attribute"], target.get("Name"))))
    first, *steps = str(target["Path"]).strip("/").split("/")
    return first + "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in steps)


def _verdict(type_: str, path: str, detail: Facts) -> Verdict:
    """What CloudFormation says, and of changes in place what it does not tell: interruption or refusal."""
    recreation = detail["Target"].get("RequiresRecreation", "")
    behaviour = _RECREATIONS.get(recreation, Behaviour.NO_INTERRUPTION)
    if behaviour == Behaviour.REPLACEMENT and detail.get("Evaluation") == "Dynamic":
        behaviour = Behaviour.CONDITIONAL
    documented = change_verdict(type_, path).documented
    if behaviour == Behaviour.NO_INTERRUPTION and documented in _NOT_TOLD:
        behaviour = documented
    return Verdict(behaviour=behaviour)


def _obstacles(
    facts: Facts, behaviour: Behaviour, changes: Iterable[PropertyChange | InheritedChange]
) -> Iterator[str]:
    if facts["Action"] != "Modify":
        return
    if behaviour >= Behaviour.CONDITIONAL:
        contexts = [facts.get(f"{side}Context") or "{}" for side in ("Before", "After")]
        properties = [json.loads(context).get("Properties", {}) for context in contexts]
        yield from name_collision(facts["ResourceType"], properties[0], properties[1])
    if behaviour != Behaviour.REPLACEMENT:
        yield from not_supported(changes)

"""A change set as CloudFormation describes it, read as the changes that ``compare`` finds.

What it does not tell is not there: positions stand for the names of a list's elements, values are
missing unless they were asked for, and only a Modify has obstacles.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from drtemplate.cloudformation.carried import Carried
from drtemplate.cloudformation.changes import PropertyChange, ResourceChange, same_name
from drtemplate.cloudformation.schemas import data_bearing_types, resource_facts
from drtemplate.cloudformation.updates import Behaviour, Verdict, verdict

Facts = Mapping[str, Any]
_REPLACEMENTS = {"True": Behaviour.REPLACEMENT, "Conditional": Behaviour.CONDITIONAL}
_RECREATIONS = {"Always": Behaviour.REPLACEMENT, "Conditionally": Behaviour.CONDITIONAL}
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
    along = tuple(_along(type_, details))
    behaviour = Behaviour.CONDITIONAL if action == "Dynamic" else Behaviour.NO_INTERRUPTION
    # An Add may have a Replacement too, and it means nothing there.
    if action == "Modify":
        told = _REPLACEMENTS.get(facts.get("Replacement", ""), behaviour)
        verdicts = [one.verdict for one in changes] + [one.verdict for one in along]
        behaviour = max([told, *(one.behaviour for one in verdicts)])
    goes = action == "Remove" or behaviour >= Behaviour.CONDITIONAL
    # ReplaceAndRetain, or Retain; the worst where it is not told.
    policy = facts.get("PolicyAction") or "Delete"
    return ResourceChange(
        logical_id=facts["LogicalResourceId"],
        type=type_,
        action=action,
        behaviour=behaviour,
        changes=changes,
        carried=along,
        holds_data=action != "Add" and type_ in data_bearing_types(),
        fate=policy.removeprefix("ReplaceAnd") if goes else "",
        obstacles=tuple(_obstacles(facts)) if goes and action == "Modify" else (),
    )


def _changes(type_: str, details: Iterable[Facts]) -> Iterator[PropertyChange]:
    """Changes of the template or of a parameter, once for each target."""
    referring = {_path(one["Target"]) for one in details if one.get("ChangeSource") in _REFERENCES}
    found: dict[str, PropertyChange] = {}
    for one in details:
        target = one["Target"]
        path = _path(target)
        if one.get("ChangeSource") in _REFERENCES:
            continue
        # A reference is told a second time, as what may also be a change of the template.
        if path in referring and one.get("Evaluation") == "Dynamic":
            continue
        given = _verdict(type_, path, one)
        if path not in found or given.behaviour > found[path].verdict.behaviour:
            found[path] = PropertyChange(
                path=path,
                whole=path,
                before=target.get("BeforeValue"),
                after=target.get("AfterValue"),
                verdict=given,
            )
    yield from found.values()


def _along(type_: str, details: Iterable[Facts]) -> Iterator[Carried]:
    for one in details:
        if one.get("ChangeSource") in _REFERENCES:
            path = _path(one["Target"])
            # GetAtt's has the attribute too: Key.Arn.
            cause = f"Resources.{one['CausingEntity'].partition('.')[0]}"
            yield Carried(path, cause, _verdict(type_, path, one), one["Evaluation"] == "Static")


def _path(target: Facts) -> str:
    """``/Properties/SubnetIds/0`` as ``Properties.SubnetIds[0]``; without values, the property."""
    if not target.get("Path"):
        return ".".join(filter(None, (target["Attribute"], target.get("Name"))))
    first, *steps = str(target["Path"]).strip("/").split("/")
    return first + "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in steps)


def _verdict(type_: str, path: str, detail: Facts) -> Verdict:
    """What CloudFormation says, and of changes in place the interruption that it does not tell."""
    section, _, name = path.partition(".")
    recreation = detail["Target"].get("RequiresRecreation", "")
    behaviour = _RECREATIONS.get(recreation, Behaviour.NO_INTERRUPTION)
    if behaviour == Behaviour.REPLACEMENT and detail.get("Evaluation") == "Dynamic":
        behaviour = Behaviour.CONDITIONAL
    documented = verdict(type_, name).documented if section == "Properties" else None
    if behaviour == Behaviour.NO_INTERRUPTION and documented == Behaviour.SOME_INTERRUPTION:
        behaviour = documented
    return Verdict(behaviour=behaviour)


def _obstacles(facts: Facts) -> Iterator[str]:
    known = resource_facts(facts["ResourceType"])
    if known and known.name:
        contexts = [facts.get(f"{side}Context") or "{}" for side in ("Before", "After")]
        names = [json.loads(one).get("Properties", {}).get(known.name, "") for one in contexts]
        yield from same_name(facts["ResourceType"], *names)

"""What DescribeChangeSet tells, in AWS's form, by the engine of ``generate.py diff``.

Parameters, conditions and mappings are evaluated on both sides before they are compared, so that
another value of a parameter is a change where it is used. A list, and what a function makes, is one
value here, where AWS may tell its elements one by one.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from drtemplate.cloudformation.changes import ResourceChange, compare
from drtemplate.cloudformation.inherited import InheritedChange
from drtemplate.cloudformation.intrinsics import Text, scalar_text
from drtemplate.cloudformation.parameters import MASK, is_secret
from drtemplate.cloudformation.references import of_resource
from drtemplate.cloudformation.updates import Behaviour, verdict
from emulator.engine import Engine
from emulator.resource import FAILURES

PAGE = 25  # changes; AWS does not tell how many it puts into one
# What AWS writes for a value that it only knows afterwards.
# https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2113
UNKNOWN = "{{changeSet:KNOWN_AFTER_APPLY}}"
# What a detail can be about; what else changes, such as DependsOn, is told nowhere.
ATTRIBUTES = (
    *("Properties", "Metadata", "CreationPolicy"),
    *("UpdatePolicy", "DeletionPolicy", "UpdateReplacePolicy"),
)
REPLACEMENTS = {Behaviour.REPLACEMENT: "True", Behaviour.CONDITIONAL: "Conditional"}
RECREATIONS = {Behaviour.REPLACEMENT: "Always", Behaviour.CONDITIONAL: "Conditionally"}
VALUES = (
    "BeforeContext",
    "AfterContext",
    "Path",
    "BeforeValue",
    "AfterValue",
    "AttributeChangeType",
)
Side = dict[str, Any]


class Description:
    """The changes that executing a change set would make to a stack as it is.

    Args:
        engine: of the stack.
        template: the change set's.
        parameters: their values, all of them.
    """

    def __init__(self, engine: Engine, template: Side, parameters: dict[str, str]) -> None:
        self.engine = engine
        self.raw = (engine.template or {"Resources": {}}, template)
        values = (engine.parameters, parameters)
        both = list(zip(self.raw, values, strict=True))
        self.altered = {
            name for name in parameters if parameters[name] != values[0].get(name, parameters[name])
        }
        self.secrets = [
            one[name]
            for raw, one in both
            for name, facts in raw.get("Parameters", {}).items()
            if is_secret(facts) and one.get(name)
        ]
        self.known = [self._evaluated(*one, _symbol) for one in both]
        found = compare(*self.known).resources
        self.open = {
            one.logical_id
            for one in found
            if one.action == "Add" or one.behaviour >= Behaviour.CONDITIONAL
        }
        self.after = self._evaluated(template, parameters, self._value)["Resources"]
        told = [self._change(one) for one in found]
        self.changes = [one for one in told if one["Action"] != "Modify" or one["Details"]]

    def _evaluated(
        self, template: Side, parameters: dict[str, str], lookup: Callable[..., Any]
    ) -> Side:
        """The resources that there will be, with their values as far as the look-up knows them."""
        evaluate = self.engine.evaluator(template, parameters, lookup)
        resources = {}
        for title, resource in template["Resources"].items():
            try:
                if self.engine.holds(evaluate, resource):
                    value = evaluate({k: v for k, v in resource.items() if k in ATTRIBUTES})
                    kept = {k: v for k, v in resource.items() if k in ("Type", "DependsOn")}
                    resources[title] = kept | _as_functions(value)
            except FAILURES:  # executing it will say so
                resources[title] = resource
        return {"Resources": resources}

    def _value(self, title: str, attribute: str | None) -> Any:
        if title in self.open or title not in self.engine.resources:
            return UNKNOWN
        return self.engine.lookup(title, attribute)

    def _change(self, one: ResourceChange) -> dict[str, Any]:
        title, resource = one.logical_id, self.engine.resources.get(one.logical_id)
        policy = {"Remove": "", "Modify": "ReplaceAnd"}.get(one.action)
        change: dict[str, Any] = {"Action": one.action, "LogicalResourceId": title}
        change |= {"ResourceType": one.type, "Scope": [], "Details": []}
        if one.old_resource_policy and policy is not None:
            change["PolicyAction"] = f"{policy}{one.old_resource_policy}"
        before, after = {}, {}
        if resource is not None:
            change["PhysicalResourceId"] = resource.physical_resource_id
            old = self.known[0]["Resources"][title]
            before = self._shown(old | {"Properties": resource.properties})
            change["BeforeContext"] = json.dumps(before)
        if one.action != "Remove":
            after = self._shown({"Properties": {}} | self.after[title])
            change["AfterContext"] = json.dumps(after)
        if one.action == "Modify":
            change["Replacement"] = REPLACEMENTS.get(one.behaviour, "False")
            change["Details"] = [*self._direct(one, before, after), *self._along(one, before)]
            scope = [detail["Target"]["Attribute"] for detail in change["Details"]]
            change["Scope"] = list(dict.fromkeys(scope))
        return change

    def _direct(self, one: ResourceChange, before: Side, after: Side) -> Iterator[dict[str, Any]]:
        """Details of what the template or a parameter changes, one for each value."""
        behaviours: dict[tuple[str, ...], Behaviour] = {}
        for change in one.changes:
            if change.path.partition(".")[0] in ATTRIBUTES:
                steps = _meeting(before, after, change.path)
                behaviours[steps] = max(
                    change.verdict.behaviour, behaviours.get(steps, Behaviour(0))
                )
        title = one.logical_id
        raws = [raw["Resources"][title] for raw in self.raw]
        for steps, behaviour in behaviours.items():
            target = _target(steps, behaviour, _at(before, steps), _at(after, steps))
            common = _meeting(*raws, ".".join(steps))
            where = ".".join(("Resources", title, *steps))
            causes = [
                each.name
                for each in of_resource(title, raws[1])
                if each.name in self.altered and re.match(rf"{re.escape(where)}(\W|$)", each.path)
            ]
            if causes and _at(raws[0], common) == _at(raws[1], common):
                yield _detail(target, "Dynamic", "DirectModification")
                for cause in dict.fromkeys(causes):
                    yield _detail(target, "Static", "ParameterReference", cause)
            else:
                yield _detail(target, "Static", "DirectModification")

    def _along(self, one: ResourceChange, before: Side) -> Iterator[dict[str, Any]]:
        """Details of what references carry into it; each is told as AWS does, twice."""
        title = one.logical_id
        references = list(of_resource(title, self.known[1]["Resources"][title]))
        for along in one.inherited:
            steps = tuple(re.findall(r"[^.\[\]]+", along.path))
            section, _, name = along.path.partition(".")
            behaviour = (
                verdict(one.type, name).behaviour if section == "Properties" else Behaviour(0)
            )
            target = _target(steps, behaviour, _at(before, steps), UNKNOWN)
            yield _detail(target, "Dynamic", "DirectModification")
            evaluation = "Static" if along.certain else "Dynamic"
            yield _detail(target, evaluation, *_cause(title, along, references))

    def _shown(self, value: Any) -> Any:
        """The value with its scalars as texts, and no secret in it."""
        if isinstance(value, dict):
            return {key: self._shown(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._shown(item) for item in value]
        text = scalar_text(value)
        for secret in self.secrets:
            text = text.replace(secret, MASK)
        return text


def _symbol(title: str, attribute: str | None) -> Text:
    """A reference to a resource as it stands in a Sub."""
    return Text(f"${{{title}.{attribute}}}" if attribute else f"${{{title}}}")


def _as_functions(value: Any) -> Any:
    """The value with what is still a reference as a function again."""
    if isinstance(value, dict):
        return {key: _as_functions(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_functions(item) for item in value]
    return {"Fn::Sub": str(value)} if isinstance(value, Text) else value


def _meeting(before: Any, after: Any, path: str) -> tuple[str, ...]:
    """The steps of a path as far as both sides are objects; a list is a value."""
    steps: list[str] = []
    for step in path.partition("[")[0].split("."):
        sides = [one if isinstance(one, dict) else None for one in (before, after)]
        if None in sides or not any(step in one for one in sides):
            break
        steps.append(step)
        before, after = (one.get(step) for one in sides)
    return tuple(steps)


def _at(node: Any, steps: tuple[str, ...]) -> Any:
    """What stands there; None if there is nothing."""
    for step in steps:
        inside = isinstance(node, list) and step.isdigit() and int(step) < len(node)
        node = node[int(step)] if inside else node.get(step) if isinstance(node, dict) else None
    return node


def _target(
    steps: tuple[str, ...], behaviour: Behaviour, before: Any, after: Any
) -> dict[str, Any]:
    target = {"Attribute": steps[0], "RequiresRecreation": RECREATIONS.get(behaviour, "Never")}
    if steps[0] == "Properties":
        target["Name"] = steps[1]
    target["Path"] = "/" + "/".join(steps)
    for key, value in (("BeforeValue", before), ("AfterValue", after)):
        if value is not None:
            target[key] = value if isinstance(value, str) else json.dumps(value)
    both = ("Remove" if after is None else "Modify") if before is not None else "Add"
    return target | {"AttributeChangeType": both}


def _detail(target: Side, evaluation: str, source: str, cause: str = "") -> dict[str, Any]:
    entity = {"CausingEntity": cause} if cause else {}
    return {"Target": target, "Evaluation": evaluation, "ChangeSource": source} | entity


def _cause(title: str, along: InheritedChange, references: list[Any]) -> tuple[str, str]:
    """The source and the entity: a reference to a resource, or to an attribute of one."""
    name = along.cause.removeprefix("Resources.")
    path = f"Resources.{title}.{along.path}"
    attribute = next(one.attribute for one in references if (one.path, one.name) == (path, name))
    if attribute:
        return "ResourceAttribute", f"{name}.{attribute}"
    return "ResourceReference", name


def without_values(change: Any) -> Any:
    """The change as it is told without IncludePropertyValues."""
    if isinstance(change, list):
        return [without_values(one) for one in change]
    if not isinstance(change, dict):
        return change
    return {key: without_values(item) for key, item in change.items() if key not in VALUES}

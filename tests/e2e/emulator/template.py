"""A template, evaluated: parameters checked, intrinsics resolved, dependencies known."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from emulator.shapes import Refused

NO_VALUE = object()
VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")


def checked_parameters(declared: dict[str, Any], given: dict[str, str]) -> dict[str, str]:
    """The value of every parameter.

    Raises:
        Refused: one is unknown, missing or outside its constraints; CreateChangeSet says so.
    """
    unknown = sorted(given.keys() - declared.keys())
    if unknown:
        raise Refused(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values = {
        name: str(given.get(name, facts.get("Default")))
        for name, facts in declared.items()
        if name in given or "Default" in facts
    }
    missing = [name for name in declared if name not in values]
    if missing:
        raise Refused(f"Parameters: [{', '.join(missing)}] must have values")
    for name, facts in declared.items():
        if not _fits(values[name], facts):
            raise Refused(f"Parameter {name} failed to satisfy constraint: {facts}")
    return values


def _fits(value: str, facts: dict[str, Any]) -> bool:
    allowed = facts.get("AllowedValues")
    if allowed is not None and value not in map(str, allowed):
        return False
    if not re.fullmatch(facts.get("AllowedPattern", r"(?s:.*)"), value):
        return False
    size = float(value) if facts["Type"] == "Number" else len(value)
    kind = "Value" if facts["Type"] == "Number" else "Length"
    return float(facts.get(f"Min{kind}", size)) <= size <= float(facts.get(f"Max{kind}", size))


class Evaluator:
    """CloudFormation's intrinsic functions, over parameters and resources that exist.

    Args:
        names: what Ref gives for parameters and pseudo parameters.
        lookup: a logical id, and an attribute or None -> the value, or the physical id.
        zones: the region's availability zones.
    """

    def __init__(
        self,
        template: dict[str, Any],
        names: dict[str, Any],
        lookup: Callable[[str, str | None], Any],
        zones: list[str],
    ) -> None:
        self.conditions = template.get("Conditions", {})
        self.names = names
        self.lookup = lookup
        self.intrinsics: dict[str, Callable[[Any], Any]] = {
            "Ref": self.ref,
            "Fn::GetAtt": self.get_att,
            "Fn::Sub": self.sub,
            "Fn::Join": lambda a: str(a[0]).join(map(str, self(a[1]))),
            "Fn::Select": lambda a: self(a[1])[int(a[0])],
            "Fn::GetAZs": lambda _: zones,
            "Fn::If": lambda a: self(a[1] if self.condition(a[0]) else a[2]),
            "Fn::Equals": lambda a: str(self(a[0])) == str(self(a[1])),
            "Fn::Not": lambda a: not self(a[0]),
            "Fn::And": lambda a: all(map(self, a)),
            "Fn::Or": lambda a: any(map(self, a)),
        }

    def __call__(self, node: Any) -> Any:
        """The value of a node of the template."""
        if isinstance(node, list):
            return [value for value in map(self, node) if value is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            if name in self.intrinsics:
                return self.intrinsics[name](argument)
            if name == "Condition" and isinstance(argument, str):
                return self.condition(argument)
            if name.startswith("Fn::"):
                raise Refused(f"Template error: unsupported intrinsic function {name}")
        values = {key: self(value) for key, value in node.items()}
        return {key: value for key, value in values.items() if value is not NO_VALUE}

    def ref(self, name: str) -> Any:
        """A parameter's value, or a resource's physical id."""
        if name == "AWS::NoValue":
            return NO_VALUE
        return self.names[name] if name in self.names else self.lookup(name, None)

    def get_att(self, argument: Any) -> Any:
        """An attribute; everything after the first dot is its name."""
        path = argument if isinstance(argument, str) else ".".join(argument)
        logical_id, _, name = path.partition(".")
        return self.lookup(logical_id, name)

    def sub(self, argument: Any) -> str:
        """A text with its variables filled in."""
        text, given = (argument, {}) if isinstance(argument, str) else argument

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name in given:
                return str(self(given[name]))
            return str(self.get_att(name) if "." in name else self.ref(name))

        return VARIABLE.sub(value, text).replace("${!", "${")

    def condition(self, name: str) -> bool:
        """Whether the template's condition holds."""
        if name not in self.conditions:
            raise Refused(f"Template error: unresolved condition {name}")
        return bool(self(self.conditions[name]))


def references(node: Any) -> Iterator[str]:
    """The names that a node refers to, by Ref, GetAtt or Sub."""
    if isinstance(node, list):
        for one in node:
            yield from references(one)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "Ref":
            yield value
        elif key == "Fn::GetAtt":
            yield value.split(".")[0] if isinstance(value, str) else value[0].split(".")[0]
        else:
            if key == "Fn::Sub":
                text = value if isinstance(value, str) else value[0]
                yield from (name.split(".")[0] for name in VARIABLE.findall(text))
            yield from references(value)


def dependencies(resource: dict[str, Any]) -> set[str]:
    """The names that a resource depends on, by DependsOn or by reference."""
    return _explicit(resource) | set(references(resource))


def _explicit(resource: dict[str, Any]) -> set[str]:
    depends = resource.get("DependsOn", [])
    return {depends} if isinstance(depends, str) else set(depends)


def ordered(resources: dict[str, Any]) -> list[str]:
    """The logical ids, each after those it depends on; else the last of the template first.

    Raises:
        Refused: they depend on each other in a circle, or on something that is not there.
    """
    for name, resource in resources.items():
        lacking = sorted(_explicit(resource) - resources.keys())
        if lacking:
            raise Refused(f"Unresolved resource dependencies [{', '.join(lacking)}] of {name}")
    needs = {name: dependencies(one) & resources.keys() for name, one in resources.items()}
    order: list[str] = []
    while needs:
        ready = [name for name, before in needs.items() if before <= set(order)]
        if not ready:
            raise Refused(f"Circular dependency between resources: [{', '.join(needs)}]")
        order.append(ready[-1])
        del needs[ready[-1]]
    return order

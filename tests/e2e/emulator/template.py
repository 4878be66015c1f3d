"""What a template asks for: its parameters, checked, and an order for its resources."""

import re
from typing import Any

from drtemplate.cloudformation.references import dependencies
from emulator.shapes import Refused


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

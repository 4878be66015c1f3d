"""Names that two resources cannot have at once.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from drtemplate.cloudformation.leaves import leaves
from drtemplate.cloudformation.schemas import resource_facts

Resource = Mapping[str, Any]


def name_collision(
    type_: str, old: Resource, new: Resource, renewed: Collection[str] = ()
) -> Iterator[str]:
    """A replacement is made while the old resource is there, so it cannot have the same name.

    Args:
        type_: of both.
        old: the Properties that it has.
        new: those of its replacement.
        renewed: properties that will have another value under the same text.
    """
    facts = resource_facts(type_)
    name = _physical_name(type_, new)
    if not facts or not name or not (facts.scope | {facts.name}).isdisjoint(renewed):
        return
    if name == _physical_name(type_, old):
        yield f"a replacement cannot have the same {facts.name} {name[0]}; give it another name"


def name_still_taken(resources: Mapping[str, Resource], added: Resource) -> Iterator[str]:
    """What is added is made before what goes is removed.

    Args:
        resources: of the template that is deployed.
        added: a resource that it does not have.
    """
    type_ = added["Type"]
    name = _physical_name(type_, added.get("Properties", {}))
    for title, resource in resources.items():
        same = resource["Type"] == type_
        if name and same and _physical_name(type_, resource.get("Properties", {})) == name:
            yield f"its name {name[0]} is still that of {title}, which is removed only afterwards"


def _physical_name(type_: str, properties: Resource) -> tuple[str, ...]:
    """The name that a resource is given, as text, and what it is unique in; () if AWS makes one."""
    facts = resource_facts(type_)
    if not facts or properties.get(facts.name) is None:
        return ()
    return tuple(_text(properties.get(path)) for path in (facts.name, *sorted(facts.scope)))


def _text(value: Any) -> str:
    return " ".join(leaves({"value": value}).values()).removeprefix("!Sub ")

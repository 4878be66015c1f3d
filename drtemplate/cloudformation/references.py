"""Who needs whom: every name that a template uses, and the order that follows from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from drtemplate.cloudformation.intrinsics import KNOWN, function_of, variables
from drtemplate.cloudformation.reading import list_of, mapping_of, section

Kind = Literal["resource", "parameter or resource", "mapping", "condition"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that is used.

    Attributes:
        path: where, as ``Resources.VPC.Properties.Tags[0].Value``; a function is no step of it.
        kind: what the name must be.
        attribute: what GetAtt asks for, else ''.
    """

    path: str
    kind: Kind
    name: str
    attribute: str = ""


def references(template: Mapping[str, Any]) -> Iterator[Reference]:
    """Each reference of a template, in its order."""
    for title, resource in section(template, "Resources"):
        yield from of_resource(title, resource)
    for name in ("Conditions", "Outputs", "Rules"):
        for title, value in section(template, name):
            path = f"{name}.{title}"
            if name == "Outputs":
                yield from _condition(value, path)
            yield from references_in(value, path)


def of_resource(title: str, resource: Mapping[str, Any]) -> Iterator[Reference]:
    """Each reference of one resource: DependsOn, its condition, and those in its values."""
    path = f"Resources.{title}"
    for name in list_of(resource.get("DependsOn")):
        if isinstance(name, str):
            yield Reference(f"{path}.DependsOn", "resource", name)
    yield from _condition(resource, path)
    for key, value in resource.items():
        if key not in ("DependsOn", "Condition"):
            yield from references_in(value, f"{path}.{key}")


def _condition(facts: Mapping[str, Any], path: str) -> Iterator[Reference]:
    """The condition on which a resource or an output is made."""
    if isinstance(name := facts.get("Condition"), str):
        yield Reference(f"{path}.Condition", "condition", name)


def references_in(value: Any, path: str = "") -> Iterator[Reference]:
    """Each reference at or below a value."""
    if isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from references_in(item, f"{path}[{number}]")
    elif isinstance(value, Mapping):
        if found := function_of(value):
            yield from _named(*found, path)
        for key, item in value.items():
            is_function = str(key).startswith("Fn::")
            yield from references_in(item, path if is_function else f"{path}.{key}")


def _named(name: str, argument: Any, path: str) -> Iterator[Reference]:
    """What one function names itself, not those in its arguments."""
    first = argument[0] if isinstance(argument, list | tuple) and argument else argument
    if not isinstance(first, str):
        return
    if name == "Ref":
        yield Reference(path, "parameter or resource", first)
    elif name == "Fn::GetAtt":
        full = argument if isinstance(argument, str) else ".".join(map(str, argument))
        title, _, attribute = full.partition(".")
        yield Reference(path, "resource", title, attribute)
    elif name == "Fn::FindInMap":
        yield Reference(path, "mapping", first)
    elif name in ("Fn::If", "Condition"):
        yield Reference(path, "condition", first)
    elif name == "Fn::Sub":
        own = mapping_of(argument[1]) if len(argument) > 1 and argument is not first else {}
        for variable in variables(first):
            if variable not in own:
                title, _, attribute = variable.partition(".")
                kind: Kind = "resource" if attribute else "parameter or resource"
                yield Reference(path, kind, title, attribute)


def dependencies(resource: Mapping[str, Any]) -> set[str]:
    """The resources and parameters that one resource names, by DependsOn or in its values."""
    return {
        reference.name for reference in of_resource("", resource) if "resource" in reference.kind
    }


def needs(resources: Mapping[str, Any], title: str) -> set[str]:
    """Every resource that CloudFormation makes before this one."""
    found: set[str] = set()
    waiting = [title]
    while waiting:
        discovered = (dependencies(resources[waiting.pop()]) & resources.keys()) - found
        found |= discovered
        waiting += discovered
    return found


def unknown_functions(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each ``Fn::`` that CloudFormation does not have: the path of its node, and its name."""
    if isinstance(node, list):
        for number, item in enumerate(node):
            yield from unknown_functions(item, f"{path}[{number}]")
    elif isinstance(node, Mapping):
        for key, value in node.items():
            loop = key.startswith("Fn::ForEach::")
            if key.startswith("Fn::") and key not in KNOWN and not loop:
                yield path, key
            yield from unknown_functions(value, f"{path}.{key}" if path else key)

"""Changes that a resource inherits by a reference: from one that is replaced, or from what is defined
outside resources.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from drtemplate.cloudformation.references import Reference, of_resource, references_in
from drtemplate.cloudformation.updates import Behaviour, Verdict, change_verdict

Template = Mapping[str, Any]
Changed = Mapping[str, tuple[str | None, str | None]]
# What a reference names -> the path of what it names, as Conditions.IsProduction.
Definitions = Mapping[tuple[str, str], str]
# A value that changes makes another one of what refers to it.
_KINDS = {
    "Conditions": "condition",
    "Mappings": "mapping",
    "Parameters": "parameter or resource",
}


@dataclass(frozen=True, slots=True)
class InheritedChange:
    """A value that changes though its text does not.

    Attributes:
        path: below the resource, as ``Properties.VpcId``.
        cause: what changes, as ``Resources.VPC``, ``Conditions.IsProduction``, ``Mappings.Sizes`` or
            ``Parameters.Size``.
        certain: the value will be another one; else it depends on the stack's own values.
    """

    path: str
    cause: str
    verdict: Verdict
    certain: bool


def inherited_changes(
    old: Template,
    new: Template,
    own_behaviours: Mapping[str, frozenset[Behaviour]],
    changed: Changed,
) -> dict[str, list[InheritedChange]]:
    """For each resource that stays, what it inherits from others.

    Args:
        old: the template that is deployed.
        new: the one that an update would bring.
        own_behaviours: by logical id, of each of a resource's own changes.
        changed: the leaves that differ between the templates.
    """
    titles = list(own_behaviours)
    types = {title: new["Resources"][title]["Type"] for title in titles}
    uses = {title: list(of_resource(title, new["Resources"][title])) for title in titles}
    definitions = _changed_definitions(old, new, changed)
    found = {
        title: list(
            dict.fromkeys(
                _inherited_change(title, types[title], use, definitions[use.kind, use.name], False)
                for use in uses[title]
                if (use.kind, use.name) in definitions
            )
        )
        for title in titles
    }
    visited: dict[str, Behaviour] = {}
    waiting = list(titles)
    while waiting:
        cause = waiting.pop(0)
        replacement = _replacement(own_behaviours[cause], found[cause])
        if replacement is None or visited.get(cause) == replacement:
            continue
        visited[cause] = replacement
        certain = replacement == Behaviour.REPLACEMENT
        for title in titles:
            discovered = [
                _inherited_change(title, types[title], use, f"Resources.{cause}", certain)
                for use in uses[title]
                if title != cause and use.name == cause and _is_value(use)
            ]
            if discovered:
                others = [change for change in found[title] if change.cause != f"Resources.{cause}"]
                found[title] = others + list(dict.fromkeys(discovered))
                waiting.append(title)
    return found


def _changed_definitions(old: Template, new: Template, changed: Changed) -> Definitions:
    """Each condition, mapping and parameter that may have another value, or uses one that may."""
    found = {
        (kind, name): f"{section}.{name}"
        for section, kind in _KINDS.items()
        for name in {**old.get(section, {}), **new.get(section, {})}
        if any(_defines(path, values, section, name) for path, values in changed.items())
    }
    conditions = new.get("Conditions", {})
    uses = {name: {(use.kind, use.name) for use in references_in(conditions[name])}
            for name in conditions}  # fmt: skip
    while discovered := {
        ("condition", name): f"Conditions.{name}"
        for name in conditions
        if ("condition", name) not in found and uses[name] & found.keys()
    }:
        found |= discovered
    return found


def _defines(path: str, values: tuple[str | None, str | None], section: str, name: str) -> bool:
    """Whether the leaf at the path decides which value the definition has.

    A default that comes or goes decides nothing: the stack has a value that was given.
    """
    if section == "Parameters":
        return None not in values and path in (
            f"{section}.{name}.Default",
            f"{section}.{name}.Type",
        )
    return re.match(rf"{section}\.{re.escape(name)}(\.|\[|$)", path) is not None


def _is_value(use: Reference) -> bool:
    """Whether it is a resource's value; DependsOn orders, and hands none on."""
    return "resource" in use.kind and not use.path.endswith(".DependsOn")


def _inherited_change(
    title: str, type_: str, use: Reference, cause: str, certain: bool
) -> InheritedChange:
    path = use.path.removeprefix(f"Resources.{title}.")
    verdict = change_verdict(type_, path)
    if not certain and verdict.behaviour == Behaviour.REPLACEMENT:
        verdict = replace(verdict, behaviour=Behaviour.CONDITIONAL)
    return InheritedChange(path, cause, verdict, certain)


def _replacement(own: frozenset[Behaviour], inherited: list[InheritedChange]) -> Behaviour | None:
    """How a resource is replaced: certainly, perhaps, or not at all (None).

    One that a condition adds or removes hands nothing on: what names it is there only with it.
    """
    behaviours = own | {change.verdict.behaviour for change in inherited}
    kinds = (Behaviour.REPLACEMENT, Behaviour.CONDITIONAL)
    return next((kind for kind in kinds if kind in behaviours), None)

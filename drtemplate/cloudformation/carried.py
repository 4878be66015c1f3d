"""Changes that come along a reference: to a resource that is replaced, or to a changed condition."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from drtemplate.cloudformation.references import Reference, of_resource, references_in
from drtemplate.cloudformation.updates import IN_PLACE, Behaviour, Verdict, verdict

Template = Mapping[str, Any]
Changed = Mapping[str, tuple[str | None, str | None]]


@dataclass(frozen=True, slots=True)
class Carried:
    """A value that changes though its text does not.

    Attributes:
        path: below the resource, as ``Properties.VpcId``.
        cause: what changes, as ``Resources.VPC``, ``Conditions.IsProduction`` or ``Mappings.Sizes``.
        certain: the value will be another one; else it depends on the stack's own values.
    """

    path: str
    cause: str
    verdict: Verdict
    certain: bool


def carried(
    old: Template, new: Template, gravity: Mapping[str, Behaviour | None], changed: Changed
) -> dict[str, list[Carried]]:
    """For each resource that stays, what others carry into it.

    Args:
        old: the template that is deployed.
        new: the one that an update would bring.
        gravity: by logical id, the gravest of a resource's own changes; None if it has none.
        changed: the leaves that differ between the templates.
    """
    types = {title: new["Resources"][title]["Type"] for title in gravity}
    uses = {title: list(of_resource(title, new["Resources"][title])) for title in gravity}
    definitions = changed_definitions(old, new, changed)
    found = {
        title: [
            _arrives(title, types[title], one, definitions[one.kind, one.name], False)
            for one in uses[title]
            if (one.kind, one.name) in definitions
        ]
        for title in gravity
    }
    done: dict[str, Behaviour] = {}
    waiting = list(gravity)
    while waiting:
        cause = waiting.pop(0)
        how = _replaced(gravity[cause], found[cause])
        if how is None or done.get(cause) == how:
            continue
        done[cause] = how
        for title in gravity:
            fresh = [
                _arrives(
                    title, types[title], one, f"Resources.{cause}", how == Behaviour.REPLACEMENT
                )
                for one in uses[title]
                if title != cause and one.name == cause and _is_value(one)
            ]
            if fresh:
                others = [one for one in found[title] if one.cause != f"Resources.{cause}"]
                found[title] = others + list(dict.fromkeys(fresh))
                waiting.append(title)
    return found


def changed_definitions(
    old: Template, new: Template, changed: Changed
) -> dict[tuple[str, str], str]:
    """Kind and name -> path of each condition and mapping that changes, or uses one that does."""
    changing = {
        section: {
            name
            for name in {**old.get(section, {}), **new.get(section, {})}
            if any(re.match(rf"{section}\.{re.escape(name)}(\.|\[|$)", path) for path in changed)
        }
        for section in ("Conditions", "Mappings")
    }
    conditions = changing["Conditions"]
    while fresh := {
        name
        for name, node in new.get("Conditions", {}).items()
        if name not in conditions
        and any(one.kind == "condition" and one.name in conditions for one in references_in(node))
    }:
        conditions |= fresh
    return {
        (section.lower().removesuffix("s"), name): f"{section}.{name}"
        for section, names in changing.items()
        for name in names
    }


def _is_value(one: Reference) -> bool:
    """Whether it is a resource's value; DependsOn orders, and carries none."""
    return "resource" in one.kind and not one.path.endswith(".DependsOn")


def _arrives(title: str, type_: str, one: Reference, cause: str, certain: bool) -> Carried:
    path = one.path.removeprefix(f"Resources.{title}.")
    section, _, name = path.partition(".")
    if section == "Condition":
        given = Verdict(behaviour=Behaviour.CONDITIONAL)
    else:
        given = verdict(type_, name) if section == "Properties" else IN_PLACE
    if not certain and given.behaviour == Behaviour.REPLACEMENT:
        given = replace(given, behaviour=Behaviour.CONDITIONAL)
    return Carried(path, cause, given, certain)


def _replaced(own: Behaviour | None, along: list[Carried]) -> Behaviour | None:
    """How a resource is replaced: certainly, perhaps, or not at all (None)."""
    all_ = [one.verdict.behaviour for one in along] + ([own] if own is not None else [])
    gravest = max(all_, default=Behaviour.NO_INTERRUPTION)
    return gravest if gravest >= Behaviour.CONDITIONAL else None

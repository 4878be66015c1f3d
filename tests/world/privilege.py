"""Whether a role grants more than was used: the other direction of least privilege."""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from drtemplate.cloudformation.policies import Statement, allows, matches_wildcard
from drtemplate.world.roles import FUNCTION, KEY_USE, OPERATIONS, Use

# What an action knows, from the rows: does it have a resource, and which condition keys.
TYPES = {
    row.action: [re.sub(r"\{\w+\}", "*", arn) for arn in (row.arn, *(one for one, _ in row.also))]
    for row in OPERATIONS.values()
}
KNOWS_RESOURCE = {row.action: row.arn != "*" for row in OPERATIONS.values()}
VIA = "kms:viaservice"
KNOWS_KEYS = {row.action: {key for key, _ in row.keys} for row in OPERATIONS.values()} | {
    action: {VIA} for actions in KEY_USE.values() for action in actions
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Behalf:
    """A grant that is not for the code's own calls.

    Attributes:
        resource: Pattern as granted.
        via: The value of kms:ViaService, without region and domain, or "".
        exercised: Whether the service's call happens in the runs too.
        wide: Whether the wildcards in it are meant.
    """

    action: str
    resource: str
    because: str
    via: str = ""
    exercised: bool = True
    wide: bool = False


def grants(policy: Iterable[Statement]) -> Iterator[Statement]:
    """Every grant by itself: one action, one resource, one value of each condition.

    An action never asks for a resource of another service or of a type that it does not know, so
    such a pair in a statement that lists several of each grants nothing; ``excess`` sees that each
    of the two has another partner.
    """
    for statement in policy:
        if statement.effect == "Allow":
            yield from (one for one in atomic_statements(statement) if not inert(one))


def atomic_statements(statement: Statement) -> Iterator[Statement]:
    """The statement taken apart: one action, one resource and one value a condition each."""
    choices = [
        [(operator, key, (value,)) for value in values]
        for operator, key, values in statement.conditions
    ]
    for action, resource, conditions in itertools.product(
        statement.actions, statement.resources, itertools.product(*choices)
    ):
        yield replace(statement, actions=(action,), resources=(resource,), conditions=conditions)


def inert(grant: Statement) -> bool:
    """Whether the one action does not know the one resource: another service's, or another type."""
    (action,), (resource,) = grant.actions, grant.resources
    service, arn = action.partition(":")[0], resource.split(":")
    if len(arn) >= 6 and not set("*?") & set(arn[2] + service) and arn[2] != service:
        return True
    types = TYPES.get(action, ["*"])
    return not set("*?") & set(resource) and not any(
        matches_wildcard(one, resource) for one in types
    )


def used(grant: Statement, uses: Iterable[Use], by_code: bool) -> bool:
    """Whether some use, of the code or of a service, was covered by the grant."""
    return any(grant.covers(use.request()) for use in uses if (use.by == FUNCTION) is by_code)


def missed(policy: Iterable[Statement], uses: Iterable[Use]) -> list[Use]:
    """The uses that this policy would have denied."""
    policy = tuple(policy)
    return [use for use in uses if not allows(policy, use.request())]


def excess(
    policy: Iterable[Statement], uses: Iterable[Use], behalf: Iterable[tuple[Statement, Behalf]]
) -> list[str]:
    """What is granted beyond the uses and beyond the listed grants; and what is listed in vain."""
    policy, uses, listed = tuple(policy), tuple(uses), dict(behalf)
    found = []
    seen = set()
    for grant in grants(policy):
        entry = listed.get(grant)
        seen.add(grant)
        own = used(grant, uses, by_code=True)
        if own and entry:
            found.append(f"listed, but the code uses it itself: {text(grant)}")
        if not own and not entry:
            found.append(f"unused: {text(grant)}")
        if entry and entry.exercised is not used(grant, uses, by_code=False):
            found.append(f"exercised is not {entry.exercised}: {text(grant)}")
        if not (entry and entry.wide):
            found.extend(_wide(grant))
        found.extend(_unconditioned(grant))
    for statement in policy:
        found.extend(_without_partner(statement))
    found.extend(f"listed, but not granted: {text(grant)}" for grant in listed.keys() - seen)
    return found


def text(grant: Statement) -> str:
    """The grant in a line."""
    conditions = [f"{key}={values[0]}" for _, key, values in grant.conditions]
    return " ".join([*grant.actions, "on", *grant.resources, *conditions])


def _without_partner(statement: Statement) -> Iterator[str]:
    """Actions and resources that stand in the statement for nothing."""
    effective = [one for one in atomic_statements(statement) if not inert(one)]
    for action in set(statement.actions) - {one.actions[0] for one in effective}:
        yield f"no resource of the statement is for {action}"
    for resource in set(statement.resources) - {one.resources[0] for one in effective}:
        yield f"no action of the statement is for {resource}"


def _wide(grant: Statement) -> Iterator[str]:
    (action,), (resource,) = grant.actions, grant.resources
    if set("*?") & set(action):
        yield f"a wildcard in the action: {text(grant)}"
    elif set("*?") & set(resource) and KNOWS_RESOURCE.get(action, True):
        yield f"a wildcard in the resource: {text(grant)}"


def _unconditioned(grant: Statement) -> Iterator[str]:
    (action,) = grant.actions
    conditions = {key for _, key, _ in grant.conditions}
    known = KNOWS_KEYS.get(action, {VIA} if action.startswith("kms:") else set())
    for key in sorted(known - conditions):
        yield f"no condition on {key}: {text(grant)}"


def changed(policy: tuple[Statement, ...], index: int, **values: object) -> tuple[Statement, ...]:
    """The policy with one statement's elements replaced."""
    return (*policy[:index], replace(policy[index], **values), *policy[index + 1 :])

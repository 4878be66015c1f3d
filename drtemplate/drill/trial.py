"""One run of a scenario while it goes on: the world, and what is noted of it."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from drtemplate.drill.facts import Facts
from drtemplate.world.deployment import Deployment
from drtemplate.world.roles import Grants, Roles
from drtemplate.world.timings import Timings
from drtemplate.world.world import World


@dataclass(frozen=True, slots=True)
class Trial:
    """A world, under the deployed roles, and its facts.

    Attributes:
        denials: each call that a role has denied in this run, a line each.
    """

    world: World
    facts: Facts
    denials: list[str]

    @classmethod
    def of(
        cls,
        deployment: Deployment,
        timings: Timings,
        seed: str,
        *,
        shown: bool = False,
        offset: float = 0.0,
    ) -> Trial:
        """A new one; see `World`."""
        facts = Facts()
        roles = _enforced(deployment.grants)
        roles.denials = []  # those of the run before are told with it
        world = World(
            deployment, timings, seed, facts, roles, shown=shown, recorded=False, offset=offset
        )
        facts.attach(world)
        return cls(world, facts, roles.denials)


@functools.lru_cache(maxsize=16)
def _enforced(grants: Grants) -> Roles:
    """What a role was found to allow or to deny, it does in every run."""
    return Roles(grants)

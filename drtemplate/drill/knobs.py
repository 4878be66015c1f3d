"""The choices that trade speed against false alarms or cost, and where each of them shows."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from drtemplate.drill import faults
from drtemplate.drill.cloud import Cloud
from drtemplate.drill.deployment import Deployment
from drtemplate.drill.prober import Reply
from drtemplate.drill.scenarios import SCENARIOS, Scenario


def _balancer_back(cloud: Cloud) -> None:
    """The primary load balancer answers again."""
    cloud.balancers["Primary"].set_alive(True)


def _servers_restart(cloud: Cloud) -> None:
    """All servers of the primary restart at once; how long that takes is our guess."""
    faults.servers_die()(cloud)
    cloud.kernel.at(cloud.random.uniform(10, 30), faults.servers_die(reply=Reply.GOOD), cloud)


# Two more scenarios that need no failover: what the knobs of the application are there to sit out.
EXTRA = (
    Scenario(
        name="servers_restart",
        title="all servers of the primary restart, within 10 to 30 s",
        faults=((0.0, _servers_restart),),
    ),
    Scenario(
        name="balancer_blip",
        title="the primary load balancer is silent for 12 s",
        faults=((0.0, faults.balancer_dies), (12.0, _balancer_back)),
    ),
)
BY_NAME = {one.name: one for one in (*SCENARIOS, *EXTRA)}
# In none of them may the automation fail over: whatever it does there is a false alarm.
DATABASE = ("writer_restart", "blip_3s", "blip_15s", "maintenance_window", "modification_window")
APPLICATION = ("servers_restart", "balancer_blip", "blip_15s")
# To move clients while all servers restart is no mistake, so moves do not count there.
MOVES_HELP = ("servers_restart",)


@dataclass(frozen=True, slots=True)
class Knob:
    """A choice.

    Attributes:
        name: in AWS's or the configuration's own words.
        unit: ``s``, or empty for a count.
        values: to be tried; the deployment's own one is always tried too.
        scenario: one in which the knob decides how fast things go.
        measure: what is to be fast in it, one of `MEASURES`.
        quiet: scenarios in which it decides on false alarms.
        read: the value that a deployment has.
        turn: a deployment with another value.
    """

    name: str
    unit: str
    values: tuple[int, ...]
    scenario: str
    measure: str
    quiet: tuple[str, ...]
    read: Callable[[Deployment], float]
    turn: Callable[[Deployment, int], Deployment]


def _configured(
    name: str, unit: str, values: tuple[int, ...], scenario: str, quiet: tuple[str, ...]
) -> Knob:
    """A knob in the configuration parameter; docs/runbook.md has the ranges that are heeded."""

    def read(one: Deployment) -> float:
        return float(json.loads(one.parameters[one.configuration])[name])

    def turn(one: Deployment, value: int) -> Deployment:
        return one.configured(**{name: value})

    return Knob(name, unit, values, scenario, "accepted", quiet, read, turn)


def _of_sides(name: str, field: str, unit: str, values: tuple[int, ...], scenario: str) -> Knob:
    """A knob of both sides' target groups or health checks, which clients feel."""

    def read(one: Deployment) -> float:
        return float(getattr(one.sides["Primary"], field))

    def turn(one: Deployment, value: int) -> Deployment:
        sides = {key: replace(side, **{field: value}) for key, side in one.sides.items()}  # type: ignore[arg-type]
        return replace(one, sides=sides)

    return Knob(name, unit, values, scenario, "client_uncached", APPLICATION, read, turn)


# FailureThreshold is 1 to 10, the interval 5 to 300 s, UnhealthyThresholdCount 2 to 10.
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
KNOBS = (
    _configured("probe_interval_seconds", "s", (1, 2, 3, 5, 7, 10), "both_tiers_dead", DATABASE),
    _configured("consecutive_failures", "", (1, 2, 3, 4, 5), "both_tiers_dead", DATABASE),
    _configured(
        "database_grace_seconds", "s", (0, 10, 15, 20, 25, 30, 45), "writer_hung", DATABASE
    ),
    _configured(
        "application_grace_seconds", "s", (0, 10, 20, 25, 30, 45), "application_dead", APPLICATION
    ),
    _of_sides("FailureThreshold", "check_threshold", "", (1, 2, 3, 5), "load_balancer_dead"),
    _of_sides("HealthCheckIntervalSeconds", "interval", "s", (5, 10, 15, 30), "application_dead"),
    _of_sides("UnhealthyThresholdCount", "unhealthy_after", "", (2, 3, 5), "application_dead"),
)

"""The choices that trade speed against false alarms or cost, and where each of them shows."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from drtemplate.drill import faults
from drtemplate.drill.scenario import APPLICATION as APPLICATION_FAILS
from drtemplate.drill.scenario import BOTH, Scenario
from drtemplate.drill.scenarios import SCENARIOS
from drtemplate.drill.trial import Trial
from drtemplate.drill.usual_week import LOST_CONNECTIONS
from drtemplate.groups.handlers import SETTINGS
from drtemplate.world.aws.prober import Reply
from drtemplate.world.deployment import Deployment

# The share of connections to a living database that are lost on a bad way to it; our guess.
LOSSY = 50 * LOST_CONNECTIONS


def _balancer_back(trial: Trial) -> None:
    """The primary load balancer answers again."""
    trial.world.balancers["Primary"].set_alive(True)


def _servers_restart(trial: Trial) -> None:
    """All servers of the primary restart at once; how long that takes is our guess."""
    faults.servers_die()(trial)
    trial.world.clock.at(
        trial.world.random.uniform(10, 30), faults.servers_die(reply=Reply.GOOD), trial
    )


def _lossy(trial: Trial) -> None:
    """Single connections to the database meet silence, while it lives."""
    trial.world.network.loss = LOSSY


# The first two need no failover: they are what the knobs of the application are there to sit out. In the
# third only a promotion is a mistake: one lost probe must not count as the second signal, which spares the
# grace. It is in no drill of its own, since how often two probes in a row are lost follows from LOSSY
# alone, and so a budget of none would judge our guess; between values that all meet it, it is fair. In the
# fourth the load balancer has long debounced when the writer hangs, so that only its probes are awaited.
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
    Scenario(
        name="application_dead_lossy",
        title=f"application tier dead, {LOSSY:.0%} of the connections to the living database lost",
        setup=(_lossy,),
        faults=((0.0, faults.servers_die()),),
        needs=APPLICATION_FAILS,
        must_act=True,
    ),
    Scenario(
        name="servers_before_writer",
        title="application tier dead, 20 s before the writer hangs unseen",
        faults=((-20.0, faults.servers_die()), (0.0, faults.writer_stops("hung", seen=False))),
        needs=BOTH,
        must_act=True,
    ),
)
BY_NAME = {one.name: one for one in (*SCENARIOS, *EXTRA)}
# In none of them may the automation fail over: whatever it does there is a false alarm.
DATABASE = ("writer_restart", "blip_3s", "blip_15s", "maintenance_window", "modification_window")
APPLICATION = ("servers_restart", "balancer_blip", "blip_15s")
# In the last of them it may latch the application, and not promote.
PROBES = (*DATABASE, "application_dead_lossy")
# To move clients while all servers are down is no mistake, so moves do not count there.
MOVES_HELP = ("servers_restart", "application_dead_lossy")


@dataclass(frozen=True, slots=True)
class Knob:
    """A choice.

    Attributes:
        name: in AWS's or the configuration's own words.
        unit: ``s``, or empty for a count.
        values: to be tried; the deployment's own one is always tried too.
        scenario: one in which the knob decides how fast things go.
        measure: what is to be fast in it, one of `MEASURES`.
        quiet: scenarios in which it decides on false alarms: acts on what does not need them.
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


def _configured(name: str, between: tuple[int, ...], scenario: str, quiet: tuple[str, ...]) -> Knob:
    """A knob in the configuration parameter: both ends of what is heeded, and values between them."""
    setting = SETTINGS[name]
    heeded = [one for one in setting.allowed or () if isinstance(one, int)]
    values = (heeded[0], *between, heeded[-1])

    def read(one: Deployment) -> float:
        return float(json.loads(one.parameters[one.configuration])[name])

    def turn(one: Deployment, value: int) -> Deployment:
        return one.configured(**{name: value})

    return Knob(name, setting.unit, values, scenario, "accepted", quiet, read, turn)


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
    _configured("probe_interval_seconds", (2, 3, 5, 7), "servers_before_writer", PROBES),
    _configured("consecutive_failures", (2, 3, 4), "servers_before_writer", PROBES),
    _configured("database_grace_seconds", (10, 15, 20, 25, 30), "writer_hung", DATABASE),
    _configured("application_grace_seconds", (10, 20, 25, 30), "application_dead", APPLICATION),
    _of_sides("FailureThreshold", "check_threshold", "", (1, 2, 3, 5), "load_balancer_dead"),
    _of_sides("HealthCheckIntervalSeconds", "interval", "s", (5, 10, 15, 30), "application_dead"),
    _of_sides("UnhealthyThresholdCount", "unhealthy_after", "", (2, 3, 5), "application_dead"),
)

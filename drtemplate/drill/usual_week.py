"""What happens in any week: single losses, the day's backup and the week's maintenance."""

from random import Random

from drtemplate.drill import faults
from drtemplate.drill.trial import Trial
from drtemplate.world.aws.prober import Prober
from drtemplate.world.world import World

HOUR, DAY = 3600.0, 86_400.0
# Shares of connections, calls and probes that are lost in a usual week.
LOST_CONNECTIONS, FAILED_CALLS, LOST_PROBES = 2e-4, 2e-4, 2e-4


def usual_noise(trial: Trial) -> None:
    """Single lost packets, probes and calls, and the windows of the template, as in any week."""
    world = trial.world
    world.network.loss = LOST_CONNECTIONS
    world.network.flaky = FAILED_CALLS
    for balancer in world.balancers.values():
        for target in balancer.targets:
            _lose_probes(world, target.prober)
    for check in world.checks.values():
        for checker in check.checkers:
            _lose_probes(world, checker)
    _windows(trial)


def _lose_probes(world: World, prober: Prober) -> None:
    at = world.random.expovariate(LOST_PROBES / prober.interval)
    while at < HOUR:
        prober.lose(at)
        at += prober.interval + world.random.expovariate(LOST_PROBES / prober.interval)


def _windows(trial: Trial) -> None:
    """The day's backup, and the week's maintenance, if they begin in this part of the week."""
    world = trial.world
    now = world.offset
    begin, end = world.deployment.cluster.backup
    day = now // DAY
    at = day * DAY + Random(f"backup {day}").uniform(begin, end)
    if 0 <= at - now < HOUR:
        world.clock.at(at - now, faults.status("backing-up", "backup_duration"), trial)
    begin, end = world.deployment.cluster.maintenance
    at = Random("maintenance").uniform(begin, end)
    if 0 <= at - now < HOUR:
        world.clock.at(at - now, faults.status("maintenance"), trial)
        world.clock.at(at - now + 30, faults.engine_pauses, trial)

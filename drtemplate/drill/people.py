"""What people do, or have done: by hand to the database, to the ways to it, and to the switch."""

from __future__ import annotations

from drtemplate.drill.faults import Fault, reader
from drtemplate.drill.trial import Trial
from drtemplate.groups.handlers import OBSERVERS

# Seconds.
REBOOT, UPGRADE, STOPPING, BACKTRACK = 40.0, 300.0, 120.0, 150.0


def writer_rebooted(trial: Trial) -> None:
    """The writer is rebooted by hand."""
    trial.world.hands.reboot(trial.world.aurora.writer, REBOOT)


def upgraded(trial: Trial) -> None:
    """The engine is upgraded in place."""
    trial.world.hands.upgrade(UPGRADE)


def stopped(trial: Trial) -> None:
    """The cluster is stopped, and stays so."""
    trial.world.hands.stop(STOPPING)


def backtracked(trial: Trial) -> None:
    """The cluster is set back in time."""
    trial.world.hands.backtrack(BACKTRACK)


def reader_removed(trial: Trial) -> None:
    """The first reader is deleted."""
    trial.world.hands.remove(reader(trial.world))


def moved_in_the_console(trial: Trial) -> None:
    """Somebody fails the cluster over, and tells nobody."""
    trial.world.journal.note("operator", "fails over in the console")
    trial.world.aurora.fail_over(None)


def promotion_rolls_back(trial: Trial) -> None:
    """The next failover is given up by Aurora, which keeps the old writer."""
    trial.world.aurora.rolls_back = 1


def subnet_cut(trial: Trial) -> None:
    """The first zone's subnet of the functions is cut off."""
    world = trial.world
    (zone, *_) = world.deployment.functions[next(iter(OBSERVERS))].zones
    world.partition(zone)
    world.journal.note("network", f"subnet of {zone} cut off")


def database_barred(*, everywhere: bool) -> Fault:
    """An edit of a security group, or of the first zone's network ACL: the functions do not reach the database."""

    def fault(trial: Trial) -> None:
        world = trial.world
        observers = [world.deployment.functions[name] for name in OBSERVERS]
        zones = [one.zones[0] for one in observers]
        world.network.barred.update(zones if everywhere else zones[:1])
        world.journal.note("operator", "cuts the functions off from the database")

    return fault


def switch_odd(trial: Trial) -> None:
    """The switch is set to what it does not know."""
    trial.world.configure(auto_failover="ENABLED")
    trial.world.journal.note("operator", "sets the switch to ENABLED")

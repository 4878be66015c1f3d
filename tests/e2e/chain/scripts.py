"""What happens in a scenario: to the database, the application, the services, or by a person."""

from collections.abc import Callable, Mapping
from typing import Any

from chain.harness import Harness
from chain.scenario import PRIMARY, STANDBY, Script
from chain.world import World

MANUAL = {"trigger_failover": True, "reason": ["exercise"]}


def both_die(harness: Harness, world: World) -> None:
    """The writer and the application, five seconds after the monitor's start."""
    world.at(5, world.kill_writer)
    world.at(5, world.targets, "Primary", "unhealthy")


def writer_dies(harness: Harness, world: World) -> None:
    """The writer only."""
    world.at(5, world.kill_writer)


def without_monitor(harness: Harness, world: World) -> None:
    """The schedule is off."""
    harness.schedule(False)


def manual(harness: Harness, world: World) -> None:
    """A person asks for a failover of both, without a monitor."""
    harness.schedule(False)
    world.at(2, world.operator, MANUAL)


def then(*scripts: Script) -> Script:
    """One script after the other, at the same time."""

    def script(harness: Harness, world: World) -> None:
        for one in scripts:
            one(harness, world)

    return script


def failing(**faults: Any) -> Script:
    """Calls that fail: ``service_Operation`` or ``service_all`` -> error code."""

    def script(harness: Harness, world: World) -> None:
        for name, fault in faults.items():
            service, _, operation = name.partition("_")
            world.faults[service, "*" if operation == "all" else operation] = fault

    return script


def once(code: str) -> Callable[[Mapping[str, Any]], str | None]:
    """A fault of the first call only."""
    codes = [code]
    return lambda _: codes.pop() if codes else None


def blip(harness: Harness, world: World) -> None:
    """The network swallows what is sent, for four seconds."""
    world.at(4, world.set, "database", "silent")
    world.at(8, world.set, "database", "alive")


def lag(harness: Harness, world: World) -> None:
    """The reader is five seconds behind."""
    world.lag = 5000.0


def no_name(harness: Harness, world: World) -> None:
    """The resolver is out."""
    world.at(4, world.set, "database", "unresolved")


def aurora_acts(harness: Harness, world: World) -> None:
    """Aurora replaces the writer before the grace is over."""
    world.at(5, world.kill_writer)
    world.at(9, world.aurora_fails_over)


def planned(harness: Harness, world: World) -> None:
    """An exercise: over, with the short silence that a promotion is, and back after a minute."""
    world.at(2, world.operator, MANUAL)
    world.at(6, world.set, "database", "silent")
    world.at(62, world.operator, {"action": "failback"})


def day_zero(harness: Harness, world: World) -> None:
    """Nothing is registered with either target group yet."""
    for side in ("Primary", "Standby"):
        harness.detach(side)


def stalled(harness: Harness, world: World) -> None:
    """RDS accepts the failover, and nothing happens."""
    world.overlay.stalled = True


def late(harness: Harness, world: World) -> None:
    """The promotion comes after the run has given up."""
    world.at(200, world.promote, harness.deployment.ids[STANDBY])
    world.at(202, world.overlay.settle)


def hangs(harness: Harness, world: World) -> None:
    """The call of the failover never returns; later a person tries again."""

    def hang(_: Mapping[str, Any]) -> None:
        world.faults.clear()
        world.clock.advance(10_000)

    world.faults["rds", "FailoverDBCluster"] = hang
    world.at(300, world.operator, MANUAL | {"attempt_id": "again"})


def races(harness: Harness, world: World) -> None:
    """Aurora acts between the look and the call."""

    def race(_: Mapping[str, Any]) -> str:
        if world.overlay.status == "available":
            world.aurora_fails_over()
        return "InvalidDBClusterStateFault"

    world.faults["rds", "FailoverDBCluster"] = race


def twice(harness: Harness, world: World) -> None:
    """Two people at the same instant."""
    without_monitor(harness, world)
    for attempt in ("one", "other"):
        world.at(2, world.operator, MANUAL | {"attempt_id": attempt})


def reader_down(harness: Harness, world: World) -> None:
    """There is no reader to promote."""
    world.overlay.instances[harness.deployment.ids[STANDBY]] = "rebooting"


def forced(harness: Harness, world: World) -> None:
    """A person goes on without the table, and says which instance is the writer."""
    harness.schedule(False)
    writer = harness.deployment.ids[PRIMARY]
    world.at(2, world.operator, MANUAL | {"force": True, "expected_writer": writer})


def armed(mode: str) -> Script:
    """What Parameter Store says of the arming."""
    return lambda harness, _: harness.configure(auto_failover=mode)


def said(event: Mapping[str, Any]) -> Script:
    """A person sends this."""

    def script(harness: Harness, world: World) -> None:
        without_monitor(harness, world)
        world.at(2, world.operator, event)

    return script


def dead(kind: str) -> Script:
    """The application's targets are ``unhealthy`` and so on, five seconds after the start."""
    return lambda _, world: world.at(5, world.targets, "Primary", kind)

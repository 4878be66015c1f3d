"""What can happen to a deployed stack, and what must come of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chain.harness import Harness, Run
from chain.overlay import OVERLAY
from chain.world import World

Script = Callable[[Harness, World], object]
PRIMARY, STANDBY = "PrimaryDBInstance", "StandbyDBInstance"
MANUAL = {"trigger_failover": True, "reason": ["exercise"]}
# Within one run of the monitor, which starts at 0 and probes for 70 seconds.
ONE_MONITOR = 59


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A script and its outcome.

    Attributes:
        seconds: Virtual time until everything still running is let come to its end.
        promotions: Calls of FailoverDBCluster.
        latches: Calls of UpdateHealthCheck.
        within: Seconds from the beginning by which the first promotion has been asked for.
        outcomes: Outcomes that must be among the orchestrator's answers.
        told: Subjects, or parts of them, that the mails must have; none means no mail at all.
        alarms: The alarms that go off, all of them; None where it does not matter.
        failures: Invocations that end in an error.
        fault: A fault of an AWS service, beside what the scenario is about.
    """

    name: str
    script: Script
    seconds: float = ONE_MONITOR
    promotions: int = 0
    latches: int = 0
    within: float = float("inf")
    writer: str = PRIMARY
    latched: bool = False
    status: str | None = None
    outcomes: frozenset[str] = frozenset()
    told: tuple[str, ...] = ()
    alarms: frozenset[str] | None = None
    failures: int = 0
    fault: bool = False


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
        harness.attach(side, False)


def stalled(harness: Harness, world: World) -> None:
    """RDS accepts the failover, and nothing happens."""
    world.overlay.stalled = True


def late(harness: Harness, world: World) -> None:
    """The promotion comes after the run has given up."""
    world.at(150, world.promote, harness.deployment.ids[STANDBY])
    world.at(152, world.overlay.settle)


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


MOVED = {"promotions": 1, "writer": STANDBY, "status": "COMPLETED", "told": ("COMPLETED",)}
BOTH_MOVED = MOVED | {"latches": 1, "latched": True}
COMPLETED = frozenset({"COMPLETED"})
SCENARIOS = (
    Scenario(
        name="all well, over a change of the monitor's runs",
        script=lambda *_: None,
        seconds=70,
        alarms=frozenset(),
    ),
    Scenario(name="writer dead", script=writer_dies, within=40, outcomes=COMPLETED, **MOVED),
    Scenario(
        name="writer dead at the change of runs",
        script=lambda _, world: world.at(52, world.kill_writer),
        seconds=100,
        within=95,
        outcomes=COMPLETED,
        **MOVED,
    ),
    Scenario(
        name="writer refuses",
        script=lambda _, world: world.at(5, world.set, "database", "refused"),
        within=40,
        outcomes=COMPLETED,
        **MOVED,
    ),
    Scenario(
        name="application dead",
        script=dead("unhealthy"),
        latches=1,
        latched=True,
        status="COMPLETED",
        outcomes=COMPLETED,
        told=("COMPLETED",),
    ),
    Scenario(name="application draining", script=dead("draining")),
    Scenario(name="both dead", script=both_die, within=25, outcomes=COMPLETED, **BOTH_MOVED),
    Scenario(
        name="replication lag",
        script=then(without_monitor, lambda _, world: world.at(1, world.set, "lag", 5000.0)),
        seconds=181,
        told=("replication-lag", "monitor"),
        alarms=frozenset({"replication-lag", "monitor"}),
    ),
    Scenario(
        name="replication lag under the monitor's eyes",
        script=lag,
        told=("replication-lag",),
        alarms=frozenset({"replication-lag"}),
    ),
    Scenario(name="network blip", script=blip, alarms=frozenset()),
    Scenario(name="the endpoint's name does not resolve", script=no_name, alarms=frozenset()),
    Scenario(
        name="Aurora replaces the writer by itself",
        script=aurora_acts,
        writer=STANDBY,
        outcomes=frozenset({"RECORDED"}),
        told=("RDS DB Cluster Event",),
    ),
    Scenario(
        name="planned failover and fail back",
        script=planned,
        seconds=ONE_MONITOR + 60,
        promotions=2,
        within=5,
        latches=2,
        status="FAILED_BACK",
        outcomes=frozenset({"COMPLETED", "FAILED_BACK"}),
        told=("COMPLETED", "FAILED_BACK", "RDS DB Cluster Event"),
    ),
    Scenario(
        name="monitor dead, writer dead: the alarm's way",
        script=then(without_monitor, writer_dies),
        seconds=240,
        within=185,
        alarms=frozenset({"writer", "monitor"}),
        outcomes=COMPLETED,
        **MOVED | {"told": ("COMPLETED", "writer", "monitor")},
    ),
    Scenario(
        name="monitor dead, application dead: the alarm's way",
        script=then(without_monitor, dead("unhealthy")),
        seconds=240,
        latches=1,
        latched=True,
        status="COMPLETED",
        outcomes=COMPLETED,
        told=("COMPLETED", "alb-unhealthy-targets", "critical-failure"),
        alarms=frozenset({"alb-unhealthy-targets", "critical-failure", "monitor"}),
    ),
    Scenario(
        name="day zero: empty target groups",
        script=day_zero,
        outcomes=frozenset({"NOT_REQUIRED"}),
        told=("alb-unhealthy-targets",),
        alarms=frozenset({"alb-unhealthy-targets", "critical-failure"}),
    ),
    Scenario(
        name="a promotion that never comes",
        script=then(manual, stalled),
        seconds=190,
        promotions=1,
        within=5,
        status="FAILED",
        failures=1,
        told=("FAILED", "orchestrator-errors"),
    ),
    Scenario(
        name="a promotion that comes too late for its run",
        script=then(manual, stalled, late),
        seconds=190,
        promotions=1,
        writer=STANDBY,
        status="COMPLETED",
        failures=1,
        told=("FAILED", "COMPLETED"),
    ),
    Scenario(
        name="the orchestrator is killed, and a later run goes on",
        script=then(manual, hangs),
        seconds=330,
        failures=1,
        **BOTH_MOVED | {"promotions": 2},
    ),
    Scenario(
        name="automation off",
        script=then(armed("OFF"), both_die),
        outcomes=frozenset({"REFUSED"}),
        told=("REFUSED",),
    ),
    Scenario(
        name="dry run",
        script=then(armed("DRY_RUN"), both_die),
        outcomes=frozenset({"DRY_RUN"}),
        told=("database-health",),
    ),
    Scenario(
        name="two triggers at once",
        script=twice,
        outcomes=frozenset({"COMPLETED", "REFUSED"}),
        within=5,
        **BOTH_MOVED,
    ),
    Scenario(
        name="no reader to promote",
        script=then(manual, reader_down),
        status="FAILED",
        failures=1,
        told=("FAILED",),
    ),
    Scenario(name="status", script=said({"action": "status"}), outcomes=frozenset({"STATUS"})),
    Scenario(
        name="something else",
        script=said({"Records": []}),
        outcomes=frozenset({"NOT_REQUIRED"}),
    ),
    Scenario(
        name="Parameter Store out",
        script=then(both_die, failing(ssm_all="InternalServerError")),
        fault=True,
        outcomes=COMPLETED,
        **BOTH_MOVED,
    ),
    Scenario(
        name="CloudWatch out",
        script=then(both_die, failing(cloudwatch_all="InternalServiceFault")),
        fault=True,
        outcomes=COMPLETED,
        **BOTH_MOVED,
    ),
    Scenario(
        name="load balancing's API out",
        script=then(both_die, failing(elbv2_all="ServiceUnavailable")),
        fault=True,
        outcomes=COMPLETED,
        **MOVED,
    ),
    Scenario(
        name="table out",
        script=then(both_die, failing(dynamodb_all="InternalServerError")),
        fault=True,
        outcomes=frozenset({"REFUSED"}),
        told=("database-health",),
    ),
    Scenario(
        name="table out, and a person who knows",
        script=then(forced, failing(dynamodb_all="InternalServerError")),
        fault=True,
        outcomes=COMPLETED,
        **BOTH_MOVED | {"status": None},
    ),
    Scenario(
        name="table throttled once",
        script=then(
            both_die, failing(dynamodb_PutItem=once("ProvisionedThroughputExceededException"))
        ),
        fault=True,
        outcomes=COMPLETED,
        **BOTH_MOVED,
    ),
    Scenario(
        name="notification out",
        script=then(manual, failing(sns_all="InternalError")),
        fault=True,
        outcomes=COMPLETED,
        **BOTH_MOVED | {"told": ("RDS DB Cluster Event",)},
    ),
    Scenario(
        name="Route 53 out",
        script=then(manual, failing(route53_all="ServiceUnavailable")),
        fault=True,
        latches=1,
        outcomes=COMPLETED,
        **MOVED,
    ),
    Scenario(
        name="the monitor's call lost once",
        script=then(both_die, failing(lambda_Invoke=once("ServiceException"))),
        fault=True,
        outcomes=COMPLETED,
        **BOTH_MOVED,
    ),
    Scenario(
        name="RDS refuses",
        script=then(manual, failing(rds_FailoverDBCluster="InternalFailure")),
        fault=True,
        promotions=1,
        status="FAILED",
        failures=1,
        told=("FAILED",),
    ),
    Scenario(
        name="RDS blind",
        script=then(manual, failing(rds_all="InternalFailure")),
        fault=True,
        status="FAILED",
        failures=1,
        told=("FAILED",),
    ),
    Scenario(
        name="Aurora acts between the look and the call",
        script=then(manual, races),
        fault=True,
        outcomes=COMPLETED,
        **BOTH_MOVED,
    ),
)
BY_NAME = {one.name: one for one in SCENARIOS}


def problems(scenario: Scenario, run: Run) -> list[str]:
    """Where a run is not what its scenario says, one line each."""
    subjects = run.subjects()
    records = [message for _, message in run.mails if '"requestContext"' in message]
    compared = {
        "calls of FailoverDBCluster": (scenario.promotions, run.count("FailoverDBCluster")),
        "calls of UpdateHealthCheck": (scenario.latches, run.count("UpdateHealthCheck")),
        "writer": (scenario.writer, run.writer),
        "latched": (scenario.latched, run.latched),
        "status": (scenario.status, run.state.get("Status")),
        "failed invocations": (scenario.failures, len(run.failures)),
        "records at the failure destination": (scenario.failures, len(records)),
        "mails": (bool(scenario.told), bool(run.mails)),
    }
    found = [f"{what}: {was}, not {want}" for what, (want, was) in compared.items() if was != want]
    found.extend(run.violations)
    if run.count("FailoverDBCluster") and run.first("FailoverDBCluster") > scenario.within:
        found.append(f"promoted at {run.first('FailoverDBCluster')}, not by {scenario.within}")
    outcomes = {answer["outcome"] for answer in run.answers}
    found.extend(f"no answer {one}" for one in scenario.outcomes - outcomes)
    found.extend(f"no mail {one}" for one in scenario.told if not any(one in s for s in subjects))
    alarms = {name for _, name in run.alarms}
    if scenario.alarms is not None and alarms != scenario.alarms:
        found.append(f"alarms {sorted(alarms)}, not {sorted(scenario.alarms)}")
    found.extend(f"not on the list of the overlay: {one}" for one in run.overlaid - OVERLAY.keys())
    return found

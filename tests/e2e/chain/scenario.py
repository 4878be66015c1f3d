"""A scenario, and where a run is not what it says."""

from collections.abc import Callable
from dataclasses import dataclass

from chain.harness import Harness, Run
from chain.overlay import OVERLAY
from chain.world import World

Script = Callable[[Harness, World], object]
PRIMARY, STANDBY = "PrimaryDBInstance", "StandbyDBInstance"
# Before the schedule starts a second run of the monitor.
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

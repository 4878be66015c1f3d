"""A scenario in a world with fixed timings and under the deployed roles, and where it fails."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from drtemplate.groups.handlers import ORCHESTRATOR
from drtemplate.world.account import Notification
from drtemplate.world.deployment import Deployment
from drtemplate.world.invocation import Invocation
from drtemplate.world.reading import load_deployment
from drtemplate.world.roles import Roles, Use
from drtemplate.world.timings import load_timings
from drtemplate.world.witness import Witness
from drtemplate.world.world import World

# Seconds: everything runs and every alarm has data; the monitor's last run has ended.
WARM, MONITORS_OVER = 200, 135
# Aurora does nothing by itself but where a scenario says so; a promotion takes 12 s, and 18 in all.
TIMINGS = {
    "aurora_detection": 10_000,
    "aurora_promotion": 12,
    "aurora_settle": 6,
    "aurora_restart": 20,
    "rds_event_delay": 30,
    "lambda_queue": 0.2,
    "lambda_keep_warm": 600,
    "metric_delay": 30,
    "custom_metric_delay": 1,
    "aurora_endpoint_ttl": 5,
    "route53_alias_ttl": 60,
    "tcp_retransmit": 1,
}
PRIMARY, STANDBY = "primarydbinstance", "standbydbinstance"
Script = Callable[[World], object]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """A script and its outcome.

    Attributes:
        seconds: from the beginning of the script.
        monitored: whether the observers' schedule is enabled.
        configuration: what Parameter Store says otherwise.
        timings: seconds, where they are others.
        promotions: calls of FailoverDBCluster.
        latches: calls of UpdateHealthCheck.
        within: seconds from the beginning by which the first promotion has been asked for.
        outcomes: outcomes that must be among the orchestrator's answers.
        told: subjects, or parts of them, that messages must have; none means no message at all.
        alarms: the alarms that go off, all of them; None where it does not matter.
        failures: runs that end in an error.
        fault: a fault of an AWS service, beside what the scenario is about.
    """

    name: str
    script: Script
    seconds: float = 59
    monitored: bool = True
    configuration: Mapping[str, object] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    promotions: int = 0
    latches: int = 0
    within: float = float("inf")
    writer: str = PRIMARY
    latched: bool = False
    status: str | None = "IDLE"
    outcomes: frozenset[str] = frozenset()
    told: tuple[str, ...] = ()
    alarms: frozenset[str] | None = None
    failures: int = 0
    fault: bool = False


class Ended(Witness):
    """The runs that are over."""

    def __init__(self) -> None:
        self.runs: list[Invocation] = []

    def ended(self, invocation: Invocation, /) -> None:
        self.runs.append(invocation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of a scenario.

    Attributes:
        answers: the decoded bodies of the orchestrator's answers.
        failures: the runs that failed.
        state: the state item.
        alarms: the names, without the stack's, of the alarms that went off.
        calls: (seconds from the beginning, operation) of each call of the code.
        denials: what a policy denied.
    """

    answers: tuple[dict[str, object], ...]
    failures: tuple[Invocation, ...]
    state: Mapping[str, object]
    messages: tuple[Notification, ...]
    alarms: frozenset[str]
    writer: str
    latched: bool
    calls: tuple[tuple[float, str], ...]
    uses: frozenset[Use]
    denials: tuple[str, ...]

    def records(self) -> list[dict[str, dict[str, object]]]:
        """What Lambda told of runs that failed for good."""
        texts = (one.text for one in self.messages if '"requestContext"' in one.text)
        return [json.loads(text) for text in texts]

    def count(self, operation: str) -> int:
        """How often the code called it."""
        return sum(called == operation for _, called in self.calls)


@cache
def deployed() -> Deployment:
    """The rendered template, deployed."""
    return load_deployment()


@cache
def run(scenario: Case) -> Run:
    """What comes of it as the template is."""
    return run_on(scenario, deployed())


def run_on(scenario: Case, deployment: Deployment) -> Run:
    """What comes of it on another deployment."""
    timings = load_timings().all_fixed(0.05, **{**TIMINGS, **scenario.timings})
    witness, roles = Ended(), Roles(deployment.grants)
    world = World(
        deployment.configured(**scenario.configuration),
        timings,
        "scenario",
        witness,
        roles,
        shown=True,
    )
    world.run(WARM)
    if not scenario.monitored:
        world.bus.disabled |= {one.arn for one in deployment.rules if one.every and not one.inputs}
        world.run(WARM + MONITORS_OVER)
    begun, calls = world.clock.now, len(world.calls)
    world.journal.zero = begun
    scenario.script(world)
    world.run(begun + scenario.seconds)
    check, marks = world.checks["Primary"], (" ALARM", "drill-")
    assert check.disabled is check.inverted, "half latched"
    moments = (what for at, who, what in world.journal.moments if who == "CloudWatch")
    found = Run(
        answers=tuple(
            json.loads(one.answer["body"])
            for one in witness.runs
            if one.function.logical == ORCHESTRATOR and isinstance(one.answer, dict)
        ),
        failures=tuple(one for one in witness.runs if one.error),
        state=world.table.items.get("FAILOVER_STATUS", {}),
        messages=tuple(world.messages),
        alarms=frozenset(
            what.removesuffix(marks[0]).removeprefix(marks[1])
            for what in moments
            if what.endswith(marks[0])
        ),
        writer=world.aurora.writer,
        latched=check.disabled,
        calls=tuple((one.at - begun, one.operation) for one in world.calls[calls:]),
        uses=frozenset(roles.uses),
        denials=tuple(dict.fromkeys(roles.denials)),
    )
    world.close()
    return found


def problems(scenario: Case, found: Run) -> list[str]:
    """Where a run is not what its scenario says, one line each."""
    subjects = [one.subject for one in found.messages]
    compared = {
        "calls of FailoverDBCluster": (scenario.promotions, found.count("FailoverDBCluster")),
        "calls of UpdateHealthCheck": (scenario.latches, found.count("UpdateHealthCheck")),
        "writer": (scenario.writer, found.writer),
        "latched": (scenario.latched, found.latched),
        "status": (scenario.status, found.state.get("Status")),
        "failed runs": (scenario.failures, len(found.failures)),
        "records at the failure destination": (scenario.failures, len(found.records())),
        "messages": (bool(scenario.told), bool(subjects)),
    }
    lines = [f"{what}: {was}, not {want}" for what, (want, was) in compared.items() if was != want]
    lines.extend(found.denials)
    promoted = [at for at, operation in found.calls if operation == "FailoverDBCluster"]
    if promoted and promoted[0] > scenario.within:
        lines.append(f"promoted at {promoted[0]}, not by {scenario.within}")
    outcomes = {answer["outcome"] for answer in found.answers}
    lines.extend(f"no answer {one}" for one in scenario.outcomes - outcomes)
    lines.extend(
        f"no message {one}" for one in scenario.told if not any(one in s for s in subjects)
    )
    if scenario.alarms is not None and found.alarms != scenario.alarms:
        lines.append(f"alarms {sorted(found.alarms)}, not {sorted(scenario.alarms)}")
    return lines

"""What a run's measures and invariants are computed from: calls, acts, and the state item's changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from drtemplate.drill.lines import moment_of
from drtemplate.drill.meter import Meter
from drtemplate.groups.handlers import ORCHESTRATOR
from drtemplate.world.account import ACTORS
from drtemplate.world.aws.table import KEY
from drtemplate.world.invocation import Call, Invocation
from drtemplate.world.witness import Witness
from drtemplate.world.world import World

STATE = "FAILOVER_STATUS"
# Who starts a run without a person.
AUTOMATIC = ("monitor", "alarm", "schedule")
# Those who log their calls themselves.
OBSERVED = ("monitor",)


@dataclass(frozen=True, slots=True, eq=False)
class Act:
    """AWS accepted a promotion or a change of the health check.

    Attributes:
        component: ``database`` or ``application``.
        faulty: whether that component really was out of service then.
        leased: whether the caller held the lease then.
        attempt: the state item's AttemptId then.
        back: whether it leads back to where the traffic or the writer came from.
        waited: seconds that the run had waited for a witness, as it has recorded.
        spent: the caller's seconds in API calls until then, by service.
    """

    at: float
    component: str
    caller: Invocation
    faulty: bool
    leased: bool
    attempt: str
    back: bool
    waited: float
    spent: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Write:
    """The state item was written.

    Attributes:
        untrue: whether it turns to COMPLETED though what it says has not happened: another instance
            than before writes or, where it names none, the primary is latched.
    """

    at: float
    status: str
    caller: Invocation
    untrue: bool


# The API calls that move something, and what each moves.
ACTS = {
    ("rds", "FailoverDBCluster"): "database",
    ("route53", "UpdateHealthCheck"): "application",
}


class Facts(Witness):
    """Collected while the run goes on.

    Attributes:
        calls: how the orchestrator was invoked.
        runs: of the orchestrator, those that have ended.
        stuck: whether one has ended and left the state IN_PROGRESS, without being hindered.
        tellers: the run of each message that a run sent.
        meter: what AWS bills of it.
        mails: the subject of each message that a run sent.
        probes: of each run: (time, signal, bad) of each look at a signal.
        killed: runs that the scenario has ended.
        on_act, on_write, on_call: called with each accepted act, each write of the state item, and the
            run of each API call.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.acts: list[Act] = []
        self.writes: list[Write] = []
        self.runs: list[Invocation] = []
        self.stuck = False
        self.tellers: list[Invocation] = []
        self.meter = Meter()
        self.mails: list[str] = []
        self.probes: defaultdict[Invocation, list[tuple[float, str, bool]]] = defaultdict(list)
        self.killed: set[Invocation] = set()
        self.on_act: list[Callable[[Act], None]] = []
        self.on_write: list[Callable[[Write], None]] = []
        self.on_call: list[Callable[[Invocation], None]] = []
        self._faulty = False

    def attach(self, world: World) -> None:
        """Say which world this is about; once, before anything happens in it."""
        self.world = world
        self.home = world.aurora.writer
        self._primary = world.deployment.sides["Primary"].target_group

    def called(self, function: str, call: Call) -> None:
        """A run of the monitor, an alarm or a person has invoked a function."""
        if function == ORCHESTRATOR:
            self.calls.append(call)
            if call.source not in OBSERVED:
                self.world.journal.note(call.source, "calls the orchestrator")

    def probed(self, caller: Invocation, host: str, good: bool) -> None:
        """A run has looked at the writer."""
        if host == self.world.deployment.cluster.endpoint:
            self.probes[caller].append((self.world.clock.now, "database", not good))

    def before(
        self, caller: Invocation, service: str, operation: str, params: dict[str, Any]
    ) -> None:
        """Right before AWS carries a call out: what it costs, and how the component of an act really is."""
        self.meter.usage.called(service, operation, params)
        for listener in self.on_call:
            listener(caller)
        component = ACTS.get((service, operation))
        if component == "database":
            self._faulty = not self.world.aurora.writing.value
        elif component:
            # Moving clients to a side that does not serve either helps nobody.
            sides = self.world.balancers
            self._faulty = not sides["Primary"].serving.value and sides["Standby"].serving.value

    def after(
        self,
        caller: Invocation,
        service: str,
        operation: str,
        params: dict[str, Any],
        answer: dict[str, Any],
    ) -> None:
        """Note what matters of what AWS has carried out."""
        match operation:
            case "DescribeTargetHealth" if params["TargetGroupArn"] == self._primary:
                found = answer["TargetHealthDescriptions"]
                states = {one["TargetHealth"]["State"] for one in found}
                bad = "unhealthy" in states and "healthy" not in states
                self.probes[caller].append((self.world.clock.now, "application", bad))
            case "PutItem":
                self._wrote(caller, params["Item"])
            case "FailoverDBCluster" | "UpdateHealthCheck":
                self._acted(caller, ACTS[service, operation], params)

    def told(self, caller: Invocation | None, subject: str) -> None:
        """A message has reached the alert topic."""
        if caller:
            self.tellers.append(caller)
            self.mails.append(subject)

    def printed(self, function: str, line: str) -> None:
        """What the timeline knows of the automation is what its log says."""
        self.meter.usage.printed(line)
        journal = self.world.journal
        if journal.shown and (moment := moment_of(line)):
            journal.note(ACTORS[function], moment)

    def _acted(self, caller: Invocation, component: str, params: dict[str, Any]) -> None:
        if component == "database":
            back = params.get("TargetDBInstanceIdentifier") == self.home
        else:
            back = not params.get("Inverted", False)
        act = Act(
            self.world.clock.now,
            component,
            caller,
            self._faulty,
            self.holds_lease(caller),
            self.world.table.text_of(STATE, "AttemptId"),
            back,
            self._waited(),
            dict(caller.spent),
        )
        self.acts.append(act)
        for listener in self.on_act:
            listener(act)

    def _waited(self) -> float:
        stages = self.world.table.items.get(STATE, {}).get("Stages", {})
        return float(stages.get("wait", 0.0)) if isinstance(stages, Mapping) else 0.0

    def holds_lease(self, caller: Invocation) -> bool:
        """Whether the state item says that the caller is at it, and until later than now."""
        table, clock = self.world.table, self.world.clock
        return (
            table.text_of(STATE, "Status") == "IN_PROGRESS"
            and table.number_of(STATE, "LeaseExpires") >= clock.epoch + clock.now
            and table.writers.get(STATE) is caller
        )

    def _wrote(self, caller: Invocation, item: Mapping[str, Any]) -> None:
        if item[KEY] == STATE:
            status = str(item.get("Status", ""))
            before = self.writes[-1].status if self.writes else ""
            untrue = status == "COMPLETED" != before and not self._happened(caller, item)
            write = Write(self.world.clock.now, status, caller, untrue)
            self.writes.append(write)
            for listener in self.on_write:
                listener(write)

    def _happened(self, caller: Invocation, item: Mapping[str, Any]) -> bool:
        """What a COMPLETED run says of itself; without a word of a writer, that anything was moved."""
        new, aurora = item.get("NewWriter"), self.world.aurora
        if new:
            return bool(new == aurora.writer and new != item.get("PreviousWriter"))
        if aurora.writers.before(caller.queued) != aurora.writer:
            return True
        latches = [act for act in self.acts if act.component == "application"]
        return bool(latches) and not latches[-1].back

    def ended(self, invocation: Invocation) -> None:
        """A run of a function is over."""
        if invocation.function.logical != ORCHESTRATOR:
            return
        self.runs.append(invocation)
        table, network = self.world.table, self.world.network
        mine = table.writers.get(STATE) is invocation
        if mine and table.text_of(STATE, "Status") == "IN_PROGRESS":
            # A lost host, and a table that is unreachable or throttles every try, cannot be helped;
            # the end of the lease then tells, see ``invariants``.
            refused = "dynamodb" in network.outages or network.throttled
            self.stuck |= invocation not in self.killed and not refused

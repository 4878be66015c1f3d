"""What a run's measures and invariants are computed from: calls, acts, and the state item's changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drtemplate.drill.table import KEY
from drtemplate.groups.handlers import ORCHESTRATOR

if TYPE_CHECKING:
    from drtemplate.drill.cloud import Cloud
    from drtemplate.drill.invocation import Invocation

STATE = "FAILOVER_STATUS"
# Who starts a run without a person.
AUTOMATIC = ("monitor", "alarm")


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """The orchestrator was invoked: when, by which source, by which run of the monitor if any."""

    at: float
    source: str
    caller: Invocation | None


@dataclass(frozen=True, slots=True, eq=False)
class Act:
    """AWS accepted a promotion or a change of the health check.

    Attributes:
        component: ``database`` or ``application``.
        faulty: whether that component really was out of service then.
        leased: whether the caller held the lease then.
        attempt: the state item's AttemptId then.
        back: whether it leads back to where the traffic or the writer came from.
        spent: the caller's seconds in API calls until then, by service.
    """

    at: float
    component: str
    caller: Invocation
    faulty: bool
    leased: bool
    attempt: str
    back: bool
    spent: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Write:
    """The state item was written."""

    at: float
    status: str
    caller: Invocation


class Facts:
    """Collected while the run goes on."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.calls: list[Call] = []
        self.acts: list[Act] = []
        self.writes: list[Write] = []
        self.runs: list[Invocation] = []
        self.stuck = False
        self.notifications = 0
        self.tellers: list[Invocation] = []
        self.puts = 0
        self.home = cloud.aurora.writer
        self._faulty = False

    def called(self, caller: Invocation | None, logical: str, source: str = "monitor") -> Call:
        """A run of the monitor, an alarm or a person has invoked a function."""
        call = Call(self.cloud.kernel.now, source, caller)
        if logical == ORCHESTRATOR:
            self.calls.append(call)
            self.cloud.journal.note(source, "calls the orchestrator")
        return call

    def before_act(self, _: Invocation, component: str, __: dict[str, Any]) -> None:
        """Right before AWS carries a request out: how the component really is."""
        if component == "database":
            self._faulty = not self.cloud.aurora.writing.value
        else:
            # Moving clients to a side that does not serve either helps nobody.
            sides = self.cloud.balancers
            self._faulty = not sides["Primary"].serving.value and sides["Standby"].serving.value

    def acted(self, caller: Invocation, component: str, params: dict[str, Any]) -> None:
        """AWS has accepted."""
        if component == "database":
            back = params.get("TargetDBInstanceIdentifier") == self.home
        else:
            back = not params.get("Inverted", False)
        act = Act(
            self.cloud.kernel.now,
            component,
            caller,
            self._faulty,
            self.holds_lease(caller),
            self.cloud.text_of(STATE, "AttemptId"),
            back,
            dict(caller.spent),
        )
        self.acts.append(act)
        what = "promotion" if component == "database" else "release" if back else "latch"
        self.cloud.journal.note("orchestrator", f"{what} accepted")
        for listener in self.cloud.on_act:
            listener(act)

    def holds_lease(self, caller: Invocation) -> bool:
        """Whether the state item says that the caller is at it, and until later than now."""
        cloud = self.cloud
        return (
            cloud.text_of(STATE, "Status") == "IN_PROGRESS"
            and cloud.number_of(STATE, "LeaseExpires") >= cloud.epoch + cloud.kernel.now
            and cloud.table.writers.get(STATE) is caller
        )

    def wrote(self, caller: Invocation, item: dict[str, Any]) -> None:
        """An item of the state table was written."""
        if item[KEY].get("S") == STATE:
            status = item.get("Status", {}).get("S", "")
            if not self.writes or self.writes[-1].status != status:
                self.cloud.journal.note("orchestrator", f"records {status}")
            write = Write(self.cloud.kernel.now, status, caller)
            self.writes.append(write)
            for listener in self.cloud.on_write:
                listener(write)

    def ended(self, invocation: Invocation) -> None:
        """A run of a function is over."""
        if invocation.function.logical != ORCHESTRATOR:
            return
        self.runs.append(invocation)
        cloud = self.cloud
        mine = cloud.table.writers.get(STATE) is invocation
        if mine and cloud.text_of(STATE, "Status") == "IN_PROGRESS":
            # A lost host, and a table that is unreachable or throttles every try, cannot be helped;
            # the end of the lease then tells, see ``invariants``.
            refused = "dynamodb" in cloud.network.outages or cloud.network.throttled
            self.stuck |= invocation not in cloud.killed and not refused

"""The simulated account: every mechanism of one run, put together as the template says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from drtemplate.drill import sandbox
from drtemplate.drill.alarms import Alarms
from drtemplate.drill.assumptions import Assumptions
from drtemplate.drill.aurora import Aurora
from drtemplate.drill.deployment import Deployment, Function
from drtemplate.drill.events import EventBus
from drtemplate.drill.facts import Act, Facts, Write
from drtemplate.drill.functions import Functions
from drtemplate.drill.intrinsics import ZONES
from drtemplate.drill.invocation import Handler, Invocation
from drtemplate.drill.journal import Journal
from drtemplate.drill.kernel import Kernel
from drtemplate.drill.metrics import Metrics
from drtemplate.drill.network import Network
from drtemplate.drill.own_metrics import OwnMetrics
from drtemplate.drill.route53 import FailoverRecords, HealthCheck
from drtemplate.drill.services import Services, rds_event
from drtemplate.drill.table import Table
from drtemplate.drill.targets import Balancer
from drtemplate.errors import DrTemplateError
from drtemplate.groups.handlers import MONITOR, ORCHESTRATOR

# Monday, 5 January 2026, 00:00 UTC: windows of the week are counted from a Monday.
EPOCH = 1_767_571_200.0
# Milliseconds that a reader lags when all is well.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Replication.html
USUAL_LAG = 20.0
# What the timeline calls the functions.
ACTORS = {MONITOR: "monitor", ORCHESTRATOR: "orchestrator"}


class Cloud:
    """One run's account.

    Args:
        deployment: the stack.
        assumptions: AWS's timings.
        seed: names the run.
        shown: whether to keep its timeline.
        offset: seconds of the week at which the run begins.

    Attributes:
        lag: milliseconds that the reader reports; None for no value.
        on_act, on_write: called with each accepted act, and each write of the state item.
        killed: runs that the scenario has ended.
        fatal: a defect of the drill's input, met in a handler's call.
    """

    def __init__(
        self,
        deployment: Deployment,
        assumptions: Assumptions,
        seed: str,
        shown: bool = False,
        offset: float = 0.0,
    ) -> None:
        self.deployment = deployment
        self.assumptions = assumptions
        self.epoch = EPOCH + offset
        self.kernel = kernel = Kernel(seed)
        self.journal = Journal(kernel, shown)
        self.aurora = Aurora(kernel, deployment.cluster, assumptions, self.journal)
        self.network = Network(kernel, self.aurora, assumptions)
        self.network.endpoints = deployment.endpoints
        self._build_sides()
        self.metrics = Metrics()
        self.metric_delay = assumptions.drawer("custom_metric_delay")
        self.table = Table()
        self.services = Services(self)
        self.functions = Functions(self)
        self.facts = Facts(self)
        self.alarms = Alarms(
            kernel,
            deployment.alarms,
            deployment.composites,
            self.metrics,
            assumptions,
            self.journal,
            self._alarm_action,
            lambda: "cloudwatch" in self.network.outages,
            self.iso,
        )
        self.bus = EventBus(kernel, deployment.rules, assumptions, self._deliver, self.iso)
        self.aurora.emit = self._emit
        self.random = kernel.random("cloud")
        self.lag: float | None = USUAL_LAG
        self.on_act: list[Callable[[Act], None]] = []
        self.on_write: list[Callable[[Write], None]] = []
        self.killed: set[Invocation] = set()
        self.fatal: DrTemplateError | None = None
        self._modules: dict[str, dict[str, ModuleType]] = {}
        self.own_metrics = OwnMetrics(self)

    def _build_sides(self) -> None:
        """Load balancers, health checks and records, each telling the next of its changes."""
        kernel, assumptions = self.kernel, self.assumptions
        sides = self.deployment.sides
        self.balancers = {
            name: Balancer(kernel, side, ZONES[:2], assumptions, self.journal)
            for name, side in sides.items()
        }
        self.checks = {
            name: HealthCheck(kernel, side, self.balancers[name], assumptions)
            for name, side in sides.items()
        }
        self.records = FailoverRecords(
            kernel, self.checks, self.balancers, assumptions, self.journal
        )
        for name, balancer in self.balancers.items():
            balancer.changed = self._changed(name)

    def _changed(self, name: str) -> Callable[[], None]:
        def changed() -> None:
            self.checks[name].wake()
            self.records.update()

        return changed

    # Time.

    def iso(self) -> str:
        """The virtual time as AWS writes it."""
        return datetime.fromtimestamp(self.epoch + self.kernel.now, UTC).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )

    def date(self, at: float) -> datetime:
        """A virtual time as botocore gives it."""
        return datetime.fromtimestamp(self.epoch + at, UTC)

    # Handlers.

    def load(self, function: Function) -> Handler:
        """The handler of a fresh execution environment."""
        try:
            return sandbox.load(self, function, self._print)
        except DrTemplateError as exc:
            self.fatal = exc
            raise

    def modules(self, function: Function) -> dict[str, ModuleType]:
        """The modules that a function imports in place of the real ones."""
        made = self._modules.get(function.logical)
        if made is None:
            made = self._modules[function.logical] = sandbox.substitutes(self, function)
        return made

    def _print(self, *words: object, **_: object) -> None:
        """Logs are of no consequence in a drill."""

    def lambda_ended(self, invocation: Invocation) -> None:
        """Lambda's own metric of errors, the timeline, and the facts."""
        if invocation.error is not None:
            self.own_metrics.failed(invocation.function.name)
            self.journal.note(ACTORS[invocation.function.logical], invocation.ending())
        self.facts.ended(invocation)

    # Messages.

    def publish(
        self, topic: str, subject: str, _: object, teller: Invocation | None = None
    ) -> None:
        """A message, a run's or AWS's own, reaches the alert topic, if SNS works."""
        if topic == self.deployment.topic and "sns" not in self.network.outages:
            self.facts.notifications += 1
            self.journal.note("SNS", subject)
            if teller:
                self.facts.tellers.append(teller)

    def operator(self, event: dict[str, Any]) -> None:
        """A person invokes the orchestrator asynchronously."""
        name = self.deployment.functions[ORCHESTRATOR].name
        call = self.facts.called(None, ORCHESTRATOR, "operator")
        self.functions.send(name, event, "operator", call)

    def _alarm_action(self, action: str, event: dict[str, Any]) -> None:
        if action in self.functions.by_name:
            call = self.facts.called(None, self.functions.by_name[action].logical, "alarm")
            self.functions.send(action, event, "alarm", call)
        else:
            self.publish(action, event["alarmData"]["alarmName"], event)

    def _deliver(self, target: str, event: dict[str, Any]) -> None:
        if target in self.functions.by_name:
            scheduled = event["source"] == "aws.events"
            self.functions.send(target, event, "schedule" if scheduled else "rds")
        else:
            self.publish(target, str(event.get("detail-type")), event)

    def _emit(self, kind: str, message: str) -> None:
        """RDS tells of a failover, when it gets round to it; the event's time is when it happened."""
        cluster = self.deployment.cluster
        event = rds_event(kind, message, cluster.name, cluster.arn, self.iso())
        delay = self.assumptions.draw("rds_event_delay", self.random)
        self.kernel.at(delay, self.bus.put, event)

    # The state item.

    def text_of(self, key: str, attribute: str) -> str:
        """A text of an item; empty if it is not there."""
        return str(self.table.items.get(key, {}).get(attribute, {}).get("S", ""))

    def recorded(self, prefix: str, attribute: str) -> bool:
        """Whether an item whose key begins so has a text in this attribute."""
        return any(
            key.startswith(prefix) and self.text_of(key, attribute) for key in self.table.items
        )

    def number_of(self, key: str, attribute: str) -> float:
        """A number of an item; 0 if it is not there."""
        return float(self.table.items.get(key, {}).get(attribute, {}).get("N", 0))

    def monitors(self) -> list[Invocation]:
        """The monitor's runs of this moment."""
        return [one for one in self.functions.running if one.function.logical == MONITOR]

    def run(self, until: float) -> None:
        """Let virtual time pass.

        Raises:
            DrTemplateError: a handler met what no drill knows.
        """
        self.kernel.run(until)
        if self.fatal:
            raise self.fatal

    def close(self) -> None:
        """End all that still runs."""
        self.on_act.clear()
        self.on_write.clear()
        self.functions.on_end.clear()
        self.kernel.close()

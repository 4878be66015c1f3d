"""The simulated account: every mechanism of one run, put together as the template says."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

from drtemplate.errors import DrTemplateError
from drtemplate.groups.handlers import OBSERVERS, ORCHESTRATOR
from drtemplate.world.api import sdk
from drtemplate.world.api.cloudwatch import CloudWatch
from drtemplate.world.api.messages import Lambda, Sns
from drtemplate.world.api.rds import Rds, failover_event
from drtemplate.world.api.registry import Api
from drtemplate.world.api.state import DynamoDB, Ssm
from drtemplate.world.api.traffic import LoadBalancing, Route53
from drtemplate.world.aws.alarms import Alarms
from drtemplate.world.aws.aurora import Aurora
from drtemplate.world.aws.balancers import Balancer
from drtemplate.world.aws.events import EventBus
from drtemplate.world.aws.hands import Hands
from drtemplate.world.aws.metrics import Metrics
from drtemplate.world.aws.network import Network
from drtemplate.world.aws.route53 import FailoverRecords, HealthCheck
from drtemplate.world.aws.table import Table
from drtemplate.world.aws.vended_metrics import VendedMetrics
from drtemplate.world.clock import EPOCH, Clock
from drtemplate.world.deliveries import Deliveries
from drtemplate.world.deployment import Deployment, Function
from drtemplate.world.functions import modules, sandbox
from drtemplate.world.functions.own_calls import OwnCalls
from drtemplate.world.functions.queue import Functions
from drtemplate.world.functions.sockets import Sockets
from drtemplate.world.invocation import Call, Handler, Invocation
from drtemplate.world.journal import Journal
from drtemplate.world.physical import ZONES
from drtemplate.world.roles import Roles
from drtemplate.world.timings import Timings
from drtemplate.world.witness import Witness

# What the timeline calls the functions.
ACTORS = {
    ORCHESTRATOR: "orchestrator",
    **{logical: f"observer {zone}" for logical, zone in OBSERVERS.items()},
}
# By whom a run is invoked, as its invocation says.
SOURCES = {ORCHESTRATOR: "orchestrator", **dict.fromkeys(OBSERVERS, "monitor")}


class Notification(NamedTuple):
    """A message that reached the alert topic.

    Attributes:
        caller: the run that sent it; None for AWS's own.
    """

    at: float
    subject: str
    text: str
    caller: Invocation | None


class Account:
    """One simulated account with a deployed stack in it.

    Args:
        deployment: the stack.
        timings: AWS's, drawn or fixed.
        seed: names the run; the same one gives the same run.
        witness: told of what happens; nobody by default.
        roles: what is deployed and who may call it, to be enforced; by default all is allowed.
        shown: whether to keep its timeline.
        recorded: whether to keep its calls, and what functions print.
        offset: seconds of the week, from Monday 00:00 UTC, at which the run begins.

    Attributes:
        messages: what reached the alert topic.
        log: what the functions printed, a line each.
        parameters: what Parameter Store has.
        random: for what befalls the account and belongs to no mechanism.
        fatal: what code did that is not known here, and that stops it.
    """

    def __init__(
        self,
        deployment: Deployment,
        timings: Timings,
        seed: str,
        witness: Witness | None = None,
        roles: Roles | None = None,
        *,
        shown: bool = False,
        recorded: bool = True,
        offset: float = 0.0,
    ) -> None:
        self.deployment = deployment
        self.timings = timings
        self.witness = witness or Witness()
        self.offset = offset
        self.deliveries = Deliveries(roles)
        self.own_calls = OwnCalls(roles, self.publish)
        self.clock = clock = Clock(seed, EPOCH + offset)
        self.journal = Journal(clock, shown)
        self.aurora = Aurora(clock, deployment.cluster, timings, self.journal)
        self.network = Network(clock, self.aurora, timings, deployment.endpoints)
        self.hands = Hands(self.aurora, self.network)
        self._build_sides()
        self.metrics = Metrics()
        self.parameters = dict(deployment.parameters)
        self.table = Table()
        self.functions = Functions(
            clock,
            deployment.functions,
            timings,
            self,
            self.load,
            self.own_calls.tell,
            self._ended,
        )
        self._build_triggers()
        self.random = clock.random("cloud")
        self.aurora.emit = self._emit
        self.vended = VendedMetrics(
            clock, deployment, timings, self.metrics, self.aurora, self.balancers
        )
        self.recorded = recorded
        self.api = Api(self._services(), timings, self.witness, roles, recorded)
        self.messages: list[Notification] = []
        self.log: list[str] = []
        self._sockets = Sockets(self.network, self.witness)
        self._modules: dict[str, dict[str, ModuleType]] = {}
        self.fatal: DrTemplateError | None = None
        for function in deployment.functions.values():
            self.own_calls.attach(function)

    def _build_sides(self) -> None:
        """Load balancers, health checks and records, each telling the next of its changes."""
        clock, timings = self.clock, self.timings
        sides = self.deployment.sides
        self.balancers = {
            name: Balancer(clock, side, ZONES[:2], timings, self.journal)
            for name, side in sides.items()
        }
        self.checks = {
            name: HealthCheck(clock, side, self.balancers[name], timings)
            for name, side in sides.items()
        }
        self.records = FailoverRecords(clock, self.checks, self.balancers, timings, self.journal)
        for name, balancer in self.balancers.items():
            balancer.changed = self._changed(name)

    def _changed(self, name: str) -> Callable[[], None]:
        def changed() -> None:
            self.checks[name].wake()
            self.records.update()

        return changed

    def _build_triggers(self) -> None:
        """Alarms and rules, which call functions by themselves."""
        deployment = self.deployment
        self.alarms = Alarms(
            self.clock,
            deployment.alarms,
            deployment.composites,
            self.metrics,
            self.timings,
            self.journal,
            self._alarm_action,
            lambda: "cloudwatch" in self.network.outages,
        )
        self.bus = EventBus(self.clock, deployment.rules, self.timings, self._deliver)

    def _services(self) -> dict[str, object]:
        """What answers API calls, by botocore's names."""
        delay = self.timings.drawer("custom_metric_delay")
        return {
            "cloudwatch": CloudWatch(
                self.clock, self.metrics, delay, self.network.random, self.alarms
            ),
            "dynamodb": DynamoDB(self.deployment.table, self.table),
            "elbv2": LoadBalancing(self.balancers),
            "lambda": Lambda(frozenset(self.functions.by_name), self._invoked),
            "rds": Rds(self.aurora),
            "route53": Route53(self.checks),
            "sns": Sns(self.publish),
            "ssm": Ssm(self.parameters),
        }

    # Functions.

    def load(self, function: Function) -> Handler:
        """The handler of a fresh execution environment.

        Raises:
            DrTemplateError: the code has none.
        """
        made = self._modules.get(function.logical)
        if made is None:
            standard = modules.standard(self.clock, self._sockets, function.environment)
            made = self._modules[function.logical] = standard | sdk.modules()
        self.own_calls.open_log(function)
        try:
            return sandbox.load(function, made, functools.partial(self._print, function.logical))
        except DrTemplateError as exc:
            self.fail(exc)
            raise

    def _print(self, function: str, *words: object, **_: object) -> None:
        line = " ".join(map(str, words))
        if self.recorded:
            self.log.append(line)
        self.witness.printed(function, line)

    def _ended(self, invocation: Invocation) -> None:
        """Lambda's own metric of errors, the timeline, and the witness."""
        if invocation.error is not None:
            self.vended.failed(invocation.function.name)
            self.journal.note(ACTORS[invocation.function.logical], invocation.ending())
        self.own_calls.write_log(invocation.function)
        self.witness.ended(invocation)

    def fail(self, error: DrTemplateError) -> None:
        """Stop at the next opportunity: code does what the world does not know."""
        self.fatal = error

    # Messages and events.

    def publish(
        self, topic: str, subject: str, text: str, caller: Invocation | None = None
    ) -> None:
        """A message, a run's or AWS's own, reaches the alert topic, if SNS works."""
        if topic == self.deployment.topic and "sns" not in self.network.outages:
            self.messages.append(Notification(self.clock.now, subject, text, caller))
            self.journal.note("SNS", subject)
            self.witness.told(caller, subject)

    def _send(self, name: str, event: Any, source: str, caller: Invocation | None) -> None:
        """Queue an event for a function, by its name or ARN, and tell of the call."""
        call = Call(self.clock.now, source, caller)
        self.witness.called(self.functions.by_name[name].logical, call)
        self.functions.send(name, event, source, call)

    def _invoked(self, name: str, event: Any, caller: Invocation) -> None:
        self._send(name, event, SOURCES[caller.function.logical], caller)

    def _alarm_action(self, action: str, event: dict[str, Any]) -> None:
        if not self.deliveries.may(event["alarmArn"], action):
            return
        if action in self.functions.by_name:
            self._send(action, event, "alarm", None)
        else:
            self.publish(action, event["alarmData"]["alarmName"], str(event))

    def _deliver(self, rule: str, target: str, event: dict[str, Any]) -> None:
        if not self.deliveries.may(rule, target):
            return
        if target in self.functions.by_name:
            source = "rds" if event.get("source") == "aws.rds" else "schedule"
            self.functions.send(target, event, source)
        else:
            self.publish(target, str(event.get("detail-type")), str(event))

    def _emit(self, kind: str, message: str) -> None:
        """RDS tells of a failover, when it gets round to it; the event's time is when it happened."""
        cluster = self.deployment.cluster
        event = failover_event(kind, message, cluster.name, cluster.arn, self.clock.iso())
        delay = self.timings.draw("rds_event_delay", self.random)
        self.clock.at(delay, self.bus.put, event)

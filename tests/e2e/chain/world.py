"""One scenario's world: virtual time, a database, an application, faults, and all that was done."""

import copy
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from account import Account

from chain.clock import Clock
from chain.delivery import Delivery
from chain.deployment import Deployment, Function
from chain.functions import Functions
from chain.gate import Denied, Gate, Use
from chain.measures import MINUTE, Measures
from chain.metrics import Metrics
from chain.overlay import OVERLAY, Overlay, failed
from chain.triggers import Triggers, iso

LATENCY = 0.05  # seconds an API call takes
MONITOR, ORCHESTRATOR = "HealthMonitorFunction", "FailoverOrchestratorFunction"
# Reads of what nobody changes in a scenario but ``promote``.
KEPT = {
    ("elbv2", "DescribeTargetHealth"),
    ("rds", "DescribeDBClusters"),
    ("rds", "DescribeDBInstances"),
    ("ssm", "GetParameter"),
}
Fault = str | Callable[[Mapping[str, Any]], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of the code, whatever came of it. ``when``: seconds since the beginning."""

    when: float
    function: str
    service: str
    operation: str


class World:
    """What happens in a scenario, and what the functions do about it.

    Attributes:
        database: What the writer endpoint does: alive, refused, silent or unresolved.
        lag: The reader's AuroraReplicaLag in milliseconds.
        reporting: Whether RDS tells EventBridge of failovers.
        faults: (service, operation) -> an error code, or what gives one or None for a call.
    """

    def __init__(
        self,
        deployment: Deployment,
        loaded: Mapping[str, Callable[..., Any]],
        client: Callable[[str], Any],
        start: float,
    ) -> None:
        self.deployment, self.client, self.start = deployment, client, start
        self.account: Account = deployment.account
        self.clock = Clock(start)
        self.gate = Gate(
            region=self.account.region,
            account=self.account.number,
            roles=deployment.roles,
            keys=deployment.keys,
            key_policies=deployment.key_policies,
        )
        self.calls: list[Call] = []
        self.log: list[str] = []
        self.faults: dict[tuple[str, str], Fault] = {}
        self.overlaid: set[tuple[str, str]] = set()
        self.kept: dict[tuple[str, str, str], Any] = {}
        self.database, self.lag, self.reporting = "alive", 20.0, True
        self.metrics = Metrics(self.clock)
        self.measures = Measures(self)
        self.delivery = Delivery(self)
        self.overlay = Overlay(self)
        self.functions = Functions(self, loaded)
        self.triggers: Triggers
        self.ended = False

    # What the functions meet.

    def serve(
        self,
        function: Function,
        client: Any,
        original: Callable[[str, Any], Any],
        operation: str,
        params: Mapping[str, Any],
    ) -> Any:
        """Answer a call of a function's code."""
        self.clock.advance(LATENCY)
        service = client.meta.service_model.service_name
        when = self.clock.now - self.start
        call = Call(when=when, function=function.name, service=service, operation=operation)
        self.calls.append(call)
        try:
            self.gate.check(function.role, service, operation, params)
        except Denied as denied:
            json_spoken = "json" in client.meta.service_model.protocol
            code = "AccessDeniedException" if json_spoken else "AccessDenied"
            raise failed(client, operation, code, str(denied)) from None
        fault = self.faults.get((service, operation)) or self.faults.get((service, "*"))
        code = fault(params) if callable(fault) else fault
        if code:
            raise failed(client, operation, code)

        def answered(**changed: Any) -> Any:
            return self.ask(service, operation, {**params, **changed}, original)

        if (service, operation) in OVERLAY:
            self.overlaid.add((service, operation))
            try:
                return self.overlay.answer(client, operation, params, answered)
            except AssertionError as wrong:
                # The code might swallow it.
                self.gate.violations.append(repr(wrong))
                raise
        return answered()

    def ask(
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        original: Callable[[str, Any], Any],
    ) -> Any:
        """The account's answer; one to a read is kept until what it reads may have changed."""
        if (service, operation) not in KEPT:
            return original(operation, params)
        key = (service, operation, json.dumps(params, sort_keys=True))
        if key not in self.kept:
            self.kept[key] = original(operation, params)
        return copy.deepcopy(self.kept[key])

    def connect(self, address: tuple[str, int], timeout: float | None = None, **_: Any) -> Any:
        """``socket.create_connection`` to the writer endpoint."""
        if self.database == "unresolved" or address[0] != self.deployment.endpoint:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if self.database == "refused" or address[1] != 3306:
            raise ConnectionRefusedError(111, "Connection refused")
        if self.database == "silent":
            self.clock.advance(timeout or MINUTE)
            raise TimeoutError("timed out")
        self.clock.advance(0.02)
        return _Connection()

    # What happens.

    def kill_writer(self) -> None:
        """The writer stops answering, and AWS itself sees its instance down."""
        self.database = "silent"
        self.overlay.instances[self.writer()] = "failed"

    def aurora_fails_over(self) -> None:
        """Aurora replaces the writer by itself."""
        self.overlay.fail_over(self.readers()[0])

    def promote(self, target: str) -> None:
        """The writer moves, and the endpoint leads to it."""
        cluster = self.deployment.ids["AuroraDBCluster"]
        self.client("rds").failover_db_cluster(
            DBClusterIdentifier=cluster, TargetDBInstanceIdentifier=target
        )
        self.kept.clear()
        self.database = "alive"

    def targets(self, side: str, state: str) -> None:
        """Every registered target of a side, Primary or Standby, is in this state."""
        self.overlay.targets[self.deployment.ids[f"{side}TargetGroup"]] = state

    def operator(self, event: Mapping[str, Any]) -> None:
        """A person invokes the orchestrator, asynchronously."""
        self.functions.enqueue(
            self.deployment.functions[self.deployment.arn(ORCHESTRATOR)], dict(event)
        )

    def rds_event(self, event_id: str) -> None:
        """RDS tells EventBridge of the cluster; best effort, and here half a minute late.

        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_Events.Messages.html
        """
        cluster = self.deployment.ids["AuroraDBCluster"]
        account = self.account
        arn = f"arn:aws:rds:{account.region}:{account.number}:cluster:{cluster}"
        detail = {
            "EventCategories": ["failover"],
            "SourceType": "CLUSTER",
            "SourceArn": arn,
            "SourceIdentifier": cluster,
            "EventID": event_id,
            "Date": iso(self.clock.now),
            "Message": "of the failover",
        }
        event = self.triggers.event("aws.rds", "RDS DB Cluster Event", [arn], detail)
        if self.reporting:
            self.clock.at(30, lambda: self.triggers.put(event))

    # Time.

    def at(self, delay: float, action: Callable[..., object], *given: Any) -> None:
        """Let something happen so many seconds from now."""
        self.clock.at(delay, lambda: action(*given))

    def set(self, name: str, value: Any) -> None:
        """Set an attribute, as something that happens."""
        assert hasattr(self, name)
        setattr(self, name, value)

    def every(self, seconds: float, action: Callable[[], object]) -> None:
        """Do it now and then again and again, until the scenario has ended."""

        def again() -> None:
            if not self.ended:
                action()
                self.clock.at(seconds, again)

        self.clock.at(0, again)

    def run(self, seconds: float) -> None:
        """Let the scenario happen, and then everything that still runs come to its end."""
        self.triggers = Triggers(self)
        self.measures.history()
        self.every(MINUTE, self.measures.now)
        self.triggers.begin()
        self.clock.advance(seconds)
        self.ended = True
        self.clock.drain(lambda: self.functions.queued)

    def read(self, service: str, operation: str, **params: str) -> Any:
        """What the account says to a read."""
        return self.ask(service, operation, params, self.client(service)._make_api_call)

    # What is there now.

    def members(self) -> Iterator[tuple[str, bool]]:
        """(identifier, whether it is the writer) of each instance, as the account has it."""
        cluster = self.deployment.ids["AuroraDBCluster"]
        (found,) = self.client("rds").describe_db_clusters(DBClusterIdentifier=cluster)[
            "DBClusters"
        ]
        for one in found["DBClusterMembers"]:
            yield one["DBInstanceIdentifier"], one["IsClusterWriter"]

    def writer(self) -> str:
        """The writer's identifier."""
        return next(name for name, writes in self.members() if writes)

    def readers(self) -> list[str]:
        """The readers' identifiers."""
        return [name for name, writes in self.members() if not writes]

    def uses(self) -> tuple[Use, ...]:
        """The rights used, each once."""
        return tuple(dict.fromkeys(self.gate.uses))


class _Connection:
    """A MySQL server: it speaks first."""

    def __enter__(self) -> "_Connection":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def recv(self, count: int) -> bytes:
        """The beginning of the initial handshake packet, protocol 10."""
        return b"\x4a\x00\x00\x00\x0a"[:count]

    def settimeout(self, _: float) -> None:
        pass

    def close(self) -> None:
        pass

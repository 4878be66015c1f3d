"""The metrics that AWS's own services publish once a minute, and that can be read a while later."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drtemplate.world.aws.aurora import Aurora
from drtemplate.world.aws.balancers import Balancer
from drtemplate.world.aws.metrics import Key, Metrics
from drtemplate.world.clock import Clock
from drtemplate.world.deployment import Deployment
from drtemplate.world.timings import Timings

MINUTE = 60.0
# Milliseconds that a reader lags when all is well.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Replication.html
USUAL_LAG = 20.0


class VendedMetrics:
    """EngineUptime, AuroraReplicaLag, DatabaseConnections, HealthyHostCount, and Lambda's Errors.

    Attributes:
        lag: milliseconds that the reader reports; None for no value.
        withheld: series of which no value comes; what is measured meanwhile is lost.
    """

    def __init__(
        self,
        clock: Clock,
        deployment: Deployment,
        timings: Timings,
        metrics: Metrics,
        aurora: Aurora,
        balancers: Mapping[str, Balancer],
    ) -> None:
        self.clock = clock
        self.timings = timings
        self.metrics = metrics
        self.aurora = aurora
        self.balancers = balancers
        self.random = clock.random("metrics")
        self.lag: float | None = USUAL_LAG
        self._errors: dict[str, int] = {}
        self._keys_by_name = _keys(deployment)
        self.withheld: set[Key] = set()
        clock.at(MINUTE, self._publish)

    def failed(self, function: str) -> None:
        """A run of a function has ended with an error."""
        self._errors[function] = self._errors.get(function, 0) + 1

    def withhold(self, seconds: float, wanted: Callable[[Key], bool]) -> None:
        """Publish nothing of these series for so many seconds."""
        keys = {key for key in self._keys_by_name.values() if wanted(key)}
        self.withheld |= keys
        self.clock.at(seconds, self.withheld.difference_update, keys)

    def _publish(self) -> None:
        self.clock.at(MINUTE, self._publish)
        for name, value in self._measured().items():
            key = self._keys_by_name[name]
            delay = self.timings.draw("metric_delay", self.random)
            now = self.clock.now
            # A value is for the minute that has just passed.
            if key not in self.withheld:
                self.metrics.put(key, now - MINUTE, value, now + delay)

    def _measured(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for node in self.aurora.nodes.values():
            role = "WRITER" if node.name == self.aurora.writer else "READER"
            uptime = self.aurora.uptime(node.name)
            if uptime is not None:
                found["EngineUptime" + role] = found["EngineUptime" + node.name] = uptime
                if role == "READER" and self.lag is not None:
                    found["AuroraReplicaLagREADER"] = self.lag
                    found["AuroraReplicaLag" + node.name] = self.lag
        if self.aurora.writing.value:
            found["connections"] = 40.0
        for name, balancer in self.balancers.items():
            # Without targets there is no value.
            if balancer.targets:
                found["hosts" + name] = float(balancer.states().count("healthy"))
        for name, count in self._errors.items():
            found["errors" + name] = float(count)
        self._errors.clear()
        return found


def _keys(deployment: Deployment) -> dict[str, Key]:
    cluster = ("DBClusterIdentifier", deployment.cluster.name)
    keys: dict[str, Key] = {
        "connections": ("AWS/RDS", "DatabaseConnections", frozenset({cluster})),
    }
    for role in ("WRITER", "READER"):
        for metric in ("EngineUptime", "AuroraReplicaLag"):
            keys[metric + role] = ("AWS/RDS", metric, frozenset({cluster, ("Role", role)}))
    for one in deployment.cluster.instances:
        for metric in ("EngineUptime", "AuroraReplicaLag"):
            dimension = ("DBInstanceIdentifier", one.name)
            keys[metric + one.name] = ("AWS/RDS", metric, frozenset({dimension}))
    for name, side in deployment.sides.items():
        keys["hosts" + name] = ("AWS/ApplicationELB", "HealthyHostCount", side.dimensions)
    for function in deployment.functions.values():
        dimension = ("FunctionName", function.name)
        keys["errors" + function.name] = ("AWS/Lambda", "Errors", frozenset({dimension}))
    return keys

"""The metrics that AWS's own services publish once a minute, and that can be read a while later."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from drtemplate.drill.metrics import Key

if TYPE_CHECKING:
    from drtemplate.drill.cloud import Cloud

MINUTE = 60.0


class OwnMetrics:
    """EngineUptime, AuroraReplicaLag, DatabaseConnections, HealthyHostCount, and Lambda's Errors.

    Attributes:
        withheld: series of which no value comes; what is measured meanwhile is lost.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.random = cloud.kernel.random("metrics")
        self._errors: dict[str, int] = {}
        self._keys_by_name = self._keys()
        self.withheld: set[Key] = set()
        cloud.kernel.at(MINUTE, self._publish)

    def failed(self, function: str) -> None:
        """A run of a function has ended with an error."""
        self._errors[function] = self._errors.get(function, 0) + 1

    def withhold(self, seconds: float, wanted: Callable[[Key], bool]) -> None:
        """Publish nothing of these series for so many seconds."""
        keys = {key for key in self._keys_by_name.values() if wanted(key)}
        self.withheld |= keys
        self.cloud.kernel.at(seconds, self.withheld.difference_update, keys)

    def _keys(self) -> dict[str, Key]:
        cluster = ("DBClusterIdentifier", self.cloud.deployment.cluster.name)
        keys: dict[str, Key] = {
            "connections": ("AWS/RDS", "DatabaseConnections", frozenset({cluster})),
        }
        for role in ("WRITER", "READER"):
            for metric in ("EngineUptime", "AuroraReplicaLag"):
                keys[metric + role] = ("AWS/RDS", metric, frozenset({cluster, ("Role", role)}))
        for one in self.cloud.deployment.cluster.instances:
            for metric in ("EngineUptime", "AuroraReplicaLag"):
                dimension = ("DBInstanceIdentifier", one.name)
                keys[metric + one.name] = ("AWS/RDS", metric, frozenset({dimension}))
        for name, side in self.cloud.deployment.sides.items():
            keys["hosts" + name] = ("AWS/ApplicationELB", "HealthyHostCount", side.dimensions)
        for function in self.cloud.deployment.functions.values():
            dimension = ("FunctionName", function.name)
            keys["errors" + function.name] = ("AWS/Lambda", "Errors", frozenset({dimension}))
        return keys

    def _publish(self) -> None:
        self.cloud.kernel.at(MINUTE, self._publish)
        for name, value in self._measured().items():
            key = self._keys_by_name[name]
            delay = self.cloud.assumptions.draw("metric_delay", self.random)
            now = self.cloud.kernel.now
            # A value is for the minute that has just passed.
            if key not in self.withheld:
                self.cloud.metrics.put(key, now - MINUTE, value, now + delay)

    def _measured(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for node in self.cloud.aurora.nodes.values():
            role = "WRITER" if node.name == self.cloud.aurora.writer else "READER"
            uptime = self.cloud.aurora.uptime(node.name)
            if uptime is not None:
                found["EngineUptime" + role] = found["EngineUptime" + node.name] = uptime
                if role == "READER" and self.cloud.lag is not None:
                    found["AuroraReplicaLagREADER"] = self.cloud.lag
                    found["AuroraReplicaLag" + node.name] = self.cloud.lag
        if self.cloud.aurora.writing.value:
            found["connections"] = 40.0
        for name, balancer in self.cloud.balancers.items():
            # Without targets there is no value.
            if balancer.targets:
                found["hosts" + name] = float(balancer.states().count("healthy"))
        for name, count in self._errors.items():
            found["errors" + name] = float(count)
        self._errors.clear()
        return found

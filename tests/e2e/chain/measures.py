"""AWS's own metrics of the cluster and the load balancer, once a minute."""

from collections.abc import Sequence
from typing import Any

MINUTE = 60
UPTIME = 90_000  # seconds for which the instances have been up when a scenario begins


class Measures:
    """Samples for the alarms; those that a function reads go to the account too."""

    def __init__(self, world: Any) -> None:
        self.world = world

    def history(self) -> None:
        """The samples of the minutes before: all was well."""
        self._at([minute * MINUTE for minute in range(6, 0, -1)])
        stack = {"StackName": self.world.deployment.stack}
        for seconds in range(5, 181, 5):
            self.world.metrics.add("DRSystem", "AutomationArmed", stack, 1, seconds)
            self.world.metrics.add("DRSystem", "DatabaseHealth", stack, 1, seconds)

    def now(self) -> None:
        """AWS's own metrics of this minute."""
        self._at((0,))

    def _at(self, ages: Sequence[float]) -> None:
        """AWS's own metrics of so many seconds ago."""
        cluster = self.world.deployment.ids["AuroraDBCluster"]
        writer = {"DBClusterIdentifier": cluster, "Role": "WRITER"}
        reader = {"DBClusterIdentifier": cluster, "Role": "READER"}
        add = self.world.metrics.add
        for ago in ages:
            add("AWS/RDS", "AuroraReplicaLag", reader, self.world.lag, ago)
            add("AWS/RDS", "DatabaseConnections", {"DBClusterIdentifier": cluster}, 10, ago)
        if self.world.database == "alive":
            uptimes = [UPTIME + self.world.clock.now - ago - self.world.start for ago in ages]
            for ago, uptime in zip(ages, uptimes, strict=True):
                add("AWS/RDS", "EngineUptime", writer, uptime, ago)
            self._tell_account(self.world.writer(), uptimes, ages)
        for reader in self.world.readers():
            self._tell_account(reader, [UPTIME] * len(ages), ages)
        self._targets(ages)

    def _targets(self, ages: Sequence[float]) -> None:
        """HealthyHostCount, which has no samples while nothing is registered."""
        group = self.world.deployment.ids["PrimaryTargetGroup"]
        found = self.world.read("elbv2", "DescribeTargetHealth", TargetGroupArn=group)
        count = len(found["TargetHealthDescriptions"])
        healthy = count if self.world.overlay.targets.get(group, "healthy") == "healthy" else 0
        balancer = self.world.deployment.ids["PrimaryALB"].split(":loadbalancer/")[1]
        names = {"LoadBalancer": balancer, "TargetGroup": group.split(":")[5]}
        for ago in ages if count else ():
            self.world.metrics.add("AWS/ApplicationELB", "HealthyHostCount", names, healthy, ago)

    def _tell_account(self, name: str, values: Sequence[float], ages: Sequence[float]) -> None:
        """Samples of an instance that a function asks CloudWatch for."""
        dimensions = [{"Name": "DBInstanceIdentifier", "Value": name}]
        common = {"MetricName": "EngineUptime", "Dimensions": dimensions}
        data = [
            common | {"Value": value, "Timestamp": self.world.clock.now - ago}
            for value, ago in zip(values, ages, strict=True)
        ]
        self.world.client("cloudwatch").put_metric_data(Namespace="AWS/RDS", MetricData=data)

"""Metrics that AWS's services publish, and by which dimensions.

The table has what our users' stacks look at most, and its neighbours; a metric that it lacks may well
be published, so nothing is said of one.
"""

from collections.abc import Mapping
from difflib import get_close_matches

Sets = tuple[frozenset[str], ...]


def _sets(*sets: str) -> Sets:
    return tuple(frozenset(dimensions.split()) for dimensions in sets)


# Every Aurora metric under each set; whether each metric has all of them AWS does not say.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/dimensions.html
_AURORA = _sets(
    "DBInstanceIdentifier",
    "DBClusterIdentifier",
    "DBClusterIdentifier Role",
    "DbClusterIdentifier EngineName",
    "DatabaseClass",
    "EngineName",
)
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
_HOSTS = _sets("LoadBalancer TargetGroup", "AvailabilityZone LoadBalancer TargetGroup")
# Without a dimension: across all functions.
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
_LAMBDA = _sets(
    "", "FunctionName", "FunctionName Resource", "ExecutedVersion FunctionName Resource"
)
# Of a proxy; a metric has some of these, and any is let pass.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-proxy.monitoring.html
_PROXY = _sets(
    "ProxyName",
    "EndpointName ProxyName",
    "ProxyName Target TargetGroup",
    "ProxyName TargetGroup TargetRole",
)
# Namespace and metric -> the sets of dimensions under which AWS publishes it.
PUBLISHED: Mapping[tuple[str, str], Sets] = {
    # The metrics: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html
    ("AWS/RDS", "DatabaseConnections"): _AURORA + _PROXY,
    ("AWS/RDS", "AuroraReplicaLag"): _AURORA,
    ("AWS/RDS", "AuroraReplicaLagMaximum"): _AURORA,
    ("AWS/RDS", "AuroraReplicaLagMinimum"): _AURORA,
    ("AWS/RDS", "ACUUtilization"): _AURORA,
    ("AWS/RDS", "EngineUptime"): _AURORA,
    ("AWS/RDS", "CPUUtilization"): _AURORA,
    ("AWS/RDS", "FreeableMemory"): _AURORA,
    ("AWS/ApplicationELB", "HealthyHostCount"): _HOSTS,
    ("AWS/ApplicationELB", "UnHealthyHostCount"): _HOSTS,
    ("AWS/Lambda", "Errors"): _LAMBDA,
    ("AWS/Lambda", "Invocations"): _LAMBDA,
    ("AWS/Lambda", "Throttles"): _LAMBDA,
    ("AWS/Lambda", "Duration"): _LAMBDA,
    # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/monitoring-health-checks.html
    ("AWS/Route53", "HealthCheckStatus"): _sets("HealthCheckId"),
}
# How alike a name must be to count as a slip of the pen. Every pair of names on these pages that is
# closer stands in the table: ACUUtilization and CPUUtilization, a replica's lag and its extremes.
_ALIKE = 0.9


def near_miss(namespace: str, name: str) -> str:
    """The published metric of which this name is a misspelling; '' if it may be a metric itself."""
    names = [known for space, known in PUBLISHED if space == namespace]
    return "" if name in names else next(iter(get_close_matches(name, names, 1, _ALIKE)), "")

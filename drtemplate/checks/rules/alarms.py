"""Alarms and dashboards on metrics that nobody publishes: they are made, and never speak."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drtemplate.checks.findings import Finding
from drtemplate.checks.rules.functions import FUNCTION, code_of
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import (
    Properties,
    Template,
    branches,
    list_of,
    number_of,
    of_type,
    properties_of,
    target_of,
)

Sets = tuple[frozenset[str], ...]


def _sets(*sets: str) -> Sets:
    return tuple(frozenset(one.split()) for one in sets)


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
# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
_LAMBDA = _sets("FunctionName", "FunctionName Resource", "ExecutedVersion FunctionName Resource")
# Namespace and metric -> the sets of dimensions under which AWS publishes it.
PUBLISHED: Mapping[tuple[str, str], Sets] = {
    # The metrics: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html
    ("AWS/RDS", "DatabaseConnections"): _AURORA,
    ("AWS/RDS", "AuroraReplicaLag"): _AURORA,
    ("AWS/RDS", "AuroraReplicaLagMaximum"): _AURORA,
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
# Dimension -> type of the resource that it names, and the attribute that does ('' is its Ref).
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html
NAMED = {
    "DBClusterIdentifier": ("AWS::RDS::DBCluster", ""),
    "DBInstanceIdentifier": ("AWS::RDS::DBInstance", ""),
    "LoadBalancer": ("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerFullName"),
    "TargetGroup": ("AWS::ElasticLoadBalancingV2::TargetGroup", "TargetGroupFullName"),
    "FunctionName": (FUNCTION, ""),
    "HealthCheckId": ("AWS::Route53::HealthCheck", ""),
}
ROLES = ("READER", "WRITER")
SHORT_PERIODS = (10, 20, 30)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric that an alarm or a dashboard looks at, and where it does; the period in seconds."""

    where: str
    namespace: str
    name: str
    dimensions: Mapping[str, Any]
    period: float | None = None


def check_alarms(template: Template) -> Iterator[Finding]:
    """Metrics that nobody publishes as they are asked for, and periods finer than they come."""
    for metric in (*_of_alarms(template), *_of_dashboards(template)):
        if metric.namespace.startswith("AWS/"):
            yield from _of_service(template, metric)
        else:
            yield from _of_ours(template, metric)


def _of_alarms(template: Template) -> Iterator[Metric]:
    for title, alarm in of_type(template, "AWS::CloudWatch::Alarm"):
        where = f"Resources.{title}.Properties"
        if alarm.get("MetricName"):
            yield _metric(where, alarm, alarm.get("Period"))
        for number, query in enumerate(list_of(alarm.get("Metrics"))):
            if stat := query.get("MetricStat"):
                yield _metric(f"{where}.Metrics[{number}]", stat["Metric"], stat.get("Period"))


def _metric(where: str, facts: Properties, period: Any) -> Metric:
    return Metric(
        where,
        text_of(facts.get("Namespace")) or "",
        text_of(facts.get("MetricName")) or "",
        {str(one["Name"]): one.get("Value") for one in list_of(facts.get("Dimensions"))},
        number_of(period),
    )


def _of_dashboards(template: Template) -> Iterator[Metric]:
    for title, dashboard in of_type(template, "AWS::CloudWatch::Dashboard"):
        where = f"Resources.{title}.Properties.DashboardBody"
        for body in branches(dashboard.get("DashboardBody")):
            for widget in _widgets(text_of(body)):
                before: Sequence[str] = ()
                for row in widget.get("properties", {}).get("metrics", []):
                    before = _spelt_out([one for one in row if isinstance(one, str)], before)
                    if len(before) >= 2:
                        pairs = dict(zip(before[2::2], before[3::2], strict=False))
                        yield Metric(where, before[0], before[1], pairs)


def _widgets(text: str | None) -> list[Any]:
    try:
        return list(json.loads(text or "{}").get("widgets", []))
    except (ValueError, AttributeError):
        return []


def _spelt_out(row: Sequence[str], before: Sequence[str]) -> Sequence[str]:
    """A row in which ``.`` repeats the word above, and ``...`` all of them."""
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    if row[:1] == ["..."]:
        row = [*before[: len(before) - len(row) + 1], *row[1:]]
    return [
        before[number] if word == "." and number < len(before) else word
        for number, word in enumerate(row)
    ]


def _of_service(template: Template, metric: Metric) -> Iterator[Finding]:
    sets = PUBLISHED.get((metric.namespace, metric.name))
    if sets is None:
        yield Finding(
            metric.where,
            "alarm-metric",
            f"{metric.namespace} {metric.name} is not known to be published; if AWS's page says "
            "so, add it to PUBLISHED",
        )
    elif frozenset(metric.dimensions) not in sets:
        choices = " or ".join("+".join(sorted(one)) for one in sets)
        yield Finding(
            metric.where,
            "alarm-dimensions",
            f"{metric.namespace} {metric.name} is never published by "
            f"{'+'.join(sorted(metric.dimensions)) or 'no dimension'}; use {choices}",
        )
    for name, value in metric.dimensions.items():
        yield from _value(template, metric, name, value)
    if metric.period is not None and (metric.period < 60 or metric.period % 60):
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        yield Finding(
            metric.where,
            "alarm-period",
            f"looks every {metric.period:g} s at a metric that comes once a minute; give a "
            "multiple of 60",
        )


def _value(template: Template, metric: Metric, name: str, value: Any) -> Iterator[Finding]:
    if name == "Role":
        if text_of(value) not in ROLES:
            yield Finding(
                metric.where,
                "alarm-dimensions",
                f"Role is {text_of(value)}, and Aurora knows {' and '.join(ROLES)}",
            )
        return
    # A dashboard's value is the text of a Sub already.
    title, attribute = target_of(value if isinstance(value, dict) else {"Fn::Sub": value})
    if name in NAMED and title is not None and title not in template.get("Parameters", {}):
        kind, wanted = NAMED[name]
        if properties_of(template, title, kind) is None or attribute != wanted:
            form = f"its {wanted}" if wanted else "a Ref to it"
            yield Finding(
                metric.where,
                "alarm-dimensions",
                f"{name} must name a {kind} by {form}, not by {text_of(value)}",
            )


def _of_ours(template: Template, metric: Metric) -> Iterator[Finding]:
    """A metric of the stack's own: some function's code must have its words."""
    codes = [code_of(properties) for _, properties in of_type(template, FUNCTION)]
    wanted = {metric.namespace, metric.name, *metric.dimensions}
    publishers = [code for code in codes if code and wanted <= code.words]
    if not publishers:
        yield Finding(
            metric.where,
            "alarm-metric",
            f"no function publishes {metric.namespace} {metric.name} by "
            f"{'+'.join(sorted(metric.dimensions)) or 'no dimension'}; publish it, or look at one "
            "that is",
        )
    if metric.period is None or (metric.period >= 60 and metric.period % 60 == 0):
        return
    if metric.period not in SHORT_PERIODS or not any(code.fine for code in publishers):
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        yield Finding(
            metric.where,
            "alarm-period",
            f"a period of {metric.period:g} s needs a metric with StorageResolution 1, and must be "
            "10, 20 or 30; publish it so, or give a multiple of 60",
        )

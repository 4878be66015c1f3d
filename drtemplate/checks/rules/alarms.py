"""Alarms and dashboards on metrics that nobody publishes: they are made, and never speak."""

from collections.abc import Iterator, Mapping

from cfnlint.rules import RuleMatch

from drtemplate.checks.rules.callers import FUNCTION, code_of
from drtemplate.checks.rules.code import Code
from drtemplate.checks.rules.metrics import Metric, metrics
from drtemplate.checks.rules.rule import TemplateRule
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import (
    Template,
    mapping_of,
    of_type,
    properties_of,
    target_of,
)

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
PERIOD_PAGE = (
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
)


def _service_metrics(template: Template) -> Iterator[Metric]:
    return (metric for metric in metrics(template) if metric.is_service)


class ServiceMetric(TemplateRule):
    """A metric of an AWS service that is not known to exist."""

    id = "W9401"
    shortdesc = "A service publishes the metric that an alarm or a dashboard looks at"
    description = (
        "CloudWatch takes any name, and an alarm on a misspelt one waits for ever. The known ones "
        "stand in PUBLISHED, with their pages; a metric that AWS documents and PUBLISHED lacks is to "
        "be added there."
    )
    source_url = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html"
    tags = ["cloudwatch"]
    example = ("Resources.WriterAlarm.Properties.MetricName", "EngineUpTime")

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each metric that is not known."""
        for metric in _service_metrics(template):
            if (metric.namespace, metric.name) not in PUBLISHED:
                yield RuleMatch(
                    metric.at("MetricName"),
                    f"{metric.namespace} {metric.name} is not known to be published; if AWS's page "
                    "says so, add it to PUBLISHED",
                )


class MetricDimensions(TemplateRule):
    """A metric of an AWS service under dimensions that it never has."""

    id = "E9402"
    shortdesc = "A service publishes the metric by these dimensions"
    description = (
        "A metric is its name and its dimensions together: by any other set of them there is no data, "
        "ever. A service's page lists its sets."
    )
    source_url = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Dimension"
    tags = ["cloudwatch"]
    example = (
        "Resources.ReplicationLagAlarm.Properties.Dimensions",
        [{"Name": "Role", "Value": "READER"}],
    )

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each metric by other dimensions."""
        for metric in _service_metrics(template):
            sets = PUBLISHED.get((metric.namespace, metric.name))
            if sets is not None and frozenset(metric.dimensions) not in sets:
                choices = " or ".join("+".join(sorted(dimensions)) for dimensions in sets)
                yield RuleMatch(
                    metric.at("Dimensions"),
                    f"{metric.namespace} {metric.name} is never published by {metric.by}; use "
                    f"{choices}",
                )


class DimensionValue(TemplateRule):
    """A dimension that does not name the resource that it is of."""

    id = "E9403"
    shortdesc = "A dimension's value is the name under which the service publishes"
    description = (
        "A load balancer is named by its LoadBalancerFullName, a cluster by a Ref, never by an ARN; "
        "by anything else there is no data, ever."
    )
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html"
    tags = ["cloudwatch"]
    example = (
        "Resources.OrchestratorErrorAlarm.Properties.Dimensions",
        [{"Name": "FunctionName", "Value": {"Ref": "AlertTopic"}}],
    )

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each value that names something else."""
        for metric in _service_metrics(template):
            for name in metric.dimensions:
                if problem := _value_problem(template, metric, name):
                    yield RuleMatch(metric.at("Dimensions"), problem)


def _value_problem(template: Template, metric: Metric, name: str) -> str:
    """What is wrong with a dimension's value; '' if nothing is known to be."""
    value = metric.dimensions[name]
    if name == "Role":
        if text_of(value) in ROLES:
            return ""
        return f"Role is {text_of(value)}, and Aurora knows {' and '.join(ROLES)}; use one"
    # A dashboard's value is the text of a Sub already.
    title, attribute = target_of(value if isinstance(value, dict) else {"Fn::Sub": value})
    if name not in NAMED or title is None or title in mapping_of(template.get("Parameters")):
        return ""
    kind, wanted = NAMED[name]
    if properties_of(template, title, kind) is not None and attribute == wanted:
        return ""
    form = f"its {wanted}" if wanted else "a Ref to it"
    return f"{name} must name a {kind} by {form}, not by {text_of(value)}"


class OwnMetric(TemplateRule):
    """A metric of the stack's own that no function publishes."""

    id = "E9404"
    shortdesc = "A function publishes the stack's own metric that is looked at"
    description = (
        "Some function's inline code must have the namespace, the name and every dimension as text; "
        "else the alarm waits for ever."
    )
    source_url = (
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html"
    )
    tags = ["cloudwatch", "lambda"]
    example = ("Resources.DatabaseHealthAlarm.Properties.MetricName", "DatabaseHealthy")

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each metric that nobody publishes."""
        for metric in metrics(template):
            if not metric.is_service and not _publishers(template, metric):
                yield RuleMatch(
                    metric.at("MetricName"),
                    f"no function publishes {metric.namespace} {metric.name} by {metric.by}; publish "
                    "it, or look at one that is",
                )


class AlarmPeriod(TemplateRule):
    """An alarm that looks more often than its metric comes."""

    id = "E9405"
    shortdesc = "An alarm's period is one in which its metric comes"
    description = (
        "Services publish once a minute. A period of 10, 20 or 30 seconds needs a metric that is "
        "published with StorageResolution 1; every other is a multiple of 60."
    )
    source_url = PERIOD_PAGE
    tags = ["cloudwatch"]
    example = ("Resources.WriterAlarm.Properties.Period", 10)

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each period that is too short, or no multiple."""
        for metric in metrics(template):
            if metric.period is None or (metric.period >= 60 and metric.period % 60 == 0):
                continue
            if metric.is_service:
                problem = (
                    f"looks every {metric.period:g} s at a metric that comes once a minute; give a "
                    "multiple of 60"
                )
            elif metric.period not in SHORT_PERIODS or not any(
                code.fine for code in _publishers(template, metric)
            ):
                problem = (
                    f"a period of {metric.period:g} s needs a metric with StorageResolution 1, and "
                    "must be 10, 20 or 30; publish it so, or give a multiple of 60"
                )
            else:
                continue
            yield RuleMatch(metric.at("Period"), f"{metric.namespace} {metric.name}: {problem}")


def _publishers(template: Template, metric: Metric) -> list[Code]:
    """The functions whose code has every word of the metric."""
    wanted = {metric.namespace, metric.name, *metric.dimensions}
    codes = [code_of(properties) for _, properties in of_type(template, FUNCTION)]
    return [code for code in codes if code and wanted <= code.words]

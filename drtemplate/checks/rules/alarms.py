"""Alarms and dashboards on metrics that nobody publishes, which never speak; and what CloudWatch refuses."""

from collections.abc import Iterator

from cfnlint.rules import RuleMatch

from drtemplate.checks.rules.callers import FUNCTION
from drtemplate.checks.rules.metrics import Metric, metrics
from drtemplate.checks.rules.publishers import publishers
from drtemplate.checks.rules.rule import TemplateRule, at_property
from drtemplate.checks.rules.service_metrics import PUBLISHED, near_miss
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import (
    Template,
    mapping_of,
    of_type,
    properties_of,
    target_of,
    value_at,
)

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
# Whose attributes may be the name of anything, as a nested stack's outputs are.
OPAQUE = ("AWS::CloudFormation::", "AWS::SSM::Parameter", "AWS::Serverless::", "Custom::")
# In other namespaces the same dimensions name other things: a DBClusterIdentifier of AWS/DocDB.
NAMESPACES = frozenset(namespace for namespace, _ in PUBLISHED) | {"AWS/NetworkELB"}
ROLES = ("READER", "WRITER")
SHORT_PERIODS = (10, 20, 30)
PERIOD_PAGE = (
    "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
)


def _service_metrics(template: Template) -> Iterator[Metric]:
    return (metric for metric in metrics(template) if metric.is_service)


class ServiceMetric(TemplateRule):
    """A metric of an AWS service with a name that is almost a known one."""

    id = "W9401"
    shortdesc = "A service publishes the metric that an alarm or a dashboard looks at"
    description = (
        "CloudWatch takes any name, and an alarm on a misspelt one waits for ever. Found where the "
        "name is almost that of a metric in drtemplate/checks/rules/service_metrics.py, which has each "
        "service's page."
    )
    source_url = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html"
    tags = ["cloudwatch"]
    example = ("Resources.WriterAlarm.Properties.MetricName", "EngineUpTime")

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each metric that is misspelt."""
        for metric in _service_metrics(template):
            if meant := near_miss(metric.namespace, metric.name):
                yield RuleMatch(
                    metric.at("MetricName"),
                    f"{metric.namespace} {metric.name} is not known to be published, and {meant} is; "
                    "write that if it is meant",
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
            if sets is not None and metric.is_literal and frozenset(metric.dimensions) not in sets:
                choices = " or ".join(
                    "+".join(sorted(dimensions)) or "no dimension" for dimensions in sets
                )
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
            for name in metric.dimensions if metric.namespace in NAMESPACES else ():
                if problem := _value_problem(template, metric, name):
                    yield RuleMatch(metric.at("Dimensions"), problem)


def _value_problem(template: Template, metric: Metric, name: str) -> str:
    """What is wrong with a dimension's value; '' if nothing is known to be."""
    value = metric.dimensions[name]
    if name == "Role":
        role = text_of(value)
        if role is None or "${" in role or role in ROLES:
            return ""
        return f"Role is {role}, and Aurora knows {' and '.join(ROLES)}; use one"
    # A dashboard's value is the text of a Sub already.
    title, attribute = target_of(value if isinstance(value, dict) else {"Fn::Sub": value})
    if name not in NAMED or title is None or title in mapping_of(template.get("Parameters")):
        return ""
    kind, wanted = NAMED[name]
    if properties_of(template, title, kind) is not None and attribute == wanted:
        return ""
    if str(value_at(template, "Resources", title, "Type")).startswith(OPAQUE):
        return ""
    form = f"its {wanted}" if wanted else "a Ref to it"
    return f"{name} must name a {kind} by {form}, not by {text_of(value)}"


class OwnMetric(TemplateRule):
    """A metric of the stack's own that no function publishes."""

    id = "E9404"
    shortdesc = "A function publishes the stack's own metric that is looked at"
    description = (
        "Some function's inline code must have the namespace, the name and every dimension as text, or "
        "a metric filter make it; else the alarm waits for ever. Found where a function publishes in "
        "the same namespace, or the same in another one. Not looked at in a template with code that it does "
        "not show: from a bucket, in an image, on an instance, in a nested stack."
    )
    source_url = (
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html"
    )
    tags = ["cloudwatch", "lambda"]
    example = ("Resources.DatabaseHealthAlarm.Properties.MetricName", "DatabaseHealthy")

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each metric that nobody publishes."""
        known = publishers(template)
        for metric in metrics(template):
            if metric.is_service or not metric.is_literal or known is None:
                continue
            if any(publisher.publishes(metric) for publisher in known):
                continue
            # Of another namespace and by another name it is somebody else's.
            if any(publisher.is_related(metric) for publisher in known):
                yield RuleMatch(
                    metric.at("MetricName"),
                    f"no function publishes {metric.namespace or 'no namespace,'} {metric.name} "
                    f"by {metric.by}; publish "
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
            if problem := _period_problem(template, metric, metric.period):
                yield RuleMatch(metric.at("Period"), f"{metric.namespace} {metric.name}: {problem}")


def _period_problem(template: Template, metric: Metric, period: float) -> str:
    """What is wrong with a period that is no multiple of a minute; '' if nothing is known to be."""
    if metric.is_service:
        return (
            f"looks every {period:g} s at a metric that comes once a minute; give a multiple of 60"
        )
    known = [who for who in publishers(template) or () if who.publishes(metric)]
    if period in SHORT_PERIODS and (not known or any(who.is_fine for who in known)):
        return ""
    return (
        f"a period of {period:g} s needs a metric with StorageResolution 1, and must be 10, 20 or 30; "
        "publish it so, or give a multiple of 60"
    )


class CompositeRule(TemplateRule):
    """A composite alarm's rule that CloudWatch refuses for a blank or a line end around it."""

    id = "E9406"
    shortdesc = "A composite alarm's rule neither begins nor ends with a blank or a line end"
    description = (
        "CloudWatch refuses the alarm in the middle of the deployment: AlarmRule must not contain leading "
        "or trailing whitespace. A block of YAML after | ends with a line end, one after |- does not."
    )
    # The page does not say so; its users do.
    # https://github.com/hashicorp/terraform-provider-aws/issues/19575
    source_url = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html"
    tags = ["cloudwatch"]
    example = (
        "Resources.CompositeAlarm.Properties.AlarmRule",
        {"Fn::Sub": 'ALARM("${WriterAlarm}")\n'},
    )

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each rule with white space at an end."""
        for title, properties in of_type(template, "AWS::CloudWatch::CompositeAlarm"):
            rule = text_of(properties.get("AlarmRule"))
            if rule is not None and rule != rule.strip():
                yield at_property(
                    title,
                    "AlarmRule",
                    message=f"the rule of {title} begins or ends with a blank or a line end; take it away",
                )

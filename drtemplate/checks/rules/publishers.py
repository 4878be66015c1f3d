"""Who in a template publishes metrics of its own: functions, and metric filters of log groups."""

from dataclasses import dataclass

from drtemplate.checks.rules.callers import FUNCTION, code_of, environment_of
from drtemplate.checks.rules.metrics import Metric
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import (
    Properties,
    Template,
    mappings_of,
    of_type,
    section,
)

# Types that run code, or make what does, which no template shows.
UNSEEN = (
    "AWS::AutoScaling::LaunchConfiguration",
    "AWS::Batch::JobDefinition",
    "AWS::CloudFormation::Stack",
    "AWS::EC2::Instance",
    "AWS::EC2::LaunchTemplate",
    "AWS::ECS::TaskDefinition",
    "AWS::Serverless::",
    "AWS::StepFunctions::StateMachine",
)


@dataclass(frozen=True, slots=True)
class Publisher:
    """Something that publishes metrics, as far as its words tell.

    Attributes:
        words: namespaces, names and dimensions are among them.
        is_fine: whether its metrics may have a StorageResolution of 1 second.
        is_direct: whether it is code that calls PutMetricData itself, so that its words tell all.
    """

    words: frozenset[str]
    is_fine: bool
    is_direct: bool

    def publishes(self, metric: Metric) -> bool:
        """Whether it has every word of the metric."""
        return {metric.namespace, metric.name, *metric.dimensions} <= self.words

    def is_related(self, metric: Metric) -> bool:
        """Whether the metric has its namespace, or its name and dimensions in another one."""
        is_renamed = bool(metric.dimensions) and {metric.name, *metric.dimensions} <= self.words
        return self.is_direct and (metric.namespace in self.words or is_renamed)


def publishers(template: Template) -> list[Publisher] | None:
    """All who publish metrics; None if code that cannot be read may do so too."""
    if any(
        str(facts.get("Type")).startswith(UNSEEN) for _, facts in section(template, "Resources")
    ):
        return None
    found = [_function(properties) for _, properties in of_type(template, FUNCTION)]
    found += [
        _filter(made)
        for _, properties in of_type(template, "AWS::Logs::MetricFilter")
        for made in mappings_of(properties.get("MetricTransformations"))
    ]
    known = [publisher for publisher in found if publisher]
    return known if len(known) == len(found) else None


def _function(properties: Properties) -> Publisher | None:
    code = code_of(properties)
    if code is None or code.computes_metrics:
        return None
    given = {text_of(value) or "" for value in environment_of(properties).values()}
    # An empty text in the code is the name of nothing.
    return Publisher((code.words | given) - {""}, code.fine, "MetricData" in code.words)


def _filter(made: Properties) -> Publisher | None:
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html
    words = {text_of(made.get(key)) for key in ("MetricNamespace", "MetricName")}
    words |= {text_of(pair.get("Key")) for pair in mappings_of(made.get("Dimensions"))}
    known = frozenset(word for word in words if word is not None and "${" not in word)
    # The page names no resolution.
    return Publisher(known, is_fine=True, is_direct=False) if len(known) == len(words) else None

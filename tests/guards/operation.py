"""Several stacks live side by side, anywhere, and each tells of itself."""

import re
from collections.abc import Iterator
from typing import Any

from mutation import GONE

from drtemplate.checks.rules.metrics import metrics
from drtemplate.checks.rules.service_metrics import PUBLISHED
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.names import physical_names
from drtemplate.cloudformation.reading import of_type, value_at
from guards.shared import ROLE_STATEMENT, TOPIC, mentions

LITERALS = {
    "an account id": re.compile(r"(?<!\d)\d{12}(?!\d)"),
    "a region": re.compile(
        r"\b(af|ap|ca|cn|eu|il|me|mx|sa|us)(-gov|-iso[a-z]?)?"
        r"-(north|south|east|west|central|northeast|northwest|southeast|southwest)-\d\b"
    ),
    "an image": re.compile(r"\bami-[0-9a-f]{8,17}\b"),
    "a partition": re.compile(r"\barn:aws[a-z-]*:"),
}
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
DESCRIPTION = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{1,255}")
# What may stand before the stack's name.
OF_THE_STACK = re.compile(r"(alias/|/aws/lambda/|/)?\$\{AWS::StackName\}[-/]")
ORCHESTRATOR = {"Fn::GetAtt": ["FailoverOrchestratorFunction", "Arn"]}


def strings(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)


def find_literals(template: dict[str, Any]) -> list[str]:
    parts = {
        title: part
        for section in ("Resources", "Outputs", "Parameters", "Mappings", "Conditions", "Metadata")
        for title, part in template.get(section, {}).items()
    }
    return [
        f"{title}: {kind} in {pattern.search(text)[0]!r}"
        for title, part in parts.items()
        for text in strings(part)
        for kind, pattern in LITERALS.items()
        if pattern.search(text)
    ]


def find_bad_descriptions(template: dict[str, Any]) -> list[str]:
    described = [
        (title, text)
        for title, group in of_type(template, "AWS::EC2::SecurityGroup")
        for text in (
            group["GroupDescription"],
            *(
                rule.get("Description", "none")
                for direction in ("SecurityGroupIngress", "SecurityGroupEgress")
                for rule in group.get(direction, [])
            ),
        )
    ]
    kinds = ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")
    described += [(title, r.get("Description", "none")) for title, r in of_type(template, *kinds)]
    return [f"{title}: {text!r}" for title, text in described if not DESCRIPTION.fullmatch(text)]


def find_foreign_names(template: dict[str, Any]) -> list[str]:
    """Names that would clash with those of another stack in the same account."""
    return [
        f"{name.path[1]}: {name.text}"
        for name in physical_names(template)
        if not OF_THE_STACK.match(name.text or "")
    ]


def find_functions_without_log_group(template: dict[str, Any]) -> list[str]:
    """Functions that may write before their log group exists, or elsewhere."""
    groups = {
        title: text_of(group["LogGroupName"])
        for title, group in of_type(template, "AWS::Logs::LogGroup")
    }
    return [
        f"{title}: LoggingConfig is {function.get('LoggingConfig')}"
        for title, function in of_type(template, "AWS::Lambda::Function")
        if groups.get(value_at(function, "LoggingConfig", "LogGroup", "Ref"))
        != f"/aws/lambda/{text_of(function['FunctionName'])}"
    ]


def find_silent_alarms(template: dict[str, Any]) -> list[str]:
    """Alarms that tell nobody: no topic among the actions, or no actions and in no composite."""
    rules = [
        alarm["AlarmRule"] for _, alarm in of_type(template, "AWS::CloudWatch::CompositeAlarm")
    ]
    kinds = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
    return [
        f"{title}: AlarmActions are {alarm.get('AlarmActions')}"
        for title, alarm in of_type(template, *kinds)
        if TOPIC not in alarm.get("AlarmActions", [])
        and ("AlarmActions" in alarm or not mentions(rules, title))
    ]


def find_metrics_of_any_stack(template: dict[str, Any]) -> list[str]:
    """Metrics that are looked at without the dimension that tells stacks apart."""
    return [
        f"{metric.path[1]}: {metric.name} by {metric.by}"
        for metric in metrics(template)
        if not (metric.dimensions if metric.is_service else "StackName" in metric.dimensions)
    ]


def find_unknown_metrics(template: dict[str, Any]) -> list[str]:
    """Metrics of services for which nobody has written down the page that has them."""
    return [
        f"{metric.path[1]}: {metric.namespace} {metric.name}"
        for metric in metrics(template)
        if metric.is_service and (metric.namespace, metric.name) not in PUBLISHED
    ]


MUTATIONS = [
    (find_literals, ("VPC", "Properties", "Tags"), ["in eu-west-1a, us-gov-east-1"]),
    (find_literals, ("AlertTopic", "Properties", "DisplayName"), "of 123456789012"),
    (find_literals, ("PrimaryALB", "Properties", "Image"), {"Fn::Sub": "ami-0c02fb55731490381"}),
    (find_literals, (*ROLE_STATEMENT, 0, "Resource"), ["arn:aws:rds:::"]),
    (find_literals, (*ROLE_STATEMENT, 0, "Resource"), ["arn:aws-us-gov:rds:::"]),
    (find_silent_alarms, ("ReplicationLagAlarm", "Properties", "AlarmActions"), [ORCHESTRATOR]),
    (find_silent_alarms, ("CompositeAlarm", "Properties", "AlarmActions"), GONE),
    (find_bad_descriptions, ("ALBSecurityGroup", "Properties", "GroupDescription"), "who's there"),
    (
        find_bad_descriptions,
        ("ALBSecurityGroup", "Properties", "SecurityGroupIngress", 0, "Description"),
        "load balancer → servers",
    ),
    (find_bad_descriptions, ("AppSecurityGroup", "Properties", "GroupDescription"), "x" * 256),
    (find_foreign_names, ("AlertTopic", "Properties", "TopicName"), "alerts"),
    (
        find_foreign_names,
        ("FailoverLogGroup", "Properties", "LogGroupName"),
        {"Fn::Sub": "/aws/lambda/failover-${AWS::StackName}"},
    ),
    (
        find_functions_without_log_group,
        ("HealthMonitorFunction", "Properties", "LoggingConfig"),
        GONE,
    ),
    (
        find_functions_without_log_group,
        ("HealthMonitorFunction", "Properties", "LoggingConfig", "LogGroup", "Ref"),
        "FailoverLogGroup",
    ),
    (find_metrics_of_any_stack, ("DatabaseHealthAlarm", "Properties", "Dimensions"), GONE),
    (find_metrics_of_any_stack, ("OrchestratorErrorAlarm", "Properties", "Dimensions"), GONE),
    (find_unknown_metrics, ("WriterAlarm", "Properties", "MetricName"), "Uptime"),
    (find_unknown_metrics, ("WriterAlarm", "Properties", "Namespace"), "AWS/Aurora"),
    (find_foreign_names, ("Outputs", "Network"), {"Value": "x", "Export": {"Name": "vpc"}}),
]

"""What the console shows: names, groups, descriptions, and the purposes of statements.

Each ``find_*`` lists its findings, one line each that begins with what is at fault.
"""

import re
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from guards.shared import TOPIC, role_statements
from mutation import GONE, mutated

from drtemplate.cloudformation.reading import list_of, of_type
from drtemplate.settings import PROJECT

RUNBOOK = (PROJECT / "docs" / "runbook.md").read_text("utf-8")
CHAPTERS = set(re.findall(r"(?m)^#+ (.+)$", RUNBOOK))
INTERFACE = "AWS::CloudFormation::Interface"
CONSTRAINTS = {"AllowedPattern", "AllowedValues", "MaxLength", "MaxValue", "MinLength", "MinValue"}
ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
ORCHESTRATOR = {"Fn::GetAtt": ["FailoverOrchestratorFunction", "Arn"]}
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
LONGEST_DESCRIPTION = 1024  # bytes
# Types that take tags but need no Name tag, and what the console lists them by. They get their
# tags from the stack.
LISTED_BY_ANOTHER_NAME = {
    "AWS::CertificateManager::Certificate": "its domain name",
    "AWS::CloudWatch::Alarm": "its AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "its AlarmName",
    "AWS::CloudWatch::Dashboard": "its DashboardName",
    "AWS::ElasticLoadBalancingV2::Listener": "protocol and port, under its load balancer",
    "AWS::Events::Rule": "a name that begins with the stack's",
    "AWS::IAM::Role": "a name that begins with the stack's",
    "AWS::KMS::Key": "its alias",
    "AWS::Lambda::Function": "its FunctionName",
    "AWS::Logs::LogGroup": "its LogGroupName",
    "AWS::RDS::DBClusterParameterGroup": "a name that begins with the stack's",
    "AWS::SNS::Topic": "its TopicName",
    "AWS::SSM::Parameter": "its Name",
}


def tagging(type_: str) -> dict[str, Any]:
    return dict(PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_).schema["tagging"])


def name_tag(resource: dict[str, Any]) -> Any:
    """The value of the Name tag, or None."""
    tags = resource["Properties"].get(tagging(resource["Type"])["tagProperty"].split("/")[-1], [])
    return next((tag["Value"] for tag in tags if tag["Key"] == "Name"), None)


def find_nameless(template: dict[str, Any]) -> list[str]:
    findings, seen = [], set()
    for title, resource in template["Resources"].items():
        type_ = resource["Type"]
        if type_ in LISTED_BY_ANOTHER_NAME or not tagging(type_)["taggable"]:
            continue
        text = (name_tag(resource) or {}).get("Fn::Sub", "")
        if not re.fullmatch(r"\$\{AWS::StackName\}-[\w-]+", text):
            findings.append(f"{title}: no Name tag that begins with the stack's name")
        elif (type_, text) in seen:
            findings.append(f"{title}: {text} is another's name")
        seen.add((type_, text))
    return findings


def find_unexplained_parameters(template: dict[str, Any]) -> list[str]:
    interface = template["Metadata"][INTERFACE]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    findings = [f"{name}: no such parameter" for name in {*grouped} - {*template["Parameters"]}]
    for name, parameter in template["Parameters"].items():
        rule = parameter.get("ConstraintDescription", "")
        if grouped.count(name) != 1:
            findings.append(f"{name}: in {grouped.count(name)} groups")
        if not interface["ParameterLabels"].get(name, {}).get("default"):
            findings.append(f"{name}: no label")
        if not parameter.get("Description"):
            findings.append(f"{name}: no description")
        if bool(parameter.keys() & CONSTRAINTS) != rule.startswith("must be "):
            findings.append(f"{name}: the constraint is not explained")
        if re.search(r"[\[\]^$\\]", rule):
            findings.append(f"{name}: explained by a regular expression")
    return findings


def find_unexplained_outputs(template: dict[str, Any]) -> list[str]:
    outputs = template["Outputs"].items()
    return [f"{name}: no description" for name, output in outputs if not output.get("Description")]


def find_unexplained_alarms(template: dict[str, Any]) -> list[str]:
    findings = []
    for title, alarm in of_type(template, *ALARMS):
        text = alarm.get("AlarmDescription", "")
        starts = "Starts the orchestrator, which looks for a second sign before it"
        if (starts in text) != (ORCHESTRATOR in alarm["AlarmActions"]):
            findings.append(f"{title}: does not say that it starts the orchestrator, or says it")
        if ("Starts nothing" in text) != (alarm["AlarmActions"] == [TOPIC]):
            findings.append(f"{title}: does not say that it starts nothing, or says it")
        if not re.search(r'Runbook, "[^"]+"\.$', text) or len(text) > LONGEST_DESCRIPTION:
            findings.append(f"{title}: no chapter at the end, or too long")
    return findings


def find_missing_chapters(template: dict[str, Any]) -> list[str]:
    texts = [(title, alarm["AlarmDescription"]) for title, alarm in of_type(template, *ALARMS)]
    texts += [(name, output["Description"]) for name, output in template["Outputs"].items()]
    return [
        f"{name}: the runbook has no chapter {chapter!r}"
        for name, text in texts
        for chapter in re.findall(r'"([^"]+)"', text)
        if chapter not in CHAPTERS
    ]


def find_statements_without_purpose(template: dict[str, Any]) -> list[str]:
    findings = []
    found = [(title, one, "[A-Za-z0-9]+") for title, one in role_statements(template)]
    resources = {
        "AWS::IAM::Role": ("AssumeRolePolicyDocument", "[A-Za-z0-9]+"),
        "AWS::KMS::Key": ("KeyPolicy", "[A-Za-z0-9 ]+"),
        "AWS::S3::BucketPolicy": ("PolicyDocument", "[A-Za-z0-9]+"),
        "AWS::SNS::TopicPolicy": ("PolicyDocument", "[A-Za-z0-9]+"),
    }
    for type_, (key, allowed) in resources.items():
        for title, properties in of_type(template, type_):
            found += [(title, one, allowed) for one in list_of(properties[key]["Statement"])]
    seen = set()
    for title, statement, allowed in found:
        sid = statement.get("Sid", "")
        if not re.fullmatch(allowed, sid) or (title, sid) in seen:
            findings.append(f"{title}: Sid {sid!r} is none of its own, or has wrong characters")
        if len({action.split(":")[0] for action in list_of(statement["Action"])}) != 1:
            findings.append(f"{title}: {sid} serves several services")
        if isinstance(statement.get("Principal"), dict) and any(
            isinstance(who, list) for who in statement["Principal"].values()
        ):
            findings.append(f"{title}: {sid} serves several principals")
        seen.add((title, sid))
    return findings


FINDERS = [
    find_nameless,
    find_unexplained_parameters,
    find_unexplained_outputs,
    find_unexplained_alarms,
    find_missing_chapters,
    find_statements_without_purpose,
]
ROLE = ("Resources", "LambdaExecutionRole", "Properties", "Policies", 0, "PolicyDocument")
ALARM = ("Resources", "WriterAlarm", "Properties")
GROUPS = ("Metadata", INTERFACE, "ParameterGroups")
MUTATIONS = [
    (find_nameless, ("Resources", "EIP1", "Properties", "Tags"), GONE),
    (find_nameless, ("Resources", "PrimaryHealthCheck", "Properties", "HealthCheckTags"), GONE),
    (
        find_nameless,
        ("Resources", "PrivateRouteTable2", "Properties", "Tags", 0, "Value"),
        {"Fn::Sub": "${AWS::StackName}-PrivateRoutes1"},
    ),
    (find_unexplained_parameters, (*GROUPS, 0, "Parameters", 0), GONE),
    (find_unexplained_parameters, (*GROUPS, 0, "Parameters", 0), "HostedZoneId"),
    (find_unexplained_parameters, ("Metadata", INTERFACE, "ParameterLabels", "AlertEmail"), GONE),
    (find_unexplained_parameters, ("Parameters", "AlertEmail", "Description"), GONE),
    (find_unexplained_parameters, ("Parameters", "AlertEmail", "ConstraintDescription"), GONE),
    (
        find_unexplained_parameters,
        ("Parameters", "HostedZoneId", "ConstraintDescription"),
        "must be ^Z[A-Z0-9]{1,31}$",
    ),
    (find_unexplained_parameters, ("Parameters", "Nobody"), {"Type": "String"}),
    (find_unexplained_outputs, ("Outputs", "VPCId", "Description"), GONE),
    (find_unexplained_alarms, (*ALARM, "AlarmDescription"), GONE),
    (find_unexplained_alarms, (*ALARM, "AlarmActions"), [TOPIC]),
    (find_unexplained_alarms, (*ALARM, "AlarmDescription"), 'Starts nothing. Runbook, "Alerts".'),
    (
        find_unexplained_alarms,
        ("Resources", "MonitorAlarm", "Properties", "AlarmDescription"),
        f'Starts nothing. {"x" * LONGEST_DESCRIPTION} Runbook, "Alerts".',
    ),
    (find_missing_chapters, (*ALARM, "AlarmDescription"), 'Runbook, "Alarms".'),
    (find_statements_without_purpose, (*ROLE, "Statement", 0, "Sid"), GONE),
    (find_statements_without_purpose, (*ROLE, "Statement", 0, "Sid"), "Read it"),
    (find_statements_without_purpose, (*ROLE, "Statement", 0, "Sid"), "MoveTheWriter"),
    (
        find_statements_without_purpose,
        (*ROLE, "Statement", 0, "Action"),
        ["sns:Publish", "ssm:GetParameter"],
    ),
    (
        find_statements_without_purpose,
        (
            "Resources",
            "OperationsKey",
            "Properties",
            "KeyPolicy",
            "Statement",
            2,
            "Principal",
            "Service",
        ),
        ["cloudwatch.amazonaws.com", "events.amazonaws.com"],
    ),
    (
        find_statements_without_purpose,
        ("Resources", "AlertTopicPolicy", "Properties", "PolicyDocument", "Statement", 0, "Sid"),
        GONE,
    ),
]


@pytest.mark.parametrize("find", FINDERS)
def test_nothing_is_found(template, find):
    assert find(template) == []


@pytest.mark.parametrize(("find", "path", "value"), MUTATIONS)
def test_a_mutation_is_found(template, find, path, value):
    assert find(mutated(template, path, value)) != []


def test_every_finder_is_shown_to_find_something():
    assert {find for find, *_ in MUTATIONS} == set(FINDERS)


def test_every_exception_is_of_a_type_that_takes_tags_and_that_the_stack_has(resources):
    types = {resource["Type"] for resource in resources.values()}
    assert types >= LISTED_BY_ANOTHER_NAME.keys()
    assert all(tagging(type_)["taggable"] for type_ in LISTED_BY_ANOTHER_NAME)


def test_a_name_tag_can_be_changed_on_a_live_stack(resources):
    types = {one["Type"] for one in resources.values()} - LISTED_BY_ANOTHER_NAME.keys()
    taggable = [tagging(type_) for type_ in types if tagging(type_)["taggable"]]
    assert taggable
    assert all(one["tagUpdatable"] for one in taggable)


def test_the_description_says_what_the_stack_is_within_the_limit(template):
    assert template["Description"].startswith("Active-passive disaster recovery in one region")
    assert len(template["Description"].encode()) <= LONGEST_DESCRIPTION

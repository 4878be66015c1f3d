"""What must hold for every resource of this stack, now and after each change.

What holds for any template is a rule (docs/rules.md); here is what the project decided besides.
Each guard lists its findings, one line each that begins with the logical id.
"""

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest

from drtemplate.checks.rules.metrics import metrics
from drtemplate.checks.rules.service_metrics import PUBLISHED
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.names import physical_names
from drtemplate.cloudformation.policies import matches_wildcard
from drtemplate.cloudformation.reading import list_of, of_type, value_at
from drtemplate.cloudformation.references import references_in

DATA_KEY = [{"Ref": "KMSKey"}, {"Fn::GetAtt": ["KMSKey", "Arn"]}]
OPERATIONS_KEY = [{"Ref": "OperationsKey"}, {"Fn::GetAtt": ["OperationsKey", "Arn"]}]
# It tells that a key is lost, so it is under none.
WITHOUT_KEY = {"KeyLossTopic"}
TOPIC = {"Ref": "AlertTopic"}

# Where a type says that it encrypts, and with which key. CloudWatch Logs takes an ARN only, and so
# does S3 for other accounts and for services.
S3_RULE = ("BucketEncryption", "ServerSideEncryptionConfiguration", 0)
ENCRYPTION = {
    "AWS::S3::Bucket": [
        ((*S3_RULE, "ServerSideEncryptionByDefault", "SSEAlgorithm"), ["aws:kms"]),
        ((*S3_RULE, "ServerSideEncryptionByDefault", "KMSMasterKeyID"), DATA_KEY[1:]),
    ],
    "AWS::DynamoDB::Table": [
        (("SSESpecification", "SSEEnabled"), [True]),
        (("SSESpecification", "SSEType"), ["KMS"]),
        (("SSESpecification", "KMSMasterKeyId"), DATA_KEY + OPERATIONS_KEY),
    ],
    "AWS::SNS::Topic": [(("KmsMasterKeyId",), OPERATIONS_KEY)],
    "AWS::SQS::Queue": [(("KmsMasterKeyId",), OPERATIONS_KEY)],
    "AWS::RDS::DBCluster": [
        (("StorageEncrypted",), [True]),
        (("KmsKeyId",), DATA_KEY),
    ],
    "AWS::Logs::LogGroup": [(("KmsKeyId",), OPERATIONS_KEY[1:])],
}

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
POLICY_PAIRS = {
    (None, None),
    ("Retain", "Retain"),
    ("RetainExceptOnCreate", "Retain"),
    ("Snapshot", "Snapshot"),
    ("Delete", "Delete"),
}
REQUIRED_POLICIES = {
    "AWS::KMS::Key": "RetainExceptOnCreate",
    "AWS::S3::Bucket": "RetainExceptOnCreate",
    "AWS::DynamoDB::Table": "RetainExceptOnCreate",
    "AWS::RDS::DBCluster": "Snapshot",
    # A member of a cluster has no data of its own.
    "AWS::RDS::DBInstance": None,
}

# Actions that know no resource, so that '*' is all that can be said.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
WITHOUT_RESOURCE = {
    "cloudwatch:GetMetricStatistics",
    "cloudwatch:PutMetricData",
    "elasticloadbalancing:DescribeTargetHealth",
    "ec2:DescribeSubnets",
}

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


def mentions(value: Any, name: str) -> bool:
    """Whether a Ref, a GetAtt or a Sub at or below the value names it."""
    return name in {reference.name for reference in references_in(value)}


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


def role_statements(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement that gives a role rights."""
    for title, role in of_type(template, "AWS::IAM::Role"):
        for policy in role.get("Policies", []):
            for statement in list_of(policy["PolicyDocument"]["Statement"]):
                yield title, statement
    kinds = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
    for title, policy in of_type(template, *kinds):
        for statement in list_of(policy["PolicyDocument"]["Statement"]):
            yield title, statement


def actions(statement: dict[str, Any]) -> list[str]:
    return list_of(statement.get("Action", []))


def find_unencrypted(template: dict[str, Any]) -> list[str]:
    return [
        f"{title}: {'.'.join(map(str, path))} is {value_at(properties, *path)!r}"
        for type_, rules in ENCRYPTION.items()
        for title, properties in of_type(template, type_)
        for path, allowed in rules
        if title not in WITHOUT_KEY and value_at(properties, *path) not in allowed
    ]


def find_unpaired_policies(template: dict[str, Any]) -> list[str]:
    pairs = {
        title: (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
        for title, resource in template["Resources"].items()
    }
    return [f"{title}: {pair}" for title, pair in pairs.items() if pair not in POLICY_PAIRS]


def find_wrong_deletion_policies(template: dict[str, Any]) -> list[str]:
    return [
        f"{title}: DeletionPolicy is {resource.get('DeletionPolicy')}"
        for title, resource in template["Resources"].items()
        if resource["Type"] in REQUIRED_POLICIES
        and resource.get("DeletionPolicy") != REQUIRED_POLICIES[resource["Type"]]
    ]


def find_unscoped_resources(template: dict[str, Any]) -> list[str]:
    findings = []
    for title, statement in role_statements(template):
        if statement["Effect"] != "Allow":
            continue
        if "Resource" in statement and "*" not in list_of(statement["Resource"]):
            continue
        findings += [
            f"{title}: {action} on every resource"
            for action in actions(statement)
            if action not in WITHOUT_RESOURCE
        ]
    return findings


def find_unconditioned_metrics(template: dict[str, Any]) -> list[str]:
    return [
        f"{title}: PutMetricData into every namespace"
        for title, statement in role_statements(template)
        if statement["Effect"] == "Allow"
        and any(
            matches_wildcard(action, "cloudwatch:PutMetricData") for action in actions(statement)
        )
        and not value_at(statement, "Condition", "StringEquals", "cloudwatch:namespace")
    ]


def find_wildcard_actions(template: dict[str, Any]) -> list[str]:
    return [
        f"{title}: {statement.get('Action', 'NotAction')}"
        for title, statement in role_statements(template)
        if "NotAction" in statement
        or any(action == "*" or action.endswith(":*") for action in actions(statement))
    ]


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


def find_makers_of_log_groups(template: dict[str, Any]) -> list[str]:
    """Roles that could bring a deleted log group back, unencrypted and for ever."""
    findings = [
        f"{title}: {statement['Action']}"
        for title, statement in role_statements(template)
        if statement["Effect"] == "Allow"
        and any(matches_wildcard(action, "logs:CreateLogGroup") for action in actions(statement))
    ]
    harmless = {"AWSLambdaENIManagementAccess"}
    return findings + [
        f"{title}: {text_of(policy)}"
        for title, role in of_type(template, "AWS::IAM::Role")
        for policy in role.get("ManagedPolicyArns", [])
        if text_of(policy).rsplit("/", 1)[-1] not in harmless
    ]


def find_shown_secrets(template: dict[str, Any]) -> list[str]:
    secrets = [name for name, facts in template["Parameters"].items() if facts.get("NoEcho")]
    return [
        f"{title}: shows {secret}"
        for secret in secrets
        for title, output in template["Outputs"].items()
        if mentions(output, secret)
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


def find_open_permissions(template: dict[str, Any]) -> list[str]:
    """Permissions that a service would also use for somebody else's account."""
    return [
        f"{title}: {permission['Principal']} from anywhere"
        for title, permission in of_type(template, "AWS::Lambda::Permission")
        if not permission.keys() & {"SourceArn", "SourceAccount"}
    ]


def policy_documents(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "Statement" in node:
            yield node
        for value in node.values():
            yield from policy_documents(value)
    elif isinstance(node, list):
        for value in node:
            yield from policy_documents(value)


def find_old_policies(template: dict[str, Any]) -> list[str]:
    """Without this version, the language of 2008 is meant, which knows no policy variables."""
    return [
        f"{title}: policy of version {document.get('Version')}"
        for title, resource in template["Resources"].items()
        for document in policy_documents(resource)
        if document.get("Version") != "2012-10-17"
    ]


GUARDS = [value for name, value in list(globals().items()) if name.startswith("find_")]


@pytest.mark.parametrize("find", GUARDS)
def test_the_template_passes_the_guard(template, find):
    assert find(template) == []


GONE = object()
ROLE_STATEMENT = ("LambdaExecutionRole", "Properties", "Policies", 0, "PolicyDocument", "Statement")
CALLS_ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "arn"}
CALLS_EVERYWHERE = {"Effect": "Allow", "Action": ["rds:FailoverDBCluster"], "Resource": "*"}
ALL_NAMESPACES = {"Effect": "Allow", "Action": "cloudwatch:Put*", "Resource": ["*"]}
MAKES_GROUPS = {"Effect": "Allow", "Action": ["logs:Create*"], "Resource": "arn"}
ORCHESTRATOR = {"Fn::GetAtt": ["FailoverOrchestratorFunction", "Arn"]}

MUTATIONS = [
    *[
        (find_unencrypted, (title, "Properties", *path), value)
        for title, path, value in [
            ("ApplicationArtifactsBucket", ("BucketEncryption",), GONE),
            (
                "ConfigurationBucket",
                (*S3_RULE, "ServerSideEncryptionByDefault"),
                {"SSEAlgorithm": "AES256"},
            ),
            ("SessionStateTable", ("SSESpecification", "SSEEnabled"), False),
            ("FailoverStateTable", ("SSESpecification", "KMSMasterKeyId"), GONE),
            ("AlertTopic", ("KmsMasterKeyId",), "alias/aws/sns"),
            ("AuroraDBCluster", ("StorageEncrypted",), False),
            ("AuroraDBCluster", ("KmsKeyId",), GONE),
            ("FailoverLogGroup", ("KmsKeyId",), GONE),
            ("HealthMonitorLogGroup", ("KmsKeyId",), OPERATIONS_KEY[0]),
        ]
    ],
    (find_unpaired_policies, ("KMSKey", "UpdateReplacePolicy"), GONE),
    (find_unpaired_policies, ("AuroraDBCluster", "UpdateReplacePolicy"), "Delete"),
    (find_unpaired_policies, ("KMSKey", "DeletionPolicy"), GONE),
    (find_unpaired_policies, ("VPC", "DeletionPolicy"), "Retain"),
    (find_wrong_deletion_policies, ("KMSKey", "DeletionPolicy"), "Retain"),
    (find_wrong_deletion_policies, ("ConfigurationBucket", "DeletionPolicy"), GONE),
    (find_wrong_deletion_policies, ("SessionStateTable", "DeletionPolicy"), "Delete"),
    (find_wrong_deletion_policies, ("AuroraDBCluster", "DeletionPolicy"), "Retain"),
    (find_wrong_deletion_policies, ("StandbyDBInstance", "DeletionPolicy"), "Snapshot"),
    (find_unscoped_resources, (*ROLE_STATEMENT, 0), CALLS_EVERYWHERE),
    (find_unscoped_resources, (*ROLE_STATEMENT, 0, "Resource"), GONE),
    (find_unconditioned_metrics, (*ROLE_STATEMENT, 0), ALL_NAMESPACES),
    (find_wildcard_actions, (*ROLE_STATEMENT, 0), CALLS_ANYTHING),
    (find_wildcard_actions, (*ROLE_STATEMENT, 0, "Action"), ["sns:Publish", "rds:*"]),
    (find_wildcard_actions, (*ROLE_STATEMENT, 0, "NotAction"), "iam:*"),
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
    (find_makers_of_log_groups, (*ROLE_STATEMENT, 0), MAKES_GROUPS),
    (
        find_makers_of_log_groups,
        ("HealthMonitorRole", "Properties", "ManagedPolicyArns"),
        ["arn:x:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"],
    ),
    (find_metrics_of_any_stack, ("DatabaseHealthAlarm", "Properties", "Dimensions"), GONE),
    (find_metrics_of_any_stack, ("OrchestratorErrorAlarm", "Properties", "Dimensions"), GONE),
    (find_unknown_metrics, ("WriterAlarm", "Properties", "MetricName"), "Uptime"),
    (find_unknown_metrics, ("WriterAlarm", "Properties", "Namespace"), "AWS/Aurora"),
    (find_old_policies, ("KMSKey", "Properties", "KeyPolicy", "Version"), GONE),
    (find_old_policies, (*ROLE_STATEMENT[:-1], "Version"), "2008-10-17"),
    (find_open_permissions, ("HealthCheckPermission", "Properties", "SourceArn"), GONE),
]


def mutated(section: dict[str, Any], path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    """A deep copy with one value replaced, added or taken away."""
    result = copy.deepcopy(section)
    *parents, last = path
    parent = result
    for step in parents:
        parent = parent[step]
    if value is GONE:
        del parent[last]
    else:
        parent[last] = value
    return result


@pytest.mark.parametrize(
    ("find", "path", "value"),
    [
        pytest.param(*case, id=f"{case[0].__name__}-{case[1][0]}-{number}")
        for number, case in enumerate(MUTATIONS)
    ],
)
def test_the_guard_catches_a_mutation(template, find, path, value):
    broken = template | {"Resources": mutated(template["Resources"], path, value)}
    findings = find(broken)
    assert findings
    assert all(finding.startswith(f"{path[0]}: ") for finding in findings)


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "DBMasterPassword"},
        {"Fn::Sub": "mysql://admin:${DBMasterPassword}@host"},
        {"Fn::If": ["HasPassword", {"Fn::Join": ["", [{"Ref": "DBMasterPassword"}]]}, ""]},
    ],
    ids=["Ref", "Sub", "If"],
)
def test_the_guard_catches_a_secret_in_an_output(template, value):
    broken = template | {"Outputs": {"Password": {"Value": value}}}
    assert find_shown_secrets(broken) == ["Password: shows DBMasterPassword"]


def test_the_guard_catches_an_export_that_two_stacks_would_share(template):
    broken = template | {"Outputs": {"Network": {"Value": "x", "Export": {"Name": "vpc"}}}}
    assert find_foreign_names(broken) == ["Network: vpc"]


def test_a_silent_alarm_inside_a_composite_is_allowed(template):
    path = ("DatabaseConnectionAlarm", "Properties", "AlarmActions")
    quiet = template | {"Resources": mutated(template["Resources"], path, GONE)}
    assert find_silent_alarms(quiet) == []


def test_every_guard_is_shown_to_catch_something():
    shown = {find for find, *_ in MUTATIONS} | {find_shown_secrets}
    assert [find.__name__ for find in GUARDS if find not in shown] == []

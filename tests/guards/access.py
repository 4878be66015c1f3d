"""Roles and services may do what they need, where they need it."""

from collections.abc import Iterator
from typing import Any

from mutation import GONE

from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.policies import matches_wildcard
from drtemplate.cloudformation.reading import list_of, of_type, value_at
from guards.shared import ROLE_STATEMENT, actions, role_statements

# Actions that know no resource, so that '*' is all that can be said.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
WITHOUT_RESOURCE = {
    "cloudwatch:GetMetricStatistics",
    "cloudwatch:PutMetricData",
    "elasticloadbalancing:DescribeTargetHealth",
    "ec2:DescribeSubnets",
}
CALLS_ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "arn"}
CALLS_EVERYWHERE = {"Effect": "Allow", "Action": ["rds:FailoverDBCluster"], "Resource": "*"}
ALL_NAMESPACES = {"Effect": "Allow", "Action": "cloudwatch:Put*", "Resource": ["*"]}
MAKES_GROUPS = {"Effect": "Allow", "Action": ["logs:Create*"], "Resource": "arn"}


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


MUTATIONS = [
    (find_unscoped_resources, (*ROLE_STATEMENT, 0), CALLS_EVERYWHERE),
    (find_unscoped_resources, (*ROLE_STATEMENT, 0, "Resource"), GONE),
    (find_unconditioned_metrics, (*ROLE_STATEMENT, 0), ALL_NAMESPACES),
    (find_wildcard_actions, (*ROLE_STATEMENT, 0), CALLS_ANYTHING),
    (find_wildcard_actions, (*ROLE_STATEMENT, 0, "Action"), ["sns:Publish", "rds:*"]),
    (find_wildcard_actions, (*ROLE_STATEMENT, 0, "NotAction"), "iam:*"),
    (find_makers_of_log_groups, (*ROLE_STATEMENT, 0), MAKES_GROUPS),
    (
        find_makers_of_log_groups,
        ("HealthMonitorRole", "Properties", "ManagedPolicyArns"),
        ["arn:x:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"],
    ),
    (find_old_policies, ("KMSKey", "Properties", "KeyPolicy", "Version"), GONE),
    (find_old_policies, (*ROLE_STATEMENT[:-1], "Version"), "2008-10-17"),
    (find_open_permissions, ("HealthCheckPermission", "Properties", "SourceArn"), GONE),
]

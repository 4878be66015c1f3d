"""Calls that the deployed role does not allow are denied, as the service denies them."""

import json

import pytest

from drtemplate.cloudformation.document import load_template
from drtemplate.errors import DrTemplateError, InputError
from drtemplate.groups.handlers import MONITOR, ORCHESTRATOR
from drtemplate.world.reading import TEMPLATE, load_deployment
from drtemplate.world.roles import Roles
from drtemplate.world.world import World

ROLE = "LambdaExecutionRole"


@pytest.fixture
def deployed(tmp_path):
    """The template's deployment, with a change of it."""

    def load(change=lambda _: None):
        template = load_template(TEMPLATE)
        change(template["Resources"])
        path = tmp_path / "changed.json"
        path.write_text(json.dumps(template))
        return load_deployment(path)

    return load


def failover(deployment, fixed):
    """A failover under the deployed roles: the world and the roles after it."""
    roles = Roles(deployment.grants)
    world = World(deployment.untriggered(), fixed(), "roles", roles=roles)
    world.call(ORCHESTRATOR, {"trigger_failover": True})
    world.close()
    return world, roles


def without(sid):
    """Takes one statement away."""

    def change(resources):
        document = resources[ROLE]["Properties"]["Policies"][0]["PolicyDocument"]
        kept = [one for one in document["Statement"] if one["Sid"] != sid]
        assert len(kept) == len(document["Statement"]) - 1
        document["Statement"] = kept

    return change


def test_the_deployed_role_is_enough_for_a_failover(deployment, fixed):
    world, roles = failover(deployment, fixed)
    assert roles.denials == []
    assert world.table.items["FAILOVER_STATUS"]["Status"] == "COMPLETED"
    keys = {(use.action, use.by) for use in roles.uses if use.action.startswith("kms:")}
    assert keys == {
        ("kms:Decrypt", "dynamodb"),
        ("kms:Decrypt", "sns"),
        ("kms:GenerateDataKey", "sns"),
    }


@pytest.mark.parametrize(
    ("sid", "action"),
    [
        ("ReadTheConfiguration", "ssm:GetParameter"),
        ("ReadAndWriteTheFailoverState", "dynamodb:GetItem dynamodb:PutItem"),
        ("UseTheKeyOfTheFailoverState", "kms:Decrypt"),
        ("SeeWhoWrites", "rds:DescribeDBClusters"),
        ("SeeWhoCanBePromoted", "rds:DescribeDBInstances"),
        ("SeeHealthyTargets", "elasticloadbalancing:DescribeTargetHealth"),
        ("MoveTheWriter", "rds:FailoverDBCluster"),
        ("LatchThePrimarySide", "route53:GetHealthCheck route53:UpdateHealthCheck"),
        ("TellPeople", "sns:Publish"),
        ("UseTheKeyOfTheAlerts", "kms:GenerateDataKey"),
        ("PublishMetrics", "cloudwatch:PutMetricData"),
    ],
)
def test_without_a_statement_its_call_is_denied(deployed, fixed, sid, action):
    _, roles = failover(deployed(without(sid)), fixed)
    assert {line.split()[3] for line in roles.denials} == set(action.split())


def asked(deployment, function, service, operation, **params):
    return Roles(deployment.grants).denial(function, service, operation, params)


def test_what_a_call_names_decides(deployment):
    table, side = deployment.table, deployment.sides
    orchestrator = deployment.functions[ORCHESTRATOR].name
    allowed = [
        (MONITOR, "lambda", "Invoke", {"FunctionName": orchestrator}),
        (MONITOR, "cloudwatch", "PutMetricData", {"Namespace": "DRSystem"}),
        (ORCHESTRATOR, "dynamodb", "PutItem", {"TableName": table}),
        (ORCHESTRATOR, "route53", "UpdateHealthCheck", {"HealthCheckId": side["Primary"].check_id}),
        (ORCHESTRATOR, "rds", "FailoverDBCluster",
         {"DBClusterIdentifier": deployment.cluster.name}),
    ]  # fmt: skip
    denied = [
        (MONITOR, "lambda", "Invoke", {"FunctionName": deployment.functions[MONITOR].name}),
        (MONITOR, "cloudwatch", "PutMetricData", {"Namespace": "Other"}),
        (MONITOR, "dynamodb", "PutItem", {"TableName": table}),
        (ORCHESTRATOR, "dynamodb", "PutItem", {"TableName": "other"}),
        (ORCHESTRATOR, "route53", "UpdateHealthCheck", {"HealthCheckId": side["Standby"].check_id}),
        # A call that names nothing asks for everything.
        (MONITOR, "rds", "DescribeDBClusters", {}),
        (ORCHESTRATOR, "rds", "FailoverDBCluster",
         {"DBClusterIdentifier": deployment.cluster.name, "TargetDBInstanceIdentifier": "added"}),
    ]  # fmt: skip
    # Of one and the same roles, which remember what they have decided.
    roles = Roles(deployment.grants)
    assert [roles.denial(*one) for one in allowed] == [None] * len(allowed)
    assert all(roles.denial(*one) for one in denied)


def test_a_key_s_own_policy_must_let_the_account_s_policies_count(deployed):
    def foreign(resources):
        statement = resources["OperationsKey"]["Properties"]["KeyPolicy"]["Statement"][0]
        statement["Principal"] = {"AWS": "arn:aws:iam::999999999999:root"}

    call = (ORCHESTRATOR, "dynamodb", "GetItem")
    before, after = deployed(), deployed(foreign)
    assert asked(before, *call, TableName=before.table) is None
    assert "kms:Decrypt" in asked(after, *call, TableName=after.table)


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("rds", "AccessDenied"),
        ("ssm", "AccessDeniedException"),
        ("sns", "AuthorizationError"),
    ],
)
def test_a_denial_has_the_code_of_its_service(deployment, fixed, service, code):
    lines = {
        "rds": "boto3.client('rds').describe_db_instances()",
        "ssm": "boto3.client('ssm').get_parameter(Name='/other')",
        "sns": "boto3.client('sns').publish(TopicArn='arn:aws:sns:us-east-1:1:other', Message='x')",
    }
    code_of = f"import boto3\ndef handler(event, context):\n {lines[service]}"
    stack = deployment.untriggered().with_function(MONITOR, code=code_of)
    world = World(stack, fixed(), "denied", roles=Roles(stack.grants))
    _, error = world.call(MONITOR, {})
    assert error.response["Error"]["Code"] == code
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    world.close()


def test_an_operation_without_a_row_is_no_silent_yes(deployment):
    with pytest.raises(DrTemplateError, match="rds:StopDBCluster"):
        asked(deployment, MONITOR, "rds", "StopDBCluster")


def test_a_managed_policy_that_nobody_knows_is_no_silent_no(deployed):
    def change(resources):
        policy = "arn:aws:iam::aws:policy/ReadOnlyAccess"
        resources[ROLE]["Properties"]["ManagedPolicyArns"] = [policy]

    with pytest.raises(InputError, match="ReadOnlyAccess"):
        deployed(change)

"""After a deployment: protection in Production, the logs of the database, and who must confirm."""

import json
from dataclasses import replace

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from scene import REGION, STACK, TEMPLATE

from drtemplate.cloudformation.document import load_template
from drtemplate.deploying.account import open_account
from drtemplate.deploying.command import Target
from drtemplate.deploying.database_logs import keep_database_logs
from drtemplate.deploying.living import Living
from drtemplate.deploying.preflight import Stack
from drtemplate.deploying.protection import denied_by_policy, protect, stack_policy
from drtemplate.settings import PROJECT

RENDERED = load_template(TEMPLATE)
CLUSTER = "/aws/rds/cluster/cluster-1/error"
LIFTED = {
    "Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]
}


OTHER = {
    "Statement": [
        *LIFTED["Statement"],
        {"Effect": "Deny", "Action": "Update:*", "Principal": "*", "Resource": "LogicalResourceId/VPC"},
    ]
}  # fmt: skip


@pytest.fixture
def calls(monkeypatch):
    """What moto does not know: the protection that is sent, and keys of log groups; ``calls.codes`` are errors in its place."""
    call, sent = BaseClient._make_api_call, []

    def answered(client, name, arguments):
        if name in codes:
            raise ClientError({"Error": {"Code": codes[name], "Message": "no"}}, name)
        if name == "UpdateTerminationProtection":
            sent.append((name, arguments["EnableTerminationProtection"]))
            return {}
        if name == "AssociateKmsKey":
            keys[arguments["logGroupName"]] = {"kmsKeyId": arguments["kmsKeyId"]}
            return {}
        told = call(client, name, arguments)
        if name == "DescribeLogGroups":
            for group in told["logGroups"]:
                group.update(keys.get(group["logGroupName"], {}))
        return told

    codes: dict[str, str] = {}
    keys: dict[str, dict[str, str]] = {}
    monkeypatch.setattr(BaseClient, "_make_api_call", answered)
    return sent, codes


@pytest.fixture
def living(scene):
    scene.create("Resources: {T: {Type: AWS::SNS::Topic}}")
    key = scene.client("kms").create_key()["KeyMetadata"]["KeyId"]
    account = open_account(REGION, scene.url)
    return Living(
        account=account,
        target=Target(stack=STACK, region=REGION),
        stack=Stack(status="CREATE_COMPLETE"),
        template=RENDERED,
        values={"Environment": "Production"},
        ids={"AuroraDBCluster": "cluster-1", "OperationsKey": key},
    )


def policy(living):
    told = living.account.cloudformation.get_stack_policy(StackName=STACK)
    return json.loads(told.get("StackPolicyBody") or "{}")


def test_the_policy_denies_the_loss_of_what_holds_data_and_nothing_else():
    allow, deny = stack_policy(RENDERED)["Statement"]
    assert (allow["Effect"], allow["Action"], allow["Resource"]) == ("Allow", "Update:*", "*")
    assert (deny["Effect"], deny["Action"]) == ("Deny", ["Update:Replace", "Update:Delete"])
    names = {one.removeprefix("LogicalResourceId/") for one in deny["Resource"]}
    kinds = {RENDERED["Resources"][name]["Type"] for name in names}
    assert kinds >= {
        *("AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::KMS::Key"),
        *("AWS::DynamoDB::Table", "AWS::S3::Bucket"),
    }
    assert "VPC" not in names


def test_production_is_protected_once(living, calls):
    lines = list(protect(living))
    assert calls[0] == [("UpdateTerminationProtection", True)]
    assert policy(living) == stack_policy(RENDERED)
    assert len(lines) == 2
    assert all("docs/runbook.md#deploy" in line for line in lines)
    assert denied_by_policy(living, {"AuroraDBCluster", "VPC"}) == ["AuroraDBCluster"]
    again = replace(living, stack=Stack(status="UPDATE_COMPLETE", protected=True))
    assert list(protect(again)) == []


def test_staging_is_left_alone(living, calls):
    staging = replace(living, values={"Environment": "Staging"})
    assert list(protect(staging)) == calls[0] == []
    assert policy(living) == {}
    assert denied_by_policy(staging, {"AuroraDBCluster"}) == []


def test_a_policy_of_somebody_else_stays(living, calls):
    living.account.cloudformation.set_stack_policy(
        StackName=STACK, StackPolicyBody=json.dumps(OTHER)
    )
    assert any("policy of its own" in line for line in protect(living))
    assert policy(living) == OTHER
    assert denied_by_policy(living, {"AuroraDBCluster"}) == []


def test_a_policy_that_was_lifted_is_put_back(living, calls):
    living.account.cloudformation.set_stack_policy(
        StackName=STACK, StackPolicyBody=json.dumps(LIFTED)
    )
    assert denied_by_policy(living, {"AuroraDBCluster"}) == []
    list(protect(living))
    assert policy(living) == stack_policy(RENDERED)
    runbook = " ".join((PROJECT / "docs" / "runbook.md").read_text().split())
    assert json.dumps(LIFTED) in runbook


def test_what_is_not_allowed_is_told_and_fails_nothing(living, calls):
    calls[1].update(UpdateTerminationProtection="AccessDenied", GetStackPolicy="AccessDenied")
    lines = list(protect(living))
    assert [line.startswith("note: ") for line in lines] == [True, True]
    calls[1]["PutRetentionPolicy"] = "AccessDenied"
    (line,) = keep_database_logs(living)
    assert line.startswith(f"note: {CLUSTER}")


@pytest.mark.parametrize("made", [True, False])
def test_the_logs_of_the_database_end_and_are_encrypted(living, scene, calls, made):
    logs = scene.client("logs")
    if made:
        logs.create_log_group(logGroupName=CLUSTER)
    assert len(list(keep_database_logs(living))) == 2
    (group,) = [g for g in logs.describe_log_groups()["logGroups"] if g["logGroupName"] == CLUSTER]
    own = RENDERED["Resources"]["HealthMonitorLogGroup"]["Properties"]["RetentionInDays"]
    assert group["retentionInDays"] >= own
    assert group["kmsKeyId"].endswith(living.ids["OperationsKey"])
    assert list(keep_database_logs(living)) == []

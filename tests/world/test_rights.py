"""What a call asks for and who decides, on policies of a few lines."""

import re
from dataclasses import replace
from importlib import import_module

import botocore.session
import pytest
from iam_statements import CLUSTER, KEY, NAMESPACE, TABLE, TOPIC, allow, policy, when
from privilege import KNOWS_KEYS, Behalf, excess, grants

from drtemplate.errors import DrTemplateError
from drtemplate.groups.handlers import MONITOR, ORCHESTRATOR
from drtemplate.world.roles import FUNCTION, KEY_USE, OPERATIONS, Grants, Roles, Use
from drtemplate.world.witness import Witness
from drtemplate.world.world import World

ROLE = "function"


def test_a_row_is_an_operation_of_its_service():
    session = botocore.session.get_session()
    for (service, operation), row in OPERATIONS.items():
        model = session.get_service_model(service).operation_model(operation)
        asked = [row.parameter] if row.parameter else []
        asked += [name for _, name in row.keys]
        assert set(asked) <= model.input_shape.members.keys(), operation
        assert bool(row.parameter) is ("{name}" in row.arn or "{bare}" in row.arn), operation


def test_a_row_asks_for_an_action_of_iam():
    """awacs has the actions of the Service Authorization Reference."""
    modules = {"lambda": "awslambda"}
    actions = {row.action for row in OPERATIONS.values()} | set().union(*KEY_USE.values())
    for action in actions:
        prefix, _, name = action.partition(":")
        module = import_module(f"awacs.{modules.get(prefix, prefix)}")
        assert getattr(module, name).JSONrepr() == action


def deployed(*given, keys=None, key_policy=None):
    account = {"AWS": "arn:aws:iam::111122223333:root"}
    named = key_policy or [allow("kms:*", Principal=account)]
    return Roles(
        Grants(
            region="eu-west-1",
            account="111122223333",
            roles={ROLE: policy(*given)},
            keys={TABLE: KEY, TOPIC: KEY} if keys is None else keys,
            key_policies={KEY: policy(*named)},
        )
    )


HERE = "eu-west-1:111122223333"
ASKED = [
    ("rds", "FailoverDBCluster", {"DBClusterIdentifier": "c"}, CLUSTER),
    ("rds", "DescribeDBClusters", {"DBClusterIdentifier": CLUSTER}, CLUSTER),
    ("rds", "DescribeDBClusters", {}, f"arn:aws:rds:{HERE}:cluster:*"),
    ("rds", "DescribeDBInstances", {"DBInstanceIdentifier": "i"}, f"arn:aws:rds:{HERE}:db:i"),
    ("dynamodb", "PutItem", {"TableName": "t"}, TABLE),
    ("dynamodb", "GetItem", {"TableName": TABLE}, TABLE),
    ("route53", "UpdateHealthCheck", {"HealthCheckId": "h"}, "arn:aws:route53:::healthcheck/h"),
    ("sns", "Publish", {"TopicArn": TOPIC}, TOPIC),
    ("sns", "Publish", {"PhoneNumber": "1"}, f"arn:aws:sns:{HERE}:*"),
    ("ssm", "GetParameter", {"Name": "/s/c"}, f"arn:aws:ssm:{HERE}:parameter/s/c"),
    ("ssm", "GetParameter", {"Name": "c"}, f"arn:aws:ssm:{HERE}:parameter/c"),
    ("lambda", "Invoke", {"FunctionName": "f"}, f"arn:aws:lambda:{HERE}:function:f"),
    ("elbv2", "DescribeTargetHealth", {"TargetGroupArn": "x"}, "*"),
    ("cloudwatch", "GetMetricStatistics", {"Namespace": "AWS/RDS"}, "*"),
    ("cloudwatch", "PutMetricData", {"Namespace": "DRSystem"}, "*"),
    (
        "logs",
        "PutLogEvents",
        {"logGroupName": "/aws/lambda/f"},
        f"arn:aws:logs:{HERE}:log-group:/aws/lambda/f:log-stream:*",
    ),
]


@pytest.mark.parametrize(("service", "operation", "params", "resource"), ASKED)
def test_what_a_call_asks_for(service, operation, params, resource):
    roles = deployed(allow("*"))
    assert roles.denial(ROLE, service, operation, params) is None
    (use,) = (one for one in roles.uses if one.by == FUNCTION)
    assert use.resource == resource
    assert use.action == OPERATIONS[service, operation].action
    assert roles.denials == []


def test_the_namespace_is_a_condition_key():
    roles = deployed(allow("cloudwatch:PutMetricData", **NAMESPACE))
    assert not roles.denial(ROLE, "cloudwatch", "PutMetricData", {"Namespace": "DRSystem"})
    assert roles.denial(ROLE, "cloudwatch", "PutMetricData", {"Namespace": "AWS/RDS"})
    assert len(roles.denials) == 1


def test_every_operation_of_the_world_has_a_row(world):
    known = {
        (service, name)
        for service, one in world.api.services.items()
        for name in dir(one)
        if name[0].isupper()
    }
    assert known
    assert known <= OPERATIONS.keys()


def test_a_role_that_is_not_there_may_nothing():
    roles = deployed(allow("*"))
    assert roles.denial("another", "rds", "FailoverDBCluster", {"DBClusterIdentifier": "c"})


# The key


def via(*services):
    return when(
        "StringEquals", "kms:ViaService", [f"{one}.eu-west-1.amazonaws.com" for one in services]
    )


def test_a_service_asks_the_key_in_its_callers_name():
    roles = deployed(allow("*"))
    assert not roles.denial(ROLE, "dynamodb", "GetItem", {"TableName": "t"})
    assert not roles.denial(ROLE, "sns", "Publish", {"TopicArn": TOPIC})
    assert {(use.action, use.resource, use.by) for use in roles.uses} == {
        ("dynamodb:GetItem", TABLE, "function"),
        ("kms:Decrypt", KEY, "dynamodb"),
        ("sns:Publish", TOPIC, "function"),
        ("kms:GenerateDataKey", KEY, "sns"),
        ("kms:Decrypt", KEY, "sns"),
    }


def test_nothing_is_asked_of_a_key_that_is_not_there():
    roles = deployed(allow("*"), keys={})
    assert not roles.denial(ROLE, "dynamodb", "GetItem", {"TableName": "t"})
    assert len(roles.uses) == 1


@pytest.mark.parametrize(
    ("service", "operation", "params"),
    [
        ("dynamodb", "PutItem", {"TableName": "t"}),
        ("sns", "Publish", {"TopicArn": TOPIC}),
    ],
)
@pytest.mark.parametrize(
    ("key", "passes"),
    [
        ([allow(["kms:Decrypt", "kms:GenerateDataKey*"], KEY, **via("dynamodb", "sns"))], True),
        ([allow(["kms:Decrypt", "kms:GenerateDataKey*"], KEY)], True),
        ([allow(["kms:Decrypt", "kms:GenerateDataKey*"], KEY + "2")], False),
        ([allow(["kms:Decrypt", "kms:GenerateDataKey*"], KEY, **via("s3"))], False),
        ([allow(["kms:GenerateDataKey*"], KEY)], False),
        ([], False),
    ],
)
def test_without_the_key_there_is_no_access(service, operation, params, key, passes):
    roles = deployed(allow(["dynamodb:*", "sns:*"]), *key)
    denial = roles.denial(ROLE, service, operation, params)
    assert denial is None if passes else re.search(r"kms:(Decrypt|GenerateDataKey)", denial)


# The other direction


def use(action, resource, by="function", **context):
    context = tuple((key.replace("_", ":"), value) for key, value in context.items())
    return Use(role=ROLE, action=action, resource=resource, context=context, by=by)


FAILOVER = use("rds:FailoverDBCluster", CLUSTER)
METRIC = use("cloudwatch:PutMetricData", "*", cloudwatch_namespace="DRSystem")
ONE_NAMESPACE = when("StringEquals", "cloudwatch:namespace", "DRSystem")
PARAMETER = f"arn:aws:ssm:{HERE}:parameter/p"
READ = use("ssm:GetParameter", PARAMETER)
EXCESS = [
    ([allow("rds:FailoverDBCluster", CLUSTER)], None),
    ([allow("cloudwatch:PutMetricData", **ONE_NAMESPACE)], None),
    ([allow(["rds:FailoverDBCluster", "ssm:GetParameter"], [CLUSTER, PARAMETER])], None),
    ([allow(["rds:FailoverDBCluster", "rds:StopDBCluster"], CLUSTER)], "unused: rds:StopDBCluster"),
    ([allow("rds:FailoverDBCluster", [CLUSTER, CLUSTER + "2"])], "unused"),
    ([allow(["rds:FailoverDBCluster", "dynamodb:GetItem"], [CLUSTER, TABLE])], "unused: dynamodb"),
    ([allow("rds:FailoverDBCluster", [CLUSTER, TABLE])], "no action of the statement is for"),
    ([allow(["rds:FailoverDBCluster", "sns:Publish"], CLUSTER)], "no resource of the statement"),
    ([allow("rds:Failover*", CLUSTER)], "a wildcard in the action"),
    ([allow("rds:FailoverDBCluster")], "a wildcard in the resource"),
    ([allow("rds:FailoverDBCluster", CLUSTER[:-1] + "*")], "a wildcard in the resource"),
    ([allow("cloudwatch:PutMetricData")], "no condition on cloudwatch:namespace"),
    ([allow("cloudwatch:PutMetricData", **NAMESPACE)], "unused: .* cloudwatch:namespace=Other"),
    ([allow("kms:Decrypt", KEY)], "no condition on kms:viaservice"),
]


@pytest.mark.parametrize(("given", "finding"), EXCESS)
def test_what_is_granted_beyond_the_uses(given, finding):
    found = excess(policy(*given), [FAILOVER, METRIC, READ], [])
    if finding is None:
        assert found == []
    else:
        assert any(re.search(finding, one) for one in found), found


def test_the_list_of_grants_that_services_use_is_exact():
    given = policy(allow("logs:PutLogEvents", "arn:aws:logs:eu-west-1:111122223333:log-group:g:*"))
    (grant,) = grants(given)
    uses = [use("logs:PutLogEvents", grant.resources[0], by="lambda")]
    entry = Behalf(action="logs:PutLogEvents", resource="g", because="", wide=True)
    unexercised = Behalf(action="logs:PutLogEvents", resource="g", because="", exercised=False)
    assert excess(given, uses, [(grant, entry)]) == []
    assert excess(given, uses, []) != []
    assert excess(given, uses, [(grant, unexercised)]) != []
    assert excess(given, [], [(grant, entry)]) != []
    assert excess((), uses, [(grant, entry)]) != []
    own = [use("logs:PutLogEvents", grant.resources[0])]
    assert excess(given, own, [(grant, entry)]) != []


def test_the_condition_keys_come_from_the_rows():
    assert KNOWS_KEYS["cloudwatch:PutMetricData"] == {"cloudwatch:namespace"}
    assert KNOWS_KEYS["kms:Decrypt"] == {"kms:viaservice"}
    assert KNOWS_KEYS["rds:FailoverDBCluster"] == set()


# In a world.


@pytest.fixture
def ran(deployment, fixed):
    """What came of code that ran as the orchestrator, until its retries are over; and the roles."""

    def run(body, role=ORCHESTRATOR, **values):
        code = f"import boto3\ndef handler(event, context):\n {body}\n"
        stack = deployment.untriggered().with_function(role, code=code, **values)
        runs, roles, witness = [], Roles(stack.grants), Witness()
        witness.ended = runs.append
        world = World(stack, fixed(), "x", witness, roles)
        world.send(role, {"n": 1})
        world.run(400)
        world.close()
        return runs, roles

    return run


@pytest.mark.parametrize(
    ("call", "code", "action"),
    [
        ("'sns').publish(TopicArn='arn:aws:sns:us-east-1:1:o', Message='m')", "AuthorizationError", "sns:Publish"),
        ("'cloudwatch').put_metric_data(Namespace='Other', MetricData=[])", "AccessDenied", "cloudwatch:PutMetricData"),
        ("'rds').describe_db_clusters()", "AccessDenied", "rds:DescribeDBClusters"),
    ],
)  # fmt: skip
def test_a_denial_that_the_code_swallows_is_noted(ran, call, code, action):
    body = f"try: boto3.client({call}\n except Exception as error: return str(error)"
    ((run,), roles) = ran(body)
    assert run.error is None, run.error
    assert f"({code})" in run.answer
    (denial,) = roles.denials
    assert f"may not {action}" in denial


def test_an_operation_without_a_row_ends_the_world(ran, monkeypatch):
    monkeypatch.delitem(OPERATIONS, ("sns", "Publish"))
    body = "try: boto3.client('sns').publish(TopicArn='x', Message='m')\n except Exception: pass"
    with pytest.raises(DrTemplateError, match="no row in OPERATIONS"):
        ran(body)


def test_an_invocation_that_waits_for_its_answer_is_not_run(ran):
    with pytest.raises(DrTemplateError, match="knows only Event"):
        ran(
            "boto3.client('lambda').invoke(FunctionName='drill-failover-orchestrator')",
            role=MONITOR,
        )


# Lambda's queue.


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_retries(ran, retries):
    """What code does to its event is not seen by the next attempt."""
    body = "event['n'] += 1\n raise ValueError(event['n'])"
    runs, _ = ran(body, retries=retries, max_age=600.0)
    assert [str(one.error) for one in runs] == ["2"] * (retries + 1)


def test_a_retry_that_comes_too_late_is_none(ran):
    """The first comes after a minute, and the deployed queue keeps events for as long."""
    runs, _ = ran("raise ValueError", retries=2)
    assert len(runs) == 1


def test_an_answer_that_is_no_json_is_a_failure(ran):
    ((run,), _) = ran("return {1, 2}")
    assert isinstance(run.error, TypeError)


def test_the_failure_destination_is_told_in_the_function_s_role(deployment, fixed):
    """Not even that a run has failed is told by a role that may not publish."""
    stack = deployment.untriggered().with_function(ORCHESTRATOR, code="handler = 1 / 0")
    granted = stack.grants
    silent = [one for one in granted.roles[ORCHESTRATOR] if "sns:Publish" not in one.actions]
    for statements_, told in ((granted.roles[ORCHESTRATOR], 1), (silent, 0)):
        roles = Roles(replace(granted, roles={ORCHESTRATOR: tuple(statements_)}))
        world = World(stack, fixed(), "x", roles=roles)
        world.send(ORCHESTRATOR, {})
        world.run(10)
        assert len(world.messages) == told
        assert any("may not sns:Publish" in one for one in roles.denials) is not bool(told)
        world.close()


def test_nobody_can_tell_what_an_operation_without_a_row_asks_for():
    roles = deployed(allow("*"))
    with pytest.raises(DrTemplateError, match="no row in OPERATIONS says what rds:DeleteDBCluster"):
        roles.denial(ROLE, "rds", "DeleteDBCluster", {"DBClusterIdentifier": "c"})


def test_a_key_that_does_not_name_the_account_ignores_its_roles():
    other = allow("kms:*", Principal={"AWS": "arn:aws:iam::999999999999:root"})
    roles = deployed(allow("*"), key_policy=[other])
    assert "kms:Decrypt" in roles.denial(ROLE, "dynamodb", "GetItem", {"TableName": "t"})

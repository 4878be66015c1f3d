import ast
import json

import pytest
import yaml

from drtemplate.cloudformation.references import dependencies
from drtemplate.settings import PROJECT, Settings
from drtemplate.world.granting import MANAGED

SOURCE = yaml.safe_load((PROJECT / "templates" / "source-contract.yaml").read_text("utf-8"))
NAMES = {
    "FailoverOrchestratorFunction": "dr-test-failover-orchestrator",
    "HealthMonitorFunction": "dr-test-health-monitor",
    "HealthMonitorFunction2": "dr-test-health-monitor-2",
}
FUNCTIONS = list(NAMES)
OBSERVERS = FUNCTIONS[1:]
ROLES = {
    "FailoverOrchestratorFunction": "LambdaExecutionRole",
    "HealthMonitorFunction": "HealthMonitorRole",
    "HealthMonitorFunction2": "HealthMonitorRole",
}
# Variables of the source that nothing reads; each has left through the ledger.
GONE = {"PRIMARY_ALB_ARN", "STANDBY_ALB_ARN", "HOSTED_ZONE_ID", "SESSION_TABLE"}


def granted(role):
    return {
        action: statement
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in statement["Action"]
    }


@pytest.mark.parametrize(("title", "name"), NAMES.items())
def test_a_function_keeps_the_sources_name(properties, title, name):
    assert properties[title]["FunctionName"] == name


@pytest.mark.parametrize("title", FUNCTIONS)
def test_a_function_runs_on_the_chosen_runtime(properties, title):
    assert properties[title]["Runtime"] == Settings().runtime


@pytest.mark.parametrize("title", FUNCTIONS)
def test_the_inline_code_has_the_handler_that_lambda_calls(properties, title):
    function = properties[title]
    module, handler = function["Handler"].split(".")
    assert module == "index"
    tree = ast.parse(function["Code"]["ZipFile"])
    assert handler in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("title", FUNCTIONS[:2])
def test_a_function_keeps_what_it_reads_of_the_sources_environment(properties, title):
    source = SOURCE["Resources"][title]["Properties"]["Environment"]["Variables"]
    variables = properties[title]["Environment"]["Variables"]
    kept = {name: variables.get(name) for name in source if name not in GONE}
    expected = {"DomainName": "a-DomainName"}
    assert kept == {name: expected.get(source[name]["Ref"], source[name]["Ref"]) for name in kept}


@pytest.mark.parametrize("title", FUNCTIONS)
def test_every_variable_is_read_by_the_code(properties, title):
    function = properties[title]
    code = function["Code"]["ZipFile"]
    # A side's target group is asked for by the side.
    sides = "_TARGETS" if 'f"{side}_TARGETS"' in code else "none"
    unread = [
        name
        for name in function["Environment"]["Variables"]
        if f'"{name}"' not in code and not name.endswith(sides)
    ]
    assert unread == []


@pytest.mark.parametrize("title", FUNCTIONS)
def test_the_environment_leaves_lambdas_own_names_alone(properties, title):
    """Lambda refuses a function that sets one of them."""
    variables = properties[title]["Environment"]["Variables"]
    own = ("AWS_", "LAMBDA_", "_HANDLER", "_X_AMZN")
    assert [name for name in variables if name.startswith(own)] == []


@pytest.mark.parametrize(("title", "zone"), [(OBSERVERS[0], 1), (OBSERVERS[1], 2)])
def test_an_observer_is_pinned_to_its_zone_and_knows_its_name(properties, title, zone):
    """One lost subnet or path then blinds one of them."""
    assert properties[title]["VpcConfig"] == {
        "SecurityGroupIds": ["LambdaSecurityGroup"],
        "SubnetIds": [f"PrivateSubnet{zone}"],
    }
    assert properties[title]["Environment"]["Variables"]["OBSERVER"] == f"zone-{zone}"


def test_the_orchestrator_knows_the_observers(properties):
    variables = properties["FailoverOrchestratorFunction"]["Environment"]["Variables"]
    own = [properties[title]["Environment"]["Variables"]["OBSERVER"] for title in OBSERVERS]
    assert variables["OBSERVERS"].split(",") == own


@pytest.mark.parametrize("title", OBSERVERS)
def test_an_observer_knows_every_members_own_endpoint(properties, title):
    variables = properties[title]["Environment"]["Variables"]
    assert json.loads(variables["MEMBER_ENDPOINTS"]) == {
        f"{instance}.Endpoint.Address": instance
        for instance in ("PrimaryDBInstance", "StandbyDBInstance")
    }


def test_the_orchestrator_needs_no_nat_gateway(properties):
    assert "VpcConfig" not in properties["FailoverOrchestratorFunction"]


@pytest.mark.parametrize("title", OBSERVERS)
def test_an_observer_waits_for_the_way_out(resources, title):
    assert set(resources[title]["DependsOn"]) >= {
        "PrivateRoute",
        "PrivateRoute2",
        "PrivateSubnetRouteTableAssociation1",
        "PrivateSubnetRouteTableAssociation2",
    }


@pytest.mark.parametrize(("title", "subnet"), list(zip(OBSERVERS, "12", strict=True)))
def test_what_its_interfaces_need_is_deleted_after_an_observer(resources, title, subnet):
    """CloudFormation deletes it when they are gone, and what it depends on after it."""
    assert dependencies(resources[title]) >= {
        "HealthMonitorRole",
        "LambdaSecurityGroup",
        f"PrivateSubnet{subnet}",
    }


@pytest.mark.parametrize(("title", "role"), ROLES.items())
def test_a_function_has_its_own_role(properties, title, role):
    assert properties[title]["Role"] == f"{role}.Arn"


@pytest.mark.parametrize("role", sorted(set(ROLES.values())))
def test_only_lambda_may_assume_a_role(properties, role):
    (statement,) = properties[role]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert statement["Action"] in ("sts:AssumeRole", ["sts:AssumeRole"])


@pytest.mark.parametrize("action", ["rds:FailoverDBCluster", "sns:Publish", "dynamodb:PutItem"])
def test_the_orchestrator_acts_and_the_monitor_does_not(properties, action):
    assert action in granted(properties["LambdaExecutionRole"])
    assert action not in granted(properties["HealthMonitorRole"])


CLUSTER = "AuroraDBCluster.DBClusterArn"
INSTANCES = ["PrimaryDBInstance.DBInstanceArn", "StandbyDBInstance.DBInstanceArn"]


@pytest.mark.parametrize(
    ("action", "resources"),
    [
        ("rds:FailoverDBCluster", [CLUSTER, *INSTANCES]),
        ("rds:DescribeDBClusters", [CLUSTER]),
        ("rds:DescribeDBInstances", INSTANCES),
    ],
)
def test_the_orchestrator_fails_over_this_cluster_to_its_own_instances_only(
    properties, action, resources
):
    statement = granted(properties["LambdaExecutionRole"])[action]
    assert statement["Effect"] == "Allow"
    assert statement["Resource"] == resources
    assert statement["Action"] == [action]


@pytest.mark.parametrize(
    ("title", "timeout", "memory"),
    [
        ("FailoverOrchestratorFunction", 300, 1024),
        ("HealthMonitorFunction", 140, 256),
        ("HealthMonitorFunction2", 140, 256),
    ],
)
def test_a_function_has_the_time_and_the_memory_that_it_needs(properties, title, timeout, memory):
    assert (properties[title]["Timeout"], properties[title]["MemorySize"]) == (timeout, memory)


def test_the_monitor_calls_the_orchestrator_and_nothing_else(properties):
    statement = granted(properties["HealthMonitorRole"])["lambda:InvokeFunction"]
    assert statement["Resource"] == ["FailoverOrchestratorFunction.Arn"]


@pytest.mark.parametrize("title", OBSERVERS)
def test_an_observer_is_told_the_orchestrators_name(properties, title):
    variables = properties[title]["Environment"]["Variables"]
    assert "FailoverOrchestratorFunction" in variables.values()


@pytest.mark.parametrize("role", sorted(set(ROLES.values())))
def test_metrics_go_to_the_systems_own_namespace(properties, role):
    statement = granted(properties[role])["cloudwatch:PutMetricData"]
    assert statement["Condition"] == {"StringEquals": {"cloudwatch:namespace": "DRSystem"}}


@pytest.mark.parametrize(
    ("service", "more"),
    [("dynamodb", {"kms:Encrypt", "kms:ReEncrypt*", "kms:DescribeKey"}), ("sns", set())],
)
def test_the_orchestrators_key_is_used_through_table_and_topic_only(properties, service, more):
    (policy,) = properties["LambdaExecutionRole"]["Policies"]
    (statement,) = (
        one
        for one in policy["PolicyDocument"]["Statement"]
        if one.get("Condition")
        == {"StringEquals": {"kms:ViaService": f"{service}.xx-test-1.amazonaws.com"}}
    )
    assert statement["Resource"] == ["OperationsKey.Arn"]
    assert set(statement["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey*"} | more


def test_the_key_is_never_used_but_through_a_service(properties):
    (policy,) = properties["LambdaExecutionRole"]["Policies"]
    for statement in policy["PolicyDocument"]["Statement"]:
        if any(action.startswith("kms:") for action in statement["Action"]):
            assert "kms:ViaService" in statement["Condition"]["StringEquals"]


@pytest.mark.parametrize(
    "title", ["FailoverLogGroup", "HealthMonitorLogGroup", "HealthMonitorLogGroup2"]
)
def test_a_log_is_kept_for_90_days(properties, title):
    assert properties[title]["RetentionInDays"] == 90


# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html
IN_A_VPC = {
    action
    for action in MANAGED["arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"]
    if action.startswith("ec2:")
}


def test_the_monitor_may_have_network_interfaces(properties):
    """Lambda refuses a function in a VPC whose role may not."""
    (policy,) = properties["HealthMonitorRole"]["ManagedPolicyArns"]
    assert policy.startswith("arn:aws-test:iam::aws:policy/service-role/")
    name = policy.rsplit("/", 1)[1]
    managed = MANAGED[f"arn:aws:iam::aws:policy/service-role/{name}"]
    (policy,) = properties["HealthMonitorRole"]["Policies"]
    own = {
        action
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
    }
    assert {*managed, *own} >= IN_A_VPC


def test_the_code_has_none_of_the_rights_on_interfaces_that_lambda_needs(properties):
    (policy,) = properties["HealthMonitorRole"]["Policies"]
    (denied,) = (one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Deny")
    assert set(denied["Action"]) == IN_A_VPC
    inside = {
        f"arn:aws-test:lambda:xx-test-1:111122223333:function:{facts['FunctionName']}"
        for facts in properties.values()
        if "VpcConfig" in facts
    }
    assert set(denied["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]) == inside

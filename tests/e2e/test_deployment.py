"""The two halves joined: what runs in the world is what was deployed."""

import copy
import io
import json
import zipfile

import pytest
from account import account
from comparison import Names, differences, plain
from conftest import STACK, least
from mutations import GONE, put
from readout import Readout
from rights import read
from services import Deployed

from drtemplate.cloudformation.document import load_template
from drtemplate.world.granting import MANAGED
from drtemplate.world.physical import Resolver
from drtemplate.world.reading import TEMPLATE, read_deployment

RENDERED = load_template(TEMPLATE)
DECLARED = plain(read_deployment(RENDERED, ""))


def account_of(of):
    """The account's deployment, in the names of the template's reading."""
    return plain(Readout(of).deployment(), Names(of, Resolver(RENDERED, {})))


@pytest.fixture(scope="module")
def real(pristine):
    return account_of(pristine)


def test_what_runs_in_the_world_is_what_was_deployed(real):
    assert differences(real, DECLARED) == {}


OTHERWISE = [
    ("FailoverOrchestratorFunction.Timeout", 60),
    ("FailoverOrchestratorFunction.Code.ZipFile", "x=1"),
    ("HealthMonitorFunction.Environment.Variables.DATABASE", "o"),
    ("HealthMonitorFunction.MemorySize", 128),
    ("HealthMonitorFunction2.VpcConfig.SubnetIds", [{"Ref": "PrivateSubnet1"}]),
    ("FailoverOrchestratorInvokeConfig.MaximumRetryAttempts", 2),
    ("FailoverOrchestratorInvokeConfig.DestinationConfig", GONE),
    ("PrivateRoute2.NatGatewayId", {"Ref": "NATGateway1"}),
    ("PrivateSubnet2.AvailabilityZone", "us-east-1c"),
    ("WriterAlarm.Threshold", 77),
    ("WriterAlarm.AlarmActions", []),
    ("WriterAlarm.TreatMissingData", "ignore"),
    ("WriterAlarm.Dimensions", []),
    ("CompositeAlarm.ActionsEnabled", False),
    ("PrimaryTargetGroup.HealthCheckIntervalSeconds", 30),
    ("StandbyTargetGroup.UnhealthyThresholdCount", 5),
    ("PrimaryHealthCheck.HealthCheckConfig.FailureThreshold", 9),
    ("AuroraDBCluster.PreferredMaintenanceWindow", "mon:01:00-mon:02:00"),
    ("AuroraDBCluster.PreferredBackupWindow", "01:00-02:00"),
    ("StandbyDBInstance.PromotionTier", 5),
    ("HealthCheckScheduleRule.ScheduleExpression", "rate(2 minutes)"),
    ("HealthCheckScheduleRule.State", "DISABLED"),
    ("RDSEventRule.Targets", []),
    ("SweepRule.Targets.0.Input", '{"action": "status"}'),
    ("RDSEventRule.EventPattern.source", ["aws.ec2"]),
    ("FailoverConfigParameter.Value", "{}"),
    ("LambdaExecutionRole.Policies.0.PolicyDocument.Statement.3", GONE),
    ("HealthMonitorRole.ManagedPolicyArns", []),
    ("AlarmPermission.SourceArn", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:x"),
    ("AlarmPermission.Principal", "s3.amazonaws.com"),
    ("AlertTopicPolicy.PolicyDocument.Statement.0", GONE),
    ("AlertTopic.KmsMasterKeyId", GONE),
    ("FailoverStateTable.SSESpecification", GONE),
    ("OperationsKey.KeyPolicy.Statement.2", GONE),
    ("FailoverOrchestratorFunction.LoggingConfig.LogGroup", "x"),
    ("FailoverOrchestratorFunction.Role", {"Fn::GetAtt": ["HealthMonitorRole", "Arn"]}),
    ("S3Endpoint.ServiceName", "com.amazonaws.us-east-1.sqs"),
]


@pytest.mark.parametrize(("path", "value"), OTHERWISE, ids=[path for path, _ in OTHERWISE])
def test_whatever_is_changed_in_the_template_is_a_difference(real, path, value):
    template = copy.deepcopy(RENDERED)
    put(template, path, value)
    assert differences(real, plain(read_deployment(template, "")))


def test_the_managed_policies_are_what_the_world_takes_them_for(pristine):
    iam = pristine.aws.client("iam")
    for arn, actions in MANAGED.items():
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
        (statement,) = read(found["Document"])
        assert set(statement.actions) == set(actions)
        assert (statement.effect, statement.resources) == ("Allow", ("*",))


ORCHESTRATOR, MONITOR = "FailoverOrchestratorFunction", "HealthMonitorFunction"
MONITOR_2 = "HealthMonitorFunction2"
HERE = "us-east-1:123456789012"
FUNCTION, RULE = f"arn:aws:lambda:{HERE}:function:drill-", f"arn:aws:events:{HERE}:rule/drill-"
TOPIC, KEY = f"arn:aws:sns:{HERE}:AlertTopic", f"arn:aws:kms:{HERE}:key/OperationsKey"
ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
EVERYTHING = {"Version": "2012-10-17", "Statement": [ALL]}


def of_alarm(client, name):
    """An alarm as PutMetricAlarm takes it."""
    (found,) = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    taken = client.meta.service_model.operation_model("PutMetricAlarm").input_shape.members
    return {key: value for key, value in found.items() if key in taken}


# Each alters the account behind the stack's back, and gives the paths of what it alters.


def other_functions(ids, client):
    lambdas, orchestrator, monitor = client("lambda"), ids[ORCHESTRATOR], ids[MONITOR]
    yield f"functions.{ORCHESTRATOR}.timeout"
    lambdas.update_function_configuration(FunctionName=orchestrator, Timeout=60)
    yield f"functions.{ORCHESTRATOR}.memory"
    lambdas.update_function_configuration(FunctionName=orchestrator, MemorySize=128)
    yield f"functions.{MONITOR}.environment.DATABASE"
    facts = lambdas.get_function_configuration(FunctionName=monitor)
    variables = facts["Environment"]["Variables"] | {"DATABASE": "other"}
    lambdas.update_function_configuration(
        FunctionName=monitor, Environment={"Variables": variables}
    )
    yield f"functions.{MONITOR}.reserved"
    lambdas.put_function_concurrency(FunctionName=monitor, ReservedConcurrentExecutions=1)
    yield f"functions.{ORCHESTRATOR}.retries"
    yield f"functions.{ORCHESTRATOR}.max_age"
    yield f"functions.{ORCHESTRATOR}.on_failure"
    # The emulator keeps the first that is put.
    lambdas.delete_function_event_invoke_config(FunctionName=orchestrator, Qualifier="$LATEST")
    lambdas.put_function_event_invoke_config(
        FunctionName=orchestrator,
        Qualifier="$LATEST",
        MaximumRetryAttempts=2,
        MaximumEventAgeInSeconds=600,
    )
    yield f"functions.{ORCHESTRATOR}.code"
    lambdas.update_function_code(FunctionName=orchestrator, ZipFile=zipped("handler = print"))
    yield f"functions.{MONITOR_2}.nat_zones.us-east-1b"
    client("ec2").replace_route(
        RouteTableId=ids["PrivateRouteTable2"],
        DestinationCidrBlock="0.0.0.0/0",
        NatGatewayId=ids["NATGateway1"],
    )
    yield "endpoints"
    client("ec2").delete_vpc_endpoints(VpcEndpointIds=[ids["S3Endpoint"]])


def other_triggers(ids, client):
    events, cloudwatch = client("events"), client("cloudwatch")
    yield "alarms.drill-writer.threshold"
    writer = of_alarm(cloudwatch, ids["WriterAlarm"])
    cloudwatch.put_metric_alarm(**writer | {"Threshold": 77.0})
    yield "alarms.drill-db-connections.actions"
    cloudwatch.disable_alarm_actions(AlarmNames=[ids["DatabaseConnectionAlarm"]])
    yield "composites.drill-critical-failure.rule"
    (composite,) = cloudwatch.describe_alarms(
        AlarmNames=[ids["CompositeAlarm"]], AlarmTypes=["CompositeAlarm"]
    )["CompositeAlarms"]
    cloudwatch.put_composite_alarm(
        AlarmName=ids["CompositeAlarm"],
        AlarmRule=f'ALARM("{ids["WriterAlarm"]}")',
        AlarmActions=composite["AlarmActions"],
    )
    yield "sides.Primary.interval"
    client("elbv2").modify_target_group(
        TargetGroupArn=ids["PrimaryTargetGroup"], HealthCheckIntervalSeconds=30
    )
    yield "sides.Standby.check_threshold"
    client("route53").update_health_check(
        HealthCheckId=ids["StandbyHealthCheck"], FailureThreshold=9
    )
    yield "cluster.backup"
    client("rds").modify_db_cluster(
        DBClusterIdentifier=ids["AuroraDBCluster"], PreferredBackupWindow="05:00-06:00"
    )
    yield f"rules.{RULE}HealthCheckScheduleRule"
    events.disable_rule(Name=ids["HealthCheckScheduleRule"])
    yield f"rules.{RULE}RDSEventRule.targets"
    events.remove_targets(Rule=ids["RDSEventRule"], Ids=["AuditTarget"])
    yield f"rules.{RULE}RDSEventRule.pattern.source"
    pattern = json.loads(events.describe_rule(Name=ids["RDSEventRule"])["EventPattern"])
    events.put_rule(
        Name=ids["RDSEventRule"], EventPattern=json.dumps(pattern | {"source": ["aws.ec2"]})
    )
    yield f"rules.{RULE}SweepRule.inputs.{FUNCTION}failover-orchestrator.action"
    (sweep,) = events.list_targets_by_rule(Rule=ids["SweepRule"])["Targets"]
    events.put_targets(
        Rule=ids["SweepRule"], Targets=[sweep | {"Input": json.dumps({"action": "status"})}]
    )
    yield "parameters./drill/failover/config"
    client("ssm").put_parameter(
        Name=ids["FailoverConfigParameter"], Value="{}", Overwrite=True, Type="String"
    )


def other_rights(ids, client):
    iam, lambdas, monitor = client("iam"), client("lambda"), ids[MONITOR]
    yield f"grants.roles.{ORCHESTRATOR}"
    iam.put_role_policy(
        RoleName=ids["LambdaExecutionRole"],
        PolicyName="FailoverPolicy",
        PolicyDocument=json.dumps(EVERYTHING),
    )
    yield f"grants.roles.{MONITOR}"
    yield f"grants.roles.{MONITOR_2}"
    (attached,) = iam.list_attached_role_policies(RoleName=ids["HealthMonitorRole"])[
        "AttachedPolicies"
    ]
    iam.detach_role_policy(RoleName=ids["HealthMonitorRole"], PolicyArn=attached["PolicyArn"])
    yield f"grants.resource_policies.{FUNCTION}health-monitor"
    (statement,) = json.loads(lambdas.get_policy(FunctionName=monitor)["Policy"])["Statement"]
    lambdas.remove_permission(FunctionName=monitor, StatementId=statement["Sid"])
    sns, topic = client("sns"), ids["AlertTopic"]
    yield f"grants.resource_policies.{TOPIC}"
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    policy["Statement"].pop()
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(policy)
    )
    yield f"grants.keys.{TOPIC}"
    sns.set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue="")
    yield f"grants.key_policies.{KEY}"
    client("kms").put_key_policy(
        KeyId=ids["OperationsKey"], PolicyName="default", Policy=json.dumps(EVERYTHING)
    )


def zipped(text):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as package:
        package.writestr("index.py", text)
    return made.getvalue()


def test_whatever_is_altered_in_the_account_is_a_difference():
    """One stack with every difference, each of them by itself, and no others."""
    with account() as own:
        given = least(own)
        assert own.deploy(STACK, given).returncode == 0
        of = Deployed(own, STACK, given)
        alterations = (other_functions, other_triggers, other_rights)
        expected = {path for one in alterations for path in one(of.ids, own.client)}
        assert len(expected) == 28
        assert set(differences(account_of(of), DECLARED)) == expected

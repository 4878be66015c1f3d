"""The two functions: log group, role and code of each."""

from awacs import awslambda as lambda_actions
from awacs import cloudwatch as cloudwatch_actions
from awacs import dynamodb as dynamodb_actions
from awacs import elasticloadbalancing as elb_actions
from awacs import kms as kms_actions
from awacs import logs as logs_actions
from awacs import rds as rds_actions
from awacs import sns as sns_actions
from awacs import sts as sts_actions
from awacs.aws import Action, Allow, Condition, PolicyDocument, Principal, Statement, StringEquals
from troposphere import StackName, Sub, awslambda, iam, logs

from drtemplate.groups.alerts import Alerts
from drtemplate.groups.database import Database
from drtemplate.groups.encryption import Encryption
from drtemplate.groups.load_balancing import LoadBalancing
from drtemplate.groups.network import Network
from drtemplate.groups.parameters import Parameters
from drtemplate.groups.security_groups import SecurityGroups
from drtemplate.groups.state import State
from drtemplate.rendering.inline import inline_code
from drtemplate.settings import Settings
from drtemplate.template import StackTemplate, bundle, stack_name

METRIC_NAMESPACE = "DRSystem"
LOG_RETENTION = 90  # days


@bundle
class Functions:
    """The observer and the actor."""

    orchestrator: awslambda.Function
    monitor: awslambda.Function


@bundle
class Surroundings:
    """The other groups' bundles that the functions need."""

    parameters: Parameters
    network: Network
    security_groups: SecurityGroups
    encryption: Encryption
    database: Database
    state: State
    sides: LoadBalancing
    alerts: Alerts


def add_functions(template: StackTemplate, settings: Settings, around: Surroundings) -> Functions:
    """Add log groups, roles and functions; the orchestrator first, since the monitor calls it."""
    orchestrator = _add_orchestrator(template, settings, around)
    return Functions(
        orchestrator=orchestrator,
        monitor=_add_monitor(template, settings, around, orchestrator),
    )


def _add_orchestrator(
    template: StackTemplate, settings: Settings, around: Surroundings
) -> awslambda.Function:
    log_group = _add_log_group(template, "FailoverLogGroup", "failover-orchestrator", around)
    role = template.add_resource(
        iam.Role(
            "LambdaExecutionRole",
            AssumeRolePolicyDocument=_trust(),
            Policies=[
                _policy(
                    "FailoverPolicy", [*orchestrator_statements(around), _log_statement(log_group)]
                )
            ],
        )
    )
    sides = around.sides
    return template.add_resource(
        awslambda.Function(
            "FailoverOrchestratorFunction",
            FunctionName=stack_name("-failover-orchestrator"),
            Runtime=settings.runtime,
            Handler="index.handler",
            Timeout=180,
            MemorySize=512,
            Role=role.get_att("Arn"),
            LoggingConfig=awslambda.LoggingConfig(LogGroup=log_group.ref()),
            Environment=awslambda.Environment(
                Variables={
                    "CLUSTER_ID": around.database.cluster.ref(),
                    "FAILOVER_STATE_TABLE": around.state.failover.ref(),
                    "SNS_TOPIC_ARN": around.alerts.topic.ref(),
                    "PRIMARY_ALB_ARN": sides.primary.load_balancer.ref(),
                    "STANDBY_ALB_ARN": sides.standby.load_balancer.ref(),
                    "HOSTED_ZONE_ID": around.parameters.hosted_zone_id.ref(),
                    "DOMAIN_NAME": around.parameters.domain_name.ref(),
                    "STACK_NAME": StackName,
                }
            ),
            Code=awslambda.Code(
                ZipFile=inline_code(settings.handlers / "failover_orchestrator.py")
            ),
        )
    )


def _add_monitor(
    template: StackTemplate,
    settings: Settings,
    around: Surroundings,
    orchestrator: awslambda.Function,
) -> awslambda.Function:
    log_group = _add_log_group(template, "HealthMonitorLogGroup", "health-monitor", around)
    role = template.add_resource(
        iam.Role(
            "HealthMonitorRole",
            AssumeRolePolicyDocument=_trust(),
            # Network interfaces for the VPC, and unlike AWSLambdaVPCAccessExecutionRole no right to
            # create log groups, which would come back unencrypted after a delete.
            # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaENIManagementAccess.html
            ManagedPolicyArns=[
                Sub(
                    "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaENIManagementAccess"
                )
            ],
            Policies=[
                _policy(
                    "MonitorPolicy", [*monitor_statements(orchestrator), _log_statement(log_group)]
                )
            ],
        )
    )
    network, sides = around.network, around.sides
    return template.add_resource(
        awslambda.Function(
            "HealthMonitorFunction",
            # Before the way out exists every call of the function would only time out.
            DependsOn=[way_out.title for way_out in network.private_ways_out],
            FunctionName=stack_name("-health-monitor"),
            Runtime=settings.runtime,
            Handler="index.handler",
            Timeout=30,
            MemorySize=512,
            Role=role.get_att("Arn"),
            LoggingConfig=awslambda.LoggingConfig(LogGroup=log_group.ref()),
            Environment=awslambda.Environment(
                Variables={
                    "CLUSTER_ID": around.database.cluster.ref(),
                    "PRIMARY_ALB_ARN": sides.primary.load_balancer.ref(),
                    "SESSION_TABLE": around.state.sessions.ref(),
                    "DATABASE_ENDPOINT": around.database.cluster.get_att("Endpoint.Address"),
                    "PRIMARY_TARGET_GROUP_ARN": sides.primary.target_group.ref(),
                    "FAILOVER_FUNCTION": orchestrator.ref(),
                    "STACK_NAME": StackName,
                }
            ),
            VpcConfig=awslambda.VPCConfig(
                SecurityGroupIds=[around.security_groups.functions.ref()],
                SubnetIds=[subnet.ref() for subnet in network.private_subnets],
            ),
            Code=awslambda.Code(ZipFile=inline_code(settings.handlers / "health_monitor.py")),
        )
    )


def orchestrator_statements(around: Surroundings) -> list[Statement]:
    """Exactly what the orchestrator calls, on the resources it calls it for."""
    cluster = around.database.cluster
    return [
        _allow(
            [rds_actions.FailoverDBCluster, rds_actions.DescribeDBClusters],
            [cluster.get_att("DBClusterArn")],
        ),
        _allow(
            [dynamodb_actions.PutItem, dynamodb_actions.UpdateItem],
            [around.state.failover.get_att("Arn")],
        ),
        _allow([sns_actions.Publish], [around.alerts.topic.ref()]),
        # For the table and the topic, which the services open in the caller's name.
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
        _allow(
            [
                kms_actions.Decrypt,
                kms_actions.DescribeKey,
                kms_actions.Encrypt,
                kms_actions.Action("ReEncrypt*"),
                kms_actions.Action("GenerateDataKey*"),
            ],
            [around.encryption.key.get_att("Arn")],
            Condition=Condition(
                StringEquals(
                    "kms:ViaService",
                    [
                        Sub(f"{service}.${{AWS::Region}}.amazonaws.com")
                        for service in ("dynamodb", "sns")
                    ],
                )
            ),
        ),
        _metric_statement(),
    ]


def monitor_statements(orchestrator: awslambda.Function) -> list[Statement]:
    """Exactly what the monitor calls; the two describing actions know no resource."""
    return [
        _allow([lambda_actions.InvokeFunction], [orchestrator.get_att("Arn")]),
        _allow([elb_actions.DescribeTargetHealth, cloudwatch_actions.GetMetricData], ["*"]),
        _metric_statement(),
    ]


def _metric_statement() -> Statement:
    return _allow(
        [cloudwatch_actions.PutMetricData],
        ["*"],
        Condition=Condition(StringEquals("cloudwatch:namespace", METRIC_NAMESPACE)),
    )


def _log_statement(log_group: logs.LogGroup) -> Statement:
    return _allow(
        [logs_actions.CreateLogStream, logs_actions.PutLogEvents], [log_group.get_att("Arn")]
    )


def _allow(actions: list[Action], resources: list[object], **condition: Condition) -> Statement:
    return Statement(Effect=Allow, Action=actions, Resource=resources, **condition)


def _policy(name: str, statements: list[Statement]) -> iam.Policy:
    return iam.Policy(
        PolicyName=name,
        PolicyDocument=PolicyDocument(Version="2012-10-17", Statement=statements),
    )


def _trust() -> PolicyDocument:
    return PolicyDocument(
        Version="2012-10-17",
        Statement=[
            Statement(
                Effect=Allow,
                Principal=Principal("Service", "lambda.amazonaws.com"),
                Action=[sts_actions.AssumeRole],
            )
        ],
    )


def _add_log_group(
    template: StackTemplate, title: str, function: str, around: Surroundings
) -> logs.LogGroup:
    """The log group comes before its function, or Lambda would make an unencrypted one."""
    return template.add_resource(
        logs.LogGroup(
            title,
            DeletionPolicy="Delete",
            UpdateReplacePolicy="Delete",
            LogGroupName=Sub(f"/aws/lambda/${{AWS::StackName}}-{function}"),
            RetentionInDays=LOG_RETENTION,
            KmsKeyId=around.encryption.key.get_att("Arn"),
        )
    )

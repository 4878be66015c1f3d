"""The two functions: log group, role and code of each."""

from awacs import awslambda as lambda_actions
from awacs import cloudwatch as cloudwatch_actions
from awacs import dynamodb as dynamodb_actions
from awacs import elasticloadbalancing as elb_actions
from awacs import kms as kms_actions
from awacs import logs as logs_actions
from awacs import rds as rds_actions
from awacs import route53 as route53_actions
from awacs import sns as sns_actions
from awacs import ssm as ssm_actions
from awacs import sts as sts_actions
from awacs.aws import Action, Allow, Condition, PolicyDocument, Principal, Statement, StringEquals
from troposphere import StackName, Sub, awslambda, iam, logs

from drtemplate.groups.alerts import Alerts
from drtemplate.groups.configuration import Configuration
from drtemplate.groups.database import Database
from drtemplate.groups.dns import Dns
from drtemplate.groups.encryption import Encryption
from drtemplate.groups.load_balancing import LoadBalancing
from drtemplate.groups.network import Network
from drtemplate.groups.parameters import Parameters
from drtemplate.groups.security_groups import SecurityGroups
from drtemplate.groups.state import State
from drtemplate.rendering.inline import inline_code
from drtemplate.settings import Settings
from drtemplate.template import StackTemplate, bundle, stack_name, variable

METRIC_NAMESPACE = "DRSystem"
LOG_RETENTION = 90  # days
# Seconds. Aurora may take a minute to promote, and the orchestrator keeps 45 back to tell.
ORCHESTRATOR_TIMEOUT = 180
EVENT_AGE = 60  # the least that Lambda takes
MONITOR_TIMEOUT = 90  # it probes for 70 and ends the tick that it is in


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
    dns: Dns
    alerts: Alerts
    configuration: Configuration


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
            Policies=[_policy("FailoverPolicy", orchestrator_statements(around, log_group))],
        )
    )
    return _add_function(
        template,
        settings,
        "FailoverOrchestratorFunction",
        "failover_orchestrator",
        role,
        log_group,
        Timeout=ORCHESTRATOR_TIMEOUT,
        environment=orchestrator_environment(around),
        destination={
            "DestinationConfig": awslambda.DestinationConfig(
                OnFailure=awslambda.OnFailure(Destination=around.alerts.topic.ref())
            )
        },
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
                _policy("MonitorPolicy", monitor_statements(around, orchestrator, log_group))
            ],
        )
    )
    network = around.network
    return _add_function(
        template,
        settings,
        "HealthMonitorFunction",
        "health_monitor",
        role,
        log_group,
        # Before the way out exists every call of the function would only time out.
        DependsOn=[way_out.title for way_out in network.private_ways_out],
        Timeout=MONITOR_TIMEOUT,
        environment=monitor_environment(around, orchestrator),
        destination={},  # one that fails is missed by its alarm
        VpcConfig=awslambda.VPCConfig(
            SecurityGroupIds=[around.security_groups.functions.ref()],
            SubnetIds=[subnet.ref() for subnet in network.private_subnets],
        ),
    )


def _add_function(
    template: StackTemplate,
    settings: Settings,
    title: str,
    handler: str,
    role: iam.Role,
    log_group: logs.LogGroup,
    environment: dict[str, object],
    destination: dict[str, object],
    **properties: object,
) -> awslambda.Function:
    """Add a function, and how it treats events that it could not take at once."""
    function = template.add_resource(
        awslambda.Function(
            title,
            FunctionName=stack_name(f"-{handler.replace('_', '-')}"),
            Runtime=settings.runtime,
            Handler="index.handler",
            MemorySize=512,
            Role=role.get_att("Arn"),
            LoggingConfig=awslambda.LoggingConfig(LogGroup=log_group.ref()),
            **properties,
            Environment=awslambda.Environment(Variables=environment),
            Code=awslambda.Code(ZipFile=inline_code(settings.handlers / f"{handler}.py")),
        )
    )
    template.add_resource(
        awslambda.EventInvokeConfig(
            title.replace("Function", "InvokeConfig"),
            FunctionName=function.ref(),
            Qualifier="$LATEST",
            # A second run of the same event is never wanted, nor one that comes late.
            MaximumRetryAttempts=0,
            MaximumEventAgeInSeconds=EVENT_AGE,
            **destination,
        )
    )
    return function


def orchestrator_environment(around: Surroundings) -> dict[str, object]:
    """The author's keys, then those that the handler reads besides."""
    sides = around.sides
    return {
        "CLUSTER_ID": around.database.cluster.ref(),
        "FAILOVER_STATE_TABLE": around.state.failover.ref(),
        "SNS_TOPIC_ARN": around.alerts.topic.ref(),
        "PRIMARY_ALB_ARN": sides.primary.load_balancer.ref(),
        "STANDBY_ALB_ARN": sides.standby.load_balancer.ref(),
        "HOSTED_ZONE_ID": around.parameters.hosted_zone_id.ref(),
        "DOMAIN_NAME": around.parameters.domain_name.ref(),
        "PRIMARY_TARGETS": sides.primary.target_group.ref(),
        "STANDBY_TARGETS": sides.standby.target_group.ref(),
        "HEALTH_CHECK": around.dns.primary_health_check.ref(),
        "RETENTION_DAYS": around.parameters.data_retention_days.ref(),
        **_common_environment(around),
    }


def monitor_environment(
    around: Surroundings, orchestrator: awslambda.Function
) -> dict[str, object]:
    """The author's keys, then those that the handler reads besides."""
    cluster, primary = around.database.cluster, around.sides.primary
    return {
        "CLUSTER_ID": cluster.ref(),
        "PRIMARY_ALB_ARN": primary.load_balancer.ref(),
        "SESSION_TABLE": around.state.sessions.ref(),
        "DATABASE": cluster.get_att("Endpoint.Address"),
        "PRIMARY_TARGETS": primary.target_group.ref(),
        "FAILOVER_FUNCTION": orchestrator.ref(),
        **_common_environment(around),
    }


def _common_environment(around: Surroundings) -> dict[str, object]:
    return {
        "STACK_NAME": StackName,
        "CONFIG": around.configuration.failover.ref(),
        "AUTO_FAILOVER": around.parameters.auto_failover.ref(),
    }


def orchestrator_statements(around: Surroundings, log_group: logs.LogGroup) -> list[Statement]:
    """Exactly what the orchestrator calls, on the resources it calls it for."""
    database = around.database
    return [
        _allow(
            [rds_actions.FailoverDBCluster, rds_actions.DescribeDBClusters],
            [database.cluster.get_att("DBClusterArn")],
        ),
        _allow(
            [rds_actions.DescribeDBInstances],
            [
                instance.get_att("DBInstanceArn")
                for instance in (database.primary, database.standby)
            ],
        ),
        _allow(
            [dynamodb_actions.GetItem, dynamodb_actions.PutItem],
            [around.state.failover.get_att("Arn")],
        ),
        _allow(
            [route53_actions.UpdateHealthCheck],
            [
                Sub(
                    "arn:${AWS::Partition}:route53:::healthcheck/"
                    + variable(around.dns.primary_health_check)
                )
            ],
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
        # Neither knows a resource.
        _allow([elb_actions.DescribeTargetHealth, cloudwatch_actions.GetMetricStatistics], ["*"]),
        *_common_statements(around, log_group),
    ]


def monitor_statements(
    around: Surroundings, orchestrator: awslambda.Function, log_group: logs.LogGroup
) -> list[Statement]:
    """Exactly what the monitor calls."""
    return [
        _allow([lambda_actions.InvokeFunction], [orchestrator.get_att("Arn")]),
        _allow([elb_actions.DescribeTargetHealth], ["*"]),
        _allow([rds_actions.DescribeDBClusters], [around.database.cluster.get_att("DBClusterArn")]),
        *_common_statements(around, log_group),
    ]


def _common_statements(around: Surroundings, log_group: logs.LogGroup) -> list[Statement]:
    """Publish metrics, read the configuration, log."""
    return [
        _metric_statement(),
        _allow(
            [ssm_actions.GetParameter],
            [
                # The name begins with a slash.
                Sub(
                    "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
                    + variable(around.configuration.failover)
                )
            ],
        ),
        _allow(
            [logs_actions.CreateLogStream, logs_actions.PutLogEvents], [log_group.get_att("Arn")]
        ),
    ]


def _metric_statement() -> Statement:
    return _allow(
        [cloudwatch_actions.PutMetricData],
        ["*"],
        Condition=Condition(StringEquals("cloudwatch:namespace", METRIC_NAMESPACE)),
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
            LogGroupName=Sub(f"/aws/lambda/${{AWS::StackName}}-{function}"),
            RetentionInDays=LOG_RETENTION,
            KmsKeyId=around.encryption.key.get_att("Arn"),
        )
    )

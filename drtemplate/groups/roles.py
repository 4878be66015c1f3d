"""The roles of the two functions: what each may do, and on what."""

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
from awacs.aws import Allow, Condition, PolicyDocument, StringEquals
from troposphere import Sub, awslambda, iam, logs

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
from drtemplate.policies import Statement, allow, document, service
from drtemplate.template import StackTemplate, bundle, variable

METRIC_NAMESPACE = "DRSystem"


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


def add_orchestrator_role(
    template: StackTemplate, around: Surroundings, log_group: logs.LogGroup
) -> iam.Role:
    """Add the actor's role."""
    return template.add_resource(
        iam.Role(
            "LambdaExecutionRole",
            AssumeRolePolicyDocument=_trust(),
            Policies=[_policy("FailoverPolicy", orchestrator_statements(around, log_group))],
        )
    )


def add_monitor_role(
    template: StackTemplate,
    around: Surroundings,
    orchestrator: awslambda.Function,
    log_group: logs.LogGroup,
) -> iam.Role:
    """Add the observer's role."""
    return template.add_resource(
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


def orchestrator_statements(around: Surroundings, log_group: logs.LogGroup) -> list[Statement]:
    """Exactly what the orchestrator calls, on the resources it calls it for."""
    database = around.database
    return [
        # A failover that names its target is asked of the cluster and, in IAM's newer data, of the
        # instance. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
        allow(
            [
                rds_actions.FailoverDBCluster,
                rds_actions.DescribeDBClusters,
                rds_actions.DescribeDBInstances,
            ],
            [
                database.cluster.get_att("DBClusterArn"),
                database.primary.get_att("DBInstanceArn"),
                database.standby.get_att("DBInstanceArn"),
            ],
        ),
        # The actions of either service know only its own resource.
        allow(
            [dynamodb_actions.GetItem, dynamodb_actions.PutItem, sns_actions.Publish],
            [around.state.failover.get_att("Arn"), around.alerts.topic.ref()],
        ),
        allow(
            [route53_actions.UpdateHealthCheck],
            [
                Sub(
                    "arn:${AWS::Partition}:route53:::healthcheck/"
                    + variable(around.dns.primary_health_check)
                )
            ],
        ),
        _key_statement(around.encryption),
        # Neither knows a resource.
        allow([elb_actions.DescribeTargetHealth, cloudwatch_actions.GetMetricStatistics], ["*"]),
        *_common_statements(around, log_group),
    ]


def _key_statement(encryption: Encryption) -> Statement:
    """The key of table and topic, which those services open in the caller's name.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
    """
    services = [Sub(f"{name}.${{AWS::Region}}.amazonaws.com") for name in ("dynamodb", "sns")]
    return allow(
        [
            kms_actions.Decrypt,
            kms_actions.DescribeKey,
            kms_actions.Encrypt,
            kms_actions.Action("ReEncrypt*"),
            kms_actions.Action("GenerateDataKey*"),
        ],
        [encryption.key.get_att("Arn")],
        Condition=Condition(StringEquals("kms:ViaService", services)),
    )


def monitor_statements(
    around: Surroundings, orchestrator: awslambda.Function, log_group: logs.LogGroup
) -> list[Statement]:
    """Exactly what the monitor calls."""
    return [
        allow([lambda_actions.InvokeFunction], [orchestrator.get_att("Arn")]),
        allow([elb_actions.DescribeTargetHealth], ["*"]),
        allow([rds_actions.DescribeDBClusters], [around.database.cluster.get_att("DBClusterArn")]),
        *_common_statements(around, log_group),
    ]


def _common_statements(around: Surroundings, log_group: logs.LogGroup) -> list[Statement]:
    """Publish metrics; read the configuration and log, each on the only resource it knows."""
    configuration = Sub(
        "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
        + variable(around.configuration.failover)  # the name begins with a slash
    )
    return [
        _metric_statement(),
        allow(
            [ssm_actions.GetParameter, logs_actions.CreateLogStream, logs_actions.PutLogEvents],
            [configuration, log_group.get_att("Arn")],
        ),
    ]


def _metric_statement() -> Statement:
    return allow(
        [cloudwatch_actions.PutMetricData],
        ["*"],
        Condition=Condition(StringEquals("cloudwatch:namespace", METRIC_NAMESPACE)),
    )


def _policy(name: str, statements: list[Statement]) -> iam.Policy:
    return iam.Policy(PolicyName=name, PolicyDocument=document(*statements))


def _trust() -> PolicyDocument:
    return document(
        Statement(
            Effect=Allow,
            Principal=service("lambda.amazonaws.com"),
            Action=[sts_actions.AssumeRole],
        )
    )

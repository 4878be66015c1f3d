"""What each function may do: exactly what its code calls, one statement for each purpose.

The statements stand in the order of a run: read, look, act, record, tell.
"""

from awacs import awslambda as lambda_actions
from awacs import cloudwatch as cloudwatch_actions
from awacs import dynamodb as dynamodb_actions
from awacs import ec2 as ec2_actions
from awacs import elasticloadbalancing as elb_actions
from awacs import kms as kms_actions
from awacs import logs as logs_actions
from awacs import rds as rds_actions
from awacs import route53 as route53_actions
from awacs import sns as sns_actions
from awacs import ssm as ssm_actions
from awacs.aws import Action, ArnEquals, Condition, Deny, StringEquals
from troposphere import Sub, awslambda, logs

from drtemplate.groups.alerts import Alerts
from drtemplate.groups.configuration import Configuration
from drtemplate.groups.database import Database
from drtemplate.groups.dns import Dns
from drtemplate.groups.encryption import Encryption
from drtemplate.groups.handlers import METRIC_NAMESPACE, TARGETS_ALARM, WRITER_ALARM
from drtemplate.groups.load_balancing import LoadBalancing
from drtemplate.groups.network import Network
from drtemplate.groups.parameters import Parameters
from drtemplate.groups.policies import Statement, allow
from drtemplate.groups.security_groups import SecurityGroups
from drtemplate.groups.state import State
from drtemplate.template import bundle, variable


@bundle
class Dependencies:
    """The other groups' bundles that the functions and their roles need."""

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


def orchestrator_statements(
    dependencies: Dependencies, log_group: logs.LogGroup
) -> list[Statement]:
    """What the orchestrator calls, on the resources it calls it for."""
    database, encryption = dependencies.database, dependencies.encryption
    instances = [instance.get_att("DBInstanceArn") for instance in database.instances]
    health_check = Sub(
        "arn:${AWS::Partition}:route53:::healthcheck/"
        + variable(dependencies.dns.primary_health_check)
    )
    alarms = [alarm_arn(name) for name in (WRITER_ALARM, TARGETS_ALARM)]
    return [
        _read_the_configuration(dependencies.configuration),
        allow(
            "ReadAndWriteTheFailoverState",
            [dynamodb_actions.GetItem, dynamodb_actions.PutItem],
            [dependencies.state.failover.get_att("Arn")],
        ),
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html
        _use_the_key(
            "UseTheKeyOfTheFailoverState",
            encryption,
            "dynamodb",
            [kms_actions.Encrypt, kms_actions.Action("ReEncrypt*"), kms_actions.DescribeKey],
        ),
        _see_who_writes(database),
        allow("SeeWhoCanBePromoted", [rds_actions.DescribeDBInstances], instances),
        _see_healthy_targets(),
        # The action knows no resource.
        allow("LookForASecondSign", [cloudwatch_actions.GetMetricStatistics], ["*"]),
        allow("SeeWhichAlarmsStand", [cloudwatch_actions.DescribeAlarms], alarms),
        # A failover that names its target is asked of the cluster and, in IAM's newer data, of the
        # instance. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
        allow(
            "MoveTheWriter",
            [rds_actions.FailoverDBCluster],
            [database.cluster.get_att("DBClusterArn"), *instances],
        ),
        allow(
            "LatchThePrimarySide",
            [route53_actions.GetHealthCheck, route53_actions.UpdateHealthCheck],
            [health_check],
        ),
        allow("TellPeople", [sns_actions.Publish], [dependencies.alerts.topic.ref()]),
        # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
        _use_the_key("UseTheKeyOfTheAlerts", encryption, "sns"),
        _publish_metrics(),
        _write_the_log(log_group),
    ]


def monitor_statements(
    dependencies: Dependencies, orchestrator: awslambda.Function, log_groups: list[logs.LogGroup]
) -> list[Statement]:
    """What an observer calls."""
    return [
        _read_the_configuration(dependencies.configuration),
        _see_who_writes(dependencies.database),
        _see_healthy_targets(),
        allow(
            "CallTheOrchestrator", [lambda_actions.InvokeFunction], [orchestrator.get_att("Arn")]
        ),
        _publish_metrics(),
        _write_the_log(*log_groups),
        # The one right of those that the page lists which AWSLambdaENIManagementAccess has not.
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
        allow("LetLambdaSeeTheSubnets", [ec2_actions.DescribeSubnets], ["*"]),
        _keep_interfaces_from_code(["health-monitor", "health-monitor-2"]),
    ]


def _keep_interfaces_from_code(functions: list[str]) -> Statement:
    """Lambda needs the role's rights on network interfaces, the code of the functions none of them.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
    """
    arns = [
        Sub(
            "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}"
            f":function:${{AWS::StackName}}-{name}"
        )
        for name in functions
    ]
    return Statement(
        Sid="KeepInterfacesFromTheCode",
        Effect=Deny,
        Action=[
            ec2_actions.CreateNetworkInterface,
            ec2_actions.DescribeNetworkInterfaces,
            ec2_actions.DescribeSubnets,
            ec2_actions.DeleteNetworkInterface,
            ec2_actions.AssignPrivateIpAddresses,
            ec2_actions.UnassignPrivateIpAddresses,
        ],
        Resource=["*"],
        Condition=Condition(ArnEquals("lambda:SourceFunctionArn", arns)),
    )


def alarm_arn(suffix: str) -> Sub:
    """An alarm by what its name has behind the stack's.

    Not by reference: the alarms name the function, and CloudFormation knows no circle.
    """
    return Sub(
        "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}"
        f":alarm:${{AWS::StackName}}-{suffix}"
    )


def _read_the_configuration(configuration: Configuration) -> Statement:
    parameter = Sub(
        "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
        + variable(configuration.failover)  # the name begins with a slash
    )
    return allow("ReadTheConfiguration", [ssm_actions.GetParameter], [parameter])


def _see_who_writes(database: Database) -> Statement:
    cluster = database.cluster.get_att("DBClusterArn")
    return allow("SeeWhoWrites", [rds_actions.DescribeDBClusters], [cluster])


def _see_healthy_targets() -> Statement:
    # The action knows no resource.
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
    return allow("SeeHealthyTargets", [elb_actions.DescribeTargetHealth], ["*"])


def _use_the_key(
    sid: str, encryption: Encryption, service: str, more: list[Action] | None = None
) -> Statement:
    """Use the key only through the service, which opens it in the caller's name."""
    via = Sub(f"{service}.${{AWS::Region}}.amazonaws.com")
    return allow(
        sid,
        [kms_actions.Decrypt, kms_actions.Action("GenerateDataKey*"), *(more or [])],
        [encryption.operations.get_att("Arn")],
        condition=Condition(StringEquals("kms:ViaService", via)),
    )


def _publish_metrics() -> Statement:
    # The action knows no resource, but the namespace.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html
    return allow(
        "PublishMetrics",
        [cloudwatch_actions.PutMetricData],
        ["*"],
        condition=Condition(StringEquals("cloudwatch:namespace", METRIC_NAMESPACE)),
    )


def _write_the_log(*log_groups: logs.LogGroup) -> Statement:
    return allow(
        "WriteTheLog",
        [logs_actions.CreateLogStream, logs_actions.PutLogEvents],
        [log_group.get_att("Arn") for log_group in log_groups],
    )

"""The two functions: log group, code, environment, and what becomes of failed events."""

from troposphere import StackName, Sub, awslambda, iam, logs

from drtemplate.groups.handlers import HANDLERS, MONITOR, ORCHESTRATOR
from drtemplate.groups.permissions import Dependencies
from drtemplate.groups.roles import add_monitor_role, add_orchestrator_role
from drtemplate.rendering.inline import inline_code
from drtemplate.settings import Settings
from drtemplate.template import StackTemplate, bundle, stack_name

LOG_RETENTION = 90  # days
# Seconds. An alarm is looked into for a minute, Aurora may take another to promote, and RESERVE is
# kept back: what the rest of a run takes if every call of it hangs.
ORCHESTRATOR_TIMEOUT = 300
EVENT_AGE = 60  # the least that Lambda takes
MONITOR_TIMEOUT = 150  # it probes for 130 and ends the tick that it is in


@bundle
class Functions:
    """The observer and the actor."""

    orchestrator: awslambda.Function
    monitor: awslambda.Function


def add_functions(
    template: StackTemplate, settings: Settings, dependencies: Dependencies
) -> Functions:
    """Add log groups, roles and functions; the orchestrator first, since the monitor calls it."""
    orchestrator = _add_orchestrator(template, settings, dependencies)
    return Functions(
        orchestrator=orchestrator,
        monitor=_add_monitor(template, settings, dependencies, orchestrator),
    )


def _add_orchestrator(
    template: StackTemplate, settings: Settings, dependencies: Dependencies
) -> awslambda.Function:
    log_group = _add_log_group(template, "FailoverLogGroup", "failover-orchestrator", dependencies)
    role = add_orchestrator_role(template, dependencies, log_group)
    return _add_function(
        template,
        settings,
        ORCHESTRATOR,
        "failover-orchestrator",
        role,
        log_group,
        MemorySize=1024,  # a quick start: CPU comes with memory
        Timeout=ORCHESTRATOR_TIMEOUT,
        environment=orchestrator_environment(dependencies),
        destination={
            "DestinationConfig": awslambda.DestinationConfig(
                OnFailure=awslambda.OnFailure(Destination=dependencies.alerts.topic.ref())
            )
        },
    )


def _add_monitor(
    template: StackTemplate,
    settings: Settings,
    dependencies: Dependencies,
    orchestrator: awslambda.Function,
) -> awslambda.Function:
    log_group = _add_log_group(template, "HealthMonitorLogGroup", "health-monitor", dependencies)
    role = add_monitor_role(template, dependencies, orchestrator, log_group)
    network = dependencies.network
    return _add_function(
        template,
        settings,
        MONITOR,
        "health-monitor",
        role,
        log_group,
        # Before the way out exists every call of the function would only time out.
        DependsOn=[way_out.title for way_out in network.private_ways_out],
        MemorySize=256,  # it mostly waits
        Timeout=MONITOR_TIMEOUT,
        environment=monitor_environment(dependencies, orchestrator),
        destination={},  # one that fails is missed by its alarm
        VpcConfig=awslambda.VPCConfig(
            SecurityGroupIds=[dependencies.security_groups.functions.ref()],
            SubnetIds=[subnet.ref() for subnet in network.private_subnets],
        ),
    )


def _add_function(
    template: StackTemplate,
    settings: Settings,
    title: str,
    name: str,
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
            FunctionName=stack_name(f"-{name}"),
            Runtime=settings.runtime,
            Handler="index.handler",
            Role=role.get_att("Arn"),
            LoggingConfig=awslambda.LoggingConfig(LogGroup=log_group.ref()),
            **properties,
            Environment=awslambda.Environment(Variables=environment),
            Code=awslambda.Code(ZipFile=inline_code(settings.handlers / HANDLERS[title])),
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


def orchestrator_environment(dependencies: Dependencies) -> dict[str, object]:
    """The author's keys, then those that the handler reads besides."""
    sides = dependencies.sides
    return {
        "CLUSTER_ID": dependencies.database.cluster.ref(),
        "FAILOVER_STATE_TABLE": dependencies.state.failover.ref(),
        "SNS_TOPIC_ARN": dependencies.alerts.topic.ref(),
        "PRIMARY_ALB_ARN": sides.primary.load_balancer.ref(),
        "STANDBY_ALB_ARN": sides.standby.load_balancer.ref(),
        "HOSTED_ZONE_ID": dependencies.parameters.hosted_zone_id.ref(),
        "DOMAIN_NAME": dependencies.parameters.domain_name.ref(),
        "PRIMARY_TARGETS": sides.primary.target_group.ref(),
        "STANDBY_TARGETS": sides.standby.target_group.ref(),
        "HEALTH_CHECK": dependencies.dns.primary_health_check.ref(),
        "RETENTION_DAYS": dependencies.parameters.data_retention_days.ref(),
        **_common_environment(dependencies),
    }


def monitor_environment(
    dependencies: Dependencies, orchestrator: awslambda.Function
) -> dict[str, object]:
    """The author's keys, then those that the handler reads besides."""
    cluster, primary = dependencies.database.cluster, dependencies.sides.primary
    return {
        "CLUSTER_ID": cluster.ref(),
        "PRIMARY_ALB_ARN": primary.load_balancer.ref(),
        "SESSION_TABLE": dependencies.state.sessions.ref(),
        "DATABASE": cluster.get_att("Endpoint.Address"),
        "PRIMARY_TARGETS": primary.target_group.ref(),
        "FAILOVER_FUNCTION": orchestrator.ref(),
        **_common_environment(dependencies),
    }


def _common_environment(dependencies: Dependencies) -> dict[str, object]:
    return {
        "STACK_NAME": StackName,
        "CONFIG": dependencies.configuration.failover.ref(),
        "AUTO_FAILOVER": dependencies.parameters.auto_failover.ref(),
    }


def _add_log_group(
    template: StackTemplate, title: str, function: str, dependencies: Dependencies
) -> logs.LogGroup:
    """The log group comes before its function, or Lambda would make an unencrypted one."""
    return template.add_resource(
        logs.LogGroup(
            title,
            LogGroupName=Sub(f"/aws/lambda/${{AWS::StackName}}-{function}"),
            RetentionInDays=LOG_RETENTION,
            KmsKeyId=dependencies.encryption.operations.get_att("Arn"),
        )
    )

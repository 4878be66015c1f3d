"""The functions, an actor and two observers: log group, code, environment, and what becomes of failed events."""

import json

from troposphere import StackName, Sub, awslambda, iam, logs

from drtemplate.groups.handlers import HANDLERS, MONITOR, MONITOR_2, OBSERVERS, ORCHESTRATOR
from drtemplate.groups.permissions import Dependencies
from drtemplate.groups.roles import add_monitor_role, add_orchestrator_role
from drtemplate.rendering.inline import inline_code
from drtemplate.settings import Settings
from drtemplate.template import StackTemplate, bundle, stack_name, titles, variable

# Seconds. An alarm is looked into for a minute, Aurora may take another to promote, and RESERVE is
# kept back: what the rest of a run takes if every call of it hangs.
ORCHESTRATOR_TIMEOUT = 300
EVENT_AGE = 60  # the least that Lambda takes
MONITOR_TIMEOUT = 140  # it looks for 120 and ends the look that it is in


@bundle
class Functions:
    """The actor and the observers; these go by zone."""

    orchestrator: awslambda.Function
    monitors: tuple[awslambda.Function, ...]
    log_groups: tuple[logs.LogGroup, ...]


def add_functions(
    template: StackTemplate, settings: Settings, dependencies: Dependencies
) -> Functions:
    """Add log groups, roles and functions; the orchestrator first, since the monitor calls it."""
    days = settings.log_retention_days
    log_group = _add_log_group(
        template, "FailoverLogGroup", "failover-orchestrator", dependencies, days
    )
    orchestrator = _add_orchestrator(template, settings, dependencies, log_group)
    log_groups = [
        _add_log_group(template, "HealthMonitorLogGroup", "health-monitor", dependencies, days),
        _add_log_group(template, "HealthMonitorLogGroup2", "health-monitor-2", dependencies, days),
    ]
    role = add_monitor_role(template, dependencies, orchestrator, log_groups, settings.roles)
    monitors = [
        _add_monitor(template, settings, dependencies, orchestrator, role, log_group, zone)
        for zone, log_group in enumerate(log_groups)
    ]
    return Functions(
        orchestrator=orchestrator, monitors=tuple(monitors), log_groups=(log_group, *log_groups)
    )


def _add_orchestrator(
    template: StackTemplate,
    settings: Settings,
    dependencies: Dependencies,
    log_group: logs.LogGroup,
) -> awslambda.Function:
    role = add_orchestrator_role(template, dependencies, log_group, settings.roles)
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
    role: iam.Role,
    log_group: logs.LogGroup,
    zone: int,
) -> awslambda.Function:
    """The observer of a zone: its only subnet is there, so that a lost path blinds one of them."""
    network = dependencies.network
    title = (MONITOR, MONITOR_2)[zone]
    return _add_function(
        template,
        settings,
        title,
        ("health-monitor", "health-monitor-2")[zone],
        role,
        log_group,
        # Before the way out exists every call of the function would only time out.
        **({"DependsOn": titles(*network.private_ways_out)} if network.private_ways_out else {}),
        MemorySize=256,  # it mostly waits
        Timeout=MONITOR_TIMEOUT,
        environment=monitor_environment(dependencies, orchestrator, OBSERVERS[title]),
        destination={},  # one that fails is missed by its alarm
        VpcConfig=awslambda.VPCConfig(
            SecurityGroupIds=[dependencies.security_groups.functions.ref()],
            SubnetIds=[network.private_subnets[zone].ref()],
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
    """What the handler reads; the author's keys first."""
    sides = dependencies.sides
    return {
        "CLUSTER_ID": dependencies.database.cluster.ref(),
        "FAILOVER_STATE_TABLE": dependencies.state.failover.ref(),
        "SNS_TOPIC_ARN": dependencies.alerts.topic.ref(),
        "DOMAIN_NAME": dependencies.parameters.domain_name.ref(),
        "PRIMARY_TARGETS": sides.primary.target_group.ref(),
        "STANDBY_TARGETS": sides.standby.target_group.ref(),
        "HEALTH_CHECK": dependencies.dns.primary_health_check.ref(),
        "RETENTION_DAYS": dependencies.parameters.data_retention_days.ref(),
        "OBSERVERS": ",".join(OBSERVERS.values()),
        "AUTO_FAILOVER": dependencies.parameters.auto_failover.ref(),
        **_common_environment(dependencies),
    }


def monitor_environment(
    dependencies: Dependencies, orchestrator: awslambda.Function, observer: str
) -> dict[str, object]:
    """What the handler reads; the author's key first."""
    cluster = dependencies.database.cluster
    return {
        "CLUSTER_ID": cluster.ref(),
        "DATABASE": cluster.get_att("Endpoint.Address"),
        "MEMBER_ENDPOINTS": _member_endpoints(dependencies),
        "PRIMARY_TARGETS": dependencies.sides.primary.target_group.ref(),
        "FAILOVER_FUNCTION": orchestrator.ref(),
        "OBSERVER": observer,
        **_common_environment(dependencies),
    }


def _member_endpoints(dependencies: Dependencies) -> Sub:
    """Each member's own endpoint and its instance, as JSON."""
    members = {
        variable(instance, "Endpoint.Address"): variable(instance)
        for instance in dependencies.database.instances
    }
    return Sub(json.dumps(members, indent=2) + "\n")


def _common_environment(dependencies: Dependencies) -> dict[str, object]:
    return {
        "STACK_NAME": StackName,
        "CONFIG": dependencies.configuration.failover.ref(),
    }


def _add_log_group(
    template: StackTemplate, title: str, function: str, dependencies: Dependencies, days: int
) -> logs.LogGroup:
    """The log group comes before its function, or Lambda would make an unencrypted one."""
    return template.add_resource(
        logs.LogGroup(
            title,
            LogGroupName=Sub(f"/aws/lambda/${{AWS::StackName}}-{function}"),
            RetentionInDays=days,
            KmsKeyId=dependencies.encryption.operations.get_att("Arn"),
        )
    )

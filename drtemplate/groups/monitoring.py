"""The alarms that tell people, and the composite over them."""

from dataclasses import dataclass

from troposphere import StackName, Sub, cloudwatch

from drtemplate.groups.alerts import Alerts
from drtemplate.groups.configuration import RTO
from drtemplate.groups.database import Database
from drtemplate.groups.functions import Functions
from drtemplate.groups.load_balancing import LoadBalancing, Side
from drtemplate.groups.permissions import METRIC_NAMESPACE
from drtemplate.template import StackTemplate, bundle, stack_name, variable

COMPARISONS = {">": "GreaterThanThreshold", "<": "LessThanThreshold"}


@bundle
class Monitoring:
    """The alarms that the composite looks at."""

    connections: cloudwatch.Alarm
    lag: cloudwatch.Alarm
    targets: cloudwatch.Alarm
    health: cloudwatch.Alarm


def add_monitoring(
    template: StackTemplate,
    database: Database,
    sides: LoadBalancing,
    alerts: Alerts,
    functions: Functions,
) -> Monitoring:
    """Add the alarms and the composite over some of them."""
    alarm = _Alarms(template, alerts, functions)
    connections, lag = _add_database_alarms(alarm, database)
    targets = _add_targets_alarm(alarm, sides.primary)
    _add_writer_alarm(alarm, database)
    health = _add_own_alarms(alarm, functions)
    monitoring = Monitoring(connections=connections, lag=lag, targets=targets, health=health)
    _add_composite(template, monitoring, alerts)
    return monitoring


def _cluster(database: Database) -> dict[str, object]:
    return {"DBClusterIdentifier": database.cluster.ref()}


def _add_database_alarms(
    alarm: "_Alarms", database: Database
) -> tuple[cloudwatch.Alarm, cloudwatch.Alarm]:
    """The author's: load, and readers that are behind."""
    connections = alarm(
        "DatabaseConnectionAlarm",
        "db-connections",
        "Alert when database connections are high",
        ("AWS/RDS", "DatabaseConnections", _cluster(database)),
        ("Average", ">", 80),
        Period=300,
    )
    lag = alarm(
        "ReplicationLagAlarm",
        "replication-lag",
        "Alert when replication lag exceeds 1 second",
        # The worst reader counts, and none at all is a lost standby.
        ("AWS/RDS", "AuroraReplicaLag", _cluster(database) | {"Role": "READER"}),
        ("Maximum", ">", 1000),
        # Until the standby exists there is no lag to measure.
        DependsOn=database.standby.title,
        TreatMissingData="breaching",
    )
    return connections, lag


def _add_targets_alarm(alarm: "_Alarms", primary: Side) -> cloudwatch.Alarm:
    """The author's: no healthy target; a way to the orchestrator without the monitor."""
    return alarm(
        "ALBUnhealthyTargetsAlarm",
        "alb-unhealthy-targets",
        "Alert when ALB has no healthy targets",
        (
            "AWS/ApplicationELB",
            "HealthyHostCount",
            {
                "LoadBalancer": primary.load_balancer.get_att("LoadBalancerFullName"),
                "TargetGroup": primary.target_group.get_att("TargetGroupFullName"),
            },
        ),
        ("Minimum", "<", 1),
        # The metric is reported only while targets are registered.
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
        TreatMissingData="breaching",
        acts=True,
    )


def _add_writer_alarm(alarm: "_Alarms", database: Database) -> None:
    """A writer that gives no sign: AWS's own view, without the monitor. A restart is none."""
    alarm(
        "WriterAlarm",
        "writer",
        "",
        ("AWS/RDS", "EngineUptime", _cluster(database) | {"Role": "WRITER"}),
        ("Minimum", "<", 1),
        TreatMissingData="breaching",
        acts=True,
    )


def _add_own_alarms(alarm: "_Alarms", functions: Functions) -> cloudwatch.Alarm:
    """What the functions tell of the database and of themselves; gives the database's alarm."""
    health = alarm(
        "DatabaseHealthAlarm",
        "database-health",
        "",
        _own("DatabaseHealth"),
        ("Maximum", "<", 1),
        Period=10,
        EvaluationPeriods=3,
        TreatMissingData="notBreaching",
    )
    alarm(
        "MonitorAlarm",
        "monitor",
        "",
        _own("AutomationArmed"),
        ("SampleCount", "<", 1),
        DependsOn=functions.monitor.title,
        TreatMissingData="breaching",
    )
    alarm(
        "OrchestratorErrorAlarm",
        "orchestrator-errors",
        "",
        ("AWS/Lambda", "Errors", {"FunctionName": functions.orchestrator.ref()}),
        ("Sum", ">", 0),
        EvaluationPeriods=1,
    )
    alarm(
        "SlowFailoverAlarm",
        "slow-failover",
        "",
        _own("FailoverDuration"),
        ("Maximum", ">", RTO),
        EvaluationPeriods=1,
    )
    return health


def _add_composite(template: StackTemplate, monitoring: Monitoring, alerts: Alerts) -> None:
    template.add_resource(
        cloudwatch.CompositeAlarm(
            "CompositeAlarm",
            AlarmName=stack_name("-critical-failure"),
            AlarmDescription="Composite alarm for critical system failures",
            ActionsEnabled=True,
            AlarmActions=[alerts.topic.ref()],
            AlarmRule=Sub(alarm_rule(monitoring)),
        )
    )


def _own(metric: str) -> tuple[str, str, dict[str, object]]:
    """A metric of the stack's own functions."""
    return METRIC_NAMESPACE, metric, {"StackName": StackName}


@dataclass(frozen=True, slots=True)
class _Alarms:
    """Adds alarms that tell the topic and, where they ``act``, start the orchestrator.

    The action stands on each alarm, not on the composite: an alarm acts when it changes, and the
    composite does not change while another of its alarms stands already.
    """

    template: StackTemplate
    alerts: Alerts
    functions: Functions

    def __call__(
        self,
        title: str,
        suffix: str,
        description: str,
        metric: tuple[str, str, dict[str, object]],
        bad: tuple[str, str, int],
        acts: bool = False,
        **properties: object,
    ) -> cloudwatch.Alarm:
        """Add one; ``bad`` is a statistic, > or <, and a threshold. Only the author's are described."""
        namespace, name, dimensions = metric
        statistic, comparison, threshold = bad
        actions = [self.alerts.topic.ref()]
        if acts:
            actions.append(self.functions.orchestrator.get_att("Arn"))
        return self.template.add_resource(
            cloudwatch.Alarm(
                title,
                AlarmName=stack_name(f"-{suffix}"),
                **({"AlarmDescription": description} if description else {}),
                MetricName=name,
                Namespace=namespace,
                Statistic=statistic,
                Threshold=threshold,
                ComparisonOperator=COMPARISONS[comparison],
                Dimensions=[
                    cloudwatch.MetricDimension(Name=key, Value=value)
                    for key, value in dimensions.items()
                ],
                AlarmActions=actions,
                **{"Period": 60, "EvaluationPeriods": 2} | properties,
            )
        )


def alarm_rule(alarms: Monitoring) -> str:
    """When the composite alarm stands, as a text for Sub."""
    connections, lag, targets, health = (
        f'ALARM("{variable(alarm)}")'
        for alarm in (alarms.connections, alarms.lag, alarms.targets, alarms.health)
    )
    return f"({connections} AND {lag})\nOR {targets}\nOR {health}\n"

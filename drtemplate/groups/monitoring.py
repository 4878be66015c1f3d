"""The alarms that tell people, and the dashboard that shows them why."""

from dataclasses import dataclass
from typing import Any

from troposphere import StackName, Sub, cloudwatch

from drtemplate.groups.alerts import Alerts
from drtemplate.groups.database import Database
from drtemplate.groups.functions import Functions
from drtemplate.groups.load_balancing import LoadBalancing, Side
from drtemplate.groups.roles import METRIC_NAMESPACE
from drtemplate.rendering.json_text import json_text
from drtemplate.template import StackTemplate, bundle, stack_name, variable

COMPARISONS = {">": "GreaterThanThreshold", "<": "LessThanThreshold"}
DASHBOARD_LINE = 240  # columns; a metric stays on its line


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
    """Add the alarms, the composite over some of them, and the dashboard."""
    alarm = _Alarms(template, alerts, functions)
    cluster = {"DBClusterIdentifier": database.cluster.ref()}
    connections = alarm(
        "DatabaseConnectionAlarm",
        "db-connections",
        "Alert when database connections are high",
        ("AWS/RDS", "DatabaseConnections", cluster),
        ("Average", ">", 80),
        Period=300,
    )
    lag = alarm(
        "ReplicationLagAlarm",
        "replication-lag",
        "Alert when replication lag exceeds 1 second",
        # The worst reader counts, and none at all is a lost standby.
        ("AWS/RDS", "AuroraReplicaLag", cluster | {"Role": "READER"}),
        ("Maximum", ">", 1000),
        # Until the standby exists there is no lag to measure.
        DependsOn=database.standby.title,
        TreatMissingData="breaching",
    )
    targets = alarm(
        "ALBUnhealthyTargetsAlarm",
        "alb-unhealthy-targets",
        "Alert when ALB has no healthy targets",
        (
            "AWS/ApplicationELB",
            "HealthyHostCount",
            {
                "LoadBalancer": sides.primary.load_balancer.get_att("LoadBalancerFullName"),
                "TargetGroup": sides.primary.target_group.get_att("TargetGroupFullName"),
            },
        ),
        ("Minimum", "<", 1),
        # The metric is reported only while targets are registered.
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
        TreatMissingData="breaching",
        acts=True,
    )
    # A writer that has just begun, or gives no sign: AWS's own view, without the monitor.
    alarm(
        "WriterAlarm",
        "writer",
        "",
        ("AWS/RDS", "EngineUptime", cluster | {"Role": "WRITER"}),
        ("Minimum", "<", 120),
        TreatMissingData="breaching",
        acts=True,
    )
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
        _own("FailoverOverdue"),
        ("Maximum", ">", 0),
        EvaluationPeriods=1,
    )
    monitoring = Monitoring(connections=connections, lag=lag, targets=targets, health=health)
    _add_overview(template, monitoring, database, sides, alerts)
    return monitoring


def _add_overview(
    template: StackTemplate,
    monitoring: Monitoring,
    database: Database,
    sides: LoadBalancing,
    alerts: Alerts,
) -> None:
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
    template.add_resource(
        cloudwatch.Dashboard(
            "MonitoringDashboard",
            DashboardName=stack_name("-dr-monitoring"),
            DashboardBody=Sub(json_text(dashboard(database, sides.primary), DASHBOARD_LINE) + "\n"),
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


def dashboard(database: Database, primary: Side) -> dict[str, object]:
    """The dashboard's body, with variables for Sub.

    A graph without the dimensions under which a metric is published stays empty.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    cluster = ["DBClusterIdentifier", variable(database.cluster)]
    targets = [
        "LoadBalancer",
        variable(primary.load_balancer, "LoadBalancerFullName"),
        "TargetGroup",
        variable(primary.target_group, "TargetGroupFullName"),
    ]
    stack = ["StackName", "${AWS::StackName}"]
    system = _widget(
        "DR System Metrics",
        0,
        300,
        [
            ["AWS/RDS", "DatabaseConnections", *cluster, _line("Average", "DB Connections")],
            [".", "AuroraReplicaLag", ".", ".", _line("Maximum", "Replica Lag (ms)")],
            [METRIC_NAMESPACE, "FailoverDuration", *stack, _line("Average", "Failover Time (s)")],
            [
                "AWS/ApplicationELB",
                "HealthyHostCount",
                *targets,
                _line("Minimum", "Healthy Targets"),
            ],
        ],
    )
    system["properties"]["yAxis"] = {"left": {"min": 0}}
    health = _widget(
        "Health Status",
        12,
        60,
        [
            [METRIC_NAMESPACE, "DatabaseHealth", *stack, {"stat": "Minimum"}],
            [".", "AutomationArmed", ".", ".", {"stat": "Minimum"}],
        ],
    )
    return {"widgets": [system, health]}


def _line(statistic: str, label: str) -> dict[str, str]:
    return {"stat": statistic, "label": label}


def _widget(title: str, x: int, period: int, metrics: list[list[object]]) -> dict[str, Any]:
    """Half of the dashboard's 24 columns."""
    return {
        "type": "metric",
        "x": x,
        "y": 0,
        "width": 12,
        "height": 6,
        "properties": {
            "metrics": metrics,
            "period": period,
            "region": "${AWS::Region}",
            "title": title,
        },
    }

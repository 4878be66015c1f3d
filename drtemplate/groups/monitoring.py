"""The alarms that tell people, and the dashboard that shows them why."""

from typing import Any

from troposphere import Sub, cloudwatch

from drtemplate.groups.alerts import Alerts
from drtemplate.groups.database import Database
from drtemplate.groups.functions import METRIC_NAMESPACE
from drtemplate.groups.load_balancing import LoadBalancing, Side
from drtemplate.rendering.json_text import json_text
from drtemplate.template import StackTemplate, bundle, stack_name, variable

DASHBOARD_LINE = 240  # columns; a metric stays on its line


@bundle
class Monitoring:
    """The alarms, by what they watch."""

    connections: cloudwatch.Alarm
    lag: cloudwatch.Alarm
    targets: cloudwatch.Alarm


def add_monitoring(
    template: StackTemplate, database: Database, sides: LoadBalancing, alerts: Alerts
) -> Monitoring:
    """Add the three alarms, the composite over them, and the dashboard."""
    connections, lag = _add_database_alarms(template, database, alerts)
    targets = _targets_alarm(sides.primary, alerts)
    monitoring = Monitoring(connections=connections, lag=lag, targets=targets)
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
    template.add_resource(targets)
    template.add_resource(
        cloudwatch.Dashboard(
            "MonitoringDashboard",
            DashboardName=stack_name("-dr-monitoring"),
            DashboardBody=Sub(json_text(dashboard(database, sides.primary), DASHBOARD_LINE) + "\n"),
        )
    )
    return monitoring


def _add_database_alarms(
    template: StackTemplate, database: Database, alerts: Alerts
) -> tuple[cloudwatch.Alarm, cloudwatch.Alarm]:
    cluster = {"DBClusterIdentifier": database.cluster.ref()}
    connections = template.add_resource(
        _alarm(
            alerts,
            "DatabaseConnectionAlarm",
            "db-connections",
            cluster,
            AlarmDescription="Alert when database connections are high",
            MetricName="DatabaseConnections",
            Namespace="AWS/RDS",
            Statistic="Average",
            Period=300,
            Threshold=80,
            ComparisonOperator="GreaterThanThreshold",
        )
    )
    lag = template.add_resource(
        _alarm(
            alerts,
            "ReplicationLagAlarm",
            "replication-lag",
            cluster,
            # Until the standby exists there is no lag to measure.
            DependsOn=database.standby.title,
            AlarmDescription="Alert when replication lag exceeds 1 second",
            MetricName="AuroraReplicaLag",
            Namespace="AWS/RDS",
            # The worst reader counts, and none at all is a lost standby.
            Statistic="Maximum",
            Period=60,
            Threshold=1000,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="breaching",
        )
    )
    return connections, lag


def _targets_alarm(primary: Side, alerts: Alerts) -> cloudwatch.Alarm:
    return _alarm(
        alerts,
        "ALBUnhealthyTargetsAlarm",
        "alb-unhealthy-targets",
        {
            "LoadBalancer": primary.load_balancer.get_att("LoadBalancerFullName"),
            "TargetGroup": primary.target_group.get_att("TargetGroupFullName"),
        },
        AlarmDescription="Alert when ALB has no healthy targets",
        MetricName="HealthyHostCount",
        Namespace="AWS/ApplicationELB",
        Statistic="Minimum",
        Period=60,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
        # The metric is reported only while targets are registered.
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
        TreatMissingData="breaching",
    )


def _alarm(
    alerts: Alerts, title: str, suffix: str, dimensions: dict[str, object], **properties: object
) -> cloudwatch.Alarm:
    return cloudwatch.Alarm(
        title,
        AlarmName=stack_name(f"-{suffix}"),
        **properties,
        EvaluationPeriods=2,
        Dimensions=[
            cloudwatch.MetricDimension(Name=name, Value=value) for name, value in dimensions.items()
        ],
        AlarmActions=[alerts.topic.ref()],
    )


def alarm_rule(alarms: Monitoring) -> str:
    """When the composite alarm stands, as a text for Sub."""
    connections, lag, targets = (
        f'ALARM("{variable(alarm)}")' for alarm in (alarms.connections, alarms.lag, alarms.targets)
    )
    return f"({connections} AND {lag})\nOR {targets}\n"


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
            [".", "ReplicationLag", ".", ".", {"stat": "Maximum"}],
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
            "stat": "Average",
            "region": "${AWS::Region}",
            "title": title,
        },
    }

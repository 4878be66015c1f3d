"""The dashboard: what the alarms look at, as graphs."""

import json
from typing import Any

from troposphere import Sub, cloudwatch

from drtemplate.groups.database import Database
from drtemplate.groups.handlers import METRIC_NAMESPACE
from drtemplate.groups.load_balancing import Side
from drtemplate.groups.parameters import Parameters
from drtemplate.template import StackTemplate, variable


def add_dashboard(
    template: StackTemplate, database: Database, primary: Side, parameters: Parameters
) -> None:
    """Add the dashboard."""
    template.add_resource(
        cloudwatch.Dashboard(
            "MonitoringDashboard",
            DashboardName=template.global_name("-dr-monitoring"),
            DashboardBody=Sub(
                json.dumps(dashboard(database, primary, parameters), indent=2) + "\n"
            ),
        )
    )


def dashboard(database: Database, primary: Side, parameters: Parameters) -> dict[str, object]:
    """The dashboard's body, with variables for Sub.

    A graph without the dimensions under which a metric is published stays empty.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    stack = ["StackName", "${AWS::StackName}"]
    return {"widgets": [_system(database, primary, stack), _health(stack), _arming(parameters)]}


def _system(database: Database, primary: Side, stack: list[str]) -> dict[str, Any]:
    cluster = ["DBClusterIdentifier", variable(database.cluster)]
    targets = [
        "LoadBalancer",
        variable(primary.load_balancer, "LoadBalancerFullName"),
        "TargetGroup",
        variable(primary.target_group, "TargetGroupFullName"),
    ]
    widget = _widget(
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
    widget["properties"]["yAxis"] = {"left": {"min": 0}}
    return widget


def _health(stack: list[str]) -> dict[str, Any]:
    return _widget(
        "Health Status",
        12,
        60,
        [
            [METRIC_NAMESPACE, "DatabaseHealth", *stack, {"stat": "Minimum"}],
            [".", "AutomationArmed", ".", ".", {"stat": "Minimum"}],
            [".", "ArmedAsDeployed", ".", ".", {"stat": "Minimum"}],
        ],
    )


def _arming(parameters: Parameters) -> dict[str, Any]:
    return {
        "type": "text",
        "x": 0,
        "y": 6,
        "width": 24,
        "height": 2,
        "properties": {
            "markdown": f"Deployed with **AutoFailover = {variable(parameters.auto_failover)}**. "
            "ON: the automation acts by itself; DRY_RUN: it decides and tells; OFF: it does nothing. "
            "ArmedAsDeployed is 0 while the configuration says otherwise."
        },
    }


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

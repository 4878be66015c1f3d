"""What sets the functions in motion, and which database events people are told of."""

from troposphere import awslambda, events

from drtemplate.groups.alerts import Alerts
from drtemplate.groups.database import Database
from drtemplate.groups.functions import Functions
from drtemplate.template import StackTemplate

# RDS events are worth an e-mail for an hour, not for EventBridge's default of a day.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
EVENT_AGE = 3600  # seconds


def add_orchestration(
    template: StackTemplate, functions: Functions, database: Database, alerts: Alerts
) -> None:
    """Add the monitor's schedule with its permission, and the rule for the cluster's failovers."""
    schedule = template.add_resource(
        events.Rule(
            "HealthCheckScheduleRule",
            Description="Trigger health checks every minute",
            ScheduleExpression="rate(1 minute)",
            State="ENABLED",
            Targets=[events.Target(Arn=functions.monitor.get_att("Arn"), Id="HealthCheckTarget")],
        )
    )
    template.add_resource(
        awslambda.Permission(
            "HealthCheckPermission",
            FunctionName=functions.monitor.ref(),
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=schedule.get_att("Arn"),
        )
    )
    template.add_resource(
        events.Rule(
            "RDSEventRule",
            Description="Capture RDS failover events",
            EventPattern={
                "source": ["aws.rds"],
                "detail-type": ["RDS DB Cluster Event"],
                "detail": {
                    "EventCategories": ["failover"],
                    "SourceArn": [database.cluster.get_att("DBClusterArn")],
                },
            },
            State="ENABLED",
            Targets=[
                events.Target(
                    Arn=alerts.topic.ref(),
                    Id="RDSEventTarget",
                    RetryPolicy=events.RetryPolicy(MaximumEventAgeInSeconds=EVENT_AGE),
                )
            ],
        )
    )

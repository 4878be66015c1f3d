"""What sets the functions in motion, and which database events people are told of."""

from troposphere import Sub, awslambda, events

from drtemplate.groups.alerts import Alerts
from drtemplate.groups.database import Database
from drtemplate.groups.functions import Functions
from drtemplate.template import StackTemplate


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
    _permit(template, "HealthCheckPermission", functions.monitor, "events", schedule.get_att("Arn"))
    rule = template.add_resource(
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
                ),
                events.Target(Arn=functions.orchestrator.get_att("Arn"), Id="AuditTarget"),
            ],
        )
    )
    _permit(template, "RDSEventPermission", functions.orchestrator, "events", rule.get_att("Arn"))
    # By name, not by reference: the alarms name the function, and CloudFormation knows no circle.
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
    alarms = Sub(
        "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}"
        ":alarm:${AWS::StackName}-*"
    )
    _permit(template, "AlarmPermission", functions.orchestrator, "lambda.alarms.cloudwatch", alarms)


def _permit(
    template: StackTemplate, title: str, function: awslambda.Function, service: str, source: object
) -> None:
    template.add_resource(
        awslambda.Permission(
            title,
            FunctionName=function.ref(),
            Action="lambda:InvokeFunction",
            Principal=f"{service}.amazonaws.com",
            SourceArn=source,
        )
    )

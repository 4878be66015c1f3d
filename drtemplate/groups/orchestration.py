"""What sets the functions in motion, and which database events people are told of."""

import json

from troposphere import awslambda, events

from drtemplate.groups.alerts import Alerts
from drtemplate.groups.configuration import Configuration
from drtemplate.groups.database import Database
from drtemplate.groups.functions import Functions
from drtemplate.groups.handlers import TARGETS_ALARM, WRITER_ALARM
from drtemplate.groups.permissions import alarm_arn
from drtemplate.template import StackTemplate

# How long EventBridge goes on trying to deliver; left alone it takes a day and up to 185 attempts.
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html
# A tick is worthless once the next one is due, a minute later; the run before it lasts longer than
# that, so one that is lost leaves no gap.
TICK_AGE, TICK_RETRIES = 60, 2  # seconds; the least that EventBridge takes
# A failover that people hear of, or that is written down, within the hour still helps. The age is
# the limit; the attempts are the most that EventBridge takes.
NOTICE_AGE, NOTICE_RETRIES = 3600, 185  # seconds
# Permission -> the alarm that it lets call the orchestrator. With a wildcard, the alarms of a stack whose
# name begins with this one's could too.
CALLING_ALARMS = {"AlarmPermission": WRITER_ALARM, "TargetsAlarmPermission": TARGETS_ALARM}


def add_orchestration(
    template: StackTemplate,
    functions: Functions,
    database: Database,
    configuration: Configuration,
    alerts: Alerts,
) -> None:
    """Add the schedules of observers and sweep, and the rules for configuration and failovers."""
    _add_schedules(template, functions)
    _add_configuration_rule(template, configuration, alerts)
    _add_database_rule(template, functions, database, alerts)
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
    for title, suffix in CALLING_ALARMS.items():
        _permit(
            template,
            title,
            functions.orchestrator,
            "lambda.alarms.cloudwatch",
            alarm_arn(suffix),
        )


def _add_schedules(template: StackTemplate, functions: Functions) -> None:
    schedule = template.add_resource(
        events.Rule(
            "HealthCheckScheduleRule",
            Description="Trigger health checks every minute",
            ScheduleExpression="rate(1 minute)",
            State="ENABLED",
            Targets=[
                _tick("HealthCheckTarget", functions.monitors[0]),
                _tick("HealthCheckTarget2", functions.monitors[1]),
            ],
        )
    )
    for title, monitor in zip(
        ("HealthCheckPermission", "HealthCheckPermission2"), functions.monitors, strict=True
    ):
        _permit(template, title, monitor, "events", schedule.get_att("Arn"))
    sweep = template.add_resource(
        events.Rule(
            "SweepRule",
            Description="See what runs of the orchestrator have left undone, every minute",
            ScheduleExpression="rate(1 minute)",
            State="ENABLED",
            Targets=[
                _tick("SweepTarget", functions.orchestrator, Input=json.dumps({"action": "sweep"}))
            ],
        )
    )
    _permit(template, "SweepPermission", functions.orchestrator, "events", sweep.get_att("Arn"))


def _add_configuration_rule(
    template: StackTemplate, configuration: Configuration, alerts: Alerts
) -> None:
    """People are told of each change of what arms the automation.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/monitoring-systems-manager-event-examples.html
    """
    template.add_resource(
        events.Rule(
            "ConfigurationChangeRule",
            Description="Tell of changes of the failover configuration",
            EventPattern={
                "source": ["aws.ssm"],
                "detail-type": ["Parameter Store Change"],
                "detail": {"name": [configuration.failover.ref()]},
            },
            State="ENABLED",
            Targets=[_notice("ConfigurationChangeTarget", alerts.topic.ref())],
        )
    )


def _add_database_rule(
    template: StackTemplate, functions: Functions, database: Database, alerts: Alerts
) -> None:
    """People hear of a failover of the cluster, and the orchestrator writes it down."""
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
                _notice("RDSEventTarget", alerts.topic.ref()),
                _notice("AuditTarget", functions.orchestrator.get_att("Arn")),
            ],
        )
    )
    _permit(template, "RDSEventPermission", functions.orchestrator, "events", rule.get_att("Arn"))


def _tick(name: str, function: awslambda.Function, **properties: object) -> events.Target:
    """A target of a schedule."""
    return events.Target(
        Id=name,
        Arn=function.get_att("Arn"),
        RetryPolicy=events.RetryPolicy(
            MaximumEventAgeInSeconds=TICK_AGE, MaximumRetryAttempts=TICK_RETRIES
        ),
        **properties,
    )


def _notice(name: str, arn: object) -> events.Target:
    """A target that hears of something that has happened."""
    return events.Target(
        Id=name,
        Arn=arn,
        RetryPolicy=events.RetryPolicy(
            MaximumEventAgeInSeconds=NOTICE_AGE,
            MaximumRetryAttempts=NOTICE_RETRIES,
        ),
    )


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

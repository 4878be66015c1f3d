"""The alarms that tell people, and the composite over them."""

from troposphere import StackName, Sub, cloudwatch

from drtemplate.console import plural
from drtemplate.groups.alarms import Alarms, alarm_description
from drtemplate.groups.alerts import Alerts
from drtemplate.groups.database import Database
from drtemplate.groups.functions import Functions
from drtemplate.groups.handlers import (
    METRIC_NAMESPACE,
    OBSERVERS,
    TARGETS_ALARM,
    WRITER_ALARM,
)
from drtemplate.groups.load_balancing import LoadBalancing, Side
from drtemplate.plans import Automation
from drtemplate.template import StackTemplate, bundle, stack_name, variable


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
    automation: Automation,
) -> Monitoring:
    """Add the alarms and the composite over some of them."""
    add_alarm = Alarms(template, alerts, functions)
    connections, lag = _add_load_alarms(add_alarm, database, automation)
    targets = _add_targets_alarm(add_alarm, sides.primary)
    _add_standby_alarm(add_alarm, sides.standby)
    _add_writer_alarm(add_alarm, database)
    health = _add_database_health_alarm(add_alarm)
    _add_automation_alarms(add_alarm, functions, automation.rto_seconds)
    monitoring = Monitoring(connections=connections, lag=lag, targets=targets, health=health)
    _add_composite(template, monitoring, alerts)
    return monitoring


def _cluster(database: Database) -> dict[str, object]:
    return {"DBClusterIdentifier": database.cluster.ref()}


def _own(metric: str, **dimensions: object) -> tuple[str, str, dict[str, object]]:
    """A metric of the stack's own functions."""
    return METRIC_NAMESPACE, metric, {"StackName": StackName, **dimensions}


def _add_load_alarms(
    add_alarm: Alarms, database: Database, automation: Automation
) -> tuple[cloudwatch.Alarm, cloudwatch.Alarm]:
    """The author's: load, and readers that are behind."""
    several = len(database.readers) > 1
    reader, both = ("A reader", "all") if several else ("The reader", "both")
    connections = add_alarm(
        "DatabaseConnectionAlarm",
        "db-connections",
        alarm_description(
            f"The instances have had more than {automation.connections} connections on average, twice in a row over 5 "
            "minutes: load, or clients that do not let go. Starts nothing; together with "
            "-replication-lag it raises -critical-failure."
        ),
        ("AWS/RDS", "DatabaseConnections", _cluster(database)),
        ("Average", ">", automation.connections),
        period=300,
    )
    lag = add_alarm(
        "ReplicationLagAlarm",
        "replication-lag",
        alarm_description(
            f"{reader} shows data more than {plural(automation.rpo_seconds, 'second')} old, or there is "
            f"no reader, and so nothing to promote. Committed data is safe: {both} instances share their "
            "storage. Starts nothing; "
            "together with -db-connections it raises -critical-failure."
        ),
        # The worst reader counts, and none at all is a lost standby.
        ("AWS/RDS", "AuroraReplicaLag", _cluster(database) | {"Role": "READER"}),
        ("Maximum", ">", automation.rpo_seconds * 1000),
        # Until the standby exists there is no lag to measure.
        DependsOn=database.standby.title,
        TreatMissingData="breaching",
    )
    return connections, lag


def _add_targets_alarm(add_alarm: Alarms, primary: Side) -> cloudwatch.Alarm:
    """The author's: no healthy target; a way to the orchestrator without the monitor."""
    return add_alarm(
        "ALBUnhealthyTargetsAlarm",
        TARGETS_ALARM,
        alarm_description(
            "The primary side has no healthy target, or none registered: it stands from the first "
            "day until servers are attached. Starts the orchestrator, which looks for a second "
            "sign before it acts: the load balancer itself must report an unhealthy target and no "
            "healthy one. Then clients are held on the standby, if that has a healthy target."
        ),
        _healthy_hosts(primary),
        ("Minimum", "<", 1),
        # The metric is reported only while targets are registered.
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
        TreatMissingData="breaching",
        acts=True,
    )


def _add_standby_alarm(add_alarm: Alarms, standby: Side) -> None:
    """A standby that is rotten shows first in a failover, unless somebody looks before."""
    add_alarm(
        "StandbyTargetsAlarm",
        "standby-unhealthy-targets",
        alarm_description(
            "The standby side has no healthy target, or none registered: it stands from the first "
            "day until servers are attached. Clients notice nothing yet, but there is nothing to "
            "fail over to. Starts nothing."
        ),
        _healthy_hosts(standby),
        ("Minimum", "<", 1),
        TreatMissingData="breaching",  # as above
    )


def _healthy_hosts(side: Side) -> tuple[str, str, dict[str, object]]:
    return (
        "AWS/ApplicationELB",
        "HealthyHostCount",
        {
            "LoadBalancer": side.load_balancer.get_att("LoadBalancerFullName"),
            "TargetGroup": side.target_group.get_att("TargetGroupFullName"),
        },
    )


def _add_writer_alarm(add_alarm: Alarms, database: Database) -> None:
    """A writer that gives no sign: AWS's own view, without the monitor. A restart is none."""
    add_alarm(
        "WriterAlarm",
        WRITER_ALARM,
        alarm_description(
            "AWS hears nothing of a database writer. CloudWatch looks back over more than the two "
            "minutes that it needs, and missing data count only when all of them are missing, so "
            "this comes up to five minutes after the writer fell silent. Starts the orchestrator, "
            "which looks for a second sign before it promotes the reader: a reader still sends "
            "metrics while the writer sends none, and no observer sees the writer alive. Works "
            "while the observers are dead."
        ),
        ("AWS/RDS", "EngineUptime", _cluster(database) | {"Role": "WRITER"}),
        ("Minimum", "<", 1),
        TreatMissingData="breaching",
        acts=True,
    )


def _add_database_health_alarm(add_alarm: Alarms) -> cloudwatch.Alarm:
    return add_alarm(
        "DatabaseHealthAlarm",
        "database-health",
        alarm_description(
            "The health monitor has had no answer from the writer for 30 seconds. Starts nothing: "
            "the monitor calls the orchestrator itself. Expect its mail within a minute; if none "
            "comes, read the state."
        ),
        _own("DatabaseHealth"),
        ("Maximum", "<", 1),
        period=10,
        evaluation_periods=3,
        TreatMissingData="notBreaching",
    )


def _add_automation_alarms(add_alarm: Alarms, functions: Functions, rto: int) -> None:
    """What the functions tell of themselves."""
    titles = ("MonitorAlarm", "monitor"), ("MonitorAlarm2", "monitor-2")
    for (title, suffix), monitor, observer in zip(
        titles, functions.monitors, OBSERVERS.values(), strict=True
    ):
        add_alarm(
            title,
            suffix,
            alarm_description(
                f"No sign of life from the observer of {observer} for up to five minutes: it does "
                "not run, or its metrics do not arrive. Starts nothing. The other observer goes on; while both are silent "
                "the orchestrator is started only by -writer and -alb-unhealthy-targets, and minutes "
                "later than otherwise. Route 53 and Aurora act in any case."
            ),
            _own("Heartbeat", Observer=observer),
            ("SampleCount", "<", 1),
            DependsOn=monitor.title,
            TreatMissingData="breaching",
        )
    _add_sweep_alarms(add_alarm, functions)
    add_alarm(
        "OrchestratorErrorAlarm",
        "orchestrator-errors",
        alarm_description(
            "A run of the orchestrator ended in an error: a failover or a fail back did not go "
            "through, or the function itself failed. The mail of the run says why, else its log. "
            "Starts nothing. Lambda does not repeat the run; while its signals stand, the health "
            "monitor calls again.",
            chapter="After a FAILED or abandoned run",
        ),
        ("AWS/Lambda", "Errors", {"FunctionName": functions.orchestrator.ref()}),
        ("Sum", ">", 0),
        evaluation_periods=1,
        passes=False,
    )
    add_alarm(
        "SlowFailoverAlarm",
        "slow-failover",
        alarm_description(
            f"A failover or a fail back took the orchestrator more than {plural(rto, 'second')}. It is over; "
            "the Stages in its record say where the time went. Starts nothing.",
            chapter="Read the state",
        ),
        _own("FailoverDuration"),
        ("Maximum", ">", rto),
        evaluation_periods=1,
        passes=False,
    )


def _add_sweep_alarms(add_alarm: Alarms, functions: Functions) -> None:
    """What the orchestrator's sweep tells each minute; its silence tells too."""
    orchestrator = functions.orchestrator.title
    add_alarm(
        "ArmingAlarm",
        "arming",
        alarm_description(
            "For 15 minutes the automation has been armed otherwise than the stack was deployed: "
            "somebody has switched it in the configuration, or the sweep that says so does not run. "
            "Starts nothing.",
            chapter="Stop the automation",
        ),
        _own("ArmedAsDeployed"),
        ("Maximum", "<", 1),
        evaluation_periods=15,
        DependsOn=orchestrator,
        TreatMissingData="breaching",
    )
    add_alarm(
        "ConfigurationAlarm",
        "configuration",
        alarm_description(
            "The configuration in Parameter Store does not fit or cannot be read. The last usable "
            "one holds; where none is known, DRY_RUN. A mail says what does not fit. Starts nothing.",
            chapter="Configuration",
        ),
        _own("ConfigurationUsable"),
        ("Maximum", "<", 1),
        evaluation_periods=3,
        TreatMissingData="notBreaching",
    )
    add_alarm(
        "UntoldAlarm",
        "untold",
        alarm_description(
            "The mail of a run or of a refusal could not be sent for three minutes. "
            "It is tried again every minute. Starts nothing.",
            chapter="Read the state",
        ),
        _own("Untold"),
        ("Minimum", ">", 0),
        evaluation_periods=3,
        TreatMissingData="notBreaching",
    )


def _add_composite(template: StackTemplate, monitoring: Monitoring, alerts: Alerts) -> None:
    template.add_resource(
        cloudwatch.CompositeAlarm(
            "CompositeAlarm",
            AlarmName=stack_name("-critical-failure"),
            AlarmDescription=alarm_description(
                "Clients are likely to notice: the primary side has no healthy target, or the "
                "writer does not answer, or the database has many connections while its reader "
                "lags. Look at which of these alarms stands. Starts nothing: an alarm below it "
                "that must act does so itself."
            ),
            ActionsEnabled=True,
            AlarmActions=[alerts.topic.ref()],
            OKActions=[alerts.topic.ref()],
            AlarmRule=Sub(alarm_rule(monitoring)),
        )
    )


def alarm_rule(alarms: Monitoring) -> str:
    """When the composite alarm stands, as a text for Sub, without the line end that CloudWatch refuses.

    https://github.com/hashicorp/terraform-provider-aws/issues/19575
    """
    connections, lag, targets, health = (
        f'ALARM("{variable(alarm)}")'
        for alarm in (alarms.connections, alarms.lag, alarms.targets, alarms.health)
    )
    return f"({connections} AND {lag}) OR {targets} OR {health}"

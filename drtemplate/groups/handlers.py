"""What the handlers' code and everything round it must agree on.

The handlers are deployed as they stand, without this package, and so import nothing of this; a test
compares what they say with what stands here. The template, the drill and the runbook take it from here.
"""

from collections.abc import Collection
from dataclasses import dataclass

ORCHESTRATOR, MONITOR = "FailoverOrchestratorFunction", "HealthMonitorFunction"
MONITOR_2 = "HealthMonitorFunction2"
# The observers, one pinned to each zone, by what they call themselves in metrics, logs and calls.
OBSERVERS = {MONITOR: "zone-1", MONITOR_2: "zone-2"}
# The functions, and in which module of the folder of handlers each begins.
HANDLERS = {
    ORCHESTRATOR: "failover_orchestrator.py",
    **dict.fromkeys(OBSERVERS, "health_monitor.py"),
}
METRIC_NAMESPACE = "DRSystem"  # of every metric that they publish
# What the automation may do by itself: fail over, decide and record only, or not even that.
ARMING = ("ON", "DRY_RUN", "OFF")
RTO = 30  # seconds that a run may take before an alarm says so
# Alarms that start the orchestrator, by what their names have behind the stack's.
WRITER_ALARM, TARGETS_ALARM = "writer", "alb-unhealthy-targets"
RPO = 1  # seconds that a reader may be behind before an alarm says so
MONITOR_INTERVAL = 60  # seconds between two starts of the monitor


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A key of the configuration in Parameter Store that the handlers or people read.

    Attributes:
        default: what the template writes, and what a handler uses in place of a value that is
            missing, of another type or not allowed; None if another resource or parameter decides.
        allowed: the values that a handler heeds; None if no handler reads the key.
        unit: ``s``, or empty.
        meaning: for the runbook.
    """

    default: int | bool | None = None
    allowed: Collection[int | bool | str] | None = None
    unit: str = ""
    meaning: str


# By key, in the order in which the template writes them. The ranges of the times keep every wait within
# one run of the monitor, which forgets what the last one counted.
SETTINGS = {
    "primary_endpoint": Setting(meaning="the load balancers; for applications"),
    "standby_endpoint": Setting(meaning="the load balancers; for applications"),
    "rto_seconds": Setting(
        default=RTO, unit="s", meaning="what `-slow-failover` compares a run with; for people"
    ),
    "rpo_seconds": Setting(
        default=RPO, unit="s", meaning="what the alarm on replication lag watches; for people"
    ),
    "auto_failover_enabled": Setting(
        default=True,
        allowed=(True, False),
        meaning="false is OFF, whatever the other says",
    ),
    "health_check_interval": Setting(
        default=MONITOR_INTERVAL,
        unit="s",
        meaning="how often the observers are started; for people",
    ),
    "auto_failover": Setting(allowed=ARMING, meaning="what automatic runs may do"),
    "probe_interval_seconds": Setting(
        default=5,
        allowed=range(1, 11),
        unit="s",
        meaning="between two looks of an observer; 2 s after a bad one",
    ),
    "consecutive_failures": Setting(
        default=2,
        allowed=range(1, 6),
        meaning="missed probes in a row until the writer counts as dead",
    ),
    "database_grace_seconds": Setting(
        default=20,
        allowed=range(46),
        unit="s",
        meaning="time left to Aurora when only the writer is dead",
    ),
    "application_grace_seconds": Setting(
        default=30,
        allowed=range(46),
        unit="s",
        meaning="time left to the targets when only they are dead",
    ),
    "cooldown_seconds": Setting(
        default=3600,
        allowed=range(86401),
        unit="s",
        meaning="after a move, per component; a second one within it needs AWS's own eye, both observers, or a person",
    ),
}

"""Faults of what the automation looks through: AWS's metrics are missing for a while."""

from drtemplate.drill.cloud import Cloud

# More than an alarm needs: its periods, those that CloudWatch looks back at, and its delays.
MISSING = 400.0


def writers_metrics_missing(cloud: Cloud) -> None:
    """For a while CloudWatch has nothing new of the writer, nor of the primary's healthy hosts."""
    lost = {("Role", "WRITER"), ("DBInstanceIdentifier", cloud.aurora.writer)}
    lost |= cloud.deployment.sides["Primary"].dimensions
    cloud.own_metrics.withhold(MISSING, lambda key: bool(lost & key[2]))
    cloud.journal.note("CloudWatch", "nothing new of the writer and of the primary's hosts")


def uptimes_missing(cloud: Cloud) -> None:
    """For a while CloudWatch has nothing new of any engine's uptime."""
    cloud.own_metrics.withhold(MISSING, lambda key: key[1] == "EngineUptime")
    cloud.journal.note("CloudWatch", "nothing new of any engine's uptime")

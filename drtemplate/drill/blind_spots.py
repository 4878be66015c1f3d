"""Faults of what the automation looks through: AWS's metrics are missing for a while."""

from drtemplate.drill.trial import Trial

# More than an alarm needs: its periods, those that CloudWatch looks back at, and its delays.
MISSING = 400.0


def writers_metrics_missing(trial: Trial) -> None:
    """For a while CloudWatch has nothing new of the writer, nor of the primary's healthy hosts."""
    lost = {("Role", "WRITER"), ("DBInstanceIdentifier", trial.world.aurora.writer)}
    lost |= trial.world.deployment.sides["Primary"].dimensions
    trial.world.vended.withhold(MISSING, lambda key: bool(lost & key[2]))
    trial.world.journal.note("CloudWatch", "nothing new of the writer and of the primary's hosts")


def uptimes_missing(trial: Trial) -> None:
    """For a while CloudWatch has nothing new of any engine's uptime."""
    trial.world.vended.withhold(MISSING, lambda key: key[1] == "EngineUptime")
    trial.world.journal.note("CloudWatch", "nothing new of any engine's uptime")

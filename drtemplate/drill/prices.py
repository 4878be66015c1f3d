"""What the automation costs in a month, from a drill's counts. US dollars, us-east-1, no free tier.

As published at https://aws.amazon.com/lambda/pricing/ and https://aws.amazon.com/cloudwatch/pricing/;
they change, and a page like those is the authority.
"""

from drtemplate.world.deployment import Deployment

MONTH = 2_629_800.0  # seconds
GB_SECOND = 0.0000166667
INVOCATION = 0.20 / 1_000_000
PUT_METRIC_DATA = 0.01 / 1_000
CUSTOM_METRIC = 0.30
ALARM, HIGH_RESOLUTION_ALARM, COMPOSITE_ALARM = 0.10, 0.30, 0.50


def per_month(
    deployment: Deployment,
    *,
    gb_seconds: float,
    invocations: int,
    puts: int,
    metrics: int,
    virtual_seconds: float,
) -> float:
    """Lambda, custom metrics and alarms, if a month went on like the simulated time."""
    share = MONTH / virtual_seconds if virtual_seconds else 0.0
    used = gb_seconds * GB_SECOND + invocations * INVOCATION + puts * PUT_METRIC_DATA
    quick = sum(alarm.period < 60 for alarm in deployment.alarms)
    alarms = (len(deployment.alarms) - quick) * ALARM + quick * HIGH_RESOLUTION_ALARM
    alarms += len(deployment.composites) * COMPOSITE_ALARM
    return round(used * share + metrics * CUSTOM_METRIC + alarms, 2)

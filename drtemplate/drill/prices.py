"""What the automation costs in a month, from a drill's counts. US dollars, us-east-1, no free tier.

As published; they change, and these pages are the authority:
https://aws.amazon.com/lambda/pricing/
https://aws.amazon.com/cloudwatch/pricing/ (metrics by name and dimensions, API requests, alarms, logs)
https://aws.amazon.com/dynamodb/pricing/on-demand/
What else the automation calls has no price (RDS, load balancers, Route 53, standard parameters, rules on
a schedule) or one of cents a month at most (SNS, KMS).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from drtemplate.world.aws.metrics import Key
from drtemplate.world.deployment import Deployment

MICROSECONDS = 1_000_000
MONTH = 2_629_800.0  # seconds
GB_SECOND = 0.0000166667
INVOCATION = 0.20 / 1_000_000
# PutMetricData, GetMetricStatistics, DescribeAlarms.
CLOUDWATCH_REQUEST = 0.01 / 1_000
CUSTOM_METRIC = 0.30
ALARM, HIGH_RESOLUTION_ALARM, COMPOSITE_ALARM = 0.10, 0.30, 0.50
WRITE_UNIT, READ_UNIT = 0.625 / 1_000_000, 0.125 / 1_000_000
LOG_BYTE = 0.50 / 2**30
# A write unit is for 1 KB of an item, a consistent read's for 4 KB.
WRITTEN, READ = 1024, 4096
# Bytes that CloudWatch Logs adds to each line, and what Lambda itself writes of a run: three lines.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
LINE, RUN_LINES = 26, 3 * 26 + 300
REQUESTS = ("PutMetricData", "GetMetricStatistics", "DescribeAlarms")


@dataclass(slots=True)
class Usage:
    """What is metered; merging is the same in any order.

    Attributes:
        gb_us: billed microseconds times the memory in GB.
        requests: calls of CloudWatch.
        writes, reads: DynamoDB's units.
        log_bytes: as CloudWatch Logs counts them.
        metrics: the series that were put.
    """

    gb_us: int = 0
    invocations: int = 0
    requests: int = 0
    writes: int = 0
    reads: int = 0
    log_bytes: int = 0
    metrics: set[Key] = field(default_factory=set)

    def merge(self, other: Usage) -> None:
        """Count what ``other`` has counted."""
        self.gb_us += other.gb_us
        self.invocations += other.invocations
        self.requests += other.requests
        self.writes += other.writes
        self.reads += other.reads
        self.log_bytes += other.log_bytes
        self.metrics |= other.metrics

    def called(self, service: str, operation: str, params: Mapping[str, Any]) -> None:
        """A call that AWS carries out; a write whose condition does not hold is metered too."""
        if operation in REQUESTS:
            self.requests += 1
        elif service == "dynamodb" and operation == "PutItem":
            self.writes += max(1, ceil(len(json.dumps(params["Item"], default=str)) / WRITTEN))
        elif service == "dynamodb":
            self.reads += 1  # the automation's items are smaller than 4 KB

    def printed(self, line: str) -> None:
        """A function has printed a line."""
        self.log_bytes += len(line.encode()) + LINE

    def ran(self, seconds: float, memory: int) -> None:
        """Billed seconds of a function of so many MB."""
        self.gb_us += round(seconds * memory / 1024 * MICROSECONDS)


def bill(deployment: Deployment, usage: Usage, virtual_seconds: float) -> dict[str, float]:
    """By item, the dollars if a month went on like the simulated time."""
    share = MONTH / virtual_seconds if virtual_seconds else 0.0
    quick = sum(alarm.period < 60 for alarm in deployment.alarms)
    alarms = (len(deployment.alarms) - quick) * ALARM + quick * HIGH_RESOLUTION_ALARM
    alarms += len(deployment.composites) * COMPOSITE_ALARM
    computed = usage.gb_us / MICROSECONDS * GB_SECOND + usage.invocations * INVOCATION
    items = {
        "Lambda": computed * share,
        "CloudWatch requests": usage.requests * CLOUDWATCH_REQUEST * share,
        "custom metrics": len(usage.metrics) * CUSTOM_METRIC,
        "alarms": alarms,
        "DynamoDB": (usage.writes * WRITE_UNIT + usage.reads * READ_UNIT) * share,
        "logs": (usage.log_bytes + usage.invocations * RUN_LINES) * LOG_BYTE * share,
    }
    return {name: round(dollars, 2) for name, dollars in items.items()}

"""CloudWatch's API operations."""

from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from drtemplate.world.aws.alarms import Alarms
from drtemplate.world.aws.metrics import Key, Metrics, reduce_values
from drtemplate.world.aws.refusal import Refused
from drtemplate.world.clock import Clock
from drtemplate.world.distributions import Draw
from drtemplate.world.invocation import Invocation

# Seconds: the periods of metrics by the second, and of all the others.
SHORT, MINUTE = (1, 5, 10, 20, 30), 60


class CloudWatch:
    """Puts and reads metrics.

    Args:
        delay: draws the seconds until a value that was put can be read.
    """

    def __init__(
        self, clock: Clock, metrics: Metrics, delay: Draw, random: Random, alarms: Alarms
    ) -> None:
        self.alarms = alarms
        self.clock = clock
        self.metrics = metrics
        self.delay = delay
        self.random = random

    def PutMetricData(self, _: Invocation, params: dict[str, Any]) -> dict[str, Any]:
        """Store values for now."""
        now = self.clock.now
        visible = now + self.delay(self.random)
        for one in params["MetricData"]:
            key = (params["Namespace"], one["MetricName"], _dimensions(one.get("Dimensions", ())))
            self.metrics.put(key, now, one["Value"], visible)
        return {}

    def DescribeAlarms(self, _: Invocation, params: dict[str, Any]) -> dict[str, Any]:
        """The metric alarms of these names, in a state if one is asked for."""
        states, since = self.alarms.states, self.alarms.since
        found = [
            {
                "AlarmName": name,
                "StateValue": states[name],
                "StateUpdatedTimestamp": self.clock.date(since.get(name, 0.0)),
            }
            for name in params["AlarmNames"]
            if name in states and params.get("StateValue", states[name]) == states[name]
        ]
        return {"MetricAlarms": found}

    def GetMetricStatistics(self, _: Invocation, params: dict[str, Any]) -> dict[str, Any]:
        """Statistics of what can be read, by period.

        Periods are 1, 5, 10, 20, 30 seconds or whole minutes; the start is rounded down to a whole
        one of those seconds, or to a whole minute.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html
        """
        period = params["Period"]
        if period not in SHORT and period % MINUTE:
            raise Refused("InvalidParameterValue", f"Period {period}")
        key = (
            params["Namespace"],
            params["MetricName"],
            _dimensions(params.get("Dimensions", ())),
        )
        points = [
            {"Timestamp": self.clock.date(at)}
            | {name: reduce_values(values, name) for name in params["Statistics"]}
            for at, values in self._bins(key, params["StartTime"], params["EndTime"], period)
        ]
        return {"Label": params["MetricName"], "Datapoints": points}

    def _bins(
        self, key: Key, start: Any, end: Any, period: float
    ) -> list[tuple[float, list[float]]]:
        """Readable values by the start of their period, oldest first."""
        clock = self.clock
        bins: dict[float, list[float]] = {}
        whole = min(period, MINUTE)
        begin = (clock.epoch + clock.virtual(start)) // whole * whole - clock.epoch
        found = self.metrics.values(key, begin, clock.virtual(end), clock.now)
        for at, value in found:
            bins.setdefault(at // period * period, []).append(value)
        return sorted(bins.items())


def _dimensions(given: Iterable[Mapping[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset([(one["Name"], one["Value"]) for one in given])

"""CloudWatch's API operations."""

from collections.abc import Iterable, Mapping
from random import Random
from typing import Any

from drtemplate.world.aws.metrics import Key, Metrics, reduce_values
from drtemplate.world.clock import Clock
from drtemplate.world.invocation import Invocation
from drtemplate.world.timings import Draw


class CloudWatch:
    """Puts and reads metrics.

    Args:
        delay: draws the seconds until a value that was put can be read.
    """

    def __init__(self, clock: Clock, metrics: Metrics, delay: Draw, random: Random) -> None:
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

    def GetMetricStatistics(self, _: Invocation, params: dict[str, Any]) -> dict[str, Any]:
        """Statistics of what can be read, by period."""
        key = (
            params["Namespace"],
            params["MetricName"],
            _dimensions(params.get("Dimensions", ())),
        )
        points = [
            {"Timestamp": self.clock.date(at)}
            | {name: reduce_values(values, name) for name in params["Statistics"]}
            for at, values in self._bins(
                key, params["StartTime"], params["EndTime"], params["Period"]
            )
        ]
        return {"Label": params["MetricName"], "Datapoints": points}

    def _bins(
        self, key: Key, start: Any, end: Any, period: float
    ) -> list[tuple[float, list[float]]]:
        """Readable values by the start of their period, oldest first."""
        clock = self.clock
        bins: dict[float, list[float]] = {}
        found = self.metrics.values(key, clock.virtual(start), clock.virtual(end), clock.now)
        for at, value in found:
            bins.setdefault(at // period * period, []).append(value)
        return sorted(bins.items())


def _dimensions(given: Iterable[Mapping[str, str]]) -> frozenset[tuple[str, str]]:
    return frozenset((one["Name"], one["Value"]) for one in given)

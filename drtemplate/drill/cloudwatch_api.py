"""CloudWatch's API operations, a part of `services.Services`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from drtemplate.drill.metrics import reduce_values

if TYPE_CHECKING:
    from drtemplate.drill.cloud import Cloud
    from drtemplate.drill.invocation import Invocation


class CloudWatchApi:
    """Puts and reads metrics."""

    cloud: Cloud

    def cloudwatch_PutMetricData(self, _: Invocation, params: dict[str, Any]) -> Any:
        """PutMetricData."""
        cloud, now = self.cloud, self.cloud.kernel.now
        visible = now + cloud.metric_delay(cloud.network.random)
        cloud.facts.puts += 1
        for one in params["MetricData"]:
            dimensions = one.get("Dimensions", ())
            key = (
                params["Namespace"],
                one["MetricName"],
                frozenset((dimension["Name"], dimension["Value"]) for dimension in dimensions),
            )
            cloud.metrics.put(key, now, one["Value"], visible)
        return {}

    def cloudwatch_GetMetricStatistics(self, _: Invocation, params: dict[str, Any]) -> Any:
        """GetMetricStatistics."""
        key = (
            params["Namespace"],
            params["MetricName"],
            frozenset((one["Name"], one["Value"]) for one in params.get("Dimensions", ())),
        )
        period = params["Period"]
        points = [
            {"Timestamp": self.cloud.date(at)}
            | {name: reduce_values(values, name) for name in params["Statistics"]}
            for at, values in self._bins(key, params["StartTime"], params["EndTime"], period)
        ]
        return {"Label": params["MetricName"], "Datapoints": points}

    def cloudwatch_GetMetricData(self, _: Invocation, params: dict[str, Any]) -> Any:
        """GetMetricData."""
        results = []
        for query in params["MetricDataQueries"]:
            stat = query["MetricStat"]
            metric = stat["Metric"]
            key = (
                metric["Namespace"],
                metric["MetricName"],
                frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions", ())),
            )
            found = self._bins(key, params["StartTime"], params["EndTime"], stat["Period"])
            found = found if params.get("ScanBy") == "TimestampAscending" else found[::-1]
            results.append(
                {
                    "Id": query["Id"],
                    "Label": metric["MetricName"],
                    "Timestamps": [self.cloud.date(at) for at, _ in found],
                    "Values": [reduce_values(values, stat["Stat"]) for _, values in found],
                    "StatusCode": "Complete",
                }
            )
        return {"MetricDataResults": results}

    def _bins(
        self, key: Any, start: Any, end: Any, period: float
    ) -> list[tuple[float, list[float]]]:
        """Readable values by the start of their period, oldest first."""
        now = self.cloud.kernel.now
        bins: dict[float, list[float]] = {}
        for at, value in self.cloud.metrics.values(
            key, self._virtual(start), self._virtual(end), now
        ):
            bins.setdefault(at // period * period, []).append(value)
        return sorted(bins.items())

    def _virtual(self, when: Any) -> float:
        """A date or epoch seconds, as botocore takes either, as virtual seconds."""
        if isinstance(when, datetime):
            aware = when if when.tzinfo else when.replace(tzinfo=UTC)
            return aware.timestamp() - self.cloud.epoch
        return float(when) - self.cloud.epoch

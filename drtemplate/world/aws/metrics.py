"""CloudWatch metrics: values with the time they are for and the time from which they can be read."""

from collections import deque
from collections.abc import Sequence

Key = tuple[str, str, frozenset[tuple[str, str]]]

# More than any alarm or handler looks back at.
KEPT = 600


class Metrics:
    """All series of a run."""

    def __init__(self) -> None:
        self.series: dict[Key, deque[tuple[float, float, float]]] = {}

    def put(self, key: Key, at: float, value: float, visible: float) -> None:
        """Store a value for the time ``at`` that can be read from ``visible`` on."""
        series = self.series.get(key)
        if series is None:
            series = self.series[key] = deque(maxlen=KEPT)
        series.append((at, value, visible))

    def values(self, key: Key, start: float, end: float, now: float) -> list[tuple[float, float]]:
        """Times and values in [start, end) that can be read now, newest first."""
        found = []
        for at, value, visible in reversed(self.series.get(key, ())):
            if at < start:
                break
            if at < end and visible <= now:
                found.append((at, value))
        return found

    def points(
        self, key: Key, statistic: str, period: float, end: float, count: int, now: float
    ) -> list[float | None]:
        """A statistic for each of the last ``count`` periods before ``end``, oldest first."""
        start = end - count * period
        bins: list[list[float] | None] = [None] * count
        for at, value, visible in reversed(self.series.get(key, ())):
            if at < start:
                break
            if at < end and visible <= now:
                number = int((at - start) / period)
                found = bins[number]
                if found is None:
                    bins[number] = [value]
                else:
                    found.append(value)
        return [None if one is None else reduce_values(one, statistic) for one in bins]


def reduce_values(values: Sequence[float], statistic: str) -> float:
    """Average, Maximum, Minimum, Sum or SampleCount of at least one value.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
    """
    match statistic:
        case "Maximum":
            return max(values)
        case "Minimum":
            return min(values)
        case "Sum":
            return sum(values)
        case "SampleCount":
            return float(len(values))
        case "Average":
            return sum(values) / len(values)
    raise ValueError(f"the drill knows no statistic {statistic}")

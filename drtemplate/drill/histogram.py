"""Durations counted in constant memory, exact enough for percentiles and the same in any order."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# All arithmetic is on whole microseconds: a sum of floats would depend on the order of its terms,
# and so on how many processes a drill ran in.
MICROSECONDS = 1_000_000
RESOLUTION = 0.05
_WIDTH = round(RESOLUTION * MICROSECONDS)
# Two hours. What takes longer shares the last bin, so that memory is bounded; `worst` stays exact.
_LAST_BIN = 7_200 * MICROSECONDS // _WIDTH


@dataclass(slots=True)
class Histogram:
    """How often a duration fell into each interval of 0.05 s, with exact least, sum and worst.

    Bin ``k`` counts durations above ``(k - 1) * 0.05`` s up to and including ``k * 0.05`` s, so that a
    percentile never reads shorter than it was, and at most 0.05 s longer.

    Attributes:
        bins: counts by bin number.
        count: how many durations were added.
        total_us: their sum, microseconds.
        least_us: the shortest, microseconds; 0 while empty.
        worst_us: the longest, microseconds; 0 while empty.
        worst_seed: the seed of the run with the longest; the lowest of several; -1 while empty.
    """

    bins: dict[int, int] = field(default_factory=dict)
    count: int = 0
    total_us: int = 0
    least_us: int = 0
    worst_us: int = 0
    worst_seed: int = -1

    def add(self, seconds: float, seed: int = 0) -> None:
        """Count a duration in seconds.

        Raises:
            ValueError: it is negative or not finite, which only a defective drill measures.
        """
        if not math.isfinite(seconds) or round(seconds * MICROSECONDS) < 0:
            raise ValueError(f"a duration of {seconds} s in the run with seed {seed}")
        microseconds = round(seconds * MICROSECONDS)
        number = min(-(-microseconds // _WIDTH), _LAST_BIN)
        self._take({number: 1}, 1, microseconds, microseconds, microseconds, seed)

    def merge(self, other: "Histogram") -> None:
        """Count everything that ``other`` has counted."""
        if other.count:
            self._take(
                other.bins,
                other.count,
                other.total_us,
                other.least_us,
                other.worst_us,
                other.worst_seed,
            )

    def _take(
        self, bins: Mapping[int, int], count: int, total: int, least: int, worst: int, seed: int
    ) -> None:
        if not self.count:
            self.least_us, self.worst_us, self.worst_seed = least, worst, seed
        self.least_us = min(self.least_us, least)
        if (worst, -seed) > (self.worst_us, -self.worst_seed):
            self.worst_us, self.worst_seed = worst, seed
        self.count += count
        self.total_us += total
        for number, times in bins.items():
            self.bins[number] = self.bins.get(number, 0) + times

    def percentile(self, percent: float) -> float | None:
        """Seconds that ``percent`` of all durations did not exceed (nearest rank); None while empty.

        Raises:
            ValueError: ``percent`` is not above 0 and at most 100.
        """
        if not 0 < percent <= 100:
            raise ValueError(f"{percent} is not a percentile")
        if not self.count:
            return None
        rank = math.ceil(self.count * percent / 100)
        for number in sorted(self.bins):
            rank -= self.bins[number]
            if rank <= 0:
                if number == _LAST_BIN:
                    break
                return min(max(number * _WIDTH, self.least_us), self.worst_us) / MICROSECONDS
        return self.worst_us / MICROSECONDS

    @property
    def mean(self) -> float | None:
        """Seconds; None while empty."""
        return self.total_us / self.count / MICROSECONDS if self.count else None

    @property
    def worst(self) -> float | None:
        """The longest duration in seconds, exact; None while empty."""
        return self.worst_us / MICROSECONDS if self.count else None

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON's types; bins in their order."""
        return {
            "bins": [[number, self.bins[number]] for number in sorted(self.bins)],
            "count": self.count,
            "total_us": self.total_us,
            "least_us": self.least_us,
            "worst_us": self.worst_us,
            "worst_seed": self.worst_seed,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Histogram":
        """The inverse of `to_json`."""
        return cls(**{**data, "bins": dict(data["bins"])})

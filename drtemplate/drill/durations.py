"""Durations of one measure, kept as they are: exact percentiles, and the same in any order."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# All arithmetic is on whole microseconds: a sum of floats would depend on the order of its terms,
# and so on how many processes a drill ran in.
MICROSECONDS = 1_000_000


@dataclass(slots=True)
class Durations:
    """The durations of a measure in all runs.

    Attributes:
        microseconds: one for each run that had the measure, in no order.
        worst_us: the longest, microseconds; -1 while empty.
        worst_seed: the seed of the run with the longest; the lowest of several; -1 while empty.
    """

    microseconds: list[int] = field(default_factory=list)
    worst_us: int = -1
    worst_seed: int = -1

    def add(self, seconds: float, seed: int = 0) -> None:
        """Keep a duration in seconds.

        Raises:
            ValueError: it is negative or not finite, which only a defective drill measures.
        """
        if not math.isfinite(seconds) or round(seconds * MICROSECONDS) < 0:
            raise ValueError(f"a duration of {seconds} s in the run with seed {seed}")
        microseconds = round(seconds * MICROSECONDS)
        self._take([microseconds], microseconds, seed)

    def merge(self, other: "Durations") -> None:
        """Keep everything that ``other`` has kept."""
        self._take(other.microseconds, other.worst_us, other.worst_seed)

    def _take(self, microseconds: list[int], worst: int, seed: int) -> None:
        self.microseconds += microseconds
        if (worst, -seed) > (self.worst_us, -self.worst_seed):
            self.worst_us, self.worst_seed = worst, seed

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.microseconds)

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
        return sorted(self.microseconds)[rank - 1] / MICROSECONDS

    @property
    def mean(self) -> float | None:
        """Seconds; None while empty."""
        return sum(self.microseconds) / self.count / MICROSECONDS if self.count else None

    @property
    def worst(self) -> float | None:
        """The longest duration in seconds; None while empty."""
        return self.worst_us / MICROSECONDS if self.count else None

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON's types; durations in their order."""
        return {
            "microseconds": sorted(self.microseconds),
            "worst_us": self.worst_us,
            "worst_seed": self.worst_seed,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Durations":
        """The inverse of `to_json`."""
        return cls(**data)

"""Distributions of seconds, by the names and the numbers that a timings file gives them."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log
from random import Random
from typing import Any, Protocol

# The standard normal's 99th percentile.
_Z99 = 2.3263478740408408


class Draw(Protocol):
    """Draws seconds."""

    def __call__(self, random: Random, /) -> float:
        """One draw."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same."""

    value: float

    def __call__(self, _: Random) -> float:
        """Seconds."""
        return self.value


@dataclass(frozen=True, slots=True)
class Uniform:
    """Any value between two with the same chance."""

    low: float
    width: float

    def __call__(self, random: Random) -> float:
        """Seconds."""
        return self.low + self.width * random.random()


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Many short ones and a tail, which is cut off."""

    median: float
    sigma: float
    most: float

    def __call__(self, random: Random) -> float:
        """Seconds."""
        value = self.median * exp(self.sigma * random.gauss(0.0, 1.0))
        return value if value < self.most else self.most


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Points of the distribution function, straight lines between them."""

    shares: tuple[float, ...]
    values: tuple[float, ...]

    def __call__(self, random: Random) -> float:
        """Seconds."""
        share = random.random()
        right = min(bisect_right(self.shares, share), len(self.shares) - 1)
        (left_share, left), (right_share, value) = (
            (self.shares[at], self.values[at]) for at in (right - 1, right)
        )
        return left + (value - left) * (share - left_share) / (right_share - left_share)


def _fixed(value: float) -> tuple[Draw, str]:
    return Fixed(value), f"fixed {value:g} s"


def _uniform(low: float, high: float) -> tuple[Draw, str]:
    if low > high:
        raise ValueError(f"low {low:g} is above high {high:g}")
    return Uniform(low, high - low), f"uniform {low:g} to {high:g} s"


def _lognormal(median: float, p99: float, most: float) -> tuple[Draw, str]:
    if not 0 < median <= p99 <= most:
        raise ValueError(f"needs 0 < median {median:g} <= p99 {p99:g} <= most {most:g}")
    words = f"lognormal, median {median:g} s, 99th percentile {p99:g} s, at most {most:g} s"
    return Lognormal(median, log(p99 / median) / _Z99, most), words


def _quantiles(points: Any) -> tuple[Draw, str]:
    if not isinstance(points, list):
        raise ValueError("points must be a list of pairs of share and seconds")
    shares = tuple(share for share, _ in points)
    values = tuple(value for _, value in points)
    if len(points) < 2 or shares[0] != 0 or shares[-1] != 1:
        raise ValueError("points must go from share 0 to share 1")
    if list(shares) != sorted(set(shares)) or list(values) != sorted(values):
        raise ValueError("points must rise")
    words = ", ".join(f"{share * 100:g} % up to {value:g} s" for share, value in points)
    return Quantiles(shares, values), f"quantiles: {words}"


# The keys of each kind's numbers, and what makes of them a draw and its words.
KINDS: dict[str, tuple[tuple[str, ...], Callable[..., tuple[Draw, str]]]] = {
    "fixed": (("value",), _fixed),
    "uniform": (("low", "high"), _uniform),
    "lognormal": (("median", "p99", "most"), _lognormal),
    "quantiles": (("points",), _quantiles),
}

"""A value over virtual time, kept as its changes."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class History(Generic[T]):
    """A step function of time. Changes are appended in the order of time."""

    def __init__(self, value: T) -> None:
        self.times: list[float] = [float("-inf")]
        self.values: list[T] = [value]

    @property
    def value(self) -> T:
        """The present value."""
        return self.values[-1]

    def set(self, at: float, value: T) -> bool:
        """Note the value from ``at`` on; whether that is a change."""
        if self.values[-1] == value:
            return False
        self.times.append(at)
        self.values.append(value)
        return True

    def before(self, at: float) -> T:
        """The value at that time."""
        return self.values[bisect_right(self.times, at) - 1]

    def first(self, value: T, since: float) -> float | None:
        """When it first had ``value`` from ``since`` on; None if it never had."""
        if self.before(since) == value:
            return since
        for at, one in zip(self.times, self.values, strict=True):
            if at > since and one == value:
                return at
        return None


def changes(histories: Iterable["History[Any]"], since: float) -> list[float]:
    """The times from ``since`` on at which any of the values changed, in order, each once."""
    times = {at for history in histories for at in history.times if at > since}
    return [since, *sorted(times)]

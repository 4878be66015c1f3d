"""Virtual time: events on simpy's calendar, and synchronous code suspended in greenlets.

A handler is plain code that sleeps and calls APIs. Each of its runs is a `Strand`; whenever it waits,
control goes back to the calendar until its time has come, so that many runs overlap in one thread.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any, NoReturn

import simpy
from greenlet import getcurrent, greenlet
from simpy.events import Timeout

# Monday, 5 January 2026, 00:00 UTC: windows of the week are counted from a Monday.
EPOCH = 1_767_571_200.0


class Killed(BaseException):
    """The run was ended from outside (its time-out, a lost host): no handler can catch it."""


class Strand(greenlet):
    """Synchronous code on the calendar.

    Attributes:
        deadline: virtual seconds at which it is killed.
        owner: whatever it runs for.
        turn: rises with each wait, so that an overtaken awakening does nothing.
        frozen: whether it stands still, whatever it waits for.
        due: whether its wait ended while it was frozen.
        woken: whether its wait was ended early.
    """

    def __init__(self, run: Callable[[], None], deadline: float, owner: Any) -> None:
        super().__init__(run)
        self.deadline = deadline
        self.owner = owner
        self.turn = 0
        self.frozen = False
        self.due = False
        self.woken = False


class Clock(simpy.Environment):
    """The calendar of one run of a world; ``now`` is the virtual seconds since it began.

    Args:
        seed: names the run; every source of randomness derives from it.
        epoch: seconds since 1970 at which it begins.

    Attributes:
        skewed: whether the clock of any sandbox is ahead.
    """

    def __init__(self, seed: str, epoch: float = EPOCH) -> None:
        super().__init__()
        self.seed = seed
        self.epoch = epoch
        self.skewed = False
        self.strands: list[Strand] = []

    def date(self, at: float) -> datetime:
        """A virtual time as botocore gives it."""
        return datetime.fromtimestamp(self.epoch + at, UTC)

    def iso(self) -> str:
        """The virtual time as AWS writes it."""
        return self.date(self.now).strftime("%Y-%m-%dT%H:%M:%SZ")

    def virtual(self, when: datetime | float) -> float:
        """A date or epoch seconds, as botocore takes either, as virtual seconds."""
        if isinstance(when, datetime):
            when = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        return float(when) - self.epoch

    def random(self, name: str) -> Random:
        """A stream of its own for each mechanism, so that one does not disturb the others."""
        return Random(f"{self.seed}/{name}")

    def at(self, delay: float, action: Callable[..., object], *arguments: object) -> None:
        """Call ``action`` in ``delay`` virtual seconds."""

        def due(_: object) -> None:
            action(*arguments)

        Timeout(self, delay).callbacks.append(due)

    def start(self, run: Callable[[], None], timeout: float, owner: Any) -> Strand:
        """Run synchronous code from now on, for at most ``timeout`` seconds."""
        strand = Strand(run, self.now + timeout, owner)
        self.strands.append(strand)
        strand.switch()
        return strand

    def wait(self, seconds: float) -> None:
        """Suspend the calling strand.

        Raises:
            Killed: its deadline is reached.
        """
        strand: Strand = getcurrent()
        now = self.now
        end = now + seconds
        late = end >= strand.deadline
        if late:
            seconds = max(0.0, strand.deadline - now)
        strand.turn = turn = strand.turn + 1
        strand.woken = False

        def wake(_: object) -> None:
            if strand.turn == turn and not strand.dead:
                if strand.frozen:
                    strand.due = True
                else:
                    strand.switch()

        Timeout(self, seconds).callbacks.append(wake)
        strand.parent.switch()
        if late and not strand.woken:
            raise Killed

    def wake(self, strand: Strand) -> None:
        """End a strand's wait early."""
        if not strand.dead:
            strand.turn += 1
            strand.woken = True
            strand.due = True
            if not strand.frozen:
                self.at(0.0, self._resume, strand, strand.turn)

    def freeze(self, strand: Strand) -> None:
        """Let a strand stand still; what it waits for goes on."""
        strand.frozen = True

    def thaw(self, strand: Strand) -> None:
        """Let a frozen strand go on, at once if its wait is over."""
        strand.frozen = False
        if strand.due:
            self.at(0.0, self._resume, strand, strand.turn)

    def _resume(self, strand: Strand, turn: int) -> None:
        if strand.due and strand.turn == turn and not strand.frozen and not strand.dead:
            strand.due = False
            strand.switch()

    def kill(self, strand: Strand) -> None:
        """End a strand now, wherever it waits."""
        if not strand.dead:
            strand.turn += 1
            strand.deadline = self.now
            strand.throw(Killed)

    def close(self) -> None:
        """End what is still suspended, so that nothing outlives the run."""
        for strand in self.strands:
            self.kill(strand)
        self.strands.clear()


def current_owner() -> Any:
    """What the calling strand runs for; None outside of one."""
    strand = getcurrent()
    return strand.owner if isinstance(strand, Strand) else None


def never() -> NoReturn:
    """A place that no run reaches."""
    raise AssertionError("unreachable")

"""Virtual time: a calendar of what is to happen, and synchronous code suspended in greenlets.

A handler is plain code that sleeps and calls APIs. Each of its runs is a `Strand`; whenever it waits,
control goes back to the calendar until its time has come, so that many runs overlap in one thread.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from heapq import heappop, heappush
from math import inf
from random import Random
from typing import Any, NoReturn

from greenlet import getcurrent, greenlet

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


class Clock:
    """The calendar of one run of a world.

    Args:
        seed: names the run; every source of randomness derives from it.
        epoch: seconds since 1970 at which it begins.

    Attributes:
        now: the virtual seconds since it began.
        skewed: whether the clock of any sandbox is ahead.
    """

    def __init__(self, seed: str, epoch: float = EPOCH) -> None:
        self.seed = seed
        self.epoch = epoch
        self.now = 0.0
        self.skewed = False
        self.strands: list[Strand] = []
        # When, in which order among what is due at once, what, and with which arguments.
        self._due: list[tuple[float, int, Callable[..., object], tuple[object, ...]]] = []
        self._order = 0
        # Virtual time does not pass by itself beyond this.
        self._until = -inf

    def date(self, at: float) -> datetime:
        """A virtual time as botocore gives it."""
        return datetime.fromtimestamp(self.epoch + at, UTC)

    def iso(self, at: float | None = None) -> str:
        """The virtual time as AWS writes it."""
        return self.date(self.now if at is None else at).strftime("%Y-%m-%dT%H:%M:%SZ")

    def virtual(self, when: datetime | float) -> float:
        """A date or epoch seconds, as botocore takes either, as virtual seconds."""
        if isinstance(when, datetime):
            when = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
        return float(when) - self.epoch

    def random(self, name: str) -> Random:
        """A stream of its own for each mechanism, so that one does not disturb the others."""
        return Random(f"{self.seed}/{name}")

    def at(self, delay: float, action: Callable[..., object], *arguments: object) -> None:
        """Call ``action`` in ``delay`` virtual seconds.

        Raises:
            ValueError: that is in the past.
        """
        if delay < 0:
            raise ValueError(f"an event in {delay} s; give 0 or more")
        self._order += 1
        heappush(self._due, (self.now + delay, self._order, action, arguments))

    def run(self, until: float = inf, ended: Callable[[], bool] | None = None) -> None:
        """Let things happen that are due before a virtual time, or until a condition holds.

        Raises:
            ValueError: that time is past.
        """
        if until <= self.now:
            raise ValueError(f"until {until} s, at {self.now} s; give a later time")
        due, self._until = self._due, until
        try:
            while due and due[0][0] < until and not (ended and ended()):
                self.now, _, action, arguments = heappop(due)
                action(*arguments)
        finally:
            self._until = -inf
        if ended is None and until < inf:
            self.now = until

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
            ValueError: as ``time.sleep`` for less than none.
        """
        if not seconds >= 0:
            raise ValueError("sleep length must be non-negative")
        strand: Strand = getcurrent()
        now = self.now
        end = now + seconds
        late = end >= strand.deadline
        if late:
            end = now + max(0.0, strand.deadline - now)
        due = self._due
        if end < self._until and (not due or end < due[0][0]):
            # Nothing happens meanwhile, so the strand need not be suspended.
            self.now = end
            if late:
                raise Killed
            return
        strand.turn += 1
        strand.woken = False
        self._order += 1
        heappush(due, (end, self._order, self._waited, (strand, strand.turn)))
        strand.parent.switch()
        if late and not strand.woken:
            raise Killed

    def _waited(self, strand: Strand, turn: int) -> None:
        if strand.turn == turn and not strand.dead:
            if strand.frozen:
                strand.due = True
            else:
                strand.switch()

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


def current_strand() -> Strand | None:
    """The calling strand; None outside of one."""
    strand = getcurrent()
    return strand if isinstance(strand, Strand) else None


def current_owner() -> Any:
    """What the calling strand runs for; None outside of one."""
    return getattr(getcurrent(), "owner", None)


def never() -> NoReturn:
    """A place that no run reaches."""
    raise AssertionError("unreachable")

"""Virtual time: events on simpy's calendar, and synchronous code suspended in greenlets.

A handler is plain code that sleeps and calls APIs. Each of its runs is a `Strand`; whenever it waits,
control goes back to the calendar until its time has come, so that many runs overlap in one thread.
"""

from collections.abc import Callable
from random import Random
from typing import Any, NoReturn, cast

import simpy
from greenlet import getcurrent, greenlet
from simpy.events import Timeout


class Killed(BaseException):
    """The run was ended from outside (its time-out, a lost host): no handler can catch it."""


class Strand(greenlet):
    """Synchronous code on the calendar.

    Attributes:
        deadline: virtual seconds at which it is killed.
        owner: whatever it runs for.
    """

    def __init__(self, run: Callable[[], None], deadline: float, owner: Any) -> None:
        super().__init__(run)
        self.deadline = deadline
        self.owner = owner
        self.turn = 0


class Kernel:
    """The calendar of one run of a scenario.

    Args:
        seed: names the run; every source of randomness derives from it.
    """

    def __init__(self, seed: str) -> None:
        self.seed = seed
        self.env = simpy.Environment()
        self.strands: list[Strand] = []

    @property
    def now(self) -> float:
        """Virtual seconds since the run began."""
        return self.env.now

    def random(self, name: str) -> Random:
        """A stream of its own for each mechanism, so that one does not disturb the others."""
        return Random(f"{self.seed}/{name}")

    def at(self, delay: float, action: Callable[..., object], *arguments: object) -> None:
        """Call ``action`` in ``delay`` virtual seconds."""

        def due(_: object) -> None:
            action(*arguments)

        Timeout(self.env, delay).callbacks.append(due)

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
        strand = cast(Strand, getcurrent())
        now = self.env.now
        end = now + seconds
        late = end >= strand.deadline
        if late:
            seconds = max(0.0, strand.deadline - now)
        strand.turn = turn = strand.turn + 1

        def wake(_: object) -> None:
            if strand.turn == turn and not strand.dead:
                strand.switch()

        Timeout(self.env, seconds).callbacks.append(wake)
        strand.parent.switch()
        if late:
            raise Killed

    def kill(self, strand: Strand) -> None:
        """End a strand now, wherever it waits."""
        if not strand.dead:
            strand.turn += 1
            strand.deadline = self.env.now
            strand.throw(Killed)

    def run(self, until: float) -> None:
        """Let virtual time pass."""
        self.env.run(until=until)

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

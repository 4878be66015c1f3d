"""A health check: probes at an interval, and turns after so many results of the other kind in a row.

Target groups and Route 53's checkers are both this. It sleeps while all probes agree with what it
shows, so that a quiet hour costs nothing.
"""

from collections.abc import Callable
from enum import Enum

from drtemplate.world.clock import Clock


class Reply(Enum):
    """What a probe meets."""

    GOOD = "good"
    REFUSED = "refused"  # at once: a closed port, a bad status
    SILENT = "silent"  # nothing until the probe's time-out


class Prober:
    """One prober of one endpoint.

    Args:
        clock: the calendar.
        interval: seconds from probe to probe.
        timeout: seconds until a silent probe has failed.
        down_after: failed probes in a row until it shows unhealthy.
        up_after: good probes in a row until it shows healthy.
        phase: virtual seconds of its first probe.
        look: what a probe meets now.
        turned: called with the new state when it turns.

    Attributes:
        restless: whether the next probe may meet something else although nothing changes.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        interval: float,
        timeout: float,
        down_after: int,
        up_after: int,
        phase: float,
        look: Callable[[], Reply],
        turned: Callable[[bool], None],
    ) -> None:
        self.clock = clock
        self.interval = interval
        self.timeout = timeout
        self.down_after = down_after
        self.up_after = up_after
        self.phase = phase
        self.look = look
        self.turned = turned
        self.healthy = True
        self.row = 0  # results in a row that contradict `healthy`
        self.awake = False
        self.restless = False

    def wake(self) -> None:
        """The endpoint may have changed: probe until all agrees again."""
        if not self.awake:
            self.awake = True
            self._next()

    def lose(self, after: float) -> None:
        """Lose the first probe in ``after`` seconds or later, which an endpoint cannot help."""
        self.clock.at(self._until_probe(after), self._result, False)

    def _until_probe(self, after: float = 0.0) -> float:
        """Seconds until the first probe that is at least ``after`` seconds away."""
        return after + (self.phase - self.clock.now - after) % self.interval

    def _next(self) -> None:
        wait = self._until_probe()
        # A probe at this very moment has been made.
        self.clock.at(wait if wait > 1e-6 else self.interval, self._probe)

    def _probe(self) -> None:
        reply = self.look()
        if reply is Reply.SILENT:
            self.clock.at(self.timeout, self._result, False)
        else:
            self._result(reply is Reply.GOOD)
        agrees = self.healthy is (reply is Reply.GOOD) and self.row == 0
        if agrees and not self.restless:
            self.awake = False
        else:
            self._next()

    def _result(self, good: bool) -> None:
        if good is self.healthy:
            self.row = 0
            return
        self.row += 1
        if self.row >= (self.up_after if good else self.down_after):
            self.healthy, self.row = good, 0
            self.turned(good)
        self.wake()

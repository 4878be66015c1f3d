"""Virtual time, shared by invocations that run at once; none of it ever passes by itself."""

import heapq
import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field


class Killed(BaseException):
    """Lambda's time-out: nothing in a handler can catch it."""


@dataclass(slots=True)
class Process:
    """One invocation: a thread that runs only while every other one waits.

    Attributes:
        end: Time at which it is killed, in seconds of the clock.
    """

    end: float
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    back: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


class Clock:
    """Seconds since the epoch, and what is to happen when."""

    def __init__(self, start: float) -> None:
        self.now = start
        self.running = 0
        self._order = itertools.count()
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._mine = threading.local()

    def at(self, delay: float, action: Callable[[], object]) -> None:
        """Let something happen after ``delay`` seconds, in the main thread."""
        heapq.heappush(self._events, (self.now + delay, next(self._order), action))

    def start(self, work: Callable[[Process], None], timeout: float) -> None:
        """Run ``work`` from now on, at most ``timeout`` seconds, beside whatever else runs."""
        process = Process(self.now + timeout)

        def body() -> None:
            process.go.acquire()
            self._mine.process = process
            try:
                work(process)
            finally:
                self.running -= 1
                process.back.release()

        self.running += 1
        threading.Thread(target=body, daemon=True).start()
        self._resume(process)

    def advance(self, seconds: float) -> None:
        """Let time pass: a process sleeps, the main thread lets everything happen.

        Raises:
            Killed: The process reached its end.
        """
        process = getattr(self._mine, "process", None)
        if process is None:
            self._run(self.now + seconds)
            return
        left = process.end - self.now
        self.at(min(seconds, left), lambda: self._resume(process))
        process.back.release()
        process.go.acquire()
        if seconds >= left:
            raise Killed

    def drain(self, waiting: Callable[[], object] = lambda: None) -> None:
        """Let every process come to its end, and whatever else is ``waiting``."""
        while self.running or waiting():
            self._run(self._events[0][0])

    def _run(self, end: float) -> None:
        while self._events and self._events[0][0] <= end:
            self.now, _, action = heapq.heappop(self._events)
            action()
        self.now = end

    @staticmethod
    def _resume(process: Process) -> None:
        process.go.release()
        process.back.acquire()

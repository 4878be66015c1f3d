"""A run of a Lambda function, where it runs, what it is given, and what it needs of its world."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from drtemplate.world.clock import Clock, Strand
from drtemplate.world.deployment import Function

if TYPE_CHECKING:
    from drtemplate.errors import DrTemplateError

Handler = Callable[[Any, Any], Any]
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}")
_MOST = 120


class Host(Protocol):
    """What a run needs of the world that it runs in."""

    @property
    def clock(self) -> Clock:
        """Virtual time."""

    @property
    def network(self) -> Any:
        """Who reaches what."""

    @property
    def api(self) -> Any:
        """What answers API calls."""

    def fail(self, error: DrTemplateError) -> None:
        """Stop the world: the code does what it does not know."""


@dataclass(slots=True, eq=False)
class Environment:
    """An execution environment: a host in a zone, with the loaded module.

    Attributes:
        skew: seconds by which its clock is ahead.
        keep: seconds that it is kept while idle.
    """

    zone: str
    handler: Handler | None = None
    busy: bool = False
    idle_since: float = 0.0
    keep: float = 0.0
    skew: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A function was invoked asynchronously: when, by which source, by which run if any."""

    at: float
    source: str
    caller: Invocation | None


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """An event in the asynchronous queue; each delivery of it has the same request id."""

    function: Function
    request_id: str
    text: str
    source: str
    sent: float
    call: Call | None


@dataclass(slots=True, eq=False)
class Invocation:
    """One run of a function.

    Attributes:
        function: what runs.
        source: who invoked it: ``schedule``, ``monitor``, ``alarm``, ``rds``, ``operator``.
        event: what it was given.
        queued, began, ended: virtual seconds; ``began`` is when its handler starts.
        answer, error: how it ended; neither while it runs or if it was killed.
        call: how it was invoked, where that is of interest.
        spent: seconds in API calls, by service.
    """

    host: Host = field(repr=False)
    function: Function = field(repr=False)
    request_id: str
    source: str
    event: Any
    queued: float
    environment: Environment | None = None
    began: float | None = None
    ended: float | None = None
    deadline: float = 0.0
    answer: Any = None
    error: BaseException | None = None
    strand: Strand | None = None
    calls: int = 0
    call: Call | None = None
    spent: dict[str, float] = field(default_factory=dict)

    def ending(self) -> str:
        """How a run that has ended and did not return ended, in one line of at most 120 characters."""
        if not isinstance(self.error, Exception):
            # Of the same sum in another order the last bit may differ.
            late = self.ended is not None and self.ended >= self.deadline - 1e-6
            return "killed at its time-out" if late else "killed"
        words = f"ends with {type(self.error).__name__}: {self.error}"
        # An address is another one in each process, and the same seed gives the same bytes.
        line = " ".join(_ADDRESS.sub("0x", words).split()).removesuffix(":")
        return line if len(line) <= _MOST else line[: _MOST - 1] + "\N{HORIZONTAL ELLIPSIS}"

    def failure(self) -> dict[str, str]:
        """The error of a run that did not return, as Lambda gives it.

        https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
        """
        if isinstance(self.error, Exception):
            return {"errorType": type(self.error).__name__, "errorMessage": str(self.error)}
        seconds = f"{self.function.timeout:.2f}"
        message = f"{self.request_id} Task timed out after {seconds} seconds"
        return {"errorType": "Sandbox.Timedout", "errorMessage": message}


class Context:
    """What Lambda gives the handler beside the event.

    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    def __init__(self, invocation: Invocation) -> None:
        function = invocation.function
        self._invocation = invocation
        self.function_name = function.name
        self.function_version = "$LATEST"
        self.invoked_function_arn = function.arn
        self.memory_limit_in_mb = str(function.memory)
        self.aws_request_id = invocation.request_id
        self.log_group_name = function.log_group
        self.log_stream_name = "drill"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the time-out."""
        now = self._invocation.host.clock.now
        return max(0, int((self._invocation.deadline - now) * 1000))

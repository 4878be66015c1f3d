"""Follow a deployment: its events as they come, to the end of both the AWS CLI and the stack."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from drtemplate.deploying.account import THROTTLED, account_call, code_of
from drtemplate.deploying.events import Event, EventReader
from drtemplate.errors import DeployError

# Seconds between two looks, at first and at most when AWS asks for patience.
POLL, SLOWEST = 5.0, 60.0
# Seconds without an event after which a line says what is still going on.
QUIET = 60.0
# Looks in a row that may fail for another reason than throttling.
PATIENCE = 10


class Running(Protocol):
    """A command at work."""

    def wait(self, seconds: float) -> int | None:
        """Wait for its end, at most so long; its exit code, or None while it goes on."""


@dataclass(kw_only=True)
class Follower:
    """Shows events until nothing goes on any more.

    Attributes:
        reader: where they come from.
        say: takes a line for people.
        clock: seconds from any start.
        sleep: waits so many seconds.
    """

    reader: EventReader
    say: Callable[[str], None]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    events: list[Event] = field(default_factory=list)
    _at_work: dict[str, str] = field(default_factory=dict)
    # The clock at the last event, and at the last line.
    _heard: float = 0.0
    _spoke: float = 0.0
    _pause: float = POLL
    _failures: int = 0

    def until_end(self, run: Running, status: Callable[[], str]) -> int:
        """Show events until the command has ended and the stack's status is final.

        Args:
            run: the command.
            status: asks for the stack's status; '' if there is no stack.

        Returns:
            The command's exit code.

        Raises:
            DeployError: AWS does not answer any more.
        """
        self._heard = self._spoke = self.clock()
        while (code := run.wait(self._pause)) is None:
            self._look()
        # The AWS CLI gives up after an hour; CloudFormation does not.
        while self._goes_on(status):
            self._look()
            self.sleep(self._pause)
        while not self._look(thorough=True):
            self.sleep(self._pause)
        return code

    def _goes_on(self, status: Callable[[], str]) -> bool:
        try:
            now = status()
        except DeployError:
            self._failed(self._failures + 1)
            if self._failures > PATIENCE:
                raise
            return True
        return now.endswith("_IN_PROGRESS") and now != "REVIEW_IN_PROGRESS"

    def _look(self, thorough: bool = False) -> bool:
        """Show what is new; False if AWS must be asked again."""
        try:
            found = self.reader.new(thorough)
        except (ClientError, BotoCoreError) as exc:
            throttled = isinstance(exc, ClientError) and code_of(exc) in THROTTLED
            self._failed(self._failures + (not throttled))
            if self._failures > PATIENCE:
                with account_call("follow the stack's events"):
                    raise
            return False
        self._pause, self._failures = POLL, 0
        for event in found:
            self._show(event)
        now = self.clock()
        if found:
            self._heard = self._spoke = now
        elif self.events and now - self._spoke >= QUIET:
            self._spoke = now
            since = (self.events[-1].time - self.events[0].time).total_seconds()
            at_work = ", ".join(self._at_work) or "CloudFormation"
            self.say(f"{_minutes(since + now - self._heard)}  {'waiting for':<20} {at_work}")
        return True

    def _failed(self, failures: int) -> None:
        """AWS did not answer: ask less often."""
        self._failures = failures
        self._pause = min(self._pause * 2, SLOWEST)

    def _show(self, event: Event) -> None:
        self.events.append(event)
        if event.status.endswith("_IN_PROGRESS") and not event.of_stack:
            self._at_work[event.title] = event.status
        else:
            self._at_work.pop(event.title, None)
        reason = f": {' '.join(event.reason.split())}" if event.reason else ""
        since = (event.time - self.events[0].time).total_seconds()
        self.say(f"{_minutes(since)}  {event.status:<20} {event.title}{reason}")


def _minutes(seconds: float) -> str:
    """Minutes and seconds since the first event."""
    return f"{int(seconds) // 60:>3}:{int(seconds) % 60:02}"

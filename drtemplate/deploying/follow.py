"""Follow a deployment: its progress as it comes, to the end of what the stack does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from drtemplate.deploying.account import THROTTLED, account_call, code_of
from drtemplate.deploying.events import Event, EventReader
from drtemplate.errors import DeployError

# Seconds between two looks, at first and at most when AWS asks for patience.
POLL, SLOWEST = 5.0, 60.0
# Seconds without an event after which a line says what is still going on.
QUIET = 60.0
# Seconds without an event after which a change is taken not to have begun.
UNBEGUN = 60.0
# Resources at work that are named in a line.
MOST = 4
_DONE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "DELETE_COMPLETE",
    "DELETE_SKIPPED",
    "IMPORT_COMPLETE",
)
# Looks in a row that may fail for another reason than throttling.
PATIENCE = 10


@dataclass(kw_only=True)
class Follower:
    """Shows progress until nothing goes on any more.

    Attributes:
        reader: where the events come from.
        say: takes a line for people.
        clock: seconds from any start.
        sleep: waits so many seconds.
        total: resources that change.
        whole: show every event, and not only what is done or has failed.
    """

    reader: EventReader
    say: Callable[[str], None]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    total: int = 0
    whole: bool = False
    events: list[Event] = field(default_factory=list)
    _done: set[str] = field(default_factory=set)
    # What is at work, since when by AWS's clock.
    _at_work: dict[str, datetime] = field(default_factory=dict)
    # The clock at the last event, and at the last line.
    _heard: float = 0.0
    _spoke: float = 0.0
    _pause: float = POLL
    _failures: int = 0

    def until_end(self, status: Callable[[], str]) -> None:
        """Show progress until the stack's status is final.

        Args:
            status: asks for the stack's status; '' if there is no stack.

        Raises:
            DeployError: AWS does not answer any more.
        """
        begun = self._heard = self._spoke = self.clock()
        while self._goes_on(status) or not (self._begun() or self.clock() - begun > UNBEGUN):
            self._look()
            self.sleep(self._pause)
        while not self._look(thorough=True):
            self.sleep(self._pause)

    def _begun(self) -> bool:
        """Whether an event has told of the change; the status alone may be that of before."""
        if not self.events:
            self._look()
        return any(event.status != "REVIEW_IN_PROGRESS" for event in self.events)

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
        except (ClientError, BotoCoreError, ResponseParserError, KeyError, TypeError) as exc:
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
            self._say(since + now - self._heard, f"{'waiting for':<20} {self._waiting(now)}")
        return True

    def _waiting(self, now: float) -> str:
        """What is at work, each with the time that it has taken so far."""
        latest = self.events[-1].time
        took = {
            title: (latest - begun).total_seconds() + now - self._heard
            for title, begun in self._at_work.items()
        }
        longest = sorted(took, key=lambda title: -took[title])
        shown = [f"{title} ({_duration(took[title])})" for title in longest[:MOST]]
        more = f" and {len(longest) - MOST} more" if len(longest) > MOST else ""
        return (", ".join(shown) or "CloudFormation") + more

    def _failed(self, failures: int) -> None:
        """AWS did not answer: ask less often."""
        self._failures = failures
        self._pause = min(self._pause * 2, SLOWEST)

    def _show(self, event: Event) -> None:
        self.events.append(event)
        at_work = event.status.endswith("_IN_PROGRESS") and not event.of_stack
        begun = self._at_work.get(event.title)
        if at_work:
            self._at_work.setdefault(event.title, event.time)
        else:
            self._at_work.pop(event.title, None)
        if event.status in _DONE and not event.of_stack:
            self._done.add(event.title)
        if at_work and not self.whole:
            return
        took = f" ({_duration((event.time - begun).total_seconds())})" if begun else ""
        reason = f": {' '.join(event.reason.split())}" if event.reason else ""
        since = (event.time - self.events[0].time).total_seconds()
        self._say(since, f"{event.status:<20} {event.title}{'' if at_work else took}{reason}")

    def _say(self, since: float, words: str) -> None:
        """A line with the time since the first event and how many resources are done."""
        width = len(str(self.total))
        count = (
            f"  {min(len(self._done), self.total):>{width}} of {self.total}" if self.total else ""
        )
        self.say(f"{_minutes(since)}{count}  {words}")


def _minutes(seconds: float) -> str:
    """Minutes and seconds since the first event."""
    return f"{int(seconds) // 60:>3}:{int(seconds) % 60:02}"


def _duration(seconds: float) -> str:
    return (
        f"{int(seconds)} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60} s"
    )

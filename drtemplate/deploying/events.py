"""The stack's events, each once and in their order, and what they say about a failure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from drtemplate.deploying.account import is_missing
from drtemplate.deploying.answers import pages

# Echoes of a failure elsewhere: "Resource creation cancelled" and its like.
_ECHO = ("resource creation cancelled", "resource update cancelled", "resource deletion cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of a stack.

    Attributes:
        id: CloudFormation's own, unique in a stack.
        time: when it happened, by AWS's clock.
        title: logical id of the resource.
        status: as ``CREATE_FAILED``.
        reason: why, or ''.
        of_stack: whether it is about the stack itself.
    """

    id: str
    time: datetime
    title: str
    status: str
    reason: str
    of_stack: bool


class EventReader:
    """Reads the events that are newer than its making.

    CloudFormation answers with pages, newest first. Which events are new is told by their ids and
    not by a clock: the machine's may be wrong, and two events may share a time.

    Raises (every method):
        ClientError, BotoCoreError: AWS does not answer; the next call reads what this one missed.
    """

    def __init__(self, cloudformation: Any, stack: str) -> None:
        self._client = cloudformation
        self._stack = stack
        first: list[dict[str, Any]] = next(iter(self._pages()), [])
        # An older page than this is never looked at.
        self._old = frozenset(event["EventId"] for event in first)
        self._seen = set(self._old)

    def new(self, thorough: bool = False) -> list[Event]:
        """The events since the last call, oldest first.

        Args:
            thorough: read all pages since the start, not only until one holds nothing new.
        """
        found: dict[str, dict[str, Any]] = {}
        for page in self._pages():
            unseen = [event for event in page if event["EventId"] not in self._seen]
            # A page that shifts while it is read repeats events of the one before.
            found |= {event["EventId"]: event for event in unseen}
            if any(event["EventId"] in self._old for event in page) or not (unseen or thorough):
                break
        # Only now: had a page failed, the next call must read all of them again.
        self._seen |= found.keys()
        events = [_event(event) for event in reversed(list(found.values()))]
        return sorted(events, key=lambda event: event.time)

    def _pages(self) -> Iterator[list[dict[str, Any]]]:
        try:
            for answer in pages(self._client.describe_stack_events, StackName=self._stack):
                yield answer["StackEvents"]
        except ClientError as exc:
            if not is_missing(exc):
                raise


def _event(facts: dict[str, Any]) -> Event:
    return Event(
        id=facts["EventId"],
        time=facts["Timestamp"],
        title=facts.get("LogicalResourceId", ""),
        status=facts.get("ResourceStatus", ""),
        reason=facts.get("ResourceStatusReason", ""),
        of_stack=facts.get("PhysicalResourceId") == facts.get("StackId"),
    )


def first_failure(events: Iterable[Event]) -> Event | None:
    """The first resource that failed by itself; the stack's own failure only if there is none."""
    failed = [event for event in events if event.status.endswith("_FAILED")]
    own = [
        event
        for event in failed
        if not event.of_stack and not event.reason.lower().startswith(_ECHO)
    ]
    return next(iter(own or [event for event in failed if event.of_stack] or failed), None)

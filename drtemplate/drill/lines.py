"""What a line of the handlers' log says, in a few words, for the timeline."""

import json
from collections.abc import Mapping
from typing import Any

# By event: what of the line is told, in its order. An event that is not here is told by its name alone.
TOLD = {
    "LOOK": ("signal", "verdict"),
    "CALL": ("components", "writer"),
    "DECISION": ("kind", "component", "writer", "targets", "refused", "reason"),
    "WITNESSES": ("waited", "silent"),
    "TRANSITION": ("before", "status"),
    "ACT": ("act", "writer", "target", "latch"),
    "ACCEPTED": ("component", "writer", "target", "latch"),
    "NOT_ACCEPTED": ("component", "target", "error"),
    "NO_ANSWER": ("component", "target", "error"),
    "NOT_DONE": ("component", "error"),
    "LEFT": ("component", "writer", "status"),
    "MOVED": ("before", "writer"),
    "CLOSED": ("run", "status"),
    "REFUSED": ("kind", "reason"),
    "NOT_REQUIRED": ("reason",),
    "DRY_RUN": ("plan",),
    "END": ("status", "moved", "reason"),
    "TOLD": ("subject",),
    "RDS_EVENT": ("number",),
    "ALARM_STANDS": ("alarm",),
    "FAILED_CALL": ("call", "error"),
    "BLIND": ("error",),
    "ERROR": ("error",),
}
MOST = 160


def moment_of(line: str) -> str | None:
    """A line in words, as ``DECISION: PROMOTE, database, a, [b], votes``; None if it is no line of a handler's log."""
    try:
        read: Any = json.loads(line)
    except ValueError:
        return None
    if not isinstance(read, Mapping) or not isinstance(read.get("event"), str):
        return None
    event = read["event"]
    told = [read.get(name) for name in TOLD.get(event, ())]
    words = ", ".join(_words(one) for one in told if one not in (None, "", [], ()))
    text = f"{event}: {words}" if words else event
    return text if len(text) <= MOST else text[: MOST - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _words(value: Any) -> str:
    if isinstance(value, list):
        return " and ".join(map(_words, value))
    return value if isinstance(value, str) else json.dumps(value)

"""What can be made to go wrong with a call."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any


@dataclass(frozen=True, slots=True)
class Slow:
    """Each attempt takes so many seconds.

    Beyond the client's read time-out, the service still does it, and the answer is not waited for.
    """

    seconds: float


class Lost(Enum):
    """What the network loses of each attempt; the client waits until its read time-out."""

    REQUEST = "before it took effect"
    ANSWER = "after it took effect"


# An error code or an exception is how the whole call ends, botocore's retries included.
Failure = str | BaseException | type[BaseException] | Slow | Lost
# A callable is given the call's parameters, and says what goes wrong with this one: None for nothing.
Fault = Failure | Callable[[Mapping[str, Any]], Failure | None]

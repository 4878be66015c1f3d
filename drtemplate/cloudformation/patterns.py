"""What an EventBridge rule says: its pattern and its schedule. What is not known is an error."""

import re
from collections.abc import Mapping
from typing import Any

_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")


def period(schedule: str) -> int:
    """The seconds of a rate.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html

    Raises:
        ValueError: a schedule that is no rate.
    """
    rate = _RATE.fullmatch(schedule)
    if rate is None:
        raise ValueError(f"only rates are run, not {schedule}")
    return int(rate[1]) * _SECONDS[rate[2]]


def check_pattern(pattern: Any) -> None:
    """Let a pattern pass that EventBridge takes and ``matches`` knows.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html: each value to be
    matched stands in a list. Its operators:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html

    Raises:
        ValueError: it is no pattern, or has an operator or a notation that is not known here.
    """
    if not isinstance(pattern, Mapping) or not pattern:
        raise ValueError(f"an event pattern is an object with a field or more, not {pattern!r}")
    for key, wanted in pattern.items():
        # EventBridge reads a dot as a step into the next object.
        if key == "$or" or "." in key:
            raise ValueError(f"the key {key} of an event pattern is not known here")
        if not isinstance(wanted, list):
            check_pattern(wanted)
            continue
        if not wanted:
            raise ValueError(f"an event pattern needs a value for {key}; it has an empty list")
        for value in wanted:
            _check_value(key, value)


def _check_value(key: str, wanted: Any) -> None:
    if isinstance(wanted, list):
        raise ValueError(f"a list in the list of values of {key} in an event pattern: {wanted}")
    if isinstance(wanted, Mapping) and not (
        list(wanted) == ["prefix"] and isinstance(wanted["prefix"], str)
    ):
        raise ValueError(f"the operator of {key} in an event pattern is not known here: {wanted}")


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether an event has every field of the pattern, with one of the values that stand there.

    A list in the event fits if one of its members does.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-arrays.html

    Raises:
        ValueError: as ``check_pattern``, whatever the event is.
    """
    check_pattern(pattern)
    return _matches(pattern, event)


def _matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    # A field that is not there is not null.
    return all(
        key in event and _value_matches(wanted, event[key]) for key, wanted in pattern.items()
    )


def _value_matches(wanted: Any, found: Any) -> bool:
    members = found if isinstance(found, list) else [found]
    if isinstance(wanted, Mapping):
        return any(isinstance(member, Mapping) and _matches(wanted, member) for member in members)
    return any(_equals(value, member) for value in wanted for member in members)


def _equals(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(found, str) and found.startswith(wanted["prefix"])
    # As they are written: neither true and 1 nor 300 and 300.0 are equal.
    return type(wanted) is type(found) and bool(wanted == found)

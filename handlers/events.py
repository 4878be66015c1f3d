"""Events with types; what does not fit one is refused by its field, and not guessed."""

from typing import NamedTuple

from .refusal import Refusal

COMPONENTS = ("database", "application")
ACTIONS = ("status", "failback", "sweep")
MODES = ("PLANNED", "UNPLANNED", "DRILL")
LONGEST = 450  # characters of a text that is kept
LONGEST_NAME = 400  # of an attempt, so that the keys that it is part of are no longer than that
LARGEST = 1e15  # of a number of seconds

# What a person may say; what an observer says besides.
FAILOVER_FIELDS = (
    "trigger_failover", "reason", "votes", "components", "mode", "detected_at", "writer",
    "attempt_id", "dry_run", "force", "expected_writer",
)  # fmt: skip
OBSERVER_FIELDS = (
    *FAILOVER_FIELDS, "row_age_seconds", "writer_row_age_seconds", "observer",
)  # fmt: skip
FAILBACK_FIELDS = (
    "action", "trigger_failover", "reason", "components", "mode", "attempt_id", "dry_run", "force",
    "expected_writer",
)  # fmt: skip


class Request(NamedTuple):
    """A failover or a fail back that somebody asks for.

    Attributes:
        action: ``failover`` or ``failback``.
        automatic: whether an observer or an alarm asks, and no person.
        components: what is to be moved, of `COMPONENTS`.
        row_age: seconds that the writer has been bad; None where the caller did not say.
        alarm: the name of the alarm that asks; None for others.
        again: whether the sweep asks for it, each minute while it stands.
        request_id: of its delivery; another delivery of the same event has the same.
    """

    action: str
    automatic: bool = False
    components: tuple = COMPONENTS
    mode: str = "PLANNED"
    reason: str = ""
    votes: dict | None = None
    detected_at: float | None = None
    row_age: float | None = None
    observer: str | None = None
    writer: str | None = None
    attempt_id: str = ""
    dry_run: bool = False
    force: bool = False
    expected_writer: str | None = None
    alarm: str | None = None
    again: bool = False
    request_id: str = ""


class RdsEvent(NamedTuple):
    """An event of RDS from EventBridge."""

    number: str
    time: str
    detail: object


def parse_event(event, request_id):
    """What an event is.

    Returns:
        A `Request`, an `RdsEvent`, ``status``, ``sweep``, ``ok_alarm``, or None for what asks nothing.

    Raises:
        Refusal: a field does not fit.
    """
    if not isinstance(event, dict):
        return None
    if isinstance(event.get("alarmData"), dict):
        return parse_alarm(event["alarmData"], event.get("time"))
    if event.get("source") == "aws.rds":
        return parse_rds_event(event)
    action, trigger = event.get("action"), event.get("trigger_failover")
    if action is not None and action not in ACTIONS:
        raise _unfit("action", action, f"one of {', '.join(ACTIONS)}", "Failover not required: ")
    if trigger is not None and not isinstance(trigger, bool):
        raise _unfit("trigger_failover", trigger, "true or false", "Failover not required: ")
    if action is not None and trigger:
        raise Refusal("field", f"action: {action!r} and trigger_failover exclude each other")
    if action in ("status", "sweep"):
        return action
    if action == "failback":
        return parse_request(event, "failback", request_id)
    return parse_request(event, "failover", request_id) if trigger else None


def parse_request(event, action, request_id):
    """A failover or fail back of a person or an observer.

    Raises:
        Refusal: a field does not fit.
    """
    automatic = "votes" in event and action == "failover"
    known = FAILBACK_FIELDS if action == "failback" else FAILOVER_FIELDS
    if automatic:
        known = OBSERVER_FIELDS
    for field in event:
        if field not in known:
            raise Refusal(
                "field", f"{str(field)[:80]}: no such field; there are {', '.join(known)}"
            )
    mode = event.get("mode")
    if mode is not None and mode not in MODES:
        raise _unfit("mode", mode, f"one of {', '.join(MODES)}")
    force = _flag(event, "force")
    if automatic and force:
        raise Refusal("field", "force: what carries votes is automatic, and cannot be forced")
    return Request(
        action=action,
        automatic=automatic,
        components=_components(event),
        mode=mode or ("UNPLANNED" if automatic else "PLANNED"),
        reason=_reason(event.get("reason")),
        # An automatic call without a vote has none against the writer.
        votes=_votes(event.get("votes")) or ({} if automatic else None),
        detected_at=_number(event, "detected_at"),
        row_age=_number(event, "writer_row_age_seconds"),
        observer=_text(event, "observer"),
        writer=_text(event, "writer"),
        attempt_id=_text(event, "attempt_id", LONGEST_NAME) or request_id,
        dry_run=_flag(event, "dry_run"),
        force=force,
        expected_writer=_text(event, "expected_writer"),
        request_id=request_id,
    )


def parse_alarm(data, when):
    """An alarm's action: a request only for the state ALARM, whatever else the event says.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
    """
    state = data.get("state")
    if not isinstance(state, dict) or state.get("value") != "ALARM":
        return "ok_alarm"
    name = str(data.get("alarmName"))[:LONGEST]
    return alarm_request(name, str(state.get("timestamp") or when)[:LONGEST])


def alarm_request(name, since, again=False):
    """What an alarm that has stood since then asks for."""
    component = "application" if name.endswith("-targets") else "database"
    return Request(
        action="failover",
        automatic=True,
        components=(component,),
        mode="UNPLANNED",
        reason=f"alarm {name}",
        attempt_id=f"{name}#{since}"[:LONGEST_NAME],
        alarm=name,
        again=again,
    )


def parse_rds_event(event):
    """An event of RDS, of any shape."""
    detail = event.get("detail")
    number = detail.get("EventID") if isinstance(detail, dict) else None
    return RdsEvent(str(number)[:LONGEST], str(event.get("time"))[:LONGEST], detail)


def _unfit(field, value, rule, before=""):
    return Refusal("field", f"{before}{field}: {str(value)[:80]!r} is not {rule}")


def _components(event):
    asked = event.get("components", list(COMPONENTS))
    fits = isinstance(asked, list) and asked and all(isinstance(name, str) for name in asked)
    if not fits or not set(asked) <= set(COMPONENTS):
        raise _unfit("components", asked, f"a list of {' and '.join(COMPONENTS)}")
    return tuple(name for name in COMPONENTS if name in asked)


def _reason(value):
    parts = value if isinstance(value, list) else [value]
    return "; ".join(str(part)[:LONGEST] for part in parts[:20] if part is not None)[:LONGEST]


def _votes(value):
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _unfit("votes", value, "an object of signals and true, false or null")
    kept = list(value.items())[:10]
    return {str(name)[:80]: vote if isinstance(vote, bool) else None for name, vote in kept}


def _number(event, field):
    value = event.get(field)
    if value is None:
        return None
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    if not fits or not -LARGEST < value < LARGEST:
        raise _unfit(field, value, "a number of seconds")
    return float(value)


def _text(event, field, longest=LONGEST):
    value = event.get(field)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise _unfit(field, value, f"a text of 1 to {longest} characters")
    return value


def _flag(event, field):
    value = event.get(field, False)
    if not isinstance(value, bool):
        raise _unfit(field, value, "true or false")
    return value

"""The state as an item of the table. What is not ours there counts as missing."""

from decimal import Decimal
from time import gmtime, strftime, time

from .events import LONGEST
from .state import SKEW, TRANSITIONS, Pending, State

KEY = "FAILOVER_STATUS"
# Attribute of the item -> field of the state, by kind.
_TEXTS = {
    "Owner": "owner", "AttemptId": "attempt_id", "Mode": "mode", "Reason": "reason",
    "StartTime": "start_time", "CompletedTime": "completed_time",
    "PreviousWriter": "previous_writer", "NewWriter": "new_writer", "Error": "error",
    "LatchError": "latch_error", "Writer": "writer", "Home": "home", "FaultsTold": "faults_told",
}  # fmt: skip
_FLAGS = {
    "Automatic": "automatic", "Latched": "latched", "Unlocked": "unlocked",
    "OddLatchTold": "odd_latch_told",
}  # fmt: skip
_MAPS = {"Configuration": "configuration", "Alarms": "alarms", "Untold": "untold"}
_PENDING_TEXTS = {
    "AttemptId": "attempt_id",
    "Action": "action",
    "Old": "old",
    "Target": "target",
    "Run": "run",
}
_PENDING_FLAGS = {
    "Accepted": "accepted",
    "Lost": "lost",
    "Repeated": "repeated",
    "RolledBack": "rolled_back",
}


def from_item(item):
    """The state that an item holds; an attribute of another type than ours counts as missing."""
    status = item.get("Status")
    found = {
        "status": status if isinstance(status, str) and status in TRANSITIONS else "IDLE",
        "token": item.get("FencingToken"),
    }
    for name, attribute in _TEXTS.items():
        if isinstance(item.get(name), str):
            found[attribute] = item[name][:LONGEST]
    for name, attribute in _FLAGS.items():
        if isinstance(item.get(name), bool):
            found[attribute] = item[name]
    # A flag in the item means nothing: only a run itself knows that it goes on without the table.
    found.pop("unlocked", None)
    for name, attribute in _MAPS.items():
        if isinstance(item.get(name), dict):
            found[attribute] = dict(list(item[name].items())[:20])
    found["untold"] = {run: str(why)[:LONGEST] for run, why in found.get("untold", {}).items()}
    found["lease_expires"] = number(item.get("LeaseExpires"))
    found["duration"] = number(item.get("Duration")) if "Duration" in item else None
    if isinstance(item.get("Votes"), dict):
        found["votes"] = item["Votes"]
    if isinstance(item.get("Stages"), dict):
        found["stages"] = {str(key): number(value) for key, value in item["Stages"].items()}
    if isinstance(item.get("Notes"), list):
        found["notes"] = tuple(str(note)[:LONGEST] for note in item["Notes"][:10])
    found["moves"] = _moves(item)
    if isinstance(item.get("Pending"), dict):
        pending = {name: _pending(value) for name, value in item["Pending"].items()}
        found["pending"] = {name: one for name, one in pending.items() if one}
    return State(**found)


def _moves(item):
    stored = item.get("Moves") if isinstance(item.get("Moves"), dict) else {}
    found = {}
    for component in ("database", "application"):
        listed = stored.get(component)
        times = [_past(when) for when in listed] if isinstance(listed, list) else []
        # An item of version 0.1.0 has the last move of each component alone.
        before = _past(item.get(f"{component}_at"))
        found[component] = tuple(sorted({*times, before} - {0.0}))
    return found


def _past(value):
    """A time that has been; one that cannot have been, as of milliseconds, is none."""
    found = number(value)
    return found if found <= time() + SKEW else 0.0


def _pending(value):
    if not isinstance(value, dict):
        return None
    texts = {
        attribute: value[name][:LONGEST] if isinstance(value.get(name), str) else None
        for name, attribute in _PENDING_TEXTS.items()
    }
    flags = {attribute: value.get(name) is True for name, attribute in _PENDING_FLAGS.items()}
    if not texts["attempt_id"] or texts["action"] not in ("failover", "failback"):
        return None
    return Pending(**texts, **flags, since=_past(value.get("Since")))


def to_item(state):
    """The item of a state, with its key; what is empty is left out."""
    item = {"StateKey": KEY, "Status": state.status, "FencingToken": state.token}
    item["LeaseExpires"] = int(state.lease_expires)
    for names in (_TEXTS, _FLAGS, _MAPS):
        item |= {name: getattr(state, attribute) for name, attribute in names.items()}
    item["Votes"], item["Stages"], item["Notes"] = state.votes, state.stages, list(state.notes)
    item["Duration"] = state.duration
    item["Moves"] = {name: list(times) for name, times in state.moves.items() if times}
    item["Pending"] = {
        component: {
            **{name: getattr(one, attribute) for name, attribute in _PENDING_TEXTS.items()},
            **{name: getattr(one, attribute) for name, attribute in _PENDING_FLAGS.items()},
            "Since": one.since,
        }
        for component, one in state.pending.items()
    }
    return storable(
        {name: value for name, value in item.items() if value not in (None, "", {}, [], ())}
    )


def storable(value):
    """As DynamoDB takes it: fractions as Decimal, texts no longer than they may be, None left out."""
    if isinstance(value, dict):
        return {str(key)[:LONGEST]: storable(one) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [storable(one) for one in value]
    if isinstance(value, float):
        return Decimal(f"{value:.3f}")
    return value[:LONGEST] if isinstance(value, str) else value


def number(value):
    """Whatever stands there, 0 if it is no finite number."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return found if abs(found) < 1e15 else 0.0


def iso(when):
    """A time as a text that sorts."""
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(when))

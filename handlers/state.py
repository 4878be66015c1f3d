"""The state of the automation, as one item of the table: what it holds, and how it is read and written.

Every write is a compare-and-swap on a fencing token that only rises. Whoever has lost the lease can
neither write nor, since each act is preceded by a write, act.
"""

from decimal import Decimal
from time import gmtime, strftime, time
from typing import NamedTuple

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import BotoCoreError, ClientError

from .events import LONGEST
from .log import add_to_log, attempt, log
from .refusal import Refusal, unreachable

KEY = "FAILOVER_STATUS"
# Allowed transitions of Status. FAILED -> COMPLETED and FAILED_BACK: what a run had begun was found done later.
TRANSITIONS = {
    "IDLE": ("IN_PROGRESS",),
    "IN_PROGRESS": ("COMPLETED", "FAILED", "FAILED_BACK"),
    "COMPLETED": ("IN_PROGRESS",),
    "FAILED": ("IN_PROGRESS", "COMPLETED", "FAILED_BACK"),
    "FAILED_BACK": ("IN_PROGRESS",),
}
# Seconds that a lease lives without a write, and that clocks of two hosts may be apart.
LEASE, SKEW = 45, 240
# Seconds after which nobody waits any longer for the end of what a run has begun.
PENDING = 3600


class Pending(NamedTuple):
    """What a run has begun on a component, and has not yet seen the end of.

    Attributes:
        old, target: the instances; for the application None.
        since: epoch seconds of the intent.
        run: the key of the run's item.
        accepted: whether AWS has said yes.
        lost: whether the run was abandoned.
        repeated: whether the one repeat of a lost act was made.
        rolled_back: whether Aurora was seen to give it up.
    """

    attempt_id: str
    action: str
    old: str | None
    target: str | None
    since: float
    run: str
    accepted: bool = False
    lost: bool = False
    repeated: bool = False
    rolled_back: bool = False


class State(NamedTuple):
    """The item. What is not there is None or empty, and is not written.

    Attributes:
        token: the fencing token as it was read; None before the first write.
        writer: who wrote when somebody looked last.
        home: where the writer was before the first move since the last completed fail back.
        moves: by component, epoch seconds of each accepted move or observed change.
        pending: by component, see `Pending`.
        untold: by the key of a run's record, why people still have to be told how it ended.
        configuration: the last usable one.
        alarms: by name, since when: alarms whose run was refused and is to be made again.
        faults_told: the faults of the configuration that people were told of.
        odd_latch_told: whether people were told of a health check that is disabled and not inverted.
    """

    status: str = "IDLE"
    token: object = None
    lease_expires: float = 0.0
    owner: str = ""
    attempt_id: str = ""
    automatic: bool = False
    mode: str = ""
    reason: str = ""
    votes: dict | None = None
    start_time: str = ""
    completed_time: str = ""
    duration: float | None = None
    stages: dict = {}
    previous_writer: str = ""
    new_writer: str = ""
    latched: bool | None = None
    error: str = ""
    latch_error: str = ""
    notes: tuple = ()
    unlocked: bool = False
    writer: str = ""
    home: str = ""
    moves: dict = {}
    pending: dict = {}
    untold: dict = {}
    configuration: dict = {}
    alarms: dict = {}
    faults_told: str = ""
    odd_latch_told: bool = False

    @property
    def run_key(self):
        """The key of the present or last run's own item."""
        return f"RUN#{self.start_time}#{self.attempt_id}"

    def leased(self, now):
        """Whether a run is under way; a lease far beyond what any host writes is void."""
        return self.status == "IN_PROGRESS" and now <= self.lease_expires <= now + LEASE + SKEW

    def moves_within(self, component, seconds, now):
        """How many moves of a component began in so many seconds past."""
        return sum(now - when < seconds for when in self.moves.get(component, ()))

    def with_move(self, component, now):
        """The same after a move."""
        # More than the longest cooldown looks back at nobody asks for.
        kept = [when for when in self.moves.get(component, ()) if now - when < 90000][-9:]
        return self._replace(moves={**self.moves, component: (*kept, now)})

    def owing(self, run, reason):
        """The same, with people to be told how a run ended; no more than they can read."""
        return self._replace(untold={**dict(list(self.untold.items())[-9:]), run: reason})

    def with_pending(self, component, pending):
        """The same, waiting for something else, or for nothing."""
        others = {name: one for name, one in self.pending.items() if name != component}
        return self._replace(pending=others if pending is None else {**others, component: pending})


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


class Store:
    """Reads and writes the item for one run.

    Args:
        owner: a random name of this execution; a request id is shared by duplicates and retries.
    """

    def __init__(self, table, owner):
        self.table = table
        self.owner = owner

    def stored(self):
        """The item as the table has it, empty if there is none."""
        return self.table.get_item(Key={"StateKey": KEY}, ConsistentRead=True).get("Item", {})

    def read(self):
        """The state now.

        Raises:
            Refusal: the table gives no answer.
        """
        try:
            return from_item(self.stored())
        except (BotoCoreError, ClientError) as error:
            raise unreachable(error) from error

    def write(self, state, before):
        """Write the state in place of the one that was read.

        Raises:
            Refusal: somebody else has written since, or the table gives no answer.
            ValueError: the transition is none of `TRANSITIONS`.
        """
        if state.status != before.status and state.status not in TRANSITIONS[before.status]:
            raise ValueError(f"{before.status} -> {state.status} is no transition")
        token = int(number(before.token)) + 1
        state = state._replace(token=token, owner=self.owner, lease_expires=time() + LEASE)
        if before.unlocked:
            return state
        held = Attr("FencingToken")
        unwritten = held.eq(before.token)
        if before.token is None:
            unwritten = held.not_exists() | unwritten
        try:
            self.table.put_item(Item=to_item(state), ConditionExpression=unwritten)
        except (BotoCoreError, ClientError) as error:
            # Without an answer it may be written all the same; then it has our token and name.
            found = attempt(self.stored) or {}
            if (found.get("FencingToken"), found.get("Owner")) != (token, self.owner):
                if "ConditionalCheckFailed" in repr(error):
                    raise Refusal(
                        "lost_lease", "another run has written the state since"
                    ) from error
                raise unreachable(error) from error
        add_to_log(token=token)
        if state.status != before.status:
            log("TRANSITION", before=before.status, status=state.status)
        return state

    def renew(self, state):
        """Keep the lease while a run waits.

        Raises:
            Refusal: it is lost.
        """
        return self.write(state, state)

    def fence(self, state):
        """Prove right before an act that nobody else has the lease.

        Raises:
            Refusal: it is lost, and so nothing may be done.
        """
        return self.write(state, state)


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

"""What a run reads before it decides: the state, set right by the cluster, and the witnesses it needs."""

from time import time

from .acts import read_sides
from .clients import CLUSTER, rds, read_parameter, table
from .closing import abandon, close, reconcile
from .configuration import parse_configuration
from .decision import decide
from .events import LONGEST
from .item import iso, to_item
from .log import attempt, log
from .refusal import Refusal
from .state import State
from .telling import keep, lately_held, note_told, publish
from .topology import read_instance_status, read_topology
from .view import View, Word
from .witnesses import (
    SILENT,
    aws_hears_reader_alone,
    hear_observers,
    observers_agree,
    row_age,
)


class Look:
    """What was found.

    Attributes:
        before: the state as the table has it, or as it was written last.
        state: the same, set right by what is.
        topology: None if it cannot be read, and ``unreadable`` says why.
        closed: runs of which the end was found.
        moved_from: who wrote before, if another instance was found to write.
    """

    def __init__(self, state, now, latched=None):
        """Read the cluster; nothing is written yet.

        Args:
            state: as the table has it.
            now: epoch seconds.
            latched: whether the latch holds, if that was read too: Route 53's control plane, in another
                region, must delay no promotion, so that only the sweep asks it.
        """
        self.before, self.topology, self.unreadable = state, None, ""
        try:
            self.topology = read_topology(rds, CLUSTER)
        except Exception as error:
            self.unreadable = repr(error)[:LONGEST]
        abandoned = abandon(state, now)
        found, self.moved_from = reconcile(abandoned, self.topology, latched, now)
        if self.moved_from:
            log("MOVED", component="database", writer=found.writer, before=self.moved_from)
        self.state, self.closed = close(found, self.topology, latched, now)

    def settle(self, store):
        """Write what was set right, and correct the records of the runs that are closed by it."""
        if self.state != self.before:
            was = self.before
            self.state = self.before = store.write(self.state, was)
            self.keep_abandoned(was)
        self.correct_records()

    def keep_abandoned(self, was):
        """A run that was lost gets the record that it could not write, be it only that."""
        if was.status == "IN_PROGRESS":
            attempt(keep_missing, to_item(self.state), self.state.run_key)
        elif was.run_key in was.untold:
            attempt(keep_missing, to_item(was), was.run_key)

    def correct_records(self):
        """Each run that is closed now has its own record."""
        for end in self.closed:
            log("CLOSED", run=end.run, status=end.status)
            attempt(correct_record, end)
        self.closed = []


def keep_missing(record, run):
    """A run that was lost right after its end has no record yet."""
    if "Item" not in table.get_item(Key={"StateKey": run}, ConsistentRead=True):
        keep(record, run)


def correct_record(end):
    """Set a run's own record right."""
    item = table.get_item(Key={"StateKey": end.run}, ConsistentRead=True).get("Item", {})
    if end.status:
        item |= {"Status": end.status, "CompletedTime": iso(time())}
        item.pop("Error", None)
    if end.error:
        item["Error"] = end.error
    if end.new_writer:
        item["NewWriter"] = end.new_writer
    keep(item, end.run)


def tell_untold(store, state, written_until, now):
    """Tell how runs ended that were killed, or whose mail SNS refused.

    Args:
        store: of this run.
        state: as it is now.
        written_until: the end of the lease as it was read; until then the run may tell it itself.
        now: epoch seconds.
    """
    if now <= written_until or not state.untold:
        return state
    # Whoever is about to tell the same loses it.
    fenced = attempt(store.fence, state)
    if not fenced:
        return state
    left, told = dict(state.untold), {}
    for run, reason in state.untold.items():
        item = attempt(table.get_item, Key={"StateKey": run}, ConsistentRead=True) or {}
        record = item.get("Item") or {"Run": run}
        if not item.get("Item") and run == state.run_key:
            record = to_item(state)
            attempt(keep, record, run)
        status = record.get("Status", "FAILED")
        if record.get("Told") == status or attempt(publish, status, reason, record):
            del left[run]
            told[run] = record, status
    if not told:
        return fenced
    written = attempt(store.write, fenced._replace(untold=left), fenced)
    waiting = {one.run for one in state.pending.values()}
    for run, (record, status) in told.items():
        # Of a run that waits for its other part, that part's end says nothing new.
        if not written or run in waiting:
            attempt(note_told, record, run, status)
    return written or fenced


def read_configuration(state):
    """What holds now; where it does not fit, the last usable one that the state keeps."""
    return parse_configuration(attempt(read_parameter), state.configuration or None)


def may_be_blind(request):
    """Whether it goes on without the table: by hand, by force, and naming who writes."""
    return not request.automatic and request.force and bool(request.expected_writer)


def read_state(store, request):
    """The state; without the table only a forced manual run that names the writer goes on."""
    try:
        return store.read()
    except Refusal as error:
        if not may_be_blind(request):
            raise
        log("BLIND", error=repr(error)[:LONGEST])
        return State(unlocked=True)


def alarm_age(word):
    """Seconds for which an alarm has the writer bad: as AWS's metrics, unless an observer saw it alive since."""
    return SILENT if word is None or word.unseen is None else min(SILENT, word.unseen)


def judge(request, look, configuration, now):
    """Ask the witnesses that this request needs, and decide.

    Returns:
        The decisions, and the observers' word, empty where nobody was asked.
    """
    topology, statuses, causes = look.topology, {}, {}
    cooldown = configuration.values["cooldown_seconds"]
    database, word, spoken, agreed = "database" in request.components, None, None, None
    if database and topology and not topology.failing_over:
        for member in topology.members:
            try:
                statuses[member] = read_instance_status(rds, member)
            except Exception as error:
                causes[member] = repr(error)[:200]
        named = topology.writer in (request.writer, request.expected_writer) or request.alarm
        if request.automatic and named and topology.writer:
            cooled = look.state.moves_within("database", cooldown, now)
            if request.alarm or cooled:
                spoken = aws_hears_reader_alone(topology.writer, topology.readers)
                agreed = not spoken and not request.alarm and observers_agree()
            if not request.alarm:
                word = hear_observers(request.observer, row_age(request, time(), now))
            elif spoken is not None:
                word = hear_observers(None, row_age(request, time(), now), spoken)
    view = View(
        state=look.state,
        topology=topology,
        cooldown=cooldown,
        now=now,
        unreadable=look.unreadable,
        statuses=statuses,
        targets=read_sides() if "application" in request.components else {},
        word=word,
        aws_silent=spoken is not None,
        agreed=agreed,
        row_age=alarm_age(word) if request.alarm else row_age(request, now, now),
        lately_held=bool(database and request.automatic and attempt(lately_held, now)),
        recorded=bool(look.before.writer),
        moved_from=look.moved_from,
        causes=causes,
    )
    return decide(request, view), word or Word()

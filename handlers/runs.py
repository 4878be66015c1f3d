"""A failover or a fail back, from its request to its mail.

Configuration, state, attempt, look, decide; then lease, intent, act, verify, record, tell. Up to the lease a
run may refuse; from then on it ends recorded and told.
"""

import json
from time import time
from uuid import uuid4

from .acts import (
    NotTaken,
    Run,
    is_latched,
    move_application,
    move_database,
    read_sides,
)
from .attempts import DONE, INTENT, WITHDRAWN, claim, recall, settle
from .clients import CLUSTER, STACK, cloudwatch, rds, read_parameter, table
from .closing import abandon, close, reconcile
from .configuration import parse_configuration
from .decision import View, decide
from .events import LONGEST
from .log import add_to_log, attempt, log
from .refusal import Refusal
from .state import Pending, State, Store, iso, to_item
from .telling import count_refusal, keep, publish, touch_incident
from .topology import read_instance_status, read_topology
from .witnesses import HEARD, aws_sees_writer_silent, hear_observers, observers_agree


class Look:
    """What a run has read before it decides.

    Attributes:
        before: the state as the table has it, or as it was written last.
        state: the same, set right by what is.
        closed: runs of which the end was found.
        moved_from: who wrote before, if another instance was found to write.
    """

    def __init__(self, before, state, topology, unreadable, closed, moved_from):
        self.before = before
        self.state = state
        self.topology = topology
        self.unreadable = unreadable
        self.closed = closed
        self.moved_from = moved_from


def answer(outcome, message, code=200, **more):
    """What the caller gets: ``statusCode`` and, as JSON in ``body``, at least outcome and message."""
    more |= {"outcome": outcome, "message": message}
    return {"statusCode": code, "body": json.dumps(more, default=str)}


def read_configuration(state):
    """What holds now; where it does not fit, the last usable one that the state keeps."""
    text = attempt(read_parameter)
    return parse_configuration(text, state.configuration or None)


def look_around(state, now):
    """Read the cluster and the latch, and set the state right by them; nothing is written yet."""
    topology, unreadable = None, ""
    try:
        topology = read_topology(rds, CLUSTER)
    except Exception as error:
        unreadable = repr(error)[:LONGEST]
    latched = is_latched()
    found, moved_from = reconcile(abandon(state, now), topology, latched, now)
    if moved_from:
        log("MOVED", component="database", writer=found.writer, before=moved_from)
    found, closed = close(found, topology, latched, now)
    return Look(state, found, topology, unreadable, closed, moved_from)


def settle_look(store, look):
    """Write what a look has set right, and tell what it has closed."""
    if look.state != look.before:
        look.state = look.before = store.write(look.state, look.before)
    for end in look.closed:
        log("CLOSED", run=end.run, status=end.status)
        attempt(close_record, end)
    look.closed = []


def close_record(end):
    """Set a run's own record right."""
    item = table.get_item(Key={"StateKey": end.run}, ConsistentRead=True).get("Item", {})
    item |= {"Status": end.status, "CompletedTime": iso(time())}
    item.pop("Error", None)
    if end.error:
        item["Error"] = end.error
    if end.new_writer:
        item["NewWriter"] = end.new_writer
    keep(item, end.run)


def run(request, context):
    """Answer a request.

    Returns:
        The answer: COMPLETED, FAILED_BACK, DRY_RUN, NOT_REQUIRED, REFUSED; FAILED where people were told.

    Raises:
        Exception: what a failed run failed of, if people could not be told in another way.
    """
    add_to_log(
        attempt=request.attempt_id, components=request.components, automatic=request.automatic
    )
    store, began = Store(table, uuid4().hex), time()
    try:
        look = None
        state = read_state(store, request)
        configuration = read_configuration(state)
        arming = configuration.arming
        dry = request.dry_run or (request.automatic and arming == "DRY_RUN")
        if request.automatic and arming == "OFF":
            raise Refusal("off", "the automation is OFF")
        known = None if state.unlocked else recall(request)
        look = look_around(state, began)
        lost = any(
            one.lost and one.attempt_id == request.attempt_id for one in look.state.pending.values()
        )
        if known == DONE or (known == INTENT and not lost):
            return not_required(
                request, f"attempt {request.attempt_id} is known: {look.state.status}"
            )
        if look.state.leased(began):
            if request.automatic and not request.alarm:
                return not_required(request, f"busy: {look.state.attempt_id} is at it")
            raise Refusal("busy", f"the lease is held by {look.state.attempt_id}")
        decisions, waited = judge(request, look, configuration, began)
        for one in decisions:
            log("DECISION", component=one.component, kind=one.kind, writer=one.old,
                targets=one.targets, refused=one.refused, reason=one.reason)  # fmt: skip
        refused = [one for one in decisions if one.refused]
        acting = [one for one in decisions if one.acts]
        if not acting and refused:
            raise Refusal(refused[0].refused, "; ".join(one.reason for one in refused))
        if dry:
            return dry_run(request, look, decisions, began)
        if not acting:
            settle_look(store, look)
            return not_required(request, "; ".join(one.reason for one in decisions))
        started = take_lease(store, look, request, acting, refused, configuration, began, waited)
        if not state.unlocked and not claim(
            request, configuration.values["cooldown_seconds"], store.owner, again=lost
        ):
            hand_back(store, started, request)
            return not_required(request, f"attempt {request.attempt_id} is being made")
    except Refusal as refusal:
        if refusal.kind == "lost_lease" and request.automatic and not request.alarm:
            return not_required(request, f"busy: {refusal.reason}")
        return refuse(request, refusal, store, look)
    except Exception as error:
        log("ERROR", error=repr(error)[:LONGEST])
        return refuse(
            request,
            Refusal("state", f"the state cannot be read or written: {error!r}"[:LONGEST]),
            None,
            None,
        )
    return act(Run(store, started, request, began, context), decisions, configuration)


def read_state(store, request):
    """The state; without the table only a forced manual run that names the writer goes on."""
    try:
        return store.read()
    except Exception as error:
        if request.automatic or not (request.force and request.expected_writer):
            raise
        log("BLIND", error=repr(error)[:LONGEST])
        return State(unlocked=True)


def not_required(request, message):
    """Nothing is to be done; that too is a line of the log."""
    log("NOT_REQUIRED", reason=message)
    if request.automatic:
        attempt(touch_incident)
    return answer("NOT_REQUIRED", message)


def refuse(request, refusal, store, look):
    """Refuse, record, tell; an automatic call's refusals are counted in their incident."""
    log("REFUSED", kind=refusal.kind, reason=refusal.reason)
    record = record_of(request, refusal.reason)
    if look and store:
        attempt(settle_refused, store, look, request)
    if request.automatic:
        if attempt(count_refusal, refusal.kind, refusal.reason, record) is None:
            tell_without_table(refusal, record)
    else:
        attempt(keep, record, f"REFUSED#{iso(time())}#{request.attempt_id}")
        attempt(publish, "REFUSED", refusal.reason, record)
    if refusal.kind == "not_corroborated":
        return answer("NOT_REQUIRED", refusal.reason)
    return answer("REFUSED", refusal.reason, 409, kind=refusal.kind)


def settle_refused(store, look, request):
    """What was found is kept; an alarm, which comes once, is remembered for the sweep."""
    if look.state.leased(time()):
        return
    if request.alarm:
        since = request.attempt_id.removeprefix(f"{request.alarm}#")
        alarms = {**look.state.alarms, request.alarm: since}
        look.state = look.state._replace(alarms=alarms)
    settle_look(store, look)


TOLD = {}


def tell_without_table(refusal, record):
    """While the table is down, this execution environment counts: each reason once an hour."""
    if time() - TOLD.get(refusal.kind, 0) >= 3600 and attempt(
        publish, "REFUSED", refusal.reason, record
    ):
        TOLD[refusal.kind] = time()


def record_of(request, error=""):
    """A request as its record tells it; what was not said is not there."""
    return {
        "AttemptId": request.attempt_id,
        "Automatic": request.automatic,
        "Mode": request.mode,
        "Reason": request.reason or None,
        "Votes": request.votes,
        "Components": list(request.components),
        "Writer": request.writer,
        "Observer": request.observer,
        "StartTime": iso(time()),
        "Error": error or None,
    }


def judge(request, look, configuration, now):
    """Ask the witnesses that this request needs, and decide.

    Returns:
        The decisions, and the seconds that an observer was waited for.
    """
    topology, statuses, causes = look.topology, {}, {}
    row_age = request.row_age if request.row_age is not None else now - (request.detected_at or now)
    cooldown = configuration.values["cooldown_seconds"]
    database, word, silent, agreed = "database" in request.components, None, None, None
    if database and topology and not topology.failing_over:
        for member in topology.members:
            try:
                statuses[member] = read_instance_status(rds, member)
            except Exception as error:
                causes[member] = repr(error)[:200]
        named = request.writer == topology.writer or request.alarm
        if request.automatic and named and topology.writer:
            cooled = look.state.moves_within("database", cooldown, now)
            if request.alarm or cooled:
                silent = aws_sees_writer_silent(topology.writer, topology.readers)
                agreed = not silent and not request.alarm and observers_agree()
            word = hear_observers(request.observer, HEARD if request.alarm else row_age)
    view = View(
        state=look.state,
        topology=topology,
        cooldown=cooldown,
        now=now,
        unreadable=look.unreadable,
        statuses=statuses,
        targets=read_sides() if "application" in request.components else {},
        word=word,
        aws_silent=silent,
        agreed=agreed,
        row_age=max(row_age, 0.0),
        moved_from=look.moved_from,
        causes=causes,
    )
    return decide(request, view), word.waited if word else 0.0


def dry_run(request, look, decisions, began):
    """Keep and tell what would have been done."""
    plan = [
        {
            "Component": one.component,
            "Kind": one.kind,
            "Old": one.old,
            "Targets": list(one.targets),
            "Reason": one.refused or one.reason,
        }
        for one in decisions
    ]
    record = record_of(request) | {"Plan": plan, "Status": "DRY_RUN"}
    words = "; ".join(
        f"{one.component}: {one.kind} {one.old or ''} {' or '.join(one.targets)}".strip()
        for one in decisions
    )
    log("DRY_RUN", plan=plan)
    if request.automatic and not request.dry_run:
        attempt(count_refusal, "dry_run", f"would have done: {words}", record)
    else:
        attempt(keep, record, f"RUN#{iso(began)}#{request.attempt_id}")
    return answer("DRY_RUN", f"planned only: {words}", plan=plan, state=to_item(look.state))


def take_lease(store, look, request, acting, refused, configuration, began, waited):
    """Begin the run: the lease, and what it is going to do with each component.

    Raises:
        Refusal: somebody else was faster.
    """
    old = look.state
    stages = {"detect": max(0.0, min(began - (request.detected_at or began), 86400.0))}
    if waited:
        stages["wait"] = round(waited, 3)
    latch_errors = [one.reason for one in refused if one.component == "application"]
    begun = old._replace(
        status="IN_PROGRESS",
        attempt_id=request.attempt_id,
        automatic=request.automatic,
        mode=request.mode,
        reason=request.reason,
        votes=request.votes,
        start_time=iso(began),
        completed_time="",
        duration=None,
        stages=stages,
        new_writer="",
        error="",
        latch_error="; ".join(latch_errors),
        notes=configuration.faults,
        untold=False,
        alarms={name: since for name, since in old.alarms.items() if name != request.alarm},
    )
    for one in acting:
        before = old.pending.get(one.component)
        again = before is not None and before.lost and before.old == one.old
        begun = begun.with_pending(
            one.component,
            Pending(
                attempt_id=request.attempt_id,
                action=request.action,
                old=one.old,
                target=one.targets[0] if one.targets else None,
                since=began,
                run=begun.run_key,
                repeated=again,
            ),
        )
    written = store.write(begun, look.before._replace(unlocked=old.unlocked))
    for end in look.closed:
        attempt(close_record, end)
    return written


def hand_back(store, started, request):
    """Another delivery of the same attempt has its intent: this run ends before it does anything."""
    pending = {
        name: one for name, one in started.pending.items() if one.attempt_id != request.attempt_id
    }
    ended = started._replace(status="FAILED", error="made by another delivery", pending=pending)
    attempt(store.write, ended, started)


def act(run, decisions, configuration):
    """Move what is wanted, record, tell; the components of a failover fail apart from each other."""
    request, moved, failures = run.request, [], []
    movers = {"database": move_database, "application": move_application}
    for decision in decisions:
        if not decision.acts:
            continue
        if failures and request.action == "failback":
            # A latch that cannot be released moves no writer.
            run.state = run.state.with_pending(decision.component, None)
            continue
        try:
            movers[decision.component](run, decision)
            moved.append(decision.component)
        except Exception as error:
            log("NOT_DONE", component=decision.component, error=repr(error)[:LONGEST])
            if decision.component == "application" and request.action == "failover":
                run.change(
                    latch_error=str(error)[:LONGEST]
                    if isinstance(error, Refusal)
                    else repr(error)[:LONGEST]
                )
            else:
                failures.append(error)
            if isinstance(error, Refusal | NotTaken):
                run.state = run.state.with_pending(decision.component, None)
    return finish(run, moved, failures, configuration)


def finish(run, moved, failures, configuration):
    """Record how the run ended, and tell it once."""
    request, now = run.request, time()
    latch_only = not moved and not failures
    error = (
        failures[0]
        if failures
        else Refusal("not_latched", run.state.latch_error)
        if latch_only
        else None
    )
    back = request.action == "failback"
    status = "FAILED" if error else "FAILED_BACK" if back else "COMPLETED"
    said = error.reason if isinstance(error, Refusal) else repr(error) if error else ""
    taken = (
        bool(moved) or any(one.accepted for one in run.state.pending.values()) or run.state.untold
    )
    run.change(
        status=status,
        error=said[:LONGEST],
        completed_time=iso(now),
        duration=round(now - run.began, 3),
        untold=True,
    )
    if back and status == "FAILED_BACK" and "database" in request.components:
        # A new beginning: the cooldown counts from here alone.
        last = {name: times[-1:] for name, times in run.state.moves.items()}
        run.change(home="", moves=last)
    before = run.state._replace(status="IN_PROGRESS")
    kept = attempt(run.store.write, run.state, before)
    run.state = kept or run.state
    settle(
        request,
        configuration.values["cooldown_seconds"],
        run.store.owner,
        DONE if taken else WITHDRAWN,
    )
    stack = [{"Name": "StackName", "Value": STACK}]
    metric = {"MetricName": "FailoverDuration", "Value": now - run.began, "Dimensions": stack}
    record = {**to_item(run.state), "Components": list(request.components)}
    log("END", status=status, moved=moved, error=said or None, stages=run.state.stages)
    if status == "FAILED" and not taken and request.automatic:
        # It is repeated while its signals stand, and so counted like a refusal.
        told = attempt(count_refusal, f"failed_{type(error).__name__}", said, record) is not None
    else:
        attempt(keep, record, run.state.run_key)
        told = attempt(
            publish, status, said or run.state.latch_error or f"moved: {', '.join(moved)}", record
        )
    attempt(cloudwatch.put_metric_data, Namespace="DRSystem", MetricData=[metric])
    if told and kept:
        kept = attempt(run.store.write, run.state._replace(untold=False), run.state)
    if error and not told:
        raise error
    code = 500 if error else 200
    return answer(status, said or f"moved: {', '.join(moved)}", code, state=to_item(run.state))

"""A failover or a fail back, from its request to its end.

Configuration, state, attempt, look, decide; then lease, intent, act, verify, record, tell. Up to the lease a
run may refuse; from then on it ends recorded and told.
"""

from time import time
from uuid import uuid4

from .acts import NotTaken, is_latched, move_application, move_database
from .answer import answer
from .attempts import WITHDRAWN, claim, made, recall, settle, what_is_left
from .clients import table
from .closing import abandon
from .ending import Ending, finish
from .events import LONGEST
from .item import iso, to_item
from .lease import Run
from .log import add_to_log, attempt, log
from .look import Look, judge, may_be_blind, read_configuration, read_state
from .refusal import Refusal
from .refusing import not_required, record_of, refuse
from .state import Pending, State
from .store import Store
from .telling import count_refusal, keep


def run(request, context, again=False):
    """Answer a request.

    Args:
        request: as parsed.
        context: of Lambda.
        again: whether it was decided once before, and somebody else wrote the state meanwhile.

    Returns:
        The answer: COMPLETED, FAILED_BACK, DRY_RUN, NOT_REQUIRED, REFUSED; FAILED where people were told.

    Raises:
        Exception: what a failed run failed of, if people could not be told in another way.
    """
    add_to_log(attempt=request.attempt_id, automatic=request.automatic)
    store, began, look = Store(table, uuid4().hex), time(), None
    try:
        state = read_state(store, request)
        configuration = read_configuration(state)
        off = request.automatic and configuration.arming == "OFF"
        if off and not request.alarm:
            raise Refusal("off", "the automation is OFF")
        known = None if state.unlocked else recall(request)
        # A fail back is in no hurry, and may have released the latch before it was lost.
        back = request.action == "failback" and bool(state.pending)
        look = Look(state, began, is_latched() if back else None)
        if message := known_or_busy(request, look, known, began):
            return not_required(request, message)
        request = what_is_left(request, known, look.state)
        decisions, word = judge(request, look, configuration, began)
        for one in decisions:
            log("DECISION", component=one.component, kind=one.kind, writer=one.old,
                targets=one.targets, refused=one.refused, reason=one.reason)  # fmt: skip
        refused = [one for one in decisions if one.refused]
        acting = [one for one in decisions if one.acts]
        if refused and not acting:
            raise Refusal(refused[0].refused, "; ".join(one.reason for one in refused))
        if off and acting:
            raise Refusal("off", "the automation is OFF")
        if request.dry_run or (request.automatic and configuration.arming == "DRY_RUN"):
            return dry_run(request, look, decisions, began)
        if not acting:
            look.settle(store)
            return not_required(request, "; ".join(one.reason for one in decisions))
        started = take_lease(store, look, request, acting, configuration, began, word.waited)
        if not started.unlocked and not claim_or_end(
            store, started, look, request, configuration, known
        ):
            return not_required(request, f"attempt {request.attempt_id} is being made")
    except Refusal as refusal:
        if refusal.kind == "lost_lease":
            if message := made_by_another(request, store, time()):
                return not_required(request, message)
            if not again:
                # A call that comes once is not refused for a sweep that wrote at the same moment.
                log("AGAIN", reason=refusal.reason)
                return run(request, context, again=True)
        return refuse(request, refusal, store, look)
    begun = Run(store, started, request, began, word, context, look.state.pending)
    return act(begun, decisions, refused, configuration)


def known_or_busy(request, look, known, now):
    """Why nothing is to be decided; None if something is.

    Raises:
        Refusal: another run has the lease, and this call comes once.
    """
    state = look.state
    if message := made(request, state, known, now):
        return message
    if not state.leased(now):
        return None
    if request.automatic and not request.alarm:
        return f"busy: {state.attempt_id} is at it"
    raise Refusal("busy", f"the lease is held by {state.attempt_id}; ask again when it is done")


def made_by_another(request, store, now):
    """Why a lost race is no refusal: an observer calls again, and another delivery has the same attempt."""
    if request.automatic and not request.alarm:
        return "busy: another run was faster"
    state = abandon(attempt(store.read) or State(), now)
    return made(request, state, attempt(recall, request), now)


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
        kind = "_".join(["dry_run", *(one.component for one in decisions if one.acts)])
        attempt(count_refusal, kind, f"would have done: {words}", record, "DRY_RUN")
    else:
        attempt(keep, record, f"RUN#{iso(began)}#{request.attempt_id}")
    return answer("DRY_RUN", f"planned only: {words}", plan=plan, state=to_item(look.state))


def take_lease(store, look, request, acting, configuration, began, waited):
    """Begin the run: the lease, and what it is going to do with each component.

    Raises:
        Refusal: somebody else was faster.
    """
    old = look.state
    stages = {"detect": max(0.0, min(began - (request.detected_at or began), 86400.0))}
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
        stages=stages | ({"wait": round(waited, 3)} if waited else {}),
        previous_writer="",
        new_writer="",
        error="",
        latch_error="",
        notes=configuration.faults,
        alarms={name: since for name, since in old.alarms.items() if name != request.alarm},
    )
    for one in acting:
        before = old.pending.get(one.component)
        again = before is not None and before.lost and before.old == one.old
        again = again and before.action == request.action
        if one.component == "database" and before and before.action == "failback":
            # Its way home is taken over, and so it is not home; what else it waits for does not show that.
            begun = begun.without(before.run)
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
    try:
        written = store.write(begun, look.before._replace(unlocked=old.unlocked))
    except Refusal as refusal:
        if refusal.kind != "state" or not may_be_blind(request):
            raise
        log("BLIND", error=refusal.reason)
        return begun._replace(unlocked=True)
    look.keep_abandoned(look.before)
    look.correct_records()
    return written


def claim_or_end(store, started, look, request, configuration, known):
    """Remember the intent; else the run ends here, before it does anything, and gives the lease back.

    Raises:
        Refusal: the table gives no answer.
    """
    cooldown = configuration.values["cooldown_seconds"]
    try:
        claimed = claim(request, cooldown, store.owner, known)
    except Refusal as refusal:
        give_back(store, started, look, refusal.reason)
        settle(request, cooldown, store.owner, WITHDRAWN)  # it may be written all the same
        raise
    if not claimed:
        give_back(store, started, look, "made by another delivery")
    return claimed


def give_back(store, started, look, error):
    """End a run that has done nothing; what was waited for before it is waited for again."""
    ended = started._replace(status="FAILED", error=error, pending=look.state.pending)
    look.state = look.before = attempt(store.write, ended, started) or started


def act(run, decisions, refused, configuration):
    """Move what is wanted, record, tell; the components of a failover fail apart from each other."""
    request, moved, failures, ended = run.request, [], [], []
    movers = {"database": move_database, "application": move_application}
    for decision in decisions:
        if not decision.acts:
            continue
        if failures and request.action == "failback":
            ended.append(decision.component)  # a latch that cannot be released moves no writer
            continue
        try:
            movers[decision.component](run, decision)
            moved.append(decision.component)
        except Exception as error:
            log("NOT_DONE", component=decision.component, error=repr(error)[:LONGEST])
            if decision.component == "application" and request.action == "failover":
                said = error.reason if isinstance(error, Refusal) else repr(error)
                run.change(latch_error=said[:LONGEST])
            else:
                failures.append(error)
            if isinstance(error, Refusal | NotTaken) and not run.put_back(decision.component):
                ended.append(decision.component)
    return finish(run, Ending(run, moved, failures, refused, [*moved, *ended]), configuration)

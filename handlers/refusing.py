"""A call that moves nothing: why, who is told, and what is kept of it."""

from time import time

from .answer import answer
from .attempts import first_refusal
from .clients import ALARMS
from .item import iso
from .log import attempt, log
from .telling import (
    ADVICE,
    HOUR,
    PATIENCE,
    QUIET,
    count_refusal,
    keep,
    publish,
    touch_incident,
)


def not_required(request, message):
    """Nothing is to be done; that too is a line of the log."""
    log("NOT_REQUIRED", reason=message)
    if request.automatic and not request.again and not request.dry_run:
        attempt(touch_incident)
    return answer("NOT_REQUIRED", message)


def refuse(request, refusal, store, look):
    """Refuse, record, tell; an automatic call's refusals are counted in their incident."""
    log("REFUSED", kind=refusal.kind, reason=refusal.reason)
    record = record_of(request, refusal.reason)
    if look and not request.dry_run:
        attempt(settle_refused, store, look, request)
    if refusal.kind == "not_corroborated" and request.again:
        pass  # it stands, and asks for nothing
    elif request.automatic and not request.dry_run:
        if attempt(count_refusal, refusal.kind, refusal.reason, record) is None:
            # The sweep tells it within a minute; this call does where there is none.
            tell_without_table(refusal, record, PATIENCE)
    else:
        attempt(keep, record, f"REFUSED#{iso(time())}#{request.attempt_id}")
        if not request.dry_run and first_refusal(request, refusal.kind):
            attempt(publish, "REFUSED", refusal.reason, record, ADVICE.get(refusal.kind))
    if refusal.kind == "not_corroborated":
        return answer("NOT_REQUIRED", refusal.reason)
    return answer("REFUSED", refusal.reason, 409, kind=refusal.kind)


def settle_refused(store, look, request):
    """What was found is kept; an alarm, which comes once, is remembered for the sweep."""
    if look.state.leased(time()):
        return
    if request.alarm in ALARMS and request.alarm not in look.state.alarms:
        since = request.attempt_id.removeprefix(f"{request.alarm}#")
        look.state = look.state._replace(alarms={**look.state.alarms, request.alarm: since})
    look.settle(store)


# While the table is down each execution environment knows only its own calls: by kind, since when it has
# refused, and when it has told it.
REFUSING, TOLD = {}, {}


def tell_without_table(refusal, record, patience=0):
    """Tell a refusal that nobody can count, once an hour.

    Args:
        refusal: why.
        record: of the call.
        patience: seconds for which this environment must have refused before it tells.
    """
    now = time()
    if now - REFUSING.get(refusal.kind, (0, 0))[1] > QUIET:
        REFUSING[refusal.kind] = (now, now)
    since = REFUSING[refusal.kind][0]
    REFUSING[refusal.kind] = (since, now)
    if now - since < patience or now - TOLD.get(refusal.kind, 0) < HOUR:
        return
    if attempt(publish, "REFUSED", refusal.reason, record, ADVICE.get(refusal.kind)):
        TOLD[refusal.kind] = now


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

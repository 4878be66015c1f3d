"""The actor: moves the writer and the traffic, once; verifies, records, tells.

What it accepts and answers, and how to read its state, stands in ``docs/runbook.md``. Every write of the
state is a compare-and-swap on a fencing token that only rises, and each act is preceded by one and by a
last look at who writes; so whoever comes back after its lease was taken can neither write nor act.
"""

from time import time
from uuid import uuid4

from .acts import read_latch
from .answer import answer
from .clients import CLUSTER, DEPLOYED_ARMING, rds, table
from .events import LONGEST, RdsEvent, Request, parse_event
from .item import iso, to_item
from .log import attempt, begin_log, log
from .look import Look, read_configuration, tell_untold
from .refusal import Refusal
from .refusing import refuse, tell_without_table
from .runs import run
from .state import State
from .store import Store
from .sweep import sweep
from .telling import keep
from .topology import read_topology


def handler(event, context):
    """Answer one event; the runbook lists the kinds."""
    begin_log(function="orchestrator", request=context.aws_request_id)
    try:
        asked = parse_event(event, context.aws_request_id)
    except Refusal as refusal:
        automatic = isinstance(event, dict) and "votes" in event
        delivery = context.aws_request_id
        asked = Request("failover", automatic, attempt_id=delivery, request_id=delivery)
        return refuse(asked, refusal, None, None)
    if isinstance(asked, Request):
        return run(asked, context)
    if isinstance(asked, RdsEvent):
        return record_rds_event(asked)
    if asked == "sweep":
        try:
            return sweep(context)
        except Refusal as refusal:  # the table, or another run; the next sweep is a minute away
            log("REFUSED", kind=refusal.kind, reason=refusal.reason)
            if refusal.kind == "state":
                tell_without_table(refusal, {"Event": "sweep"})
            return answer("REFUSED", refusal.reason, 409)
    if asked == "status":
        return status()
    if asked == "ok_alarm":
        log("NOT_REQUIRED", reason="the alarm does not stand")
        attempt(keep, {"Detail": str(event)[:LONGEST]}, f"EVENT#{iso(time())}#alarm")
        return answer("NOT_REQUIRED", "the alarm does not stand")
    log("NOT_REQUIRED", reason="Failover not required")
    return answer("NOT_REQUIRED", "Failover not required")


def status():
    """The present state, of state, configuration, cluster and latch; no side effect."""
    state = attempt(Store(table, "").read)
    configuration = read_configuration(state or State())
    topology = attempt(read_topology, rds, CLUSTER)
    latch = attempt(read_latch)
    return answer(
        "STATUS",
        CLUSTER,
        state=to_item(state) if state else None,
        arming=configuration.arming,
        deployed_arming=DEPLOYED_ARMING,
        faults=configuration.faults,
        writer=topology.writer if topology else None,
        readers=topology.readers if topology else None,
        cluster_status=topology.status if topology else None,
        health_check=dict(zip(("disabled", "inverted"), latch, strict=True)) if latch else None,
    )


def record_rds_event(event):
    """Keep it; the end of a failover may close the run whose own verification came too late."""
    log("RDS_EVENT", number=event.number, time=event.time)
    detail = {"Detail": str(event.detail)[:LONGEST]}
    attempt(keep, detail, f"EVENT#{event.time}#{event.number}")
    attempt(see_through)
    return answer("RECORDED", event.number)


def see_through():
    """Look who writes, and close what has ended; a run under way sees its own end."""
    store, now = Store(table, uuid4().hex), time()
    state = store.read()
    if state.leased(now):
        return
    look = Look(state, now)
    look.settle(store)
    tell_untold(store, look.state, state.lease_expires, now)

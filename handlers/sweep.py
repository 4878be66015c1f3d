"""Every minute: keep the last usable configuration, see runs to their end, tell what is untold. Moves nothing of itself."""

from time import time
from uuid import uuid4

from .acts import is_latched, read_latch
from .answer import answer
from .attempts import DONE, recall
from .clients import ALARMS, DEPLOYED_ARMING, STACK, cloudwatch, table
from .events import alarm_request
from .log import attempt, log
from .look import Look, read_configuration, tell_untold
from .runs import run
from .store import Store
from .telling import publish, tell_refusals


def sweep(context):
    """One sweep; a run under way is let be."""
    store, now = Store(table, uuid4().hex), time()
    state = store.read()
    configuration, written_until = read_configuration(state), state.lease_expires
    if not state.leased(now):
        look = Look(state, now, is_latched())
        if not configuration.faults:
            look.state = look.state._replace(configuration=configuration.stored())
        look.settle(store)
        state = tell_untold(store, look.state, written_until, now)
        state = tell_faults(store, state, configuration)
        state = tell_odd_latch(store, state)
    owed = attempt(tell_refusals) or 0
    put_metrics(configuration, state, now > written_until, owed)
    if not state.leased(now):
        standing = standing_alarms(state)
        if standing.keys() < state.alarms.keys():
            kept = {name: since for name, since in state.alarms.items() if name in standing}
            attempt(store.write, state._replace(alarms=kept), state)
        for name, since in standing.items():
            log("ALARM_STANDS", alarm=name, since=since)
            run(standing_request(name, since, now), context)
    return answer("RECORDED", "swept", writer=state.writer, arming=configuration.arming)


def tell_faults(store, state, configuration):
    """A configuration that does not fit is told once."""
    faults = "; ".join(configuration.faults)[:400]
    if faults == state.faults_told:
        return state
    advice = f"{configuration.arming} holds until it is mended (runbook, Configuration)."
    mail = ("CONFIGURATION", faults, configuration.stored(), advice) if faults else ()
    return tell_change(store, state, mail, faults_told=faults)


def tell_odd_latch(store, state):
    """A health check that is disabled and not inverted counts as healthy always, and nobody looks at it."""
    read = attempt(read_latch)
    odd = read in ((True, False), (False, True))
    if read is None or odd is state.odd_latch_told:
        return state
    words = "the primary's health check is disabled or inverted alone: it does not say how the primary is"
    advice = "See runbook, Fail back: releasing the latch by hand."
    mail = ("HEALTH CHECK", words, {}, advice) if odd else ()
    return tell_change(store, state, mail, odd_latch_told=odd)


def tell_change(store, state, mail, **told):
    """Tell what has changed once, by the sweep that writes first; without a mail it is only remembered.

    Args:
        store: of the state.
        state: as it was read or written last.
        mail: what `publish` takes, or nothing.
        told: the fields of the state that remember it.
    """
    fenced = attempt(store.fence, state)
    if not fenced:
        return state
    if mail and not attempt(publish, *mail):
        return fenced
    return attempt(store.write, fenced._replace(**told), fenced) or fenced


def standing_alarms(state):
    """By name, since when: alarms of which a run was refused, and those that stand now."""
    found = dict(state.alarms)
    for name in ALARMS:
        listed = attempt(cloudwatch.describe_alarms, AlarmNames=[name], StateValue="ALARM")
        if listed is None:
            continue
        found.pop(name, None)
        for alarm in listed["MetricAlarms"]:
            found[name] = state.alarms.get(name, str(alarm.get("StateUpdatedTimestamp")))
    return found


def standing_request(name, since, now):
    """What an alarm that still stands asks for: once its attempt is done, another one."""
    request = alarm_request(name, since, again=True)
    if attempt(recall, request) == DONE:
        return request._replace(attempt_id=f"{request.attempt_id}#{int(now)}")
    return request


def put_metrics(configuration, state, over, refusals):
    """What alarms look at: whether the automation is armed as deployed, and can read and tell.

    Args:
        configuration: what holds.
        state: as it is now.
        over: whether the run that has written last is; as long as it may live it tells its own end.
        refusals: how many of them have a mail that could not be sent.
    """
    owed = [run for run in state.untold if run != state.run_key or over]
    values = {
        "AutomationArmed": configuration.arming == "ON",
        "ArmedAsDeployed": configuration.arming == DEPLOYED_ARMING,
        "ConfigurationUsable": not configuration.faults,
        "Untold": len(owed) + refusals,
    }
    dimensions = [{"Name": "StackName", "Value": STACK}]
    data = [
        {"MetricName": name, "Value": float(value), "Dimensions": dimensions}
        for name, value in values.items()
    ]
    attempt(cloudwatch.put_metric_data, Namespace="DRSystem", MetricData=data)

"""What must hold in every run, whatever happens."""

from drtemplate.drill.facts import AUTOMATIC, STATE, Act
from drtemplate.drill.trial import Trial
from drtemplate.drill.verdicts import given_up, replaced
from drtemplate.world.history import changes

ALLOWED = "allowed"
INVARIANTS = {
    "one failover per incident": "at most one FailoverDBCluster is accepted per incident and per lease",
    "lease held": "nobody acts without the lease",
    "no stuck run": "no run is left IN_PROGRESS after its time-out",
    "evidence": "no failover on unknown signals alone",
    "no automatic fail back": "nothing but a person's call moves back what serves, and a latch holds",
    "true record": "COMPLETED is recorded only when the instance that it names writes or, where it names none, "
    "the primary is latched, and no instance as replaced that has replaced another",
    "told": "a run that acted tells the alert topic, if SNS works",
    ALLOWED: "no call is denied by a deployed role or policy",
}


def broken(trial: Trial, zero: float) -> tuple[str, ...]:
    """The names of the invariants that a run violated, in their order."""
    acts = trial.facts.acts
    checks = {
        "one failover per incident": _failed_over_twice(trial, zero),
        "lease held": any(not act.leased and not _unlocked(trial, act) for act in acts),
        "no stuck run": trial.facts.stuck or _left_in_progress(trial),
        "evidence": any(_blind(trial, act) for act in acts),
        "no automatic fail back": _moved_back(acts) or _latch_gave_way(trial),
        "true record": _mistaken(trial, zero) or any(write.untrue for write in trial.facts.writes),
        "told": any(_untold(trial, act) for act in acts),
        ALLOWED: bool(trial.denials),
    }
    return tuple(name for name in INVARIANTS if checks[name])


def _failed_over_twice(trial: Trial, zero: float) -> bool:
    """One that Aurora has given up leaves room for another."""
    databases = [act for act in trial.facts.acts if act.component == "database"]
    attempts = [act.attempt for act in databases if act.attempt]
    incident = [act for act in databases if act.at >= zero and not given_up(trial.world, act)]
    return len(attempts) != len(set(attempts)) or len(incident) > 1


def _moved_back(acts: list[Act]) -> bool:
    """Away from a dead writer any instance will do, also the one that wrote before."""
    return any(
        act.back
        and act.caller.source in AUTOMATIC
        and not (act.component == "database" and act.faulty)
        for act in acts
    )


def _latch_gave_way(trial: Trial) -> bool:
    """Route 53 gave the primary while its check was latched and yet healthy.

    Until the checkers know of a latch, servers that are back may bring the answer back, and with both
    sides unhealthy Route 53 gives the primary: neither is the latch's fault.
    """
    check, side = trial.world.checks["Primary"], trial.world.records.side
    return any(
        check.inversion.before(at) and check.healthy.before(at) and side.before(at) == "Primary"
        for at in changes((check.inversion, check.healthy, side), 0.0)
    )


def _unlocked(trial: Trial, act: Act) -> bool:
    """A person may go on without the table, by force and naming the writer."""
    event = act.caller.event
    forced = event.get("force") is True and bool(event.get("expected_writer"))
    return forced and act.caller.source == "operator" and "dynamodb" in trial.world.network.outages


def _left_in_progress(trial: Trial) -> bool:
    """Under an expired lease, though an event has come since and could have recorded it."""
    if (
        trial.world.table.text_of(STATE, "Status") != "IN_PROGRESS"
        or "dynamodb" in trial.world.network.outages
    ):
        return False
    expired = trial.world.table.number_of(STATE, "LeaseExpires") - trial.world.clock.epoch
    return any(
        run.began is not None and run.began > expired + 1 and run.error is None
        for run in trial.facts.runs
    )


def _blind(trial: Trial, act: Act) -> bool:
    """An automatic act for which no look of the calling monitor had found the component bad."""
    caller = act.caller
    if caller.source != "monitor" or caller.call is None or caller.call.caller is None:
        return False
    call = caller.call
    assert call.caller is not None
    looks = (signal for at, signal, bad in trial.facts.probes[call.caller] if bad and at <= call.at)
    return act.component not in looks


def _mistaken(trial: Trial, zero: float) -> bool:
    """Another instance writes, and the state, by which a fail back goes, has it as the one replaced."""
    recorded = trial.world.table.text_of(STATE, "PreviousWriter")
    return replaced(trial.world, zero) and recorded == trial.world.aurora.writers.value


def _untold(trial: Trial, act: Act) -> bool:
    """Throttled, every try to tell may fail; a run that was killed, or goes on, has not told yet."""
    hindered = "sns" in trial.world.network.outages or trial.world.network.throttled
    ended = act.caller in trial.facts.runs and act.caller not in trial.facts.killed
    return ended and not hindered and act.caller not in trial.facts.tellers

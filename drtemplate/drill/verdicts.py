"""How a run went: what was moved, rightly or not, and how the orchestrator's runs ended."""

import json
from collections.abc import Mapping

from drtemplate.drill.facts import AUTOMATIC, Act
from drtemplate.drill.scenario import Scenario
from drtemplate.drill.trial import Trial
from drtemplate.world.world import World

OUTCOMES = ("COMPLETED", "FAILED_BACK", "FAILED", "KILLED", "REFUSED", "DRY_RUN", "NOT_REQUIRED")


def verdicts(trial: Trial, scenario: Scenario, zero: float) -> dict[str, int]:
    """Runs of the orchestrator that acted, by what they should have done; missed ones; messages owed and
    not sent; Route 53's moves.

    What acts by itself before the fault is unneeded, in every scenario.
    """
    counts = dict.fromkeys(("right", "unneeded", "missed", "repeated"), 0)
    seen: set[str] = set()
    runs: dict[int, str] = {}
    order = ("right", "repeated", "unneeded")
    for act in trial.facts.acts:
        automatic = act.caller.source in AUTOMATIC
        if act.at < zero:
            if not automatic:
                continue
            verdict = "unneeded"
        elif act.component in seen:
            verdict = "repeated"
        elif automatic and (not act.faulty or act.component not in scenario.needs):
            verdict = "unneeded"
        else:
            verdict = "right"
        if act.at >= zero and not given_up(trial.world, act):
            seen.add(act.component)
        before = runs.get(id(act.caller), "right")
        runs[id(act.caller)] = max(before, verdict, key=order.index)
    for verdict in runs.values():
        counts[verdict] += 1
    counts["missed"] = int(scenario.must_act and not _all_moved(trial.world, scenario, zero, seen))
    sent = [one.subject for one in trial.world.messages if one.at >= zero]
    counts["unsent"] = sum(not any(owed in one for one in sent) for owed in scenario.owed)
    counts["moves"] = sum(at >= zero for at in trial.world.records.side.times)
    return counts


def _all_moved(world: World, scenario: Scenario, zero: float, seen: set[str]) -> bool:
    """Whether each component was moved, by the automation or by Aurora itself.

    A latch that AWS did not take is recorded, and no failed failover.
    """
    moved = set(seen)
    if replaced(world, zero):
        moved.add("database")
    if "database" in moved and latch_failed(world):
        moved.add("application")
    return scenario.needs <= moved


def given_up(world: World, act: Act) -> bool:
    """Whether it is a promotion that Aurora has rolled back."""
    if act.component != "database":
        return False
    changed = next((at for at in world.aurora.writers.times if at > act.at), float("inf"))
    return any(act.at < at < changed for at in world.aurora.given_up)


def replaced(world: World, zero: float) -> bool:
    """Whether another instance writes than before the fault, whoever moved it."""
    writers = world.aurora.writers
    return writers.value != writers.before(zero)


def latch_failed(world: World) -> bool:
    """Whether a run has recorded that AWS did not take its latch; how many may is a budget."""
    return world.table.recorded("RUN#", "LatchError")


def outcome(trial: Trial, zero: float) -> str:
    """How the orchestrator's runs since the fault ended, the weightiest.

    A run that the sweep makes for an alarm is in the records alone.
    """
    found = {_outcome(run.answer, run.error) for run in trial.facts.runs if run.queued >= zero}
    since = trial.world.clock.iso(zero)
    for key, item in trial.world.table.items.items():
        if key.startswith("RUN#") and str(item.get("StartTime", "")) >= since:
            found.add(str(item.get("Status", "")))
    return next((name for name in OUTCOMES if name in found), "NONE")


def _outcome(answer: object, error: BaseException | None) -> str:
    if error is not None:
        return "FAILED" if isinstance(error, Exception) else "KILLED"
    try:
        assert isinstance(answer, Mapping)
        return str(json.loads(answer["body"])["outcome"])
    except (AssertionError, KeyError, TypeError, ValueError):
        return "NONE"

"""When a scenario's run is over: for the automation, and for clients. What does not end has no end here."""

from collections.abc import Sequence
from math import ceil, inf

from drtemplate.drill.results import Summary
from drtemplate.drill.scenario import DONE

CLIENTS = ("client_uncached", "client_cached")
# The stages of a run, laid end to end from the fault.
BAR = ("signal", "detect", "grace", "wait", "decide", "promote", "verify")


def shown(summaries: Sequence[Summary]) -> list[Summary]:
    """Those in which the automation must act and something was measured."""
    return [one for one in summaries if one.must_act and any(one.measures[s].count for s in BAR)]


def stages(summary: Summary) -> dict[str, float]:
    """The median of each stage that took place, seconds."""
    found = {name: summary.measures[name].percentile(50) for name in BAR}
    return {name: value for name, value in found.items() if value is not None}


def automation_end(summary: Summary) -> float:
    """Seconds from the fault until the automation is through, by its stages; infinity if it never is."""
    done = sum(summary.outcomes.get(name, 0) for name in DONE)
    return sum(stages(summary).values()) if 2 * done >= max(summary.runs, 1) else inf


def client_end(summary: Summary, name: str, percent: float = 50) -> float:
    """Seconds until clients are served again in that share of all runs; infinity if they never are.

    A run in which they are not counts as one that takes for ever; else few lucky ones would be the figure.
    """
    durations = summary.measures[name]
    rank = ceil(max(summary.runs, 1) * percent / 100)
    if rank > durations.count:
        return inf
    return durations.percentile(100 * rank / durations.count) or 0.0

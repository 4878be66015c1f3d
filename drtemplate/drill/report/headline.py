"""What you may promise: one sentence, drawn from the budgets that were held, and what is not in it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log

from drtemplate.console import plural
from drtemplate.drill.confidence import share_at_least
from drtemplate.drill.report.ends import CLIENTS, automation_end, client_end
from drtemplate.drill.report.words import count, title
from drtemplate.drill.results import Budget, DrillReport, Summary

# Below so many of 100 cases nobody would call it a promise.
_LEAST = 90
# Seconds: an alias to a load balancer is cached for 60, and half as many for the client to come back.
# https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
_CACHED = 90
_OWN, _ACTION = "own_share, 99th percentile", "accepted, 99th percentile"
PROMISE, NOTHING = "You may promise:", "You may promise nothing yet:"


@dataclass(frozen=True, slots=True)
class _Scenario:
    """What a scenario says: the scenario, its limits by budget, and whether it speaks for the usual ones."""

    summary: Summary
    limits: dict[str, float]

    @property
    def served(self) -> bool:
        """Whether clients are, in every run."""
        return all(self.summary.measures[name].count == self.summary.runs for name in CLIENTS)

    @property
    def restored(self) -> bool:
        """Whether the automation is why: later than a cached answer lasts, something else has mended it."""
        last = max(client_end(self.summary, name) for name in CLIENTS)
        return last <= automation_end(self.summary) + _CACHED

    def within(self, usual: dict[str, float]) -> bool:
        return all(limit <= usual[name] for name, limit in self.limits.items())


def headline(report: DrillReport) -> str:
    """The sentence: how fast, how surely, and on which conditions."""
    found, usual = _faults(report)
    kept = [
        one
        for one in found
        if one.summary.held and one.served and one.restored and one.within(usual)
    ]
    if not kept:
        return f"{NOTHING} no drilled fault in which the automation must act kept its budgets."
    of_100 = floor(100 * min(_share(one.summary, usual) for one in kept))
    if of_100 < _LEAST:
        fewest, more = (ceil(log(0.05) / log(share)) for share in (0.9, 0.99))
        return (
            f"{NOTHING} {plural(report.runs, 'run')} of each scenario cannot tell; {fewest} without"
            f" a miss tell of 90 in 100 cases, and {more} of 99."
        )
    longest = max(one.summary.measures[name].worst or 0 for one in kept for name in CLIENTS)
    both = f" ({usual[_ACTION]:g} s from the fault to the action where both tiers fail)" * any(
        _ACTION in one.limits for one in kept
    )
    needless = sum(one.counts["unneeded"] for one in report.summaries)
    runs = sum(one.runs for one in report.summaries)
    return (
        f"{PROMISE} in {count(len(kept))} of {plural(len(found), 'drilled fault')} clients are served"
        f" again within {ceil(longest):g} s, of which the automation takes {usual[_OWN]:g} s at most{both},"
        f" in at least {of_100} of 100 cases and with {plural(needless, 'needless failover') if needless else 'no needless failover'} in"
        f" {plural(runs, 'run')}, if AWS is no slower than assumed."
    )


def exceptions(report: DrillReport) -> list[tuple[str, list[Summary]]]:
    """The faults that the sentence does not speak of, by why; no group is empty."""
    found, usual = _faults(report)
    groups: dict[str, list[Summary]] = {}
    for one in found:
        if not one.served:
            why = "not served again in every run"
        elif not one.restored:
            why = "served again by something else than the automation, minutes after it is done"
        elif not one.summary.held:
            why = "a budget or an invariant is not held"
        elif not one.within(usual):
            why = "slower, within a limit of its own"
        else:
            continue
        groups.setdefault(why, []).append(one.summary)
    return list(groups.items())


def left_out(report: DrillReport) -> Iterator[str]:
    """`exceptions` in sentences."""
    for why, members in exceptions(report):
        yield f"Not in it, since {why}: {'; '.join(map(title, members))}."


def _faults(report: DrillReport) -> tuple[list[_Scenario], dict[str, float]]:
    """The faults in which the automation must act by itself, and the usual limits."""
    found = [
        _Scenario(one, limits)
        for one in report.summaries
        if one.must_act and (limits := _limits(one.budgets)) is not None
    ]
    usual = {
        name: Counter(one.limits[name] for one in found if name in one.limits).most_common(1)[0][0]
        for name in (_OWN, _ACTION)
        if any(name in one.limits for one in found)
    }
    return found, usual


def _limits(budgets: Sequence[Budget]) -> dict[str, float] | None:
    """Of the automation's whole share, and of its action; none where people ask, or nothing can be done."""
    limits = {one.name: one.limit for one in budgets if one.name in (_OWN, _ACTION)}
    return limits if _OWN in limits else None


def _share(summary: Summary, usual: dict[str, float]) -> float:
    """At least so many of all such faults keep the limits; of what was in every run, the longest is the limit."""
    late = 0
    for name, limit in usual.items():
        durations = summary.measures[name.partition(",")[0]]
        if any(budget.name == name for budget in summary.budgets):
            late = max(late, sum(one > limit * 1_000_000 for one in durations.microseconds))
    return share_at_least(summary.runs - late, summary.runs)

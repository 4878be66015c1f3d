"""What every form of the report says, before it is laid out: sentences and rows of text."""

from collections.abc import Sequence
from dataclasses import dataclass

from drtemplate.console import plural
from drtemplate.drill.invariants import ALLOWED
from drtemplate.drill.report.ends import CLIENTS
from drtemplate.drill.report.judgement import against, judge
from drtemplate.drill.report.sweep_plot import knobs
from drtemplate.drill.report.words import (
    NEVER,
    STAGE_NAMES,
    amount,
    basis,
    count,
    dollars,
    duration,
    never_served,
    of_runs,
    row,
    seconds,
    title,
)
from drtemplate.drill.results import (
    MEASURES,
    WRONGS,
    DrillReport,
    SensitivityRow,
    Summary,
)

COUNTS_HEAD = (
    "right",
    *WRONGS,
    "DNS moves a run",
    "messages a run",
    "at most",
    "calls a run",
    "Lambda s a run",
    "a month at this load",
)
SWEEP_HEAD = (
    "value",
    "reaction, median",
    "99th",
    "client, 99th",
    "missed",
    "DNS moves",
    "false alarms",
    "a quiet month",
    "against the template\N{RIGHT SINGLE QUOTATION MARK}s",
)
# Shorter than the longest of these restarts, the grace would promote where the engine comes back by itself.
RESTS_ON = {"database_grace_seconds": "aurora_engine_restart"}


@dataclass(frozen=True, slots=True)
class Failure:
    """A promise that was not kept.

    Attributes:
        scenario: its name.
        title: what happens in it.
        promise: in words.
        measured, limit: figures with their unit.
        why: the AWS mechanism that takes the time, or the seeds of the first runs in which it shows.
    """

    scenario: str
    title: str
    promise: str
    measured: str
    limit: str
    why: str

    def __str__(self) -> str:
        why = f" [{self.why}]" if self.why else ""
        return f"{self.promise}: {self.measured}, at most {self.limit}{why}"


def promise(name: str) -> str:
    """A budget's name, with its measure as people read it."""
    measure, comma, rest = name.partition(",")
    return STAGE_NAMES.get(measure, measure) + comma + rest


def failures(report: DrillReport) -> list[Failure]:
    """Every budget and every invariant that was not kept, scenario by scenario."""
    return [failure for one in report.summaries for failure in failures_of(one)]


def failures_of(one: Summary) -> list[Failure]:
    """Those of a scenario; where seeds are known, they stand in for a mechanism."""
    found = []
    for budget in one.budgets:
        if not budget.held:
            seeds = next((one.seeds[w] for w in WRONGS if w in budget.name and w in one.seeds), ())
            figures = [amount(value, budget.unit) for value in (budget.measured, budget.limit)]
            why = budget.mechanism or _seeds(seeds)
            found.append(
                Failure(one.scenario, title(one), promise(budget.name), figures[0], figures[1], why)
            )
    for name, times in sorted(one.broken.items()):
        what, runs = f"invariant broken: {name}", f"in {count(times)} of {plural(one.runs, 'run')}"
        why = _seeds(one.seeds.get(name, ()))
        if name == ALLOWED:
            why = "; ".join(filter(None, (*sorted(one.denials), why)))
        found.append(Failure(one.scenario, title(one), what, runs, "0", why))
    return found


def _seeds(seeds: Sequence[int]) -> str:
    return f"first with seed {', '.join(map(str, seeds))}" if seeds else ""


def verdict(report: DrillReport) -> str:
    """The whole drill in a sentence."""
    if not report.summaries:
        return "No scenario was run."
    budgets = [budget for one in report.summaries for budget in one.budgets]
    missed = sum(not budget.held for budget in budgets)
    broken = len({name for one in report.summaries for name in one.broken})
    scenarios = plural(len(report.summaries), "scenario")
    if not missed and not broken:
        return f"All {count(len(budgets))} budgets and every invariant held in {scenarios}."
    parts = []
    if missed:
        parts.append(f"{count(missed)} of {plural(len(budgets), 'budget')} not held")
    if broken:
        parts.append(f"{plural(broken, 'invariant')} broken")
    return f"{' and '.join(parts)} in {scenarios}."


def totals(report: DrillReport) -> dict[str, int]:
    """Failovers of all scenarios by what they should have been."""
    names = ("right", *WRONGS)
    return {name: sum(one.counts[name] for one in report.summaries) for name in names}


def facts(report: DrillReport) -> dict[str, str]:
    """What identifies the drill."""
    virtual = sum(one.virtual_seconds for one in report.summaries)
    return {
        "Seed": str(report.seed),
        "Runs": f"{count(report.runs)} in each scenario",
        "Scenarios": count(len(report.summaries)),
        "Virtual time": duration(virtual),
        "Template": f"SHA-256 {report.template_digest[:12]}\N{HORIZONTAL ELLIPSIS}",
        "Handlers": "from the template" if report.handlers == "template" else report.handlers,
    }


def counts_row(one: Summary) -> list[str]:
    """The cells below `COUNTS_HEAD`."""
    runs = max(one.runs, 1)
    return [
        *(count(one.counts[name]) for name in ("right", *WRONGS)),
        f"{one.counts['moves'] / runs:,.2f}",
        f"{one.counts['notifications'] / runs:,.2f}",
        count(one.most_notifications),
        f"{one.counts['calls'] / runs:,.0f}",
        f"{one.lambda_seconds / runs:,.1f}",
        dollars(one.cost_per_month),
    ]


def outcomes(one: Summary) -> str:
    """How the runs ended, as ``COMPLETED 998, FAILED 2``."""
    return ", ".join(f"{name} {count(times)}" for name, times in sorted(one.outcomes.items()))


def bill(one: Summary) -> str:
    """What a month at this load costs by what is billed, the dearest first; empty if nobody has counted."""
    dearest = sorted(one.costs.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {dollars(value)}" for name, value in dearest)


def stage_rows(one: Summary) -> list[tuple[str, list[str]]]:
    """Measure and its median, 95th, 99th percentile and worst, for all that took place, and for
    clients who were never served again.
    """
    return [
        (name, row(one, name))
        for name in MEASURES
        if one.measures[name].count or never_served(one, name)
    ]


def in_how_many(one: Summary, name: str) -> str:
    """``in 3 of 1,000 runs``, where a stage did not take place in each; else empty.

    Of clients ``served in 3 of 1,000 runs``; empty if they never were.
    """
    if never_served(one, name):
        return ""
    found = of_runs(one.measures[name].count, one.runs)
    return f"served {found}" if found and name in CLIENTS else found


def sweep_row(one: SensitivityRow, rows: Sequence[SensitivityRow]) -> list[str]:
    """The cells below `SWEEP_HEAD`, of one of the ``rows`` of a knob."""
    unit = f" {one.unit}" if one.unit else ""
    return [
        f"{one.value:g}{unit}",
        *map(_or_never, (one.reaction_p50, one.reaction_p99, one.client_p99)),
        count(one.missed),
        count(one.moves),
        f"{count(one.false_alarms)} in {count(one.quiet_runs)}",
        dollars(one.cost_per_month),
        against(one, rows),
    ]


def _or_never(value: float | None) -> str:
    return NEVER if value is None else seconds(value)


def findings(report: DrillReport) -> list[str]:
    """Knob by knob, whether the sweep supports the template's own value, beats it or does neither."""
    return [judge(name, rows) for name, rows in knobs(report.sensitivity)]


def guesses(report: DrillReport) -> list[str]:
    """On which assumption the verdict on a knob rests."""
    swept = {one.knob for one in report.sensitivity}
    return [
        f"The verdict on {knob} rests on the most that is {basis(one)} of {one.name} ({one.value})."
        for knob, name in RESTS_ON.items()
        for one in report.assumptions
        if knob in swept and one.name == name
    ]

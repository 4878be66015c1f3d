"""How names and numbers are written, the same in every form of the report."""

from math import inf

from drtemplate.console import plural
from drtemplate.drill.report.ends import CLIENTS, client_end
from drtemplate.drill.results import Assumption, Summary

STAGE_NAMES = {
    "signal": "signal",
    "detect": "detect",
    "grace": "grace",
    "wait": "witness",
    "decide": "decide",
    "promote": "promote",
    "latch": "latch",
    "verify": "verify",
    "client_cached": "client, DNS cached",
    "client_uncached": "client, DNS fresh",
    "accepted": "fault to action",
    "own_share": "automation\N{RIGHT SINGLE QUOTATION MARK}s share",
}
STAGE_MEANINGS = {
    "signal": "AWS: from the fault until AWS\N{RIGHT SINGLE QUOTATION MARK}s own signal shows it",
    "detect": "ours: from that signal until the monitor stands by it",
    "grace": "configured: the wait where one signal decides alone",
    "wait": "ours: of what follows the call, the wait for the word of another observer",
    "decide": "ours: the rest from the call until AWS accepted the action, cold start included",
    "promote": "AWS: from the accepted action until another instance writes in an available cluster",
    "latch": "ours: from the promotion, or the call, until AWS accepted the latch; a part of verify",
    "verify": "ours: until the orchestrator has proved and recorded it",
    "client_cached": "from the fault until a client that caches DNS is served again for good",
    "client_uncached": "from the fault until a client that asks DNS each time is served again for good",
    "accepted": "signal, detect, grace, witness and decide together, in one run",
    "own_share": "detect, witness, decide and verify together, in one run",
}
PERCENTILES = (50.0, 95.0, 99.0)
NONE, NEVER = "\N{EN DASH}", "never"
# The same sentences in every form of the report.
NOT_SERVED = (
    "Never: clients are not served again by the end of so many runs. A run in which they are not counts as"
    " one that takes for ever; where they are in some runs only, the report says in how many."
)
A_MONTH = (
    "A month at this load is what the automation would cost if a month went on like these runs, an outage"
    " of minutes included; what a usual month costs is that of a quiet week."
)
ENDED = (
    "Outcome: how the orchestrator\N{RIGHT SINGLE QUOTATION MARK}s calls since the fault ended, the"
    " weightiest of each run; NONE where none ended, or none said how."
)
LIMITS = "At the head of a column is the usual limit; a scenario that has another says so beside its figure."
SUPPORTED = (
    "Supported means that each other value tried is worse in something; where faster costs more or errs"
    " more, several values can be so, and the choice among them is the design\N{RIGHT SINGLE QUOTATION MARK}s."
)


def seconds(value: float | None) -> str:
    """Two decimals, since nobody feels less; a dash for what did not take place."""
    return NONE if value is None else f"{value:,.2f}"


def end(value: float) -> str:
    """When something is over; *never* if it is not."""
    return NEVER if value == inf else f"{value:.1f} s"


def never_served(summary: Summary, measure: str) -> bool:
    """Whether the measure is of clients, and none of the runs, of which there are some, served them."""
    return measure in CLIENTS and summary.runs > 0 and not summary.measures[measure].count


def row(summary: Summary, measure: str) -> list[str]:
    """Median, 95th, 99th percentile and worst."""
    if measure in CLIENTS and summary.runs:
        return [_ending(client_end(summary, measure, p)) for p in (*PERCENTILES, 100.0)]
    durations = summary.measures[measure]
    return [seconds(durations.percentile(p)) for p in PERCENTILES] + [seconds(durations.worst)]


def _ending(value: float) -> str:
    return NEVER if value == inf else seconds(value)


def dollars(value: float) -> str:
    """US dollars and cents."""
    return f"${value:,.2f}"


def count(value: int) -> str:
    """With thousands set apart."""
    return f"{value:,}"


def of_runs(found: int, runs: int) -> str:
    """``in 3 of 1,000 runs``; empty if it is all of them."""
    return "" if found == runs else f"in {count(found)} of {plural(runs, 'run')}"


def amount(value: float | None, unit: str) -> str:
    """A budget's figure: seconds, or a bare count."""
    if value is None:
        return "not measured"
    return f"{value:,.2f} s" if unit == "s" else f"{value:,g}"


def basis(one: Assumption) -> str:
    """Whether AWS says so, or we do."""
    return "documented" if one.documented else "assumed"


def duration(value: float) -> str:
    """Virtual time in the unit that people would use."""
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if value >= 2 * size:
            return f"{value / size:,.1f} {unit}"
    return f"{value:,.0f} seconds"


def title(summary: Summary) -> str:
    """What happens in the scenario; its name if nobody has said."""
    return summary.title or summary.scenario


def moment(at: float) -> str:
    """Seconds before or after the fault, signed."""
    return f"{at:+,.2f}".replace("-", "\N{MINUS SIGN}")

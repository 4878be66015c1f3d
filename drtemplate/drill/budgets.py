"""The promises of the design, against what a scenario measured.

Seconds at the 99th percentile, in every scenario in which the automation must act, and in every run of
it in which the automation was asked; and no unneeded and no repeated failover in any. A scenario that
takes away what a budget grants declares its own bound.
"""

from collections.abc import Mapping
from math import ceil, sqrt

from drtemplate.drill.results import Budget, Summary
from drtemplate.drill.scenario import BOTH, Scenario

DETECT, DECIDE, WAIT, ACCEPTED, OWN_SHARE = 12.0, 3.0, 4.0, 20.0, 15.0
# The design has no number for these: two looks at the promotion, and as long as a decision; and what a
# person on call can still read.
LATCH, MAILS = 5.0, 12
PERCENT = 99


def judge(
    summary: Summary, scenario: Scenario, slow: Mapping[str, Mapping[str, int]]
) -> tuple[Budget, ...]:
    """The verdicts; none on what no run owes.

    Args:
        summary: all runs of the scenario.
        scenario: its declaration.
        slow: by measure, how often which mechanism took most of a run that was over its limit.
    """
    made = []
    for name, limit in limits(scenario).items():
        measured = summary.measures[name]
        value, due = measured.percentile(PERCENT), summary.runs - summary.excused.get(name, 0)
        if not due:
            continue
        in_time = value is not None and value <= limit
        blamed = slow.get(name, {})
        mechanism = min(blamed, key=lambda one: (-blamed[one], one), default="")
        if measured.count < due:
            mechanism = f"measured in only {measured.count:,} of the {due:,} runs that owe it"
        held = in_time and measured.count >= due
        made.append(
            Budget(
                name=f"{name}, 99th percentile",
                limit=limit,
                measured=value,
                unit="s",
                held=held,
                mechanism="" if held else mechanism,
                runs=measured.count,
                due=due,
            )
        )
    made += [
        Budget(name, limit, count, "", count <= limit)
        for name, limit, count in _counts(summary, scenario)
    ]
    return tuple(made)


def _counts(summary: Summary, scenario: Scenario) -> list[tuple[str, int, int]]:
    """What is promised of counts: name, limit, and how many there were."""
    wrongs = ("unneeded", "repeated", "missed") if scenario.must_act else ("unneeded", "repeated")
    found = [(f"{name} failovers", 0, summary.counts[name]) for name in wrongs]
    well = sum(summary.outcomes.get(name, 0) for name in scenario.ends_well)
    found.append(("runs that ended otherwise", 0, summary.runs - well))
    found.append(("mails of the automation in a run", MAILS, summary.most_mails))
    if scenario.owed:
        found.append(("messages owed and not sent", 0, summary.counts["unsent"]))
    if "latch" in limits(scenario):
        # Few runs may have bad luck: two standard deviations of a rare event's count.
        mean = scenario.untaken * summary.runs
        most = min(summary.runs, ceil(mean + 2 * sqrt(mean)))
        found.append(("latches not taken", most, summary.excused.get("latch", 0)))
    return found


def limits(scenario: Scenario) -> dict[str, float]:
    """Seconds by measure; none where the automation need not act."""
    if not scenario.must_act:
        return {}
    if scenario.manual:
        return {"decide": DECIDE}
    found = {"detect": DETECT, "wait": WAIT, "decide": DECIDE}
    if "accepted" in scenario.allowed:
        found["accepted"] = ACCEPTED
    if scenario.ends:
        found["own_share"] = OWN_SHARE
    if scenario.needs == BOTH:
        found["accepted"] = ACCEPTED
        if scenario.ends:
            found["latch"] = LATCH
    return {name: scenario.allowed.get(name, limit) for name, limit in found.items()}

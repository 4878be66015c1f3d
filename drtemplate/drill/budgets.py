"""The promises of the design, against what a scenario measured.

Seconds at the 99th percentile, in every scenario in which the automation must act; and no unneeded and
no repeated failover in any. A scenario that takes away what a budget grants declares its own bound.
"""

from collections.abc import Mapping

from drtemplate.drill.results import Budget, Summary
from drtemplate.drill.scenarios import BOTH, Scenario

DETECT, DECIDE, ACCEPTED, OWN_SHARE = 12.0, 3.0, 25.0, 15.0
PERCENT = 99


def judge(
    summary: Summary, scenario: Scenario, slow: Mapping[str, Mapping[str, int]], *, manual: bool
) -> tuple[Budget, ...]:
    """The verdicts.

    Args:
        summary: all runs of the scenario.
        scenario: its declaration.
        slow: by measure, how often which mechanism took most of a run that was over its limit.
        manual: whether a person starts it, so that nothing has to be detected.
    """
    made = []
    for name, limit in limits(scenario, manual=manual).items():
        value = summary.measures[name].percentile(PERCENT)
        held = value is not None and value <= limit
        blamed = slow.get(name, {})
        mechanism = min(blamed, key=lambda one: (-blamed[one], one), default="")
        if value is None:
            mechanism = "it never took place"
        made.append(
            Budget(f"{name}, 99th percentile", limit, value, "s", held, "" if held else mechanism)
        )
    wrongs = ("unneeded", "repeated", "missed") if scenario.must_act else ("unneeded", "repeated")
    for name in wrongs:
        count = summary.counts[name]
        made.append(Budget(f"{name} failovers", 0, count, "", count == 0))
    return tuple(made)


def limits(scenario: Scenario, *, manual: bool) -> dict[str, float]:
    """Seconds by measure; none where the automation need not act."""
    if not scenario.must_act:
        return {}
    if manual:
        return {"decide": DECIDE}
    found = {"detect": DETECT, "decide": DECIDE}
    if scenario.ends:
        found["own_share"] = OWN_SHARE
    if scenario.needs == BOTH:
        found["accepted"] = ACCEPTED
    return {name: scenario.allowed.get(name, limit) for name, limit in found.items()}

"""What may be promised follows from the budgets that were held, and from how many runs there were."""

from dataclasses import replace

import pytest
from report_samples import EMPTY

from drtemplate.drill.confidence import apart, between, share_at_least
from drtemplate.drill.report.headline import NOTHING, exceptions, headline
from drtemplate.drill.results import Budget, Run, Summary

OWN, ACTION = "own_share, 99th percentile", "accepted, 99th percentile"
STAGES = {
    "signal": 8.0,
    "detect": 2.0,
    "decide": 1.0,
    "client_uncached": 31.2,
    "client_cached": 61.2,
}


def fault(name="usual", *, runs=100, own=15.0, held=True, stages=STAGES, unneeded=0, must_act=True):
    made = Summary(name, f"title of {name}", must_act=must_act)
    for seed in range(runs):
        given = stages[seed] if isinstance(stages, list) else stages
        made.add(Run(name, seed, given, outcome="COMPLETED", unneeded=unneeded))
    made.budgets = (Budget(OWN, own, 2.0, "s", held), Budget(ACTION, 20.0, 10.0, "s", held=True))
    return made


def said(*summaries):
    runs = max(one.runs for one in summaries)
    return headline(replace(EMPTY, runs=runs, summaries=summaries))


def test_the_sentence_has_figures_and_conditions():
    assert said(fault(), fault("slow", own=270.0), fault("two")) == (
        "You may promise: in 2 of 3 drilled faults clients are served again within 62 s, of which the"
        " automation takes 15 s at most (20 s from the fault to the action where both tiers fail), in at"
        " least 97 of 100 cases and with no needless failover in 300 runs, if AWS is no slower than assumed."
    )


def test_a_promise_rests_on_what_was_held_and_served_and_usual():
    never = {"signal": 8.0, "detect": 2.0}
    found = (
        fault(),
        fault("late", own=20.0),
        fault("broken", held=False),
        fault("dark", stages=never),
    )
    report = replace(EMPTY, runs=100, summaries=(*found, fault("second")))
    assert "in 2 of 5 drilled faults" in headline(report)
    assert {why.split()[0]: [one.scenario for one in of] for why, of in exceptions(report)} == {
        "slower,": ["late"], "a": ["broken"], "not": ["dark"]
    }  # fmt: skip
    late = STAGES | {"client_uncached": 348.0, "client_cached": 348.0}
    assert "in 1 of 2 drilled faults clients are served again within 62 s" in said(
        fault(), fault("by itself", stages=late)
    )
    once = [STAGES] * 99 + [never]
    assert "in 1 of 2 drilled faults" in said(fault(), fault("dark", stages=once))
    assert said(fault(held=False)).startswith(NOTHING)


def test_needless_failovers_are_told():
    assert "with 100 needless failovers in 200 runs" in said(fault(), fault("quiet", unneeded=1))


@pytest.mark.parametrize(
    ("runs", "late", "expected"),
    [(2, 0, None), (28, 0, None), (29, 0, 90), (100, 0, 97), (100, 1, 95), (299, 0, 99)],
)
def test_few_runs_cannot_tell(runs, late, expected):
    stages = [{**STAGES, "detect": 20.0}] * late + [STAGES] * (runs - late)
    sentence = said(fault(runs=runs, stages=stages))
    if expected is None:
        assert f"{runs} runs of each scenario cannot tell; 29 without a miss tell of 90" in sentence
    else:
        assert f"in at least {expected} of 100 cases" in sentence


def test_the_bounds_are_those_of_the_books():
    # Clopper and Pearson's lower bound is 0.05^(1/n) without a miss; the sign test's p is 2 x 0.5^n.
    assert share_at_least(59, 59) == pytest.approx(0.05 ** (1 / 59))
    assert share_at_least(18, 20) == pytest.approx(0.7174, abs=1e-4)  # qbeta(0.05, 18, 3)
    assert apart(0, 8)
    assert not apart(0, 7)
    assert between(range(1, 9), 50, 8) == (1, 8)
    assert between(range(1, 8), 50, 7) == (0, float("inf"))
    assert between([1.0] * 3, 50, 20)[1] == float("inf")

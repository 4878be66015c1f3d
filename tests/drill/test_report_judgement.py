"""The verdict on a knob: beaten, supported, or neither, and what each other value gains and loses."""

from dataclasses import replace

import pytest
import report_samples as samples

from drtemplate.drill.report.judgement import against, compare, judge

OWN = replace(
    samples.rows()[2], knob="k", value=5, unit="s", default=True, reaction_p50=9.0,
    reaction_p99=12.0, missed=0, moves=0, false_alarms=2, quiet_runs=100, cost_per_month=10.0,
)  # fmt: skip


def other(value=3, **facts):
    return replace(OWN, default=False, value=value, **facts)


def verdict(**facts):
    return judge("k", [OWN, other(**facts)])


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"reaction_p99": 11.4}, "sooner"),
        ({"reaction_p99": 12.6}, "later"),
        ({"reaction_p50": 8.4}, "sooner at the median"),
        ({"reaction_p50": 9.6}, "later at the median"),
        ({"reaction_p50": 8.0, "reaction_p99": 11.0}, "sooner"),
        ({"reaction_p50": 8.0, "reaction_p99": 13.0}, "later, sooner at the median"),
        ({"reaction_p50": None, "reaction_p99": None}, "later"),
        ({"cost_per_month": 9.85}, "cheaper"),
        ({"cost_per_month": 10.15}, "dearer"),
        ({"false_alarms": 9}, "more false alarms"),
        ({"missed": 5}, "more misses"),
        ({"moves": 10}, "more needless DNS moves"),
        # What chance or the resolution of the figures explains.
        ({"reaction_p99": 11.6, "reaction_p50": 9.4, "cost_per_month": 9.95}, "no different here"),
        ({"reaction_p99": 12.4, "reaction_p50": 8.6, "cost_per_month": 10.05}, "no different here"),
        ({"false_alarms": 0}, "no different here"),
        ({"false_alarms": 8}, "no different here"),
        ({"missed": 4, "moves": 8}, "no different here"),
        ({"false_alarms": 8, "reaction_p99": 8.0}, "sooner, perhaps more false alarms"),
        ({"missed": 1, "cost_per_month": 9.0}, "cheaper, perhaps more misses"),
    ],
)
def test_what_a_value_gains_and_loses(facts, words):
    row = other(**facts)
    assert str(compare(row, OWN)) == against(row, [OWN, row]) == words
    assert against(OWN, [OWN, row]) == against(row, [row]) == ""


def test_fewer_mistakes_are_a_gain_if_they_are_clearly_fewer():
    clumsy = replace(OWN, false_alarms=5, missed=5, moves=10)
    clean = other(false_alarms=0, missed=0)
    words = "fewer false alarms, fewer misses, fewer needless DNS moves"
    assert str(compare(clean, clumsy)) == words
    assert "is beaten by 3 s (0 against 5 false alarms, " in judge("k", [clumsy, clean])
    clumsy = replace(OWN, false_alarms=4, missed=4, moves=8)
    assert "cannot be told from 3 s" in judge("k", [clumsy, clean])


def test_a_value_that_only_gains_beats_the_own_one():
    for gain in ({"reaction_p99": 8.0}, {"reaction_p50": 8.0}, {"cost_per_month": 7.0}):
        assert verdict(**gain).startswith("k 5 s is beaten by 3 s (")
    assert "99th percentile 8.0 s against 12.0 s" in verdict(reaction_p99=8.0)
    assert "median 8.0 s against 9.0 s" in verdict(reaction_p50=8.0)
    assert "false alarms" not in verdict(reaction_p99=8.0)


def test_the_best_of_those_that_beat_it_is_named():
    rows = [OWN, other(1, reaction_p99=8.0), other(3, reaction_p99=7.0, false_alarms=1)]
    assert "is beaten by 3 s (" in judge("k", rows)


def test_a_gain_that_is_clearly_paid_for_supports_the_own_one():
    for price in (
        {"reaction_p99": 8.0, "false_alarms": 11},
        {"reaction_p99": 8.0, "missed": 5},
        {"reaction_p99": 8.0, "moves": 10},
        {"reaction_p99": 8.0, "cost_per_month": 11.0},
        {"reaction_p99": 8.0, "reaction_p50": 9.6},
        {"reaction_p99": 14.0, "cost_per_month": 5.0},
        {"reaction_p99": 14.0},
    ):
        assert verdict(**price).startswith("k 5 s is supported: each of the others is worse in")
    assert verdict(reaction_p99=8.0, missed=5).endswith(
        "worse in something. The next quicker, 3 s: 99th percentile 8.0 s against 12.0 s, 5 against 0 missed."
    )
    assert verdict(reaction_p99=14.0).endswith("worse in something, and none reacts sooner.")


@pytest.mark.parametrize("mistakes", [{"false_alarms": 3}, {"missed": 1}, {"moves": 1}])
def test_a_gain_with_a_mistake_more_neither_beats_nor_supports(mistakes):
    said = verdict(reaction_p99=8.0, **mistakes)
    assert said.startswith("k 5 s is neither beaten nor supported: more runs must show whether 3 s")
    assert "(99th percentile 8.0 s against 12.0 s, " in said


def test_a_value_that_is_no_different_is_named_and_the_own_one_not_supported():
    rows = [other(1, reaction_p99=14.0), other(3, false_alarms=3), OWN, other(7), other(9)]
    assert judge("k", rows[:4]) == (
        "k 5 s is neither beaten nor supported: it cannot be told from 3 s and 7 s here."
    )
    assert "told from 3 s and 7 s and 9 s here" in judge("k", rows)
    doubtful = other(2, reaction_p99=8.0, missed=1)
    assert judge("k", [*rows[:3], doubtful]) == (
        "k 5 s is neither beaten nor supported: it cannot be told from 3 s here; more runs must show"
        " whether 2 s is better (99th percentile 8.0 s against 12.0 s, 1 against 0 missed)."
    )
    assert "is beaten by 8 s" in judge("k", [*rows, other(8, cost_per_month=5.0)])


def test_a_value_that_never_acts_is_slower_than_any():
    assert "is supported" in verdict(reaction_p99=None, cost_per_month=1.0)
    never = replace(OWN, reaction_p99=None)
    better = other()
    assert "is beaten by 3 s (99th percentile 12.0 s against never)" in judge("k", [never, better])
    assert "cannot be told from 3 s" in judge("k", [never, replace(better, reaction_p99=None)])


def test_what_the_runs_are_too_few_to_show_is_said():
    assert verdict(reaction_p99=8.0).endswith(
        "; a mistake in less than one of 33 quiet runs would not show."
    )


def test_without_a_value_to_compare_there_is_no_verdict():
    assert "not among those tried" in judge("k", [other()])
    assert judge("k", [OWN]) == "k 5 s: no other value was tried."

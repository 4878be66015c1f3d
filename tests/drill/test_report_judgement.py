"""The verdict on a knob: beaten, supported, or neither, and what each other value gains and loses."""

from dataclasses import replace

import pytest
import report_samples as samples

from drtemplate.drill.report.judgement import against, compare, judge

OWN = replace(
    samples.rows()[2], knob="k", value=5, unit="s", default=True, reaction_p50=9.0,
    reaction_p99=12.0, p50_between=(8.9, 9.1), p99_between=(11.9, 12.1), runs=1000,
    missed=0, moves=0, false_alarms=2, quiet_runs=100, cost_per_month=10.0,
)  # fmt: skip


ALIKE = "cannot be told apart"


def with_(row, **facts):
    """The row with these facts, its intervals about them."""
    for name in ("p50", "p99"):
        if f"reaction_{name}" in facts:
            middle = facts[f"reaction_{name}"]
            low, high = (None, None) if middle is None else (middle - 0.1, middle + 0.1)
            facts = {f"{name}_between": (low, high), **facts}
    return replace(row, **facts)


def other(value=3, **facts):
    return with_(OWN, default=False, value=value, **facts)


def verdict(**facts):
    return judge("k", [OWN, other(**facts)])


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"reaction_p50": 8.4}, "sooner"),
        ({"reaction_p50": 9.6}, "later"),
        ({"reaction_p99": 11.4}, "sooner at the 99th percentile"),
        ({"reaction_p99": 12.6}, "later at the 99th percentile"),
        ({"reaction_p50": 8.0, "reaction_p99": 13.0}, "later at the 99th percentile, sooner"),
        ({"reaction_p50": None, "reaction_p99": None}, "later, later at the 99th percentile"),
        ({"cost_per_month": 9.85}, "cheaper"),
        ({"cost_per_month": 10.15}, "dearer"),
        ({"false_alarms": 13}, "more false alarms"),
        ({"missed": 8}, "more misses"),
        ({"moves": 16}, "more needless DNS moves"),
        # What chance or the resolution of the figures explains.
        ({"reaction_p99": 11.6, "reaction_p50": 9.4, "cost_per_month": 9.95}, ALIKE),
        ({"reaction_p50": 5.0, "p50_between": (0.0, 8.95)}, ALIKE),
        ({"reaction_p50": 15.0, "p50_between": (9.05, None)}, ALIKE),
        ({"reaction_p99": 20.0, "p99_between": (12.05, None)}, ALIKE),
        ({"false_alarms": 0}, ALIKE),
        ({"false_alarms": 12}, ALIKE),
        ({"missed": 7, "moves": 14}, ALIKE),
        ({"false_alarms": 12, "reaction_p50": 8.0}, "sooner, perhaps more false alarms"),
        ({"missed": 1, "cost_per_month": 9.0}, "cheaper, perhaps more misses"),
        ({"runs": 7, "reaction_p50": 1.0, "cost_per_month": 1.0}, "too few runs to tell"),
    ],
)
def test_what_a_value_gains_and_loses(facts, words):
    row = other(**facts)
    assert str(compare(row, OWN)) == against(row, [OWN, row]) == words
    assert against(OWN, [OWN, row]) == against(row, [row]) == ""


def test_fewer_mistakes_are_a_gain_if_they_are_clearly_fewer():
    clumsy = replace(OWN, false_alarms=8, missed=8, moves=16)
    clean = other(false_alarms=0, missed=0)
    words = "fewer false alarms, fewer misses, fewer needless DNS moves"
    assert str(compare(clean, clumsy)) == words
    assert "is beaten by 3 s (0 against 8 false alarms, " in judge("k", [clumsy, clean])
    clumsy = replace(OWN, false_alarms=7, missed=7, moves=14)
    assert "cannot be told from 3 s" in judge("k", [clumsy, clean])


def test_few_runs_say_that_they_cannot_tell():
    """However good another value looks: two runs that agree are nothing."""
    looks = {"reaction_p50": 1.0, "reaction_p99": 1.0, "cost_per_month": 1.0, "false_alarms": 0}
    own = replace(OWN, runs=2, false_alarms=9)
    assert judge("k", [own, other(runs=2, **looks)]) == (
        "k 5 s: cannot be told from 2 runs of each value; 8 are the least."
    )
    assert "is beaten by 3 s" in judge("k", [replace(own, runs=8), other(runs=8, **looks)])


def test_a_value_that_only_gains_beats_the_own_one():
    for gain in ({"reaction_p99": 8.0}, {"reaction_p50": 8.0}, {"cost_per_month": 7.0}):
        assert verdict(**gain).startswith("k 5 s is beaten by 3 s (")
    assert "99th percentile 8.0 s against 12.0 s" in verdict(reaction_p99=8.0)
    assert "false alarms" not in verdict(reaction_p99=8.0)


def test_the_best_of_those_that_beat_it_is_named():
    rows = [OWN, other(1, reaction_p99=8.0), other(3, reaction_p99=7.0, false_alarms=1)]
    assert "is beaten by 3 s (" in judge("k", rows)


def test_a_gain_that_is_clearly_paid_for_supports_the_own_one():
    for price in (
        {"reaction_p99": 8.0, "false_alarms": 13},
        {"reaction_p99": 8.0, "missed": 8},
        {"reaction_p99": 8.0, "moves": 16},
        {"reaction_p99": 8.0, "cost_per_month": 11.0},
        {"reaction_p99": 8.0, "reaction_p50": 9.6},
        {"reaction_p99": 14.0, "cost_per_month": 5.0},
        {"reaction_p99": 14.0},
    ):
        assert verdict(**price).startswith("k 5 s is supported: each of the others is worse in")
    assert verdict(reaction_p99=8.0, missed=8).endswith(
        "worse in something. The next quicker, 3 s: 99th percentile 8.0 s against 12.0 s, 8 against 0 missed."
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
    never = with_(OWN, reaction_p99=None)
    better = other()
    assert "is beaten by 3 s (99th percentile 12.0 s against never)" in judge("k", [never, better])
    assert "cannot be told from 3 s" in judge("k", [never, with_(better, reaction_p99=None)])


def test_what_the_runs_are_too_few_to_show_is_said():
    assert verdict(reaction_p99=8.0).endswith(
        "; a mistake in less than one of 33 quiet runs would not show."
    )


def test_without_a_value_to_compare_there_is_no_verdict():
    assert "not among those tried" in judge("k", [other()])
    assert judge("k", [OWN]) == "k 5 s: no other value was tried."

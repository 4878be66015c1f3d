"""The verdict on a knob: what another value must do to beat the template's own."""

from dataclasses import replace

import report_samples as samples

from drtemplate.drill.report.judgement import judge

OWN = replace(
    samples.rows()[2], knob="k", value=5, unit="s", default=True, reaction_p50=9.0,
    reaction_p99=12.0, missed=0, moves=0, false_alarms=2, quiet_runs=100, cost_per_month=10.0,
)  # fmt: skip


def verdict(**facts):
    return judge("k", [OWN, replace(OWN, default=False, value=3, **facts)])


def test_a_value_that_only_gains_beats_the_own_one():
    for gain in ({"reaction_p99": 8.0}, {"cost_per_month": 7.0}, {"false_alarms": 0}):
        assert verdict(**gain).startswith("k 5 s is beaten by 3 s (")
    assert "99th percentile 8.0 s against 12.0 s" in verdict(reaction_p99=8.0)
    assert "false alarms" not in verdict(reaction_p99=8.0)


def test_a_gain_that_is_paid_for_does_not():
    for price in (
        {"reaction_p99": 8.0, "false_alarms": 3},
        {"reaction_p99": 8.0, "missed": 1},
        {"reaction_p99": 8.0, "moves": 1},
        {"reaction_p99": 8.0, "cost_per_month": 11.0},
        {"reaction_p99": 14.0, "cost_per_month": 5.0},
        {"false_alarms": 0, "reaction_p99": 14.0},
    ):
        assert verdict(**price).startswith("k 5 s is supported: ")
    assert verdict(reaction_p99=8.0, missed=1).endswith(
        "The next quicker, 3 s: 99th percentile 8.0 s against 12.0 s, 1 against 0 missed."
    )


def test_what_is_within_the_resolution_does_not():
    assert "is supported: none of the others reacts sooner" in verdict(
        reaction_p99=11.6, cost_per_month=9.95
    )


def test_a_value_that_never_acts_is_slower_than_any():
    assert "is supported" in verdict(reaction_p99=None, cost_per_month=1.0)
    never = replace(OWN, reaction_p99=None)
    better = replace(OWN, default=False, value=3)
    assert "is beaten by 3 s (99th percentile 12.0 s against never)" in judge("k", [never, better])


def test_what_the_runs_are_too_few_to_show_is_said():
    assert verdict(reaction_p99=8.0).endswith(
        "; a mistake in less than one of 33 quiet runs would not show."
    )


def test_without_the_own_value_there_is_no_verdict():
    assert "not among those tried" in judge("k", [replace(OWN, default=False)])

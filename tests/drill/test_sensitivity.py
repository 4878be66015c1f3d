"""The sweep turns one knob at a time, in memory, and reads the figures where it says."""

import json
from dataclasses import replace

import pytest

from drtemplate.drill.deployment import load_deployment
from drtemplate.drill.results import MEASURES, Run, Summary
from drtemplate.drill.sensitivity import KNOBS, sweep
from drtemplate.groups.configuration import TIMINGS


@pytest.fixture(scope="module")
def deployment():
    return load_deployment()


class Recorder:
    """A drill that notes what it was given; its times and false alarms follow from the knob."""

    def __init__(self, knob):
        self.knob = knob
        self.given = []

    def __call__(self, deployment, names):
        value = self.knob.read(deployment)
        self.given.append((value, tuple(names)))
        return [self.summary(name, value) for name in names]

    def summary(self, name, value):
        summary = Summary(name, cost_per_month=1000 - value if name == "calm" else 1.0)
        for seed in range(4):
            stages = {"signal": value, "detect": 1.0, "decide": seed / 10, "client_uncached": 50.0}
            stages = stages if name == "busy" else {}
            summary.add(Run(name, seed, stages, unneeded=int(value == 1), missed=int(value == 10)))
        return summary


def knob(number=0, **facts):
    return replace(KNOBS[number], scenario="busy", **facts)


def turned(deployment, *knobs):
    recorder = Recorder(knobs[0])
    return sweep(deployment, recorder, knobs, ("calm", "calmer")), recorder.given


def test_every_value_and_the_own_one_is_tried_once(deployment):
    rows, given = turned(deployment, knob(values=(1, 7, 10)))
    assert [(row.value, row.default) for row in rows] == [
        (1, False), (5, True), (7, False), (10, False)
    ]  # fmt: skip
    assert given == [(value, ("busy", "calm", "calmer")) for value in (5, 1, 7, 10)]


def test_figures_are_those_of_the_scenario_and_of_the_quiet_ones(deployment):
    rows, _ = turned(deployment, knob(values=(1, 10)))
    assert [row.reaction_p50 for row in rows] == [2.1, 6.1, 11.1]
    assert [row.reaction_p99 for row in rows] == [2.3, 6.3, 11.3]
    assert [row.false_alarms for row in rows] == [8, 0, 0]
    assert {row.quiet_runs for row in rows} == {8}
    assert [row.missed for row in rows] == [0, 0, 4]
    assert [row.cost_per_month for row in rows] == [999, 995, 990]
    assert {row.client_p99 for row in rows} == {50.0}
    (row,) = turned(deployment, knob(values=(), measure="client_uncached"))[0]
    assert row.reaction_p50 == 50.0


def test_the_own_values_are_run_once_for_all_knobs(deployment):
    _, given = turned(deployment, knob(0, values=(7,)), knob(1, values=()), knob(2, values=()))
    assert [value for value, _ in given] == [5, 7]


@pytest.mark.parametrize("one", KNOBS, ids=lambda one: one.name)
def test_a_knob_turns_what_it_reads_and_nothing_else(deployment, one):
    before = one.read(deployment)
    for value in one.values:
        changed = one.turn(deployment, value)
        assert one.read(changed) == value
        assert one.turn(changed, int(before)) == one.turn(deployment, int(before))
        others = [other for other in KNOBS if other is not one]
        assert [other.read(changed) for other in others] == [
            other.read(deployment) for other in others
        ]
    assert one.read(deployment) == before
    assert before in one.values
    assert one.measure in MEASURES


def test_the_knobs_are_those_of_the_template(deployment):
    configured = json.loads(deployment.parameters[deployment.configuration])
    for one in KNOBS[:4]:
        assert one.read(deployment) == TIMINGS[one.name] == configured[one.name]


def test_nothing_outside_the_heeded_ranges_is_tried(deployment):
    """The monitor would use its own default instead, and the row would lie."""
    heeded = {
        "probe_interval_seconds": (1, 10),
        "consecutive_failures": (1, 5),
        "database_grace_seconds": (0, 45),
        "application_grace_seconds": (0, 45),
        "Route 53 FailureThreshold": (1, 10),
        "target group HealthCheckIntervalSeconds": (5, 300),
        "target group UnhealthyThresholdCount": (2, 10),
    }
    assert {one.name for one in KNOBS} == heeded.keys()
    for one in KNOBS:
        least, most = heeded[one.name]
        assert least <= min(one.values) <= max(one.values) <= most

"""The sweep turns one knob at a time, in memory, and reads the figures where it says."""

import json
from dataclasses import replace

import pytest

from drtemplate.drill.knobs import BY_NAME, EXTRA, KNOBS, MOVES_HELP
from drtemplate.drill.results import MEASURES, Run, Summary
from drtemplate.drill.runner import drill
from drtemplate.drill.sensitivity import USUAL, measurer, plan, runs_of, sweep
from drtemplate.errors import DrTemplateError
from drtemplate.groups.handlers import SETTINGS
from drtemplate.world.reading import load_deployment
from drtemplate.world.timings import load_timings


@pytest.fixture(scope="module")
def deployment():
    return load_deployment()


def summary(name, value):
    """Times, false alarms, misses and moves that all follow from the knob's value."""
    made = Summary(name, cost_per_month=1000 - value if name == USUAL else 1.0)
    for seed in range(4):
        stages = {"signal": value, "detect": 1.0, "decide": seed / 10, "client_uncached": 50.0}
        made.add(
            Run(name, seed, stages if name == "busy" else {},
                unneeded=int(value == 1), missed=int(value == 10), moves=int(value))
        )  # fmt: skip
    return made


def turned(deployment, *knobs):
    given = []

    def measure(tasks):
        for task in tasks:
            value = knobs[0].read(deployment) if task.knob is None else task.value
            given.append((value, task.scenarios))
            yield [summary(name, value) for name in task.scenarios]

    return sweep(deployment, measure, knobs), given


def knob(number=0, **facts):
    quiet = ("calm", MOVES_HELP[0])
    return replace(KNOBS[number], **{"scenario": "busy", "quiet": quiet, **facts})


def test_every_value_and_the_own_one_is_tried_once(deployment):
    rows, given = turned(deployment, knob(values=(1, 7, 10)))
    assert [(row.value, row.default) for row in rows] == [
        (1, False), (5, True), (7, False), (10, False)
    ]  # fmt: skip
    names = ("busy", "calm", MOVES_HELP[0], USUAL)
    assert given == [(value, names) for value in (5, 1, 7, 10)]


def test_figures_are_those_of_the_scenario_and_of_the_quiet_ones(deployment):
    rows, _ = turned(deployment, knob(values=(1, 10)))
    assert [row.reaction_p50 for row in rows] == [2.1, 6.1, 11.1]
    assert [row.reaction_p99 for row in rows] == [2.3, 6.3, 11.3]
    assert [row.false_alarms for row in rows] == [12, 0, 0]
    assert {row.quiet_runs for row in rows} == {12}
    assert [row.moves for row in rows] == [8, 40, 80]
    assert [row.missed for row in rows] == [0, 0, 16]  # wherever it must act
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
        swapped = {"Primary": changed.sides["Standby"], "Standby": changed.sides["Primary"]}
        assert one.read(replace(changed, sides=swapped)) == value  # both sides are turned
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
        setting = SETTINGS[one.name]
        assert one.read(deployment) == setting.default == configured[one.name]
        assert set(one.values) <= set(setting.allowed)


def test_what_counts_as_quiet_needs_nothing_or_no_promotion():
    for one in KNOBS:
        assert BY_NAME[one.scenario].needs or one.scenario == "load_balancer_dead"
        for name in (*one.quiet, USUAL):
            quiet = BY_NAME[name]
            if name == "application_dead_lossy":
                assert quiet.needs == {"application"}
                assert name in MOVES_HELP  # whose clients must be moved
                assert one.name in ("probe_interval_seconds", "consecutive_failures")
            else:
                assert not quiet.needs
                assert not quiet.must_act


def test_nothing_outside_the_heeded_ranges_is_tried(deployment):
    """The monitor would use its own default instead, and the row would lie."""
    heeded = {
        "probe_interval_seconds": (1, 10),
        "consecutive_failures": (1, 5),
        "database_grace_seconds": (0, 45),
        "application_grace_seconds": (0, 45),
        "FailureThreshold": (1, 10),
        "HealthCheckIntervalSeconds": (5, 300),
        "UnhealthyThresholdCount": (2, 10),
    }
    assert {one.name for one in KNOBS} == heeded.keys()
    for one in KNOBS:
        least, most = heeded[one.name]
        assert least <= min(one.values) <= max(one.values) <= most


def scenarios(task, *, usual):
    return [BY_NAME[name] for name in task.scenarios if (name == USUAL) is usual]


def really(deployment, one, runs):
    """A sweep of one knob for real, as `measurer` would make it, on few runs; of a usual week, one."""
    timings = load_timings()

    def measure(tasks):
        for task in tasks:
            changed = deployment if task.knob is None else one.turn(deployment, int(task.value))
            yield [
                *drill(changed, timings, scenarios(task, usual=False), runs=runs, seed=1),
                *drill(changed, timings, scenarios(task, usual=True), runs=1, seed=1),
            ]

    return sweep(deployment, measure, (one,))


def test_a_grace_of_nothing_acts_sooner_and_cries_wolf(deployment):
    one = replace(KNOBS[2], values=(0, 45), quiet=("writer_restart",))
    none, own, long = really(deployment, one, runs=5)
    assert none.reaction_p50 + 10 < own.reaction_p50 < long.reaction_p50 - 10
    assert none.false_alarms > 0 == own.false_alarms == long.false_alarms


def test_each_failure_that_is_waited_for_costs_seconds_and_witnesses_bear_with_one(deployment):
    """A lost probe beside a dead application is no false alarm: the writer's own endpoint answers."""
    one = replace(KNOBS[1], values=(1, 3), quiet=("application_dead_lossy",))
    assert one.name == "consecutive_failures"
    single, own, triple = rows = really(deployment, one, runs=8)
    # After a single one the other observer has yet to speak, and is waited for.
    assert single.reaction_p50 < own.reaction_p50 < triple.reaction_p50 - 2
    assert [row.false_alarms for row in rows] == [0, 0, 0]
    assert [row.missed for row in rows] == [0, 0, 0]
    assert [row.moves for row in rows] == [0, 0, 0]  # clients of a dead side are moved rightly


def test_the_measurer_is_the_same_on_one_and_on_two_processes(deployment):
    tasks = [replace(plan(deployment)[number], scenarios=("blip_3s",)) for number in (0, 1)]
    seen = []
    results = [
        [
            [one.to_json() for one in summaries]
            for summaries in measurer(
                deployment, load_timings(), runs=2, seed=1, jobs=jobs,
                advance=lambda *told: seen.append(told),
            )(tasks)
        ]
        for jobs in (1, 2)
    ]  # fmt: skip
    assert results[0] == results[1]
    assert seen == [("the template's", 2), ("probe_interval_seconds 1", 2)] * 2


def test_an_error_in_a_process_is_an_error_here(deployment, monkeypatch):
    def fails(*_, **__):
        raise DrTemplateError("no such call")

    monkeypatch.setattr("drtemplate.drill.sensitivity.drill", fails)
    measure = measurer(deployment, load_timings(), runs=1, seed=1, jobs=1)
    with pytest.raises(DrTemplateError, match="no such call"):
        list(measure(plan(deployment)))


def test_how_many_runs_it_makes_is_known_before(deployment):
    tasks = plan(deployment)
    assert runs_of(deployment, 3) == 3 * sum(len(task.scenarios) for task in tasks)
    assert len(tasks) == 1 + sum(len(one.values) - 1 for one in KNOBS)
    assert {one.name for one in EXTRA} <= set(tasks[0].scenarios)

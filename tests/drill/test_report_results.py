"""Results are counted alike in any order, and survive the way through a file."""

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drtemplate.drill.durations import Durations
from drtemplate.drill.results import (
    VERSION,
    Assumption,
    Budget,
    DrillReport,
    Moment,
    Run,
    SensitivityRow,
    Summary,
)
from drtemplate.errors import InputError

SECONDS = st.floats(min_value=0, max_value=20_000)


def counted(values, seeds=None):
    durations = Durations()
    for number, value in enumerate(values):
        durations.add(value, seeds[number] if seeds else number)
    return durations


@given(st.lists(SECONDS, min_size=1, max_size=200), st.sampled_from([1, 50, 95, 99, 100]))
def test_a_percentile_is_one_of_the_durations(values, percent):
    true = sorted(values)[math.ceil(len(values) * percent / 100) - 1]
    assert counted(values).percentile(percent) == pytest.approx(true, abs=1e-6)


@given(st.lists(SECONDS, max_size=60), st.integers(0, 60))
def test_parts_merge_to_the_same_whole(values, cut):
    whole = counted(values)
    seeds = range(len(values))
    left, right = counted(values[:cut], seeds[:cut]), counted(values[cut:], seeds[cut:])
    right.merge(left)
    assert right.to_json() == whole.to_json()


def test_fixed_timings_read_exactly():
    durations = counted([10.0] * 7)
    assert [durations.percentile(p) for p in (1, 50, 99)] == [10.0] * 3
    assert durations.mean == durations.worst == 10.0


def test_the_worst_run_is_named_by_the_lowest_of_its_seeds():
    assert counted([3, 9, 9, 1], [8, 7, 5, 6]).worst_seed == 5


@pytest.mark.parametrize("value", [-0.01, math.nan, math.inf])
def test_what_is_no_duration_is_refused(value):
    with pytest.raises(ValueError, match="seed 4"):
        Durations().add(value, 4)


@pytest.mark.parametrize("percent", [0, -1, 100.1])
def test_what_is_no_percentile_is_refused(percent):
    with pytest.raises(ValueError, match="not a percentile"):
        Durations().percentile(percent)


def run(seed, **facts):
    stages = {"signal": 1.0, "detect": 7.0 + seed, "grace": None, "decide": 2.0}
    given = {"timeline": (Moment(0.0, "Aurora", "the writer crashes"),), "right": 1} | facts
    return Run(scenario="writer-crash", seed=seed, stages=stages | given.pop("more", {}), **given)


def test_sums_are_of_one_run_and_only_of_what_is_known():
    measures = run(0).measures()
    assert measures["accepted"] == 10.0
    assert "own_share" not in measures
    assert run(0, more={"verify": 3.0}).measures()["own_share"] == 12.0
    assert run(0, more={"grace": 20.0}).measures()["accepted"] == 30.0


def test_summaries_of_parts_merge_to_the_whole_in_any_order():
    runs = [
        run(seed, broken=("one writer",) * (seed % 2), lambda_seconds=0.1, unneeded=seed % 3)
        for seed in range(20)
    ]
    whole = Summary("writer-crash")
    parts = [Summary("writer-crash") for _ in range(3)]
    for number, one in enumerate(runs):
        whole.add(one)
        parts[number % 3].add(one)
    merged = Summary("writer-crash")
    for part in reversed(parts):
        merged.merge(part)
    assert merged.to_json() == whole.to_json()
    assert whole.seeds == {"one writer": (1, 3, 5), "unneeded": (1, 2, 4)}
    assert whole.lambda_seconds == 2.0
    assert whole.example.seed == 0


def test_a_foreign_run_is_refused():
    with pytest.raises(ValueError, match="does not belong"):
        Summary("quiet-week").add(run(1))
    with pytest.raises(ValueError, match="do not belong"):
        Summary("quiet-week").merge(Summary("writer-crash"))


def test_a_scenario_holds_if_budgets_and_invariants_do():
    summary = Summary("writer-crash", budgets=(Budget("detect", 12, 9, "s", held=True),))
    assert summary.held
    summary.add(run(1, broken=("one writer",)))
    assert not summary.held
    broken = Budget("detect", 12, 13, "s", held=False)
    assert not Summary("writer-crash", budgets=(broken,)).held


def report():
    summary = Summary("writer-crash", "the writer crashes", must_act=True, cost_per_month=4.5)
    for seed in range(9):
        summary.add(run(seed))
    summary.budgets = (Budget("detect", 12, 15, "s", held=False, mechanism="DNS"),)
    row = SensitivityRow(
        "probe",
        5,
        "s",
        True,
        "writer-crash",
        "accepted",
        9,
        12,
        (8.5, 9.5),
        (11.0, None),
        9,
        None,
        0,
        0,
        1,
        400,
        3.2,
    )
    return DrillReport(
        seed=7,
        runs=9,
        template_digest="ab" * 32,
        settings={"probe interval": "5 s"},
        assumptions=(Assumption("aurora.x", "18 s", True, "https://docs.aws.amazon.com/x"),),
        summaries=(summary,),
        sensitivity=(row,),
        invariants={"one writer": "There is never more than one writer."},
    )


def test_a_report_survives_its_file():
    text = report().to_json()
    back = DrillReport.from_json(text)
    assert back == report()
    assert back.to_json() == text
    assert not back.held
    assert not replace(back, summaries=()).held


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"version": 99}', json.dumps({"version": VERSION, "summaries": 3})],
)
def test_a_foreign_file_is_one_line(text):
    with pytest.raises(InputError, match=r"^x.json: not the results of a drill .*make drill"):
        DrillReport.from_json(text, "x.json")

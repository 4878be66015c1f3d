"""The report says what is: what never came, what another limit is, how runs ended, and what its words mean."""

import re
from dataclasses import replace

import pytest
import report_samples as samples
from report_samples import EMPTY, one_scenario, parsed, words

from drtemplate.drill.knobs import KNOBS
from drtemplate.drill.report import as_html, as_text
from drtemplate.drill.report.bars import stage_bars
from drtemplate.drill.report.promises import columns
from drtemplate.drill.report.view import RESTS_ON
from drtemplate.drill.report.words import (
    A_MONTH,
    ENDED,
    LIMITS,
    NOT_SERVED,
    STAGE_MEANINGS,
    SUPPORTED,
)
from drtemplate.drill.results import Assumption, Budget, Run, Summary
from drtemplate.world.timings import load_timings


def rows_of(report, name):
    """The cells of each row of a table that has a name, or begins with it, without those up to it."""
    page = parsed(as_html(report))
    found = [["".join(td.itertext()).strip() for td in tr] for tr in page.iter("tr")]
    places = [(line, at) for line in found for at in (0, 1) if line[at : at + 1]]
    return [line[at + 1 :] for line, at in places if line[at].startswith(name)]


@pytest.mark.parametrize("name", ["client, DNS fresh", "client, DNS cached"])
def test_clients_who_are_never_served_are_no_blank(name):
    report = one_scenario(stages={"signal": 1.0})
    # The page has no silhouette of it and no seed of its worst.
    assert rows_of(report, name)[0] == ["never"] * 4 + ["", ""]
    # What did not take place has no row; the page explains it below.
    assert not [row for row in rows_of(report, "detect") if len(row) > 4]
    assert "served in 0 of" not in words("html", report)
    assert "None" not in words("html", report)
    served = one_scenario(stages={"client_uncached": 43.21, "client_cached": 43.21})
    assert rows_of(served, name)[0][:4] == ["43.21"] * 4
    none_run = replace(EMPTY, summaries=(Summary("x"),))
    assert rows_of(none_run, "x")[0][-2:] == ["\N{EN DASH}"] * 2


def test_the_overview_of_the_page_tells_never_from_not_at_all():
    (cells,) = rows_of(one_scenario(stages={"signal": 1.0}), "the writer crashes")[:1]
    assert cells == ["1.001.00", *["\N{EN DASH}"] * 6, "never", "never"]


def test_the_terminal_tells_clients_who_are_never_served():
    dash = " +\N{EN DASH}"
    text = as_text(one_scenario(stages={"detect": 7.22}))
    assert re.search(rf"writer-crash +7\.22{dash}{dash}{dash}{dash} +never +22", text)
    assert "client served" not in text
    report = one_scenario()
    assert "never " not in as_text(report)
    assert "client served" not in as_text(report)
    report.summaries[0].add(Run("writer-crash", 2, {"detect": 4.0}))
    text = as_text(report)
    assert "writer-crash: client served in 1 of 2 runs\n" in text
    assert re.search(r"writer-crash .* never +22", text)  # of 99 in 100 runs


def test_a_mark_says_of_how_many_runs_it_is():
    report = one_scenario()
    assert "client, DNS fresh: 54.9 s</title>" in stage_bars(report.summaries)
    report.summaries[0].add(Run("writer-crash", 2, {"detect": 4.0}))
    assert "DNS fresh: 54.9 s, served in 1 of 2 runs</title>" in stage_bars(report.summaries)


def test_the_page_and_the_text_explain_what_they_name():
    text = words("html", one_scenario())
    for name, meaning in STAGE_MEANINGS.items():
        assert meaning in text[text.index("Where the seconds go") :], name
    for sentence in (NOT_SERVED, A_MONTH, ENDED, LIMITS):
        assert text.count(sentence) == 1
    assert "a month at this load" in text
    assert SUPPORTED not in text
    assert words("html", replace(EMPTY, sensitivity=samples.rows())).count(SUPPORTED) == 1


def test_how_the_runs_ended_is_counted():
    report = one_scenario(outcome="COMPLETED", timeline=())
    assert "COMPLETED 1" in words("html", report)
    for seed in (1, 2):
        report.summaries[0].add(Run("writer-crash", seed, {}, outcome="FAILED"))
    assert "COMPLETED 1, FAILED 2" in words("html", report)


def promised(*limits, measured=54.75, **facts):
    """A report on as many scenarios, each with its own limit of the same promise."""
    found = [
        one_scenario(
            title=f"scenario {at}",
            budgets=(Budget("detect", limit, measured, "s", **{"held": True, "runs": 1, **facts}),),
        ).summaries[0]
        for at, limit in enumerate(limits)
    ]
    return replace(EMPTY, summaries=tuple(found))


def budgets_of(report):
    """Each scenario's cell in the table of budgets, which here has one promise."""
    rows = (rows_of(report, f"scenario {at}") for at in range(len(report.summaries)))
    found = [next(row for row in of_scenario if len(row) == 1) for of_scenario in rows]
    return [cell for (cell,) in found]


def test_a_promise_is_one_column_and_another_limit_stands_in_the_cell():
    text = words("html", promised(60.5, 75, 75))
    assert text.count("at most 75.00 s") == 1
    assert "at most 60.50 s" not in text
    own, usual, again = budgets_of(promised(60.5, 75, 75))
    assert own == "54.75 (at most 60.5)"
    assert usual == again == "54.75"


def test_of_limits_that_are_equally_frequent_the_first_is_at_the_head():
    assert budgets_of(promised(75, 60)) == ["54.75", "54.75 (at most 60)"]
    assert budgets_of(promised(60, 75)) == ["54.75", "54.75 (at most 75)"]


def test_a_cell_says_at_once_what_it_measured_of_how_many_and_that_it_is_not_held():
    (_, _, cell) = budgets_of(promised(75, 75, 43.21, runs=0, held=False))
    figure = "54.75 (at most 43.21) in 0 of 1 run"
    assert cell == (f"✗ {figure}")
    (cell,) = budgets_of(promised(75, measured=None))
    assert cell == "not measured"


def test_promises_of_another_unit_or_name_have_columns_of_their_own():
    seconds = Budget("detect", 12.0, 1.0, "s", held=True)
    budgets = (Budget("detect", 0, 0, "", held=True), seconds, replace(seconds, name="decide"))
    found = [(one.promise, one.words) for one in columns(one_scenario(budgets=budgets))]
    assert found == [
        ("detect", "at most 12.00 s"),
        ("decide", "at most 12.00 s"),
        ("detect", "at most 0"),
    ]


def test_the_assumption_behind_a_verdict_is_named_if_the_knob_was_turned():
    restart = Assumption("aurora_engine_restart", "up to 43.21 s", False, "", "guess")
    said = "rests on the most that is assumed of aurora_engine_restart (up to 43.21 s)"
    report = replace(EMPTY, sensitivity=samples.rows(), assumptions=(restart,))
    assert f"The verdict on database_grace_seconds {said}." in words("html", report)
    known = replace(report, assumptions=(replace(restart, documented=True),))
    assert said.replace("assumed", "documented") in words("html", known)
    another = replace(restart, name="aurora_promotion")
    for other in (
        replace(report, sensitivity=samples.rows()[:3]),
        replace(report, assumptions=(another,)),
    ):
        assert "The verdict on" not in words("html", other)


@pytest.mark.parametrize("field", ["reaction_p50", "reaction_p99", "client_p99"])
def test_what_never_came_in_a_sweep_is_never(field):
    row = replace(samples.rows()[3], knob="patience")
    assert "never" not in rows_of(replace(EMPTY, sensitivity=(row,)), "patience")[0]
    report = replace(EMPTY, sensitivity=(replace(row, **{field: None}),))
    assert rows_of(report, "patience")[0].count("never") == 1


def test_the_assumption_behind_a_verdict_and_its_knob_exist():
    assert RESTS_ON.keys() <= {knob.name for knob in KNOBS}
    assert set(RESTS_ON.values()) <= {row.name for row in load_timings().rows()}

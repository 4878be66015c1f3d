"""The report says what the results say: changed results, changed text; well-formed, closed, repeatable."""

import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
import report_samples as samples
from report_samples import EMPTY, FORMS, one_scenario, parsed, words

from drtemplate.cli import main
from drtemplate.drill.report import Progress, as_html, as_text, store_report
from drtemplate.drill.report.bars import stage_bars
from drtemplate.drill.report.distributions import silhouette
from drtemplate.drill.report.sweep_plot import sweep_plot
from drtemplate.drill.report.timeline import entries
from drtemplate.drill.results import (
    Assumption,
    Budget,
    Durations,
    Moment,
    Run,
    Summary,
)
from drtemplate.errors import InputError

# What is changed, and what must then be read: a figure that was computed elsewhere, or written by
# hand, would not follow.
CHANGES = [
    *(
        ({"stages": {name: 43.21}}, "43.21")
        for name in ("signal", "detect", "grace", "decide", "promote", "verify")
    ),
    ({"stages": {"client_cached": 43.21}}, "43.21"),
    ({"stages": {"signal": 10.0, "detect": 20.0, "decide": 13.21}}, "43.21"),
    ({"right": 4321}, "4,321"),
    ({"unneeded": 4321}, "4,321"),
    ({"missed": 4321}, "4,321"),
    ({"repeated": 4321}, "4,321"),
    ({"moves": 4321}, "4,321.00"),
    ({"notifications": 4321}, "4,321.00"),
    ({"lambda_seconds": 4321.9}, "4,321.9"),
    ({"calls": 4321}, "4,321"),
    ({"virtual_seconds": 43.21 * 86_400}, "43.2 days"),
    ({"outcome": "ABANDONED"}, "ABANDONED"),
    ({"cost_per_month": 43.21}, "$43.21"),
    ({"title": "the writer forgets"}, "the writer forgets"),
    ({"broken": ("never two writers",)}, "never two writers"),
    ({"broken": ("allowed",), "denials": ("the monitor may not fly",)}, "the monitor may not fly"),
    ({"seed": 4321}, "4321"),
    ({"timeline": (Moment(43.21, "Aurora", "sleeps"),)}, "+43.21"),
    ({"timeline": (Moment(43.21, "Aurora", "sleeps"),)}, "sleeps"),
    ({"budgets": (Budget("decide", 43.21, 1.0, "s", held=True),)}, "43.21"),
    ({"budgets": (Budget("decide", 1.0, 43.21, "s", held=True),)}, "43.21"),
    ({"budgets": (Budget("decide", 1.0, None, "s", held=False),)}, "1 of 1 budget not held"),
    (
        {"budgets": (Budget("decide", 1.0, 2.0, "s", held=False, mechanism="the storage"),)},
        "the storage",
    ),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES, ids=str)
def test_every_figure_comes_from_the_results(change, expected):
    assert expected not in words("html", one_scenario())
    assert expected in words("html", one_scenario(**change))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"seed": 4321}, "4321"),
        ({"runs": 4321}, "4,321"),
        ({"template_digest": "abcd" * 16}, "abcd" * 16),
        ({"handlers": "other/handlers"}, "other/handlers"),
        ({"command": "generate.py drill --seed 5"}, "generate.py drill --seed 5"),
        ({"settings": {"probe": "43.21 s"}}, "43.21 s"),
        ({"invariants": {"one lease": "Only one at once."}}, "Only one at once."),
        ({"assumptions": (Assumption("a.b", "43.21 s", False, "", "guess"),)}, "43.21 s"),
    ],
    ids=str,
)
def test_every_fact_of_the_drill_is_told(change, expected):
    assert expected not in words("html", one_scenario())
    assert expected in words("html", replace(one_scenario(), **change))


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("knob", "patience", "patience"),
        ("value", 43.21, "43.21 s"),
        ("reaction_p50", 43.21, "43.21"),
        ("reaction_p99", 43.21, "43.21"),
        ("client_p99", 43.21, "43.21"),
        ("missed", 4321, "4,321"),
        ("moves", 4321, "4,321"),
        ("false_alarms", 4321, "4,321 in 400"),
        ("quiet_runs", 4321, "0 in 4,321"),
        ("cost_per_month", 43.21, "$43.21"),
    ],
)
def test_every_figure_of_the_sweep_is_told(field, value, expected):
    row = samples.rows()[3]
    assert expected not in words("html", replace(EMPTY, sensitivity=(row,)))
    changed = replace(row, **{field: value})
    assert expected in words("html", replace(EMPTY, sensitivity=(changed,)))


@pytest.mark.parametrize("form", FORMS)
def test_what_each_value_gains_and_loses_is_told(form):
    own = next(row for row in samples.rows() if row.default)
    rows = (own, replace(own, default=False, value=own.value + 1))
    told = words(form, replace(EMPTY, sensitivity=rows))
    assert "is neither beaten nor supported" in told
    assert ("cannot be told apart" in told) == (form != "text")  # only the tables have it
    slow = own.reaction_p50 + 9
    later = (own, replace(rows[1], reaction_p50=slow, p50_between=(slow - 1, slow + 1)))
    told = words(form, replace(EMPTY, sensitivity=later))
    assert "is supported: each of the others is worse in something" in told
    assert "cannot be told apart" not in told


def test_median_95th_99th_and_worst_are_what_they_are_called():
    summary = Summary("writer-crash")
    for seed, seconds in enumerate([*range(1, 100), 500]):
        summary.add(Run("writer-crash", seed, {"detect": float(seconds)}))
    text = words("html", replace(EMPTY, summaries=(summary,)))
    row = text[text.index("median", text.index("Scenario by")) :]
    figures = re.findall(r"\d+\.\d\d", row[row.index("detect") :])
    assert figures[:4] == ["50.00", "95.00", "99.00", "500.00"]


def test_a_stage_that_did_not_always_take_place_says_so():
    report = one_scenario()
    assert "of 1 run" not in words("html", report)
    report.summaries[0].add(Run("writer-crash", 2, {"detect": 4.0}))
    text = words("html", report)
    # Both clients; in the page also in the overview, and at their marks in both pictures.
    assert text.count("served in 1 of 2 runs") == 8
    others = text.replace("served in 1 of 2 runs", "")
    assert others.count("in 1 of 2 runs") == 8  # stages and sums, and the budget on one


def test_a_budget_says_in_how_many_runs_it_was_measured():
    of_all = Budget("detect, 99th percentile", 12.0, 7.0, "s", held=True, runs=1, due=1)
    assert "of 1 run" not in words("html", one_scenario(budgets=(of_all,)))
    assert "in 0 of 1 run" in words("html", one_scenario(budgets=(replace(of_all, runs=0),)))
    count = Budget("missed failovers", 0, 0, "", held=True)
    assert "of 1 run" not in words("html", one_scenario(budgets=(count,)))


def test_the_terminal_shows_the_99th_percentiles_counts_and_failures():
    text = as_text(one_scenario())
    assert re.search(r"writer-crash +7\.22 +2\.44 +31\.10 +18\.55 +3\.66 +54\.88 +22 +23 +24", text)
    broken = Budget("decide", 1.0, 43.21, "s", held=False, mechanism="cold start")
    text = as_text(one_scenario(budgets=(broken,)))
    assert "NOT HELD" in text
    assert "writer-crash: decide: 43.21 s, at most 1.00 s [cold start]" in text
    assert "database_grace_seconds 20 s is supported" in as_text(samples.report(5))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "report", [EMPTY, replace(EMPTY, summaries=(Summary("x", must_act=True),))]
)
def test_nothing_or_little_measured_is_no_error(form, report):
    assert words(form, report)


def test_no_scenario_is_no_success():
    assert "No scenario was run." in words("html", EMPTY)
    assert 'class="verdict bad"' in as_html(EMPTY)


def test_the_page_is_well_formed_and_every_anchor_has_its_place():
    root = parsed(as_html(samples.report(50)))
    places = [node.get("id") for node in root.iter() if node.get("id")]
    assert len(places) == len(set(places))
    anchors = {a.get("href")[1:] for a in root.iter("a") if a.get("href").startswith("#")}
    assert anchors <= set(places)
    assert len(anchors) > 10


class Fetched(HTMLParser):
    """Whatever a browser would fetch, run or send."""

    LOADS = ("src", "srcset", "data", "action", "poster", "background", "xlink:href", "ping")

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.found += [(tag, name) for name in given if name in self.LOADS or name[:2] == "on"]
        if tag in ("script", "link", "iframe", "object", "embed", "image", "use", "base", "form"):
            self.found.append((tag, ""))


def fetched(page):
    parser = Fetched()
    parser.feed(page)
    style = re.findall(r"(@import|url\()", page)
    return parser.found + style


def test_the_page_fetches_nothing_and_runs_nothing():
    page = as_html(samples.report(50))
    assert fetched(page) == []
    addresses = re.findall(r"[\w-]+://[^\s\"<]+", re.sub(r'<a href="[^"]*"', "", page))
    assert addresses == []
    for guilty in (
        '<script src="x"/>',
        '<img src="x"/>',
        "<style>@import x</style>",
        '<a onclick="">',
    ):
        assert fetched(page.replace("</body>", guilty + "</body>"))


def test_what_others_wrote_is_escaped():
    evil = '<b onclick="x">&\'|'
    assumptions = (Assumption(evil, evil, True, 'javascript:"', evil),)
    report = replace(
        one_scenario(title=evil, timeline=(Moment(1, evil, evil),), broken=(evil,)),
        assumptions=assumptions,
        settings={evil: evil},
        handlers=evil,
        sensitivity=(replace(samples.rows()[0], knob=evil),),
    )
    page = as_html(report)
    assert fetched(page) == []
    assert "javascript:" not in "".join(re.findall(r'href="([^"]*)', page))
    assert words("html", report).count(evil) > 10


def test_the_same_report_is_the_same_bytes(tmp_path):
    files = store_report(samples.report(50), tmp_path / "a")
    again = store_report(samples.report(50), tmp_path / "b")
    assert [file.name for file in files] == ["report.html", "results.json"]
    for one, other in zip(files, again, strict=True):
        assert one.read_bytes() == other.read_bytes()
    other_seed = store_report(samples.report(50, seed=8), tmp_path / "c")
    assert other_seed[0].read_bytes() != files[0].read_bytes()


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file/x: cannot make the folder: Not a directory"):
        store_report(EMPTY, tmp_path / "file" / "x")


def bar_widths(report):
    root = ElementTree.fromstring(stage_bars(report.summaries))
    boxes = [node for node in root.iter("rect") if node.find("title") is not None]
    return {box.get("class"): float(box.get("width")) for box in boxes}


def test_bars_are_as_long_as_the_medians():
    widths = bar_widths(one_scenario())
    assert list(widths) == ["signal", "detect", "grace", "decide", "promote", "verify"]
    per_second = (widths["promote"] + 1) / 18.55
    for name, seconds in {"detect": 7.22, "grace": 20.33, "decide": 2.44, "verify": 3.66}.items():
        assert widths[name] + 1 == pytest.approx(per_second * seconds, abs=0.2)


def test_one_slow_scenario_does_not_squeeze_the_others():
    report = samples.report(20)
    before = bar_widths(report)
    slow = Summary("slow", must_act=True)
    stages = {"promote": 7000.0, "client_uncached": 7001.0, "client_cached": 7002.0}
    slow.add(Run("slow", 1, stages, outcome="COMPLETED"))
    drawn = stage_bars((*report.summaries, slow))
    assert "7000.0 s" in drawn
    assert bar_widths(report) == before
    boxes = [node for node in ElementTree.fromstring(drawn).iter("rect") if len(node)]
    assert [box.get("width") for box in boxes[:3]] == [
        box.get("width")
        for box in list(ElementTree.fromstring(stage_bars(report.summaries)).iter("rect"))
        if len(box)
    ][:3]


def test_a_panel_counts_the_mistakes_of_whoever_its_knob_is_for():
    row = replace(samples.rows()[0], false_alarms=40, moves=80, quiet_runs=400)
    assert bars_above(row) == ["false alarms, per 100 quiet runs", "10"]
    assert bars_above(replace(row, measure="client_uncached")) == [
        "needless DNS moves, per 100 quiet runs",
        "20",
    ]


def bars_above(row):
    texts = [node.text for node in ElementTree.fromstring(sweep_plot([row])).iter("text")]
    return texts[-2:]


def test_a_curve_is_as_high_as_its_medians():
    rows = [replace(samples.rows()[0], value=v, reaction_p50=m) for v, m in ((1, 5.0), (2, 10.0))]
    dots = ElementTree.fromstring(sweep_plot(rows)).iter("circle")
    low, high = (float(dot.get("cy")) for dot in dots)
    base = 138  # where the axis has its 0
    assert base - high == pytest.approx(2 * (base - low), abs=0.2)


def test_a_silhouette_stands_where_the_durations_are():
    durations = Durations()
    for seconds in (0.05, 50.0, 50.0, 100.0):
        durations.add(seconds)
    path = ElementTree.fromstring(silhouette("detect", durations, 100.0)).find("path").get("d")
    columns = [(float(x), float(h)) for x, h in re.findall(r"M([\d.]+) 26v-([\d.]+)", path)]
    assert [x for x, _ in columns] == pytest.approx([8, 170, 332 - 324 / 110], abs=3)
    assert [high for _, high in columns] == [11.5, 23, 11.5]


def test_repetitions_in_a_timeline_are_one_entry():
    moments = [Moment(at, "monitor", "probes") for at in (-10, -5, 0)] + [
        Moment(1, "Aurora", "dies")
    ]
    found = entries(moments)
    assert [(one.first, one.last, one.times) for one in found] == [(-10, 0, 3), (1, 1, 1)]


class Screen(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_written_over_on_a_terminal_only():
    summary = one_scenario().summaries[0]
    for stream in (Screen(), io.StringIO()):
        progress = Progress(stream, 200)
        progress.advance("writer-crash", 50)
        progress.finished(summary)
        progress.close()
        text = stream.getvalue()
        assert "writer-crash: 1 run, held\n" in text
        assert ("\r" in text) == ("25%" in text) == stream.isatty()
    Progress(None, 10).finished(summary)


def test_the_picture_is_drawn_from_the_results_and_stands_alone(tmp_path, capsys):
    results, drawn = tmp_path / "results.json", tmp_path / "drill.svg"
    results.write_text(samples.report(50).to_json())
    assert main(["drill", "--output", str(results.parent), "--picture", str(drawn)]) == 0
    first = drawn.read_bytes()
    root = ElementTree.fromstring(first)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.find("{http://www.w3.org/2000/svg}style") is not None
    assert main(["drill", "--output", str(results.parent), "--picture", str(drawn)]) == 0
    assert drawn.read_bytes() == first
    assert capsys.readouterr().err.splitlines()[-1].endswith("drill.svg: unchanged")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "cannot read the file: No such file"),
        (b"\xff", "cannot read the file: not UTF-8"),
        (b"{}", "not the results of a drill"),
        (EMPTY.to_json().encode(), "no scenario in it"),
    ],
)
def test_a_picture_of_nothing_is_one_line(tmp_path, capsys, content, expected):
    results = tmp_path / "results.json"
    if content is not None:
        results.write_bytes(content)
    assert (
        main(["drill", "--output", str(results.parent), "--picture", str(tmp_path / "x.svg")]) == 2
    )
    message = capsys.readouterr().err
    assert expected in message
    assert message.count("\n") == 1
    assert not (tmp_path / "x.svg").exists()

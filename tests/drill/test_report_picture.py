"""The picture: what does not end is open, every word is there and has room, and colours can be told apart."""

import re
from xml.etree import ElementTree

import pytest
import report_samples as samples
from report_samples import one_scenario

from drtemplate.drill.report.bars import STYLE, stage_bars
from drtemplate.drill.report.layouts import NARROW, WIDE
from drtemplate.drill.report.picture import pictures
from drtemplate.drill.report.svg import width_of
from drtemplate.drill.results import Run, Summary
from drtemplate.drill.scenarios import SCENARIOS

SERVED = {"client_uncached": 30.0, "client_cached": 40.0}
PLOT_END = WIDE.plot[1]


def drawn(summaries, layout=WIDE):
    return ElementTree.fromstring(stage_bars(summaries, layout))


def open_lanes(*stages, outcome="COMPLETED"):
    """Which lanes of a scenario with these runs are drawn as open, and what is written beside it."""
    summary = Summary("x", "it happens", must_act=True)
    for seed, one in enumerate(stages):
        summary.add(Run("x", seed, {"detect": 7.0, **one}, outcome=outcome))
    root = drawn([summary])
    unending = [node for node in root.iter("path") if node.get("class") == "unending"]
    lines = [node for node in root.iter("line") if node.get("class") == "waiting open"]
    waits = [node for node in lines if float(node.get("x1")) == WIDE.plot[0]]
    for node in unending:
        assert f"L{PLOT_END}" in node.get("d")  # as far as there is room, and with a point
    for node in waits:
        assert float(node.get("x2")) == PLOT_END - 4
    figures = [node.text for node in root.iter("text") if node.get("class") == "end strong"]
    return (len(unending), len(waits), figures)


def test_what_does_not_end_is_open_and_says_so():
    assert open_lanes(SERVED) == (0, 0, ["7.0 s", "30.0 s", "40.0 s"])
    assert open_lanes({}) == (0, 1, ["7.0 s", "never", "never"])
    assert open_lanes(SERVED, outcome="FAILED") == (1, 0, ["never", "30.0 s", "40.0 s"])
    assert open_lanes({}, outcome="FAILED") == (1, 1, ["never"] * 3)


def test_a_few_runs_that_are_served_are_not_the_figure():
    assert open_lanes(SERVED, {}, {}) == (0, 1, ["7.0 s", "never", "never"])
    assert open_lanes(SERVED, SERVED, {}) == (0, 0, ["7.0 s", "30.0 s", "40.0 s"])


@pytest.mark.parametrize("layout", [WIDE, NARROW])
def test_every_title_is_whole_and_has_room(layout):
    summaries = []
    for one in SCENARIOS:
        summary = Summary(one.name, one.title, must_act=True)
        summary.add(Run(one.name, 1, {"detect": 7.0, **SERVED}, outcome="COMPLETED"))
        summaries.append(summary)
    root = drawn(summaries, layout)
    labels = [node for node in root.iter("text") if node.get("class") in ("end", "begin")]
    words = " ".join(label.text for label in labels)
    for one in SCENARIOS:
        assert one.title in words
    width, height = (float(root.get(name)) for name in ("width", "height"))
    for node in root.iter("text"):
        x, room = float(node.get("x")), width_of(node.text, 12)
        anchor = (node.get("class") or "").split()
        left = x - room * (1 if "end" in anchor else 0.5 if "middle" in anchor else 0)
        assert left >= 0, node.text
        assert left + room <= width + 1, node.text
        assert float(node.get("y")) <= height
    told = root.find("desc").text
    assert all(one.title in told for one in SCENARIOS)
    assert set(root.get("aria-labelledby").split()) == {
        root.find(tag).get("id") for tag in ("title", "desc")
    }


def colours(theme):
    light, dark = STYLE.split("@media", 1)
    found = dict(re.findall(r"--(\w+): (#\w{6})", light))
    return found | (dict(re.findall(r"--(\w+): (#\w{6})", dark)) if theme == "dark" else {})


def contrast(one, other):
    """https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio"""

    def luminance(colour):
        parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_marks_stand_out_from_the_paper(theme):
    found = colours(theme)
    for name, least in {
        "ink": 7,
        "soft": 4.5,
        "detect": 3,
        "decide": 3,
        "verify": 3,
        "wait": 3,
    }.items():
        assert contrast(found[name], found["paper"]) >= least, name
    assert contrast("#ffffff", "#000000") == pytest.approx(21)


def test_the_pictures_say_of_how_many_runs_they_are_and_fetch_nothing(tmp_path):
    found = pictures(samples.report(50), tmp_path / "drill.svg")
    for text in found.values():
        words = " ".join(ElementTree.fromstring(text).itertext())
        assert "Medians of 50 runs of each scenario" in " ".join(words.split())
        assert not re.findall(r"url\(|@import|href", text)
    assert {path.name for path in found} == {
        f"drill{end}.svg" for end in ("", "-dark", "-narrow", "-narrow-dark")
    }


def test_a_mark_says_of_how_many_runs_it_is():
    report = one_scenario()
    report.summaries[0].add(Run("writer-crash", 2, {"detect": 4.0}, outcome="COMPLETED"))
    assert "DNS fresh: 54.9 s, served in 1 of 2 runs</title>" in stage_bars(report.summaries)

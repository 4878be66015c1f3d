"""docs/drill.md says what the code does, and the picture is one that the code draws."""

import argparse
import re
from math import inf
from xml.etree import ElementTree

from drtemplate.commands import drill as command
from drtemplate.drill import budgets, confidence, knobs
from drtemplate.drill.report import judgement
from drtemplate.drill.report.bars import STYLE, THEMES
from drtemplate.drill.report.view import RESTS_ON
from drtemplate.drill.report.words import STAGE_MEANINGS, STAGE_NAMES
from drtemplate.drill.results import STAGES
from drtemplate.drill.scenarios import SCENARIOS
from drtemplate.settings import PROJECT
from drtemplate.world.timings import load_timings

TEXT = (PROJECT / "docs" / "drill.md").read_text(encoding="utf-8")
SVG = "{http://www.w3.org/2000/svg}"


def test_every_option_in_it_exists():
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    known = parser._option_string_actions
    named = set(re.findall(r"--[a-z]+", TEXT))
    assert len(named) > 6
    assert named <= known.keys()


def test_every_scenario_in_it_exists():
    named = set(re.findall(r"--scenario ([a-z_0-9]+)", TEXT))
    assert named
    assert named <= {one.name for one in SCENARIOS}


def test_every_stage_is_explained_here_and_in_the_report():
    rows = re.findall(r"^\| ([^|]+?) \|", TEXT, re.MULTILINE)
    assert {STAGE_NAMES[name] for name in STAGES} <= set(rows)
    assert STAGE_MEANINGS.keys() == STAGE_NAMES.keys()


def test_the_budgets_are_those_that_are_checked():
    told = re.search(r"The budgets: (.*?)\n\n", TEXT, re.DOTALL)[1]
    assert [float(number) for number in re.findall(r"(\d+) s\b", told)] == [
        budgets.DETECT,
        budgets.WAIT,
        budgets.DECIDE,
        budgets.OWN_SHARE,
        budgets.ACCEPTED,
        budgets.LATCH,
    ]
    assert f"{budgets.PERCENT}th percentile" in told


def test_the_sweep_s_thresholds_and_guesses_are_those_of_the_code():
    told = " ".join(re.search(r"\*Which knob buys what\*(.*?)\n## ", TEXT, re.DOTALL)[1].split())
    assert f"more than {judgement._SECONDS:g} s" in told
    assert f"more than {100 * judgement._DOLLARS:g} cents a month" in told
    most, least = map(int, re.search(r"(\d+) against 0, not (\d+)", told).groups())
    assert confidence.apart(most, 0)
    assert not confidence.apart(least, 0)
    assert least == most - 1
    assert f"fewer than {confidence.FEWEST} runs" in told
    bound = int(re.search(r"upper bound from (\d+) runs", told)[1])
    ends = [confidence.between(range(runs), 99, runs)[1] for runs in (bound, bound - 1)]
    assert ends == [bound - 1, inf]
    assert f"{knobs.LOSSY:.0%}".replace("%", " %") in told
    assert "Four scenarios of the sweep" in told
    assert len(knobs.EXTRA) == 4
    lead = -min(after for after, _ in knobs.BY_NAME["servers_before_writer"].faults)
    assert f"dead for {lead:g} s when the writer hangs" in told
    for word in ("beaten", "supported", "neither"):
        assert f"*{word}*" in told


def test_the_assumption_behind_the_grace_is_that_of_the_file():
    told = " ".join(re.search(r"The verdict on `(\w+)` rests(.*?)\n\n", TEXT, re.DOTALL)[0].split())
    ((knob, name),) = RESTS_ON.items()
    (timing,) = (row for row in load_timings().rows() if row.name == name)
    assert not timing.documented
    assert f"`{knob}` rests on an assumption" in told
    most = re.search(r"100 % up to (\d+) s", timing.value)[1]
    assert f"at most {most} s (`{name}`)" in told


def test_the_readme_has_the_picture_of_all_scenarios_that_must_act_in_both_themes_and_widths():
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    acting = [one.title for one in SCENARIOS if one.must_act]
    picture = re.search(r"<picture>.*?</picture>", readme, re.DOTALL)[0]
    files = re.findall(r'src(?:set)?="(docs/[^"]+)"', picture)
    assert sorted(files) == [
        f"docs/drill{end}.svg" for end in ("-dark", "-narrow-dark", "-narrow", "")
    ]
    for file in files:
        root = ElementTree.parse(PROJECT / file).getroot()
        told = root.find(f"{SVG}desc").text
        assert all(f"{title}: automation" in told for title in acting)
        dark = re.search(r"@media (.*) {", root.find(f"{SVG}style").text)[1]
        assert dark == ("all" if "dark" in file else "(prefers-color-scheme: dark)")
        style = root.find(f"{SVG}style").text
        assert style.replace(f"@media {dark}", f"@media {THEMES['']}") == STYLE

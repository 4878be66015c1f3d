"""What the report says about repeating a drill is true."""

import html
import re
import shlex

import pytest

from drtemplate.cli import main
from drtemplate.drill.results import DrillReport


def drilled(folder, *arguments):
    assert main(["drill", "--output", str(folder), "--jobs", "1", *arguments]) in (0, 1)
    return DrillReport.from_json((folder / "results.json").read_text())


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drill")
    return drilled(folder, "--scenario", "writer_hung", "--runs", "4", "--seed", "20"), folder


def test_the_command_in_it_repeats_the_report_to_the_byte(first, tmp_path):
    _, folder = first
    page = html.unescape((folder / "report.html").read_text())
    command = re.search(r"python generate.py drill[^<]*", page)[0]
    words = shlex.split(command)
    assert words[:3] == ["python", "generate.py", "drill"]
    drilled(tmp_path, *words[3:])
    for name in ("report.html", "results.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_the_seed_of_the_worst_run_repeats_it_with_its_timeline(first, tmp_path):
    report, _ = first
    worst = report.summaries[0].measures["accepted"]
    again = drilled(
        tmp_path, "--scenario", "writer_hung", "--runs", "1", "--seed", str(worst.worst_seed)
    )
    assert again.summaries[0].measures["accepted"].worst == worst.worst
    assert again.summaries[0].example.timeline


def test_a_sweep_is_in_the_report_if_it_was_asked_for(tmp_path, monkeypatch):
    from drtemplate.drill import sensitivity

    monkeypatch.setattr(sensitivity, "KNOBS", ())
    asked = []
    monkeypatch.setattr(sensitivity, "sweep", lambda *_: asked.append("swept") or ())
    drilled(tmp_path, "--scenario", "blip_3s", "--runs", "1")
    assert asked == []
    report = drilled(tmp_path, "--scenario", "blip_3s", "--runs", "1", "--sweep", "3")
    assert asked == ["swept"]
    assert report.command.endswith("--sweep 3")


def test_less_than_no_sweep_is_one_line(tmp_path, capsys):
    assert main(["drill", "--sweep", "-1", "--output", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "error: --sweep -1: give 0 or more\n"

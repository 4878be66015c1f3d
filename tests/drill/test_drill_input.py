"""Bad input: one clear line each, exit code 2, nothing half-written."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from drtemplate.cli import main
from drtemplate.drill.assumptions import ASSUMPTIONS, load_assumptions
from drtemplate.drill.deployment import TEMPLATE, load_deployment
from drtemplate.errors import InputError
from drtemplate.settings import PROJECT

HANDLERS = PROJECT / "handlers"


@pytest.fixture
def drill(capsys, tmp_path):
    def run(*arguments):
        output = tmp_path / "report"
        words = ["drill", "--jobs", "1", "--output", str(output), *map(str, arguments)]
        code = main(words)
        out, err = capsys.readouterr()
        return code, out, err, output

    return run


def refused(result):
    code, out, err, output = result
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("error: ")
    assert not output.exists()
    return err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scenario", "nope"], ["'nope'", "writer_crash"]),
        (["--runs", 0], ["--runs 0", "1 or more"]),
        (["--runs", -3], ["--runs -3"]),
        (["--seed", -1], ["--seed -1"]),
        (["--jobs", 0], ["--jobs 0"]),
        (["--assumptions", "nowhere.yaml"], ["nowhere.yaml", "cannot read the assumptions file"]),
        (["--template", "nowhere.yaml"], ["nowhere.yaml", "cannot read the template"]),
        (["--handlers", "nowhere"], ["health_monitor.py", "cannot read the handler"]),
    ],
)
def test_wrong_options(drill, arguments, words):
    error = refused(drill(*arguments))
    assert all(word in error for word in words)


def edited(tmp_path, edit):
    document = yaml.safe_load(ASSUMPTIONS.read_text())
    edit(document)
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def change(name, **values):
    return lambda document: document[name].update(values)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda d: d.pop("api_read"), ["lacks api_read"]),
        (lambda d: d.update(api_raed=d["api_read"]), ["has api_raed"]),
        (change("aurora_endpoint_ttl", value=-1), ["aurora_endpoint_ttl", "-1", "negative"]),
        (change("schedule_delay", median=-0.5), ["schedule_delay", "negative"]),
        (change("aurora_endpoint_ttl", value="soon"), ["'soon'", "no number"]),
        (change("aurora_endpoint_ttl", value=True), ["True", "no number"]),
        (change("api_read", distribution="normal"), ["api_read", "'normal'"]),
        (lambda d: d["api_read"].pop("p99"), ["api_read", "lacks p99"]),
        (change("api_read", mean=3), ["api_read", "mean"]),
        (change("api_read", p99=0.01), ["api_read", "median"]),
        (change("lambda_keep_warm", low=1000), ["lambda_keep_warm", "above high"]),
        (change("aurora_promotion", points=[[0, 5], [0.5, 3], [1, 9]]), ["must rise"]),
        (change("aurora_promotion", points=[[0, 5], [0.5, 7]]), ["share 0 to share 1"]),
        (change("aurora_promotion", points=[[0, 5], [1]]), ["no pair"]),
        (change("aurora_promotion", points=7), ["points must be a list"]),
        (change("aurora_promotion", documented="yes"), ["documented must be true or false"]),
        (change("aurora_promotion", source=""), ["needs its source"]),
        (change("aurora_promotion", note=3), ["note must be a text"]),
        (lambda d: d.update(api_read=3), ["api_read", "must be a mapping"]),
    ],
)
def test_wrong_assumptions(drill, tmp_path, edit, words):
    path = edited(tmp_path, edit)
    error = refused(drill("--assumptions", path))
    assert str(path) in error
    assert all(word in error for word in words)


def test_assumptions_that_are_no_mapping(drill, tmp_path):
    path = tmp_path / "list.yaml"
    path.write_text("- a\n")
    assert "no mapping" in refused(drill("--assumptions", path))


def test_the_same_assumptions_elsewhere_are_fine(tmp_path):
    path = edited(tmp_path, lambda _: None)
    assert load_assumptions(path).rows() == load_assumptions().rows()
    for row in load_assumptions().rows():
        assert row.source or not row.documented
        assert row.note


@pytest.mark.parametrize("name", ["health_monitor.py", "failover_orchestrator.py"])
def test_a_folder_without_a_handler(drill, tmp_path, name):
    shutil.copytree(HANDLERS, tmp_path / "h")
    (tmp_path / "h" / name).unlink()
    assert name in refused(drill("--handlers", tmp_path / "h"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"def handler(:", "no Python"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x = 1\n", "no function handler"),
        (b"import no_such_module\n", None),
    ],
)
def test_a_handler_that_is_none(drill, tmp_path, text, words):
    shutil.copytree(HANDLERS, tmp_path / "h")
    (tmp_path / "h" / "health_monitor.py").write_bytes(text)
    result = drill("--handlers", tmp_path / "h", "--runs", 1, "--scenario", "both_tiers_dead")
    if words is None:
        assert result[0] == 1  # as on Lambda, every run fails; so the failover is missed
        return
    assert words in refused(result)


def without(tmp_path, *names):
    text = TEMPLATE.read_text()
    lines, keep = [], True
    for line in text.splitlines(keepends=True):
        if line.startswith(" ") and not line.startswith("  "):
            keep = line.strip().rstrip(":") not in names
        lines += [line] * keep
    path = tmp_path / "less.yaml"
    path.write_text("".join(lines))
    return path


@pytest.mark.parametrize(
    "name", ["HealthMonitorFunction", "AuroraDBCluster", "PrimaryTargetGroup", "FailoverStateTable"]
)
def test_a_template_without_what_it_takes(drill, tmp_path, name):
    path = without(tmp_path, name)
    error = refused(drill("--template", path))
    assert str(path) in error
    assert name in error


def test_a_template_of_something_else(drill, tmp_path):
    path = tmp_path / "other.json"
    path.write_text(json.dumps({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}))
    assert "HealthMonitorFunction" in refused(drill("--template", path))


def test_a_template_that_cannot_be_read_as_one(tmp_path):
    path = tmp_path / "odd.yaml"
    path.write_text(TEMPLATE.read_text().replace("'03:00-04:00'", "'soon'"))
    with pytest.raises(InputError, match="cannot read this template"):
        load_deployment(path)


# What is fine.


def test_a_drill_from_the_command_line(drill):
    code, out, err, output = drill("--runs", 2, "--scenario", "blip_3s", "--scenario", "day_0")
    assert code == 0
    assert "seed: 1" in out
    assert "blip_3s: 2 runs, held" in err
    assert sorted(path.name for path in output.iterdir()) == [
        "report.html",
        "report.md",
        "results.json",
    ]


def test_json_is_the_results_file(drill):
    code, out, _, output = drill("--runs", 1, "--scenario", "blip_3s", "--format", "json")
    assert code == 0
    assert json.loads(out) == json.loads((output / "results.json").read_text())


def test_a_budget_that_is_not_kept_is_exit_code_1(drill, tmp_path):
    path = edited(tmp_path, change("lambda_init_cpu", median=3, p99=4, most=5))
    code, out, _, _ = drill("--runs", 1, "--scenario", "both_tiers_dead", "--assumptions", path)
    assert code == 1
    assert "decide, 99th percentile" in out
    assert "Lambda's queue and cold start" in out


def test_other_handlers_are_named(drill):
    code, out, _, _ = drill("--handlers", HANDLERS, "--runs", 1, "--scenario", "blip_3s")
    assert code == 0
    assert "handlers: handlers" in out


def test_the_list_of_scenarios(drill):
    code, out, _, output = drill("--list")
    assert code == 0
    assert "quiet_week" in out
    assert not output.exists()
    assert Path(TEMPLATE).is_file()

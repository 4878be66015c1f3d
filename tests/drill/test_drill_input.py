"""Bad input: one clear line each, exit code 2, nothing half-written."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from drtemplate.cli import main
from drtemplate.cloudformation.document import load_template
from drtemplate.drill.imports import check_imports
from drtemplate.drill.results import DrillReport
from drtemplate.drill.session import with_handlers
from drtemplate.errors import InputError
from drtemplate.groups.handlers import HANDLERS
from drtemplate.settings import PROJECT
from drtemplate.world.functions import sandbox
from drtemplate.world.reading import TEMPLATE, load_deployment
from drtemplate.world.timings import TIMINGS, load_timings

FOLDER = PROJECT / "handlers"


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
        (["--handlers", "nowhere"], ["failover_orchestrator.py", "cannot read the handler"]),
    ],
)
def test_wrong_options(drill, arguments, words):
    error = refused(drill(*arguments))
    assert all(word in error for word in words)


# JSON is YAML, and quicker to read and to write.
ASSUMPTIONS = json.dumps(yaml.safe_load(TIMINGS.read_text()))


def edited(tmp_path, edit):
    document = json.loads(ASSUMPTIONS)
    edit(document)
    path = tmp_path / "mine.yaml"
    path.write_text(json.dumps(document))
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
    assert load_timings(path).rows() == load_timings().rows()
    for row in load_timings().rows():
        assert row.source or not row.documented
        assert row.note


@pytest.mark.parametrize("name", ["health_monitor.py", "failover_orchestrator.py"])
def test_a_folder_without_a_handler(drill, tmp_path, name):
    folder, path = spoiled(tmp_path, name, IDLE)
    path.unlink()
    assert name in refused(drill("--handlers", folder))


IDLE = b"def handler(event, context): ...\n"


def spoiled(tmp_path, name, text):
    """Handlers that do nothing in a folder, the text in place of one of them."""
    folder = tmp_path / "h"
    folder.mkdir()
    for one in HANDLERS.values():
        (folder / one).write_bytes(text if one == name else IDLE)
    return folder, folder / name


def added(tmp_path, name, text):
    """The template's handlers in a folder, the text behind one of their modules."""
    folder = tmp_path / "h"
    shutil.copytree(FOLDER, folder)
    path = folder / name
    path.write_bytes(path.read_bytes() + text)
    return folder


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"def handler(:", "not valid Python"),
        (b"\xff\xfe", "not UTF-8"),
        (b"x = 1\n", "no function 'handler'"),
        (b"handler = 7\n", "no function 'handler'"),
        (b"import requests\n", ":1: imports 'requests', which the Lambda runtime lacks"),
    ],
)
def test_a_handler_that_is_none(drill, tmp_path, text, words):
    folder, path = spoiled(tmp_path, "health_monitor.py", text)
    # Nothing must be done in it, and so it would be held.
    error = refused(drill("--handlers", folder, "--runs", 1, "--scenario", "day_0"))
    assert str(path) in error
    assert words in error


@pytest.mark.parametrize("name", HANDLERS.values())
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"import os\n\n1 / 0\n", "cannot be imported: ZeroDivisionError: division by zero (line 3)"),
        (b"import json.nothing\n", "ModuleNotFoundError: No module named 'json.nothing' (line 1)"),
        (b"from .shared import X\n", "ZeroDivisionError: division by zero (shared.py, line 3)"),
        (b"import os\nos.environ['NOT_SET']\n", "cannot be imported: KeyError: 'NOT_SET' (line 2)"),
        (b"def f():\n  raise ValueError('a\\nb')\nf()\n", "ValueError: a b (line 2)"),
        (b"raise AssertionError\n", "cannot be imported: AssertionError (line 1)"),
        (b"import sys\nsys.exit(3)\n", "cannot be imported: SystemExit: 3 (line 2)"),
        (b"class X(BaseException): pass\nraise X\n", "cannot be imported: X (line 2)"),
        (b"import json\njson.loads('{')\n", "(line 2)"),
        (b"import time\ntime.sleep(3600)\n", "cannot be imported within its time-out of"),
        (b"import boto3\nboto3.client('ssm').get_nothing()\n", "(line 2)"),
        (b"import boto3\nboto3.client('ec2').describe_vpcs()\n", "calls ec2:DescribeVpcs"),
    ],
)  # fmt: skip
def test_a_handler_that_cannot_be_loaded(deployment, timings, tmp_path, name, text, words):
    folder, path = spoiled(tmp_path, name, text + IDLE)
    (folder / "shared.py").write_text("X = 1\n\n1 / 0\n")
    with pytest.raises(InputError) as caught:
        check_imports(with_handlers(deployment, folder), timings)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)


def test_the_project_s_own_handlers_can_be_loaded(deployment, timings):
    check_imports(deployment, timings)
    check_imports(with_handlers(deployment, FOLDER), timings)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("1/0", "cannot be imported: ZeroDivisionError: division by zero (line 1)"),
        ("def handler(:", "cannot be imported: SyntaxError: invalid syntax (line 1)"),
        ("x = 1", "has no function handler"),
    ],
)
def test_the_template_s_own_code_that_cannot_be_imported(drill, tmp_path, code, words):
    template = load_template(TEMPLATE)
    template["Resources"]["FailoverOrchestratorFunction"]["Properties"]["Code"]["ZipFile"] = code
    path = tmp_path / "spoiled.json"
    path.write_text(json.dumps(template))
    error = refused(drill("--template", path, "--runs", 1, "--scenario", "day_0"))
    assert f"{path}: FailoverOrchestratorFunction: {words}" in error


def test_ctrl_c_while_a_handler_is_loaded_is_no_fault_of_the_handler(
    deployment, timings, monkeypatch
):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sandbox, "load", interrupted)
    with pytest.raises(KeyboardInterrupt):
        check_imports(deployment, timings)


READS_ITS_CONFIGURATION = b"""
try:
 read_parameter()
except Exception as error:
 raise RuntimeError("cannot begin") from error
"""


def test_an_import_that_fails_only_in_an_outage_is_a_failed_run(drill, tmp_path):
    folder = added(tmp_path, "clients.py", READS_ITS_CONFIGURATION)
    given = ("--scenario", "day_0", "--scenario", "ssm_down")
    code, out, _, output = drill("--handlers", folder, "--runs", 1, "--format", "json", *given)
    assert code != 2
    assert output.exists()
    ends = {
        one.scenario: [m.what for m in one.example.timeline if "cannot begin" in m.what]
        for one in DrillReport.from_json(out).summaries
    }
    # An environment that has begun before goes on; each new one fails.
    assert ends["day_0"] == []
    assert ends["ssm_down"]


def test_what_an_import_prints_and_how_long_it_takes_is_its_own_affair(drill, tmp_path):
    text = b"\nprint('loaded')\nsleep(9)\n"
    folder = added(tmp_path, "health_monitor.py", text)
    code, out, _, _ = drill("--handlers", folder, "--runs", 1, "--scenario", "day_0")
    assert code == 0
    assert "loaded" not in out


def without(tmp_path, *names):
    template = load_template(TEMPLATE)
    for name in names:
        del template["Resources"][name]
    path = tmp_path / "less.json"
    path.write_text(json.dumps(template))
    return path


@pytest.mark.parametrize(
    "name", ["HealthMonitorFunction", "AuroraDBCluster", "PrimaryTargetGroup", "FailoverStateTable"]
)
def test_a_template_without_what_it_takes(drill, tmp_path, name):
    path = without(tmp_path, name)
    error = refused(drill("--template", path, "--runs", 1))
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
        "results.json",
    ]


def test_json_is_the_results_file(drill):
    code, out, _, output = drill("--runs", 1, "--scenario", "blip_3s", "--format", "json")
    assert code == 0
    assert json.loads(out) == json.loads((output / "results.json").read_text())


def test_a_budget_that_is_not_kept_is_exit_code_1(drill, tmp_path):
    path = edited(tmp_path, change("api_read", median=0.7, p99=0.8, most=0.9))
    code, out, _, _ = drill("--runs", 1, "--scenario", "both_tiers_dead", "--assumptions", path)
    assert code == 1
    assert "decide, 99th percentile" in out
    assert "API calls of rds" in out


def test_other_handlers_are_named(drill):
    code, out, _, _ = drill("--handlers", FOLDER, "--runs", 1, "--scenario", "blip_3s")
    assert code == 0
    assert "handlers: handlers" in out


def test_the_list_of_scenarios(drill):
    code, out, _, output = drill("--list")
    assert code == 0
    assert "quiet_week" in out
    assert not output.exists()
    assert Path(TEMPLATE).is_file()

"""The command `equivalence`: its answer, its exit codes, and files that are refused."""

import json

import pytest
import yaml
from refusals import refused

from drtemplate.checks.equivalence import CONTRACT
from drtemplate.checks.ledger import LEDGER
from drtemplate.cloudformation.document import load_template
from drtemplate.rendering.yaml import to_yaml


def test_equivalence_holds_and_shows_counts(run):
    code, out, err = run("equivalence")
    assert (code, err) == (0, "")
    counts = dict(line.rsplit(maxsplit=1) for line in out.splitlines())
    assert (counts["unexplained"], counts["stale"]) == ("0", "0")
    assert int(counts["equal leaves"]) >= 400


def test_equivalence_as_json_parses(run):
    code, out, err = run("equivalence", "--format", "json")
    assert (code, err) == (0, "")
    result = json.loads(out)
    assert set(result) == {"equal", "deviations", "unexplained", "stale"}
    assert isinstance(result["equal"], int)


@pytest.fixture
def other_source(tmp_path):
    source = load_template(CONTRACT)
    source["Resources"]["VPC"]["Properties"]["CidrBlock"] = "10.1.0.0/16"
    path = tmp_path / "source.yaml"
    path.write_text(to_yaml(source))
    return path


def test_a_difference_exits_with_1(run, other_source):
    path = "Resources.VPC.Properties.CidrBlock"
    code, out, _ = run("equivalence", "--source", other_source)
    assert code == 1
    assert f"{path}: 10.1.0.0/16 -> 10.0.0.0/16" in out
    code, out, _ = run("equivalence", "--source", other_source, "--format", "json")
    assert code == 1
    assert [one["path"] for one in json.loads(out)["unexplained"]] == [path]


def test_an_entry_more_and_one_less_exit_with_1(run, tmp_path):
    entries = yaml.safe_load(LEDGER.read_text())
    path = tmp_path / "ledger.yaml"
    path.write_text(yaml.safe_dump([*entries, entries[0] | {"path": "Resources.Nothing"}]))
    code, out, _ = run("equivalence", "--ledger", path)
    assert code == 1
    assert "stale        Resources.Nothing" in out
    path.write_text(yaml.safe_dump(entries[1:]))
    assert run("equivalence", "--ledger", path)[0] == 1


@pytest.mark.parametrize("content", [None, b"Resources: [\n", b"\xff\xfe\x00\x01"])
@pytest.mark.parametrize("option", ["--source", "--ledger"])
def test_a_bad_file_is_refused(run, tmp_path, option, content):
    path = tmp_path / "given.yaml"
    if content is not None:
        path.write_bytes(content)
    refused(run("equivalence", option, path), path)


@pytest.mark.parametrize(
    "constant", ["drtemplate.checks.equivalence.CONTRACT", "drtemplate.checks.ledger.LEDGER"]
)
def test_without_a_file_of_the_project_it_is_refused(run, monkeypatch, tmp_path, constant):
    monkeypatch.setattr(constant, tmp_path / "none.yaml")
    refused(run("equivalence"), tmp_path / "none.yaml")

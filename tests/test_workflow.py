"""The hosted workflow: by GitHub's own schema, of targets that there are, on the Pythons that are supported."""

import configparser
import copy
import json
import re
from importlib.resources import files

import jsonschema
import pytest
import yaml
from printed_commands import commands, problem

from drtemplate.settings import PROJECT

WORKFLOW = PROJECT / ".github" / "workflows" / "ci.yml"
TEXT = WORKFLOW.read_text()
# YAML 1.1 reads the key `on` as true, where GitHub reads a name.
FACTS = {("on" if key is True else key): value for key, value in yaml.safe_load(TEXT).items()}
SCHEMA = json.loads(
    (files("check_jsonschema") / "builtin_schemas/vendor/github-workflows.json").read_text()
)
STEPS = [step for job in FACTS["jobs"].values() for step in job["steps"]]


def faults(facts):
    return list(jsonschema.Draft7Validator(SCHEMA).iter_errors(facts))


def test_github_would_take_it():
    assert faults(FACTS) == []


@pytest.mark.parametrize(
    "mutate",
    [
        lambda facts: facts["jobs"]["test"].pop("runs-on"),
        lambda facts: facts["jobs"]["test"].update({"timeout-minute": 1}),
        lambda facts: facts["permissions"].update(contents="reed"),
        lambda facts: facts["on"].update(pul_request=None),
        lambda facts: facts["jobs"]["scan"]["steps"].append({"run": "a", "uses": "b"}),
    ],
)
def test_what_github_would_not_take_is_found(mutate):
    facts = copy.deepcopy(FACTS)
    mutate(facts)
    assert faults(facts)


def test_each_command_parses_and_it_runs_what_the_pipeline_runs():
    lines = [step["run"] for step in STEPS if "run" in step]
    words = [found for line in lines for found in commands(f"```sh\n{line}\n```\n")]
    assert [one for one in words if problem(one)] == []
    targets = {word for one in words if one[0] == "make" for word in one[1:] if "=" not in word}
    script = (PROJECT / ".ci" / "run").read_text()
    pipeline = {word for line in re.findall(r"(?m)^make (.+)$", script) for word in line.split()}
    assert pipeline | {"template", "drill", "sbom"} == targets


def test_it_runs_on_every_python_that_is_supported():
    parser = configparser.ConfigParser()
    parser.read(PROJECT / "setup.cfg")
    named = re.findall(r"Python :: (3\.\d+)", parser["metadata"]["classifiers"])
    assert FACTS["jobs"]["test"]["strategy"]["matrix"]["python"] == named
    assert parser["options"]["python_requires"] == f">={named[0]}"
    used = {step["with"]["python-version"] for step in STEPS if "python-version" in str(step)}
    assert used <= {"${{ matrix.python }}", *named}


def test_it_may_only_read_and_ends():
    assert FACTS["permissions"] == {"contents": "read"}
    assert "permissions" not in str(FACTS["jobs"])
    assert "secrets." not in TEXT
    assert FACTS["concurrency"]["cancel-in-progress"] is True
    assert all(job["timeout-minutes"] <= 90 for job in FACTS["jobs"].values())


def test_every_action_is_pinned_by_its_commit_and_leaves_no_credentials():
    used = re.findall(r"uses: (.+)", TEXT)
    assert len(used) == sum("uses" in step for step in STEPS)
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one) for one in used)
    assert len(set(used)) == len({one.partition("@")[0] for one in used}), "one version of each"
    checkouts = [step for step in STEPS if "checkout" in step.get("uses", "")]
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


def test_it_uploads_template_hash_and_report():
    (upload,) = [step for step in STEPS if "upload" in step.get("uses", "")]
    assert set(upload["with"]["path"].split()) >= {
        "templates/dr-template.yaml",
        "templates/dr-template.yaml.sha256",
        "build/drill/partial/report.html",
    }
    assert upload["with"]["if-no-files-found"] == "error"

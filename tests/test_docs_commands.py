"""Every command that README, docs/deploy.md and runbook print: the AWS CLI 1 (or AWS_CLI), make and generate.py take it."""

import importlib
import json
import os
import re
import subprocess
from itertools import pairwise
from pathlib import Path

import awscli
import pytest
from awscli.clidriver import create_clidriver

from drtemplate.cli import COMMANDS, Parser
from drtemplate.cloudformation.document import load_template
from drtemplate.cloudformation.parameters import problems
from drtemplate.commands import add_settings
from drtemplate.pipeline import default_output
from drtemplate.settings import PROJECT

# Another client than the pinned one, and where the pinned one finds its own data.
KEPT = ("AWS_CLI", "AWS_DATA_PATH")
# What earlier blocks of the same chapters have set.
EARLIER = "cluster=c past=2026-01-01T00:00:00Z key=k"
STUB = """
record() { printf '%s\\n' "$(printf '%s\\0' "$@" | base64 -w0)" >> "$RECORD"; }
aws() { record aws "$@"; echo x1111111111111111111111111111111111111111; }
make() { record make "$@"; }
python() { record python "$@"; }
pip() { :; }
pre-commit() { :; }
"""


def blocks():
    for name in ("README.md", "docs/deploy.md", "docs/runbook.md"):
        text = (PROJECT / name).read_text()
        for number, block in enumerate(re.findall(r"```sh\n(.*?)```", text, re.DOTALL), 1):
            yield pytest.param(block, id=f"{name}-{number}")


@pytest.fixture(scope="module")
def driver():
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith("AWS_") and n not in KEPT]:
            patch.delenv(name)
        for name, value in {
            "AWS_ACCESS_KEY_ID": "a",
            "AWS_SECRET_ACCESS_KEY": "b",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_MAX_ATTEMPTS": "1",
            # Set when the client is imported, and taken back by whoever tidies the environment.
            "AWS_DATA_PATH": str(Path(awscli.__file__).parent / "data"),
        }.items():
            patch.setenv(name, value)
        if other := os.environ.get("AWS_CLI"):
            patch.delenv("AWS_DATA_PATH")  # those of the pinned one
            yield lambda words: subprocess.run([other, *words], check=False)
            return
        made = create_clidriver()
        loader = made.session.get_component("data_loader")
        loader.search_paths.append(str(Path(awscli.__file__).parent / "data"))
        yield made.main


def commands(block, folder):
    """Every command of a block, its variables and loops expanded by the shell."""
    record = folder / "record"
    record.touch()
    script = f"{STUB}\nSTACK=payments-dr NAME=bank-payments-dr AWS_REGION=us-east-1 orchestrator=o\n{EARLIER}\n{block}"
    done = subprocess.run(
        ["bash", "-eu", "-c", script],
        env={"PATH": os.environ["PATH"], "RECORD": str(record), "HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    decoded = subprocess.run(
        ["bash", "-c", 'while read -r line; do base64 -d <<< "$line"; printf "\\1"; done < "$0"', record],
        capture_output=True,
        check=True,
    ).stdout  # fmt: skip
    return [
        [word.decode() for word in line.split(b"\0")[:-1]] for line in decoded.split(b"\1")[:-1]
    ]


@pytest.mark.parametrize("block", list(blocks()))
def test_a_block_of_commands(block, driver, tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "templates").symlink_to(PROJECT / "templates")
    for name, *words in commands(block, tmp_path):
        if name == "aws":
            # Nobody answers there: whatever the client has to say of the words it says before.
            driver([*words, "--endpoint-url", "http://127.0.0.1:9", "--cli-connect-timeout", "1"])
            out, err = capfd.readouterr()
            assert "Could not connect to the endpoint" in out + err, (words, err)
        elif name == "make":
            environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
            subprocess.run(
                ["make", "-n", *words],
                cwd=PROJECT,
                env=environment,
                capture_output=True,
                check=True,
            )
        elif name == "python":
            taken(words)


@pytest.mark.parametrize("block", [one for one in blocks() if "runbook" in one.id])
def test_a_prefix_of_names_is_in_all_but_the_stacks_own(block, tmp_path):
    """By the setting names.prefix; whoever is on call sets it once."""
    own = {"--stack-name", "--stack", "--db-cluster-identifier", "--db-instance-identifier"}
    for _, *words in commands(block, tmp_path):
        for before, word in pairwise(words):
            bare = re.search(r"(?<!bank-)payments-dr", word)
            assert bare is None or before in own, (before, word)


def taken(words):
    """Fails if a sub-command does not take the words."""
    assert words[0] == "generate.py", words
    command = words[1] if words[1:] and words[1] in COMMANDS else "render"
    parser = Parser(prog=command)
    importlib.import_module(f"drtemplate.commands.{command}").add_options(parser)
    add_settings(parser)
    parser.parse_args([word for word in words[1:] if word != command])


def test_a_payload_is_json():
    payloads = re.findall(r"<<< '([^']*)'", (PROJECT / "docs" / "runbook.md").read_text())
    assert len(payloads) >= 5
    assert all(isinstance(json.loads(one), dict) for one in payloads)


def test_the_first_example_walks_into_no_trap():
    """Staging, so that a failed first deployment can be rolled back; and nothing fails over by itself."""
    example = (PROJECT / "README.md").read_text().split("```json\n")[1].split("```")[0]
    given = json.loads(example)
    assert (given["Environment"], given["AutoFailover"]) == ("Staging", "DRY_RUN")
    by_hand = (PROJECT / "docs" / "deploy.md").read_text().split("## By hand")[1].split("\n## ")[0]
    assert all(f"    {name}={value}" in by_hand for name, value in given.items())
    declared = load_template(default_output("yaml"))["Parameters"]
    assert list(problems(declared, given, {})) == []

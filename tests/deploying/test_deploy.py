"""Whole deployments: shown, agreed to, and sent by the real AWS CLI to a server."""

import os
import subprocess
from dataclasses import replace

import pytest
from refused import GIVEN, refused
from scene import REGION, SMALL, STACK

from drtemplate.cli import main
from drtemplate.settings import PROJECT

# dry run, and what is shown


def test_a_dry_run_shows_the_changes_and_leaves_nothing(scene):
    """Of a new stack, and of one that is there; the change set and the review are gone again."""
    cloudformation = scene.client("cloudformation")
    for number in range(2):
        scene.said.clear()
        assert scene.deploy(scene.request(GIVEN | {"Size": number + 1}, SMALL, dry_run=True))
        assert f"changes: {1 - number} to add" in scene.text
        assert "nothing is changed" in scene.said[-1]
        assert cloudformation.list_change_sets(StackName=STACK)["Summaries"] == []
        if not number:
            assert cloudformation.describe_stacks()["Stacks"] == []
            scene.create(Name="/a/b")


def test_the_local_checks_alone_ask_nobody(scene, ready):
    assert scene.deploy(replace(ready, offline=True, yes=False), start=scene.never)
    assert scene.asked == scene.commands == []
    assert "not computed" in scene.said[-1]


def test_where_it_goes_the_command_and_every_parameter_are_shown(scene, good):
    request = scene.request(good | {"DBMasterPassword": "hunter2hunter2"})
    assert scene.check(request)
    assert scene.said[0] == f"{STACK} in {REGION}: a new stack"
    assert scene.said[1].startswith("account 123456789012, as arn:aws:")
    assert scene.url in scene.said[2]
    assert "not AWS's" in scene.said[2]
    command = scene.said[5]
    assert "aws cloudformation deploy" in command
    assert "--template-file templates/dr-template.yaml" in command
    assert "--capabilities CAPABILITY_IAM" in command
    assert "--no-execute-changeset" in command
    assert "  DBMasterPassword   ****" in scene.said
    assert "  Environment        Production  (default)" in scene.said
    assert "hunter2" not in scene.text


# sent


def stored(scene):
    return scene.client("ssm").get_parameter(Name="/a/b")["Parameter"]["Value"]


def test_the_real_client_makes_updates_and_leaves_alone(scene):
    # moto only sees that nothing changes if every parameter is given.
    given = GIVEN | {"Secret": 'x = "1"', "Size": 1}
    assert scene.deploy(scene.request(given, SMALL))
    assert stored(scene) == '1 x = "1"'
    assert scene.said[-1] == f"{STACK}: CREATE_COMPLETE"
    assert 'x = "1"' not in scene.text
    assert any("CREATE_COMPLETE      payments-dr" in line for line in scene.said)

    scene.said.clear()
    assert scene.deploy(scene.request(given, SMALL))
    assert scene.said[-1] == f"{STACK}: no changes to deploy"

    assert 'x = "1"' not in scene.text
    scene.said.clear()
    assert scene.deploy(scene.request({"Size": 2}, SMALL))
    assert has(scene) == {"Name": "/a/b", "Secret": 'x = "1"', "Size": "2"}
    assert scene.said[-1] == f"{STACK}: UPDATE_COMPLETE"
    assert not any("CREATE_COMPLETE" in line for line in scene.said[1:])
    assert 'x = "1"' not in scene.text


def test_what_the_client_says_is_told_if_nothing_began(scene):
    """A template that only CloudFormation sees through."""
    broken = SMALL.replace("!Ref Name, Type: String", "!Ref Name, Type: SecureStrings")
    assert not scene.deploy(scene.request(GIVEN, broken))
    assert scene.said[-2].startswith("error: ")
    assert "ValidationException" in scene.said[-2]
    assert "SecureStrings" in scene.said[-2]
    assert scene.said[-1] == f"{STACK} was not made; mend that, then deploy again"


def has(scene):
    """The stack's parameters; plain moto makes no new resource of a changed one."""
    (stack,) = scene.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}


def test_without_a_terminal_nobody_is_asked_anything(scene):
    refused(scene, scene.request(GIVEN, SMALL, yes=False), "--yes", "--dry-run")
    assert scene.asked == []


# by the command line


def command_line(request, *more):
    return [
        *("deploy", "--stack", request.stack, "--params", str(request.parameters)),
        *("--template", str(request.template), "--endpoint-url", request.endpoint_url, *more),
        *(() if "--dry-run" in more else ("--yes",)),
    ]


@pytest.mark.parametrize(
    ("given", "options", "code"),
    [
        (GIVEN, [], 0),
        (GIVEN, ["--dry-run"], 0),
        ({}, [], 2),
        (GIVEN, ["--region", ""], 2),
        (GIVEN, ["--bucket", ""], 2),
    ],
)
def test_exit_codes(scene, capsys, monkeypatch, given, options, code):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    region = [] if "--region" in options else ["--region", REGION]
    assert main(command_line(scene.request(given, SMALL), *options, *region)) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    if code:
        assert err.startswith("error: ")
        assert len(err.splitlines()) == 1


def test_a_failed_deploy_exits_with_1(scene, capsys):
    broken = SMALL.replace("Type: String, Value", "Type: Nonsense, Value")
    assert main(command_line(scene.request(GIVEN, broken))) == 1
    assert "error: " in capsys.readouterr().err


def test_make_deploys(scene):
    """`make deploy` as a user calls it, on the template as it is: refused, with make's own words."""
    request = scene.request({"DomainName": "Pay"})
    environment = dict(os.environ) | {"LC_ALL": "C", "YES": "1"}
    for name in [name for name in environment if name.startswith(("MAKE", "MFLAGS"))]:
        del environment[name]
    done = subprocess.run(
        ["make", "-n", "deploy", f"STACK={STACK}", f"PARAMS={request.parameters}", "FORCE=1"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "generate.py deploy" in done.stdout
    assert "--force" in done.stdout
    assert "--bucket" in done.stdout
    assert "--yes" not in done.stdout, "the environment's YES is no word for this"
    for words in ([], [f"STACK={STACK}"], ["PARAMS=p.json"]):
        done = subprocess.run(
            ["make", "deploy", *words],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "STACK=payments-dr PARAMS=params.json" in done.stderr

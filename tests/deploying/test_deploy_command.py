import json
import shlex
import sys
from pathlib import Path

import pytest

from drtemplate.cloudformation.document import load_template
from drtemplate.deploying import command as module
from drtemplate.deploying.aws_cli import check_heeds_endpoints, find_aws
from drtemplate.deploying.bucket import Bucket
from drtemplate.deploying.command import (
    Command,
    Target,
    Wishes,
    capabilities,
    make_command,
    started,
)
from drtemplate.deploying.document import Document
from drtemplate.errors import DeployError
from drtemplate.pipeline import default_output

TEMPLATE = load_template(default_output("yaml"))
TARGET = Target(stack="payments-dr", region="us-east-1")
AWS = Path("/opt/aws")
NONE = Wishes()
LONG = 30.0
SHA256 = "5e" * 32
BUCKET = Bucket(name="templates", owner="1" * 12, partition="aws", region="us-east-1")


def role(**properties):
    return {"Resources": {"A": {"Type": "AWS::IAM::Role", "Properties": properties}}}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (TEMPLATE, ["CAPABILITY_IAM"]),
        (role(), ["CAPABILITY_IAM"]),
        (role(RoleName="x"), ["CAPABILITY_NAMED_IAM"]),
        (role() | {"Transform": "AWS::Serverless-2016-10-31"}, ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]),
        ({"Resources": {"A": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "x"}}}}, ["CAPABILITY_IAM"]),
        ({"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}, []),
    ],
)  # fmt: skip
def test_capabilities_come_from_the_template(template, expected):
    assert capabilities(template) == expected


def made(secret=False, target=TARGET, aws=AWS, path=Path("/t/dr.yaml"), wishes=NONE, **parameters):
    document = Document(
        path=path, copy=Path("/copies/template.yaml"), size=9, sha256=SHA256, template=TEMPLATE
    )
    return make_command(aws, target, document, BUCKET, parameters, secret, wishes)


def test_the_command_is_what_a_user_would_type():
    command = made(DomainName="pay.example.com", AlertEmail="o'neil@example.com")
    shown = shlex.split(command.shown())
    assert shown == [
        *"/opt/aws cloudformation deploy --stack-name payments-dr --template-file /t/dr.yaml".split(),
        *f"--region us-east-1 --s3-bucket templates --s3-prefix drtemplate/payments-dr/{SHA256}".split(),
        *"--force-upload --capabilities CAPABILITY_IAM --no-execute-changeset --no-fail-on-empty-changeset".split(),
        *"--parameter-overrides DomainName=pay.example.com AlertEmail=o'neil@example.com".split(),
    ]
    # What runs reads the copy that was checked.
    shown[shown.index("/t/dr.yaml")] = "/copies/template.yaml"
    assert command.line() == shown


def test_another_server_is_part_of_the_command():
    target = Target(stack="a", region="r", endpoint_url="http://127.0.0.1:1")
    shown = made(target=target).shown()
    assert "--endpoint-url http://127.0.0.1:1 " in shown
    # A profile that says that configured addresses are ignored would send the upload to AWS.
    assert shown.startswith(
        "AWS_ENDPOINT_URL_S3=http://127.0.0.1:1 AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false /opt/aws "
    )
    assert "--endpoint-url http://127.0.0.1:1" in target.hint("cloudformation", "delete-stack")


@pytest.mark.parametrize(
    ("version", "heeds"),
    [
        ("aws-cli/2.12.7 Python/3.11.4 Linux/6.1", False),
        ("aws-cli/2.13.0 Python/3.11.4 Linux/6.1", True),
        ("aws-cli/1.28.85 Python/3.8", False),
        ("aws-cli/1.29.0 Python/3.8", True),
        ("hello", False),
    ],
)
def test_an_aws_cli_that_would_upload_past_the_endpoint_is_refused(tmp_path, version, heeds):
    aws = tmp_path / "aws"
    aws.write_text(f"#!/bin/sh\necho '{version}' >&2\n")
    aws.chmod(0o755)
    if heeds:
        check_heeds_endpoints(aws)
    else:
        with pytest.raises(DeployError, match="would upload to AWS"):
            check_heeds_endpoints(aws)


def test_what_else_a_stack_gets_is_part_of_the_command():
    wishes = Wishes(
        role_arn="arn:aws:iam::1:role/a", notification_arns=("x", "y"), tags={"team": "a=b"}
    )
    shown = made(wishes=wishes, target=Target(stack="a", region="r", profile="bank")).shown()
    for words in (
        "--role-arn arn:aws:iam::1:role/a",
        "--notification-arns x y",
        "--tags team=a=b",
        "--profile bank",
    ):
        assert f" {words} " in shown


def test_no_parameters_are_no_option():
    assert "--parameter-overrides" not in made().shown()


def test_a_secret_stands_neither_in_the_shown_nor_in_the_run_command():
    command = made(secret=True, DBMasterPassword="hunter2hunter2", DomainName="pay.example.com")
    for text in (command.shown(), shlex.join(command.line(7))):
        assert "hunter2" not in text
    assert command.shown().endswith("--parameter-overrides file:///dev/fd/N")
    assert command.line(7)[-1] == "file:///dev/fd/7"


def test_paths_below_the_working_directory_are_short(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    command = made(aws=tmp_path / "bin/aws", path=tmp_path / "templates/t.yaml")
    assert command.shown().startswith("bin/aws cloudformation deploy")
    assert "--template-file templates/t.yaml" in command.shown()
    assert command.line()[0] == str(tmp_path / "bin/aws")


def test_the_environment_s_own_aws_comes_first(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert find_aws() == Path(sys.executable).with_name("aws")


def test_else_the_one_on_path(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    aws = tmp_path / "bin" / "aws"
    aws.parent.mkdir()
    aws.touch(0o755)
    monkeypatch.setenv("PATH", str(aws.parent))
    assert find_aws() == aws


def test_no_aws_is_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeployError, match=r"the AWS CLI is missing; .*`make deploy`.*\[deploy\]"):
        find_aws()


def descriptors():
    """How many files this process has open."""
    return len(list(Path("/dev/fd").iterdir()))


def script(code, piped=False, **parameters):
    """A command that is a Python program in place of the AWS CLI."""
    return Command(aws=Path(sys.executable), words=("-c", code), parameters=parameters, piped=piped)


READ = "import sys; print(open(sys.argv[-1].removeprefix('file://')).read())"


def test_the_parameters_arrive_through_the_pipe():
    secret = 'x = "1,2" $HOME \u00e9\n'
    with started(script(READ, piped=True, Password=secret, Other="1")) as run:
        assert run.wait(LONG) == 0
        assert json.loads(run.said()) == [f"Password={secret}", "Other=1"]


def test_more_than_a_pipe_holds_arrives_too():
    with started(script(READ, piped=True, Big="x" * 500_000)) as run:
        assert run.wait(LONG) == 0
        assert len(run.said()) > 500_000


def test_a_program_that_never_reads_them_stops_nothing():
    with started(script("import sys; sys.exit(3)", piped=True, Big="x" * 500_000)) as run:
        assert run.wait(LONG) == 3


def test_no_file_and_no_descriptor_is_left(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = descriptors()
    with started(script(READ, piped=True, Password="hunter2")) as run:
        assert run.wait(LONG) == 0
        assert list(tmp_path.iterdir()) == []
    assert descriptors() == before


def test_the_secret_is_not_in_the_process_listing():
    listing = "import sys; print(open('/proc/self/cmdline').read())"
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("no /proc")
    with started(script(listing, piped=True, Password="hunter2")) as run:
        assert run.wait(LONG) == 0
        assert "file:///dev/fd/" in run.said()
        assert "hunter2" not in run.said()


def test_what_it_says_on_both_streams_is_kept():
    code = "import sys; print('out', flush=True); print('err', file=sys.stderr)"
    with started(script(code)) as run:
        run.wait(LONG)
        assert run.said().split() == ["out", "err"]


def test_it_does_not_outlive_the_block():
    with started(script("import time; time.sleep(600)")) as run:
        assert run.wait(0) is None
    assert run.wait(0) is not None


def test_one_that_ignores_the_end_is_killed(monkeypatch):
    monkeypatch.setattr(module, "STOP_SECONDS", 0.01)
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(600)"
    with started(script(code)) as run:
        while not run.said():
            run.wait(0.01)
    assert run.wait(0) == -9


def test_a_program_that_cannot_start_is_one_line(tmp_path):
    before = descriptors()
    command = Command(aws=tmp_path / "none", words=(), parameters={"A": "b"}, piped=True)
    with pytest.raises(DeployError, match="cannot be started"), started(command):
        pass
    assert descriptors() == before


def test_without_room_for_what_it_says_nothing_is_started(monkeypatch, tmp_path):
    before = descriptors()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    command = Command(aws=tmp_path / "none", words=(), parameters={"A": "b"}, piped=True)
    with pytest.raises(DeployError, match="TMPDIR"), started(command):
        pass
    assert descriptors() == before

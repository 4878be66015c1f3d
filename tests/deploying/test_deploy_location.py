"""Where a deployment goes: region, account, profile and endpoint, and what else a stack gets."""

from dataclasses import replace

import pytest
from botocore.client import BaseClient
from refused import refused
from scene import SMALL, STACK

from drtemplate.cli import main
from drtemplate.deploying.location import chosen_region, endpoint_of, is_aws
from drtemplate.errors import DeployError, DrTemplateError

GIVEN = {"Name": "/a/b"}
ORDER = ["eu-west-1", "eu-west-2", "eu-west-3"]


@pytest.mark.parametrize("first", range(4))
def test_the_region_is_the_sdks_choice(monkeypatch, first):
    given, *variables = [None] * first + ORDER[first:]
    for name, value in zip(("AWS_REGION", "AWS_DEFAULT_REGION"), variables, strict=True):
        monkeypatch.setenv(name, value or "")
    assert chosen_region(given) == [*ORDER, None][first]


def test_one_region_is_told_and_used_by_all(scene, monkeypatch, tmp_path):
    """The profile's own counts last; the AWS CLI is told, whatever it would have read itself."""
    config = tmp_path / "config"
    config.write_text("[profile bank]\nregion = ap-south-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    (tmp_path / "credentials").write_text(
        "[bank]\naws_access_key_id = a\naws_secret_access_key = b\n"
    )
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    request = scene.request(GIVEN, SMALL, profile="bank")
    scene.check(request)
    assert scene.said[0].startswith(f"{STACK} in eu-west-1")
    assert "--region eu-west-1" in scene.text
    assert "--profile bank" in scene.text
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    scene.said.clear()
    scene.check(request)
    assert scene.said[0].startswith(f"{STACK} in ap-south-1")


@pytest.mark.parametrize("region", ["us-east", "US-EAST-1", "us-east-1;", "us-east-1\n", "us-east-\u0663", "a" * 99 + "-x-1", "eu-west-1.evil.com"])  # fmt: skip
@pytest.mark.parametrize("source", ["option", "AWS_REGION"])
def test_no_region_s_name_asks_nobody(scene, monkeypatch, source, region):
    request = scene.request(GIVEN, SMALL)
    if source == "option":
        request = replace(request, region=region)
    else:
        monkeypatch.setenv(source, region)
    refused(scene, request, "no region's name", "us-east-1")
    assert scene.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1:4566",
        "http://localhost.evil.com",
        "http://127.0.0.1.evil.com",
        "https://user:hunter2@host",
        "http://user:hunter2@localhost",
        "ftp://localhost",
        "localhost:4566",
        "",
        "https://",
        "http://localhost:99999999",
        "http://[::1",
        "https://host/\x1b[31m",
        "https://host/?token=hunter2",
        "https://host#hunter2",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_no_request_may_go_to(scene, url):
    line = refused(scene, scene.request(GIVEN, SMALL, endpoint_url=url))
    assert scene.asked == []
    assert "hunter2" not in line
    assert "\x1b" not in line


@pytest.mark.parametrize(
    "url", ["https://host", "http://localhost:1", "http://127.8.9.1", "http://[::1]:5", "http://a.localhost"]
)  # fmt: skip
def test_an_address_that_one_may(url):
    assert endpoint_of(url) == url


def test_a_proxy_reads_nothing_in_the_clear(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(DeployError, match=r"NO_PROXY=127\.0\.0\.1:4566$"):
        endpoint_of("http://127.0.0.1:4566")
    assert endpoint_of("https://host")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert endpoint_of("http://127.0.0.1:4566")


@pytest.mark.parametrize("password", ["hunter2/x", "hunter2#x", "hunter2?x"])
def test_no_part_of_a_proxy_s_password_is_told(scene, monkeypatch, password):
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:{password}@127.0.0.1:9")
    line = refused(scene, scene.request(GIVEN, SMALL, endpoint_url=None), "%2F")
    assert "hunter2" not in line


def test_an_old_aws_cli_is_refused_before_anything_is_sent(scene, monkeypatch, tmp_path):
    aws = tmp_path / "aws"
    aws.write_text("#!/bin/sh\necho aws-cli/2.12.0\n")
    aws.chmod(0o755)
    monkeypatch.setattr("drtemplate.deploying.preparation.find_aws", lambda: aws)
    refused(scene, scene.request(GIVEN, SMALL), "aws-cli/2.12", "would upload to AWS")


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_CLOUDFORMATION"])
def test_an_endpoint_of_the_environment_is_told_or_refused(scene, monkeypatch, name):
    request = scene.request(GIVEN, SMALL, endpoint_url=None)
    monkeypatch.setenv("AWS_ENDPOINT_URL", scene.url)
    monkeypatch.setenv(name, "http://user:hunter2@evil.example:1")
    line = refused(scene, request)
    assert "hunter2" not in line
    monkeypatch.setenv(name, "http://evil.example:1")
    refused(scene, request, "http://evil.example:1", "plain http")
    monkeypatch.setenv(name, scene.url)
    scene.check(request)
    assert f"endpoints: {scene.url}, which is not AWS's" in scene.said


def test_aws_s_own_addresses():
    assert is_aws("https://cloudformation.cn-north-1.amazonaws.com.cn")
    for url in ("http://s3.amazonaws.com", "https://amazonaws.com.evil.com", "https://evilamazonaws.com"):  # fmt: skip
        assert not is_aws(url)


def test_another_account_is_refused(scene):
    request = scene.request(GIVEN, SMALL, account="1" * 12)
    refused(scene, request, "of account 123456789012", "--account")
    assert scene.check(replace(request, account="123456789012"))


@pytest.mark.parametrize(
    "more",
    [
        {"account": "12345"},
        {"account": "\u0661" * 12},
        {"role_arn": "admin"},
        {"role_arn": "arn:aws:sns:us-east-1:123456789012:a"},
        {"notification_arns": ("arn:aws:iam::123456789012:role/a",)},
        {"notification_arns": ("arn:aws:sns:us-east-1:123456789012:a",) * 6},
        {"allow_data_loss": frozenset({"a b"})},
        {"tags": {"aws:a": "b"}},
        {"tags": {"-x": "b"}},
        {"tags": {"": "b"}},
        {"tags": {"a": "b\x1b"}},
        {"tags": {str(number): "" for number in range(51)}},
    ],
)
def test_what_no_deployment_can_be_asked_for_asks_nobody(scene, more):
    refused(scene, scene.request(GIVEN, SMALL, **more), *(f"--{n}".replace("_", "-") for n in more))
    assert scene.asked == []


@pytest.mark.parametrize(
    ("words", "reason"),
    [(["--tags", "a"], "KEY=VALUE"), (["--tags", "a=1", "a=2"], "stands twice")],
)
def test_tags_that_are_none(scene, capsys, words, reason):
    request = scene.request(GIVEN, SMALL)
    given = ["deploy", "--stack", STACK, "--params", str(request.parameters), *words]
    assert main(given) == 2
    assert reason in capsys.readouterr().err
    assert scene.asked == []


def test_the_stack_keeps_its_tags_and_is_given_what_is_asked_for(scene):
    """By what reaches CloudFormation from the real AWS CLI."""
    topic = scene.client("sns").create_topic(Name="events")["TopicArn"]
    role = "arn:aws:iam::123456789012:role/deployer"
    given = {"tags": {"team": "payments", "cost": "a=b"}, "notification_arns": (topic,), "role_arn": role}  # fmt: skip
    assert scene.deploy(scene.request(GIVEN, SMALL, **given))
    assert tags(scene) == given["tags"]
    (stack,) = scene.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    assert (stack["RoleARN"], stack["NotificationARNs"]) == (role, [topic])
    # moto would keep them by itself; that they are sent again is in the command.
    scene.check(scene.request({"Size": 5}, SMALL))
    assert " --tags team=payments cost=a=b " in scene.text
    scene.said.clear()
    scene.check(scene.request({"Size": 6}, SMALL, tags={"team": "other"}))
    assert " --tags team=other " in scene.text


def tags(scene):
    (stack,) = scene.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    return {tag["Key"]: tag["Value"] for tag in stack["Tags"]}


@pytest.mark.parametrize("wanted", [True, False])
def test_rollback_is_disabled_only_where_it_is_asked_for(scene, monkeypatch, wanted):
    call, sent = BaseClient._make_api_call, []

    def recorded(client, name, arguments):
        if name == "ExecuteChangeSet":
            sent.append(arguments)
        return call(client, name, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    scene.deploy(scene.request(GIVEN, SMALL, disable_rollback=wanted))
    assert [one.get("DisableRollback", False) for one in sent] == [wanted]
    assert ":changeSet/" in sent[0]["ChangeSetName"]


def test_a_kept_tag_that_the_client_cannot_take_is_told(scene):
    scene.client("cloudformation").create_stack(
        StackName=STACK, TemplateBody=SMALL, Tags=[{"Key": "a=b", "Value": "c"}],
        Parameters=[{"ParameterKey": "Name", "ParameterValue": "/a"}],
    )  # fmt: skip
    with pytest.raises(DrTemplateError, match="'a=b' cannot be a tag"):
        scene.check(scene.request(GIVEN, SMALL))
    assert scene.check(scene.request(GIVEN, SMALL, tags={}))

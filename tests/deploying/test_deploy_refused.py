"""Deployments that are refused before anything is sent: by the request, the account, the stack, the zone, the latch."""

import sys
from dataclasses import replace

import pytest
from refused import GIVEN, refused
from scene import LATCHABLE, SMALL, STACK, TEMPLATE


def without_record(scene, action, *arguments, **named):
    action(*arguments, **named)
    scene.asked.clear()


# refusals, local


def test_a_good_request_is_sent(scene, ready):
    """Else the refusals below would prove nothing."""
    with pytest.raises(AttributeError):
        scene.deploy(ready, start=scene.never)
    (command,) = scene.commands
    assert command[1:5] == ["cloudformation", "deploy", "--stack-name", STACK]
    assert "DomainName=pay.example.com" in command


@pytest.mark.parametrize("name", ["p" * 21, "Payments", "aws-dr", "ssm-dr", "internal-dr", ""])
def test_a_bad_stack_name_asks_nothing(scene, ready, name):
    refused(scene, replace(ready, stack=name), repr(name))
    assert scene.asked == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"DomainName": "Pay"}, "DomainName: 'Pay' must be a domain name"),
        ({"Colour": "red"}, "Colour is no parameter"),
        ({"BacktrackWindow": "three days"}, "not a number"),
        ({"Environment": "Test"}, "Production, Staging"),
        ({"DBMasterUsername": "rdsadmin"}, "DBMasterUsername: 'rdsadmin' must be"),
        ({"DataRetentionDays": 99999999999}, "more than 2147483647"),
        ({"DBMasterPassword": "hunter2"}, "DBMasterPassword: its value must be"),
    ],
)
def test_an_ill_formed_parameter_asks_nothing(scene, good, change, words):
    request = scene.request(good | change)
    scene.asked.clear()
    line = refused(scene, request, "params.json", words)
    assert "hunter2" not in line
    assert scene.asked == []


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"DomainName": 1, "DomainName": 2}'])
def test_a_malformed_parameter_file_asks_nothing(scene, ready, content):
    ready.parameters.write_text(content)
    refused(scene, ready, "params.json")
    assert scene.asked == []


def test_a_missing_parameter_file_asks_nothing(scene, ready):
    refused(scene, replace(ready, parameters=ready.parameters / "none"), "none")
    assert scene.asked == []


@pytest.mark.parametrize("content", ["", "Resources: [", "Parameters: {}"])
def test_a_bad_template_asks_nothing(scene, ready, content):
    refused(scene, replace(ready, template=scene.write("t.yaml", content)), "t.yaml")
    assert scene.asked == []


def test_too_long_a_template_asks_nothing(scene):
    long = SMALL + "#" + "x" * 1_000_000
    refused(scene, scene.request(GIVEN, long), "small.yaml", "1,000,000")
    assert scene.asked == []


def test_no_aws_cli_asks_nothing(scene, ready, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", "")
    refused(scene, ready, "the AWS CLI is missing")
    assert scene.asked == []


# refusals, of the account


@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        (["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], ["no AWS credentials", "AWS_PROFILE"]),
        (["AWS_SECRET_ACCESS_KEY"], ["credentials"]),
        (["AWS_DEFAULT_REGION"], ["no AWS region", "--region"]),
    ],
    ids=["credentials", "half of the credentials", "region"],
)
def test_what_no_call_can_do_without(scene, ready, monkeypatch, lacking, words):
    for name in lacking:
        monkeypatch.delenv(name)
    refused(scene, ready, *words)
    assert scene.asked == []


@pytest.mark.parametrize("region", ["", "us east 1", "not/a/region"])
def test_no_region_s_name(scene, ready, monkeypatch, region):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    refused(scene, replace(ready, region=region), "region")
    assert scene.asked == []


def test_no_such_profile(scene, ready, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    refused(scene, ready, "nobody")
    assert scene.asked == []


@pytest.mark.parametrize("where", ["http://127.0.0.1:9", "localhost"])
def test_nobody_answers_and_no_address(scene, ready, monkeypatch, where):
    monkeypatch.setattr("time.sleep", lambda _: None)
    refused(scene, replace(ready, endpoint_url=where), where.removeprefix("http://"))


@pytest.mark.parametrize(
    ("operation", "code", "words"),
    [
        ("DescribeStacks", "ExpiredToken", "AWS does not take the credentials"),
        ("DescribeStacks", "InvalidClientTokenId", "AWS does not take the credentials"),
        ("DescribeStacks", "AccessDenied", "allow DescribeStacks"),
        ("DescribeStacks", "ValidationError", "ValidationError"),
        ("GetHostedZone", "AccessDenied", "allow GetHostedZone"),
        ("GetHostedZone", "Throttling", "cannot ask for the hosted zone"),
    ],
)
def test_the_account_refuses(scene, ready, answered, operation, code, words):
    answered[operation] = code
    refused(scene, ready, words)


# refusals, of the stack


STUCK = {
    "ROLLBACK_COMPLETE": "aws cloudformation delete-stack --stack-name payments-dr",
    "ROLLBACK_FAILED": "lift the deletion protection",
    "DELETE_FAILED": "lift the deletion protection",
    "UPDATE_ROLLBACK_FAILED": "aws cloudformation continue-update-rollback --stack-name payments-dr",
    "CREATE_IN_PROGRESS": "wait for its end",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "wait for its end",
    "DELETE_IN_PROGRESS": "wait for its end",
    "A_STATE_TO_COME": "aws cloudformation describe-stack-events",
}


@pytest.mark.parametrize(("status", "words"), STUCK.items())
def test_a_stack_that_cannot_be_updated(scene, ready, status, words):
    without_record(scene, scene.create, Name="/a")
    scene.set_status(status)
    refused(scene, ready, f"is in {status}", words, "--region us-east-1", scene.url)
    refused(scene, replace(ready, force=True), status)


@pytest.mark.parametrize(
    "status",
    ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED", "IMPORT_COMPLETE"],
)
def test_a_stack_that_can(scene, ready, status):
    without_record(scene, scene.create, Name="/a")
    scene.set_status(status)
    assert scene.check(ready)
    assert f"an update of {status}" in scene.text


def test_a_missing_parameter_of_a_new_stack(scene):
    request = scene.request({"AlertEmail": "a@example.com"})
    refused(scene, request, "DomainName is missing", "HostedZoneId is missing")


def test_what_the_stack_has_is_kept(scene):
    without_record(scene, scene.create, Name="/a/b", Secret="hunter2")
    request = scene.request({"Size": 2}, SMALL)
    assert scene.check(request)
    assert "  Name    /a/b  (as in the stack)" in scene.said
    assert "  Secret  ****  (as in the stack)" in scene.said
    assert "  Size    2" in scene.said
    assert "hunter2" not in scene.text


def test_a_stack_under_review_is_none(scene):
    """It was never made, so it has nothing to keep."""
    without_record(scene, scene.create, Name="/a/b")
    scene.set_status("REVIEW_IN_PROGRESS")
    refused(scene, scene.request({}, SMALL), "Name is missing")
    assert scene.check(scene.request({"Name": "/other"}, SMALL))
    assert "a new stack" in scene.text


# refusals, of the zone


def test_a_zone_that_does_not_exist(scene, good):
    request = scene.request(good | {"HostedZoneId": "Z000NONE"})
    scene.asked.clear()
    refused(scene, request, "no hosted zone Z000NONE", "list-hosted-zones")


def test_a_private_zone(scene, good):
    private = scene.zone("internal.example.org", private=True)
    request = scene.request(good | {"HostedZoneId": private})
    scene.asked.clear()
    refused(scene, request, private, "is private")


@pytest.mark.parametrize("name", ["pay.example.org", "notexample.com", "example.com.evil.org"])
def test_a_name_outside_the_zone(scene, good, name):
    request = scene.request(good | {"DomainName": name})
    scene.asked.clear()
    refused(scene, request, f"{name} lies outside", "example.com")


@pytest.mark.parametrize("name", ["example.com", "pay.example.com", "a.b.example.com"])
def test_a_name_inside_the_zone(scene, good, name):
    assert scene.check(scene.request(good | {"DomainName": name}))


def test_the_zone_of_an_update_is_the_stack_s_own(scene, good):
    """A file that only moves the domain is held against the zone that the stack has."""
    template = TEMPLATE.read_text()
    without_record(scene, scene.create, "Parameters: {HostedZoneId: {Type: String}}\n" + LATCHABLE,
                   HostedZoneId=good["HostedZoneId"])  # fmt: skip
    given = {"DomainName": "pay.example.org", "AlertEmail": good["AlertEmail"]}
    refused(scene, scene.request(given, template), "lies outside", good["HostedZoneId"])


# the latch


@pytest.fixture
def latch(scene):
    """A stack with the primary's health check, and a way to set it."""
    without_record(scene, scene.create, LATCHABLE)

    def set_to(disabled, inverted):
        scene.set_health_check("PrimaryHealthCheck", disabled, inverted)
        scene.asked.clear()

    return set_to


def test_an_update_while_the_latch_is_on(scene, ready, latch):
    latch(True, True)
    refused(scene, ready, "latch", "fail back", "--force")


def test_a_template_without_the_latched_health_check_would_lift_the_latch(scene, latch):
    latch(True, True)
    refused(scene, scene.request(GIVEN, SMALL), "latch", "--force")


def test_force_passes_the_latch(scene, ready, latch):
    latch(True, True)
    assert scene.check(replace(ready, force=True))


@pytest.mark.parametrize("values", [(False, False), (True, False), (False, True)])
def test_half_a_latch_is_none(scene, ready, latch, values):
    latch(*values)
    assert scene.check(ready)


def test_a_latch_that_cannot_be_read_refuses(scene, ready, latch, answered):
    latch(False, False)
    answered["GetHealthCheck"] = "AccessDenied"
    refused(scene, ready, "failover latch", "--force", "allow GetHealthCheck")
    assert scene.check(replace(ready, force=True))


def test_a_stack_without_the_health_check_has_no_latch(scene, ready):
    without_record(scene, scene.create, Name="/a")
    assert scene.check(ready)

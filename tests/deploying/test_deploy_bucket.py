"""The bucket that a template goes through: which one, refused when, and how it is made."""

import hashlib
import json
import re

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from refused import GIVEN, refused
from scene import ACCOUNT, BUCKET, REGION, SMALL, STACK

from drtemplate.deploying.bucket import check_bucket_name
from drtemplate.deploying.deploy import deploy
from drtemplate.errors import DeployError, DrTemplateError

SETTINGS = (
    "PutPublicAccessBlock",
    "PutBucketEncryption",
    "PutBucketVersioning",
    "PutBucketPolicy",
    "PutBucketLifecycleConfiguration",
)


@pytest.fixture
def bare(scene):
    """An account that was never deployed to; what is asked of it from now on is recorded."""
    scene.client("s3").delete_bucket(Bucket=BUCKET)
    scene.asked.clear()
    return scene


@pytest.fixture
def half_made(bare):
    """An account in which a run was killed while it made the bucket."""
    bare.client("s3").create_bucket(Bucket=BUCKET)
    bare.asked.clear()
    return bare


@pytest.fixture
def answers(monkeypatch):
    """Let AWS answer an operation with an error; HEAD has its status as the code."""

    def answer(operation, error, region=REGION):
        call = BaseClient._make_api_call

        def answering(client, name, arguments):
            if name != operation:
                return call(client, name, arguments)
            if isinstance(error, BaseException):
                raise error
            metadata = {"HTTPHeaders": {"x-amz-bucket-region": region}}
            facts = {"Error": {"Code": error, "Message": "no"}, "ResponseMetadata": metadata}
            raise ClientError(facts, name)

        monkeypatch.setattr(BaseClient, "_make_api_call", answering)

    return answer


@pytest.fixture
def sent(monkeypatch):
    """What S3 is asked: operation -> arguments."""
    call, asked = BaseClient._make_api_call, {}

    def recorded(client, name, arguments):
        if client.meta.service_model.service_name == "s3":
            asked[name] = arguments
        return call(client, name, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", recorded)
    return asked


def buckets(scene):
    return [one["Name"] for one in scene.client("s3").list_buckets()["Buckets"]]


# refusals


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("", "3 to 63"),
        ("ab", "3 to 63"),
        ("a" * 64, "3 to 63"),
        ("Templates", "lower-case"),
        ("templates-", "first and last"),
        ("s3://templates", "lower-case"),
        ("-templates", "first and last"),
        ("a..b", "two dots"),
        ("192.168.5.4", "IP address"),
        ("xn--a", "begin with"),
        ("a--x-s3", "end with"),
    ],
)
def test_a_malformed_name_asks_nothing(scene, name, rule):
    refused(scene, scene.request(GIVEN, SMALL, bucket=name), repr(name), rule)
    assert scene.asked == []


@pytest.mark.parametrize("name", ["abc", "a" * 63, "a.b-c.1", "1.2.3", BUCKET])
def test_a_well_formed_name(name):
    check_bucket_name(name)


def test_a_bucket_of_another_region(scene):
    elsewhere = {"LocationConstraint": "eu-west-1"}
    scene.client("s3").create_bucket(Bucket="there", CreateBucketConfiguration=elsewhere)
    scene.asked.clear()
    request = scene.request(GIVEN, SMALL, bucket="there")
    refused(scene, request, "there is in eu-west-1", f"one in {REGION}")


@pytest.mark.parametrize(
    ("code", "region", "words"),
    [
        ("403", REGION, f"is not of this account ({ACCOUNT})"),
        ("301", "eu-west-1", "is in eu-west-1"),
        ("404", REGION, "there is no bucket"),
        ("500", REGION, "cannot ask for the bucket"),
    ],
)
def test_a_bucket_that_cannot_be_used(scene, answers, code, region, words):
    answers("HeadBucket", code, region)
    refused(scene, scene.request(GIVEN, SMALL, bucket="theirs", yes=True), "theirs", words)


def test_the_bucket_must_be_the_account_s_own(scene, sent):
    """S3 itself compares: it is told the owner with the question."""
    assert scene.check(scene.request(GIVEN, SMALL))
    whose = {"Bucket": BUCKET, "ExpectedBucketOwner": ACCOUNT}
    assert sent == {"HeadBucket": whose, "GetBucketLifecycleConfiguration": whose}


def test_no_bucket_and_nobody_to_ask(bare):
    refused(bare, bare.request(GIVEN, SMALL, yes=False), "--yes", "--dry-run")
    assert bare.asked == []


def test_no_is_an_answer(bare):
    questions = []

    def no(question):
        questions.append(question)

    with pytest.raises(DrTemplateError, match="is not made, and nothing is sent; give --bucket"):
        bare.deploy(bare.request(GIVEN, SMALL, yes=False), start=bare.never, ask=no)
    assert [BUCKET in one for one in questions] == [True]
    assert bare.commands == buckets(bare) == []


def test_a_bucket_whose_settings_cannot_be_asked_for(scene, answers):
    answers("GetBucketLifecycleConfiguration", "AccessDenied")
    refused(scene, scene.request(GIVEN, SMALL, yes=True), "allow GetBucketLifecycleConfiguration")


def test_a_dry_run_makes_no_bucket(bare):
    assert bare.deploy(bare.request(GIVEN, SMALL, dry_run=True, yes=True))
    assert f"s3://{BUCKET}/" in bare.text
    assert "the bucket is to be made" in bare.text
    assert "the changes were not computed" in bare.said[-1]
    assert buckets(bare) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [("AccessDenied", "allow CreateBucket"), ("BucketAlreadyExists", "somebody else owns")],
)
def test_a_bucket_that_cannot_be_made(bare, answers, code, words):
    answers("CreateBucket", code)
    with pytest.raises(DeployError, match=words):
        bare.deploy(bare.request(GIVEN, SMALL, yes=True), start=bare.never)
    assert bare.commands == []
    assert "DeleteBucket" not in bare.asked


@pytest.mark.parametrize("error", ["AccessDenied", KeyboardInterrupt()], ids=["refused", "Ctrl-C"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_bucket_is_never_left_half_made(bare, answers, sent, setting, error):
    answers(setting, error)
    with pytest.raises(DeployError, match="deleted again"):
        bare.deploy(bare.request(GIVEN, SMALL, yes=True), start=bare.never)
    assert bare.commands == buckets(bare) == []
    assert sent["DeleteBucket"] == {"Bucket": BUCKET, "ExpectedBucketOwner": ACCOUNT}


@pytest.mark.parametrize(
    ("answered", "words"), [(True, "deleted again"), (False, "no bucket is made")]
)
def test_an_interrupt_while_it_is_made_leaves_no_bucket(bare, monkeypatch, answered, words):
    call = BaseClient._make_api_call

    def interrupted(client, name, arguments):
        if name != "CreateBucket":
            return call(client, name, arguments)
        if answered:
            call(client, name, arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(BaseClient, "_make_api_call", interrupted)
    with pytest.raises(DeployError, match=f"interrupted; .*{words}"):
        bare.deploy(bare.request(GIVEN, SMALL, yes=True), start=bare.never)
    assert bare.commands == buckets(bare) == []


@pytest.mark.parametrize("error", ["AccessDenied", KeyboardInterrupt()], ids=["refused", "Ctrl-C"])
def test_a_bucket_that_cannot_be_deleted_again_is_told(bare, answers, error):
    answers("PutBucketPolicy", "AccessDenied")
    answers("DeleteBucket", error)
    with pytest.raises(DeployError, match=f"may stay.*again.*delete-bucket --bucket {BUCKET}"):
        bare.deploy(bare.request(GIVEN, SMALL, yes=True), start=bare.never)


# another run's


@pytest.mark.parametrize(
    ("created", "setting"),
    [
        ("BucketAlreadyOwnedByYou", "AccessDenied"),
        ("BucketAlreadyOwnedByYou", KeyboardInterrupt()),
        (None, "OperationAborted"),  # us-east-1 tells both runs that they have made it
    ],
)
def test_another_run_s_bucket_is_not_deleted(bare, answers, monkeypatch, created, setting):
    """Two first deployments at once; the other one's CreateBucket comes first."""
    answers("PutBucketVersioning", setting)
    call = BaseClient._make_api_call

    def late(client, name, arguments):
        answer = call(client, name, arguments)
        if name == "CreateBucket" and created:
            raise ClientError({"Error": {"Code": created}}, name)
        return answer

    monkeypatch.setattr(BaseClient, "_make_api_call", late)
    with pytest.raises(DeployError, match=f"{BUCKET} stays; deploy again, which completes it"):
        bare.deploy(bare.request(GIVEN, SMALL, yes=True), start=bare.never)
    assert buckets(bare) == [BUCKET]
    assert "DeleteBucket" not in bare.asked


def test_a_bucket_that_another_run_made_during_the_question_is_not_deleted(bare, answers):
    """In us-east-1, CreateBucket would not tell."""
    answers("PutBucketVersioning", "AccessDenied")

    def yes(_):
        bare.client("s3").create_bucket(Bucket=BUCKET)
        return True

    with pytest.raises(DeployError, match="stays; deploy again"):
        bare.deploy(bare.request(GIVEN, SMALL, yes=False), start=bare.never, ask=yes)
    assert buckets(bare) == [BUCKET]


# completed


def test_a_half_made_bucket_is_told_and_completed(half_made, sent):
    questions = []
    with pytest.raises(AttributeError):
        half_made.deploy(
            half_made.request(GIVEN, SMALL, yes=False),
            start=half_made.never,
            ask=lambda q: not questions.append(q),
        )
    assert "left the bucket without all its settings" in half_made.text
    assert f"the bucket {BUCKET} is completed" in half_made.said
    assert [one.startswith(f"Complete the bucket {BUCKET}") for one in questions] == [True]
    assert sent.keys() >= {*SETTINGS}
    assert not {"CreateBucket", "DeleteBucket"} & set(half_made.asked)

    half_made.said.clear()
    assert half_made.check(half_made.request(GIVEN, SMALL))
    assert "settings" not in half_made.text


def test_a_half_made_bucket_is_not_used_without_consent(half_made):
    request = half_made.request(GIVEN, SMALL, yes=False)
    refused(half_made, request, "is not completed", ask=lambda _: False)


def test_a_bucket_that_was_there_is_not_deleted_when_a_setting_is_refused(half_made, answers):
    answers("PutBucketPolicy", "AccessDenied")
    with pytest.raises(DeployError, match=f"allow PutBucketPolicy; the bucket {BUCKET} stays"):
        half_made.deploy(half_made.request(GIVEN, SMALL, yes=True), start=half_made.never)
    assert buckets(half_made) == [BUCKET]


def test_a_bucket_that_the_user_named_is_used_as_it_is(half_made):
    request = half_made.request(GIVEN, SMALL, bucket=BUCKET, yes=True)
    with pytest.raises(AttributeError):
        half_made.deploy(request, start=half_made.never)
    assert len(half_made.commands) == 1
    assert {one for one in half_made.asked if "Bucket" in one} == {"HeadBucket"}


# made


@pytest.mark.parametrize("region", [REGION, "eu-west-1"])
def test_the_bucket_is_made_with_all_its_settings(bare, sent, region):
    name = f"drtemplate-artifacts-{ACCOUNT}-{region}"
    request = bare.request(GIVEN, SMALL, region=region)
    with pytest.raises(AttributeError):  # past the bucket, where a command would run
        bare.deploy(request, start=bare.never, ask=lambda _: True)
    s3 = bare.client("s3")
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == region
    ownership = s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]
    assert ownership == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    closed = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert list(closed.values()) == [True] * 4
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    assert statement == {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    # moto takes this one and does not show it.
    (given,) = sent["PutBucketLifecycleConfiguration"]["LifecycleConfiguration"]["Rules"]
    assert given["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] == 5
    assert (rule["Status"], rule["Filter"]) == ("Enabled", {"Prefix": ""})
    assert "Expiration" not in rule, "a current version never expires"
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}

    owners = {one.get("ExpectedBucketOwner") for name, one in sent.items() if name in SETTINGS}
    assert owners == {ACCOUNT}

    # It is found the next time, and nobody is asked.
    bare.asked.clear()
    with pytest.raises(AttributeError):
        bare.deploy(request, start=bare.never)
    assert not {"CreateBucket", *SETTINGS} & set(bare.asked)


def test_a_bucket_that_is_the_account_s_already_is_set_up(scene, answers):
    """So it is if the answer to the first CreateBucket was lost."""
    answers("HeadBucket", "404")
    answers("CreateBucket", "BucketAlreadyOwnedByYou")
    with pytest.raises(AttributeError):
        scene.deploy(scene.request(GIVEN, SMALL, yes=True), start=scene.never)
    assert scene.client("s3").get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"


# sent


def test_more_than_51_200_bytes_are_sent_under_their_sha_256(scene):
    """What lies in the bucket is what was checked, whatever happened to the file since."""
    scene.client("s3").create_bucket(Bucket="ours")
    text = SMALL + "#" + "x" * 60_000 + "\r\n"
    request = scene.request(GIVEN, text, bucket="ours")
    sent = text.replace("\r\n", "\n").encode()
    sha256 = hashlib.sha256(sent).hexdigest()

    def say(line):
        scene.said.append(line)
        request.template.write_text("Resources: {}")  # swapped after the check

    assert deploy(request, say, scene.shown.append)
    assert f"template: {len(sent):,} bytes, SHA-256 {sha256}" in scene.text
    (found,) = scene.client("s3").list_objects_v2(Bucket="ours")["Contents"]
    assert re.fullmatch(rf"drtemplate/{STACK}/{sha256}/[0-9a-f]+\.template", found["Key"])
    body = scene.client("s3").get_object(Bucket="ours", Key=found["Key"])["Body"].read()
    assert body == sent

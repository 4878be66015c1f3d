"""The runbook's ways back, run as they stand there, by the AWS CLI on the emulated account.

It knows no backtrack; and a point in time is to it whatever there is.
"""

import re
import subprocess

import pytest
from account import AWS, account
from given import STACK, least

from drtemplate.settings import PROJECT

RUNBOOK = (PROJECT / "docs" / "runbook.md").read_text()
PAST = "2026-11-26T03:15:00Z"


def blocks(title):
    """The shell blocks of a chapter or section, without those of the sections below it."""
    section = re.split(rf"^#+ {re.escape(title)}$", RUNBOOK, flags=re.MULTILINE)[1]
    own = re.split(r"^#+ ", section, flags=re.MULTILINE)[0]
    return re.findall(r"^```sh\n(.*?)^```", own, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def own():
    with account() as made:
        done = made.deploy(STACK, least(made))
        assert done.returncode == 0, done.stderr
        yield made


@pytest.fixture(scope="module")
def shell(own, tmp_path_factory):
    """Runs lines as whoever is on call would, after the chapter's first ones."""
    (preparation,) = blocks("Bring data back")
    binaries = tmp_path_factory.mktemp("bin")
    command = binaries / "aws"
    command.write_text(f'#!/bin/sh\nexec {AWS} --endpoint-url {own.url} "$@"\n')
    command.chmod(0o755)
    environment = own.environment() | {"STACK": STACK, "NAME": STACK}
    environment["PATH"] = f"{binaries}:{environment['PATH']}"

    def run(*lines):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join([preparation, *lines])],
            env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_a_moment_of_the_past_is_restored_beside_and_taken_away(own, shell):
    rds = own.client("rds")
    restore, clean = blocks("A moment of the past, beside")
    shell(restore)
    (past,) = rds.describe_db_clusters(DBClusterIdentifier=f"{STACK}-past")["DBClusters"]
    (live,) = rds.describe_db_clusters(
        DBClusterIdentifier=own.physical_ids(STACK)["AuroraDBCluster"]
    )["DBClusters"]
    assert past["Engine"] == live["Engine"]
    assert past["KmsKeyId"] == live["KmsKeyId"]
    shell(clean)
    left = [one["DBClusterIdentifier"] for one in rds.describe_db_clusters()["DBClusters"]]
    assert left == [live["DBClusterIdentifier"]]


def test_a_table_is_restored_beside(own, shell):
    dynamodb = own.client("dynamodb")
    item = {"SessionId": {"S": "1"}, "UserId": {"S": "a"}}
    dynamodb.put_item(TableName=f"{STACK}-sessions", Item=item)
    beside, *_ = blocks("A table")
    shell(beside)
    found = dynamodb.get_item(TableName=f"{STACK}-sessions-past", Key={"SessionId": {"S": "1"}})
    assert found["Item"] == item


def test_a_deleted_table_comes_back_with_what_a_restore_lacks(own, shell):
    dynamodb, name = own.client("dynamodb"), f"{STACK}-sessions"
    dynamodb.put_item(TableName=name, Item={"SessionId": {"S": "2"}, "UserId": {"S": "b"}})
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=name)
    _, from_backup, give_back = blocks("A table")
    shell(from_backup)
    assert dynamodb.get_item(TableName=name, Key={"SessionId": {"S": "2"}})["Item"]
    assert not dynamodb.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"]
    shell(give_back)
    assert dynamodb.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"]
    ttl = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert ttl["TimeToLiveStatus"] == "ENABLED"
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"


def test_an_overwritten_object_is_back(own, shell):
    s3 = own.client("s3")
    bucket = own.physical_ids(STACK)["ConfigurationBucket"]
    for body in (b"right", b"wrong"):
        s3.put_object(Bucket=bucket, Key="app.json", Body=body)
    shell(*blocks("An object"))
    assert s3.get_object(Bucket=bucket, Key="app.json")["Body"].read() == b"right"


def test_a_disabled_key_is_enabled_again(own, shell):
    kms, key = own.client("kms"), own.physical_ids(STACK)["OperationsKey"]
    kms.schedule_key_deletion(KeyId=key)
    look, undo = blocks("A lost key")
    assert "PendingDeletion" in shell(look, undo)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"

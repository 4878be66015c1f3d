"""The actor: promotes the other database instance, once, and says how it went."""

import json
import os
import time
from datetime import UTC, datetime
from decimal import Decimal

import boto3
from botocore.config import Config

# A hung API must not eat the run: at most 2 x (2 + 5) seconds a call.
CONFIG = Config(
    connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2, "mode": "standard"}
)
rds = boto3.client("rds", config=CONFIG)
sns = boto3.client("sns", config=CONFIG)
cloudwatch = boto3.client("cloudwatch", config=CONFIG)
table = boto3.resource("dynamodb", config=CONFIG).Table(os.environ["FAILOVER_STATE_TABLE"])
CLUSTER = os.environ["CLUSTER_ID"]
STACK = os.environ["STACK_NAME"]
# Seconds kept back to record and notify before Lambda ends the run.
RESERVE = 20
POLL = 2


def handler(event, context):
    """Fail over if the event says ``{"trigger_failover": true}``; anything else changes nothing."""
    if not isinstance(event, dict) or event.get("trigger_failover") is not True:
        return answer("NOT_REQUIRED", "Failover not required")
    started = time.monotonic()
    record(Status="IN_PROGRESS", StartTime=now(), Reason=str(event.get("reason", "unknown")))
    try:
        writer, reader = members()
        if reader is None:
            raise RuntimeError(f"no reader of {CLUSTER} to promote")
        rds.failover_db_cluster(DBClusterIdentifier=CLUSTER, TargetDBInstanceIdentifier=reader)
        promoted = wait_for_new_writer(writer, context)
    except Exception as error:
        record(Status="FAILED", CompletedTime=now(), Error=str(error))
        attempt(notify, "Failover failed", str(error))
        raise
    seconds = time.monotonic() - started
    record(
        Status="COMPLETED",
        CompletedTime=now(),
        Duration=Decimal(str(round(seconds, 3))),
        PreviousWriter=str(writer),
        NewWriter=promoted,
    )
    attempt(publish_duration, seconds)
    attempt(notify, "Failover completed", f"{promoted} writes since {seconds:.1f} s after the call")
    return answer("COMPLETED", f"{promoted} is the writer")


def members():
    """The writer and a reader of the cluster, each None if there is none; its status must allow."""
    found = cluster()["DBClusterMembers"]
    ids = {member["IsClusterWriter"]: member["DBInstanceIdentifier"] for member in found}
    return ids.get(True), ids.get(False)


def cluster():
    return rds.describe_db_clusters(DBClusterIdentifier=CLUSTER)["DBClusters"][0]


def wait_for_new_writer(old, context):
    """Proof of a failover is another writer, not a status; the wait ends before Lambda does."""
    while context.get_remaining_time_in_millis() > RESERVE * 1000:
        found = cluster()
        writers = [
            member["DBInstanceIdentifier"]
            for member in found["DBClusterMembers"]
            if member["IsClusterWriter"]
        ]
        if found["Status"] == "available" and writers and writers[0] != old:
            return writers[0]
        time.sleep(POLL)
    raise TimeoutError(f"{old} is still the writer of {CLUSTER}")


def record(**values):
    """Write attributes of the state item and leave its others alone."""
    names = {f"#{name}": name for name in values}
    table.update_item(
        Key={"StateKey": "FAILOVER_STATUS"},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
    )


def notify(subject, message):
    sns.publish(
        TopicArn=os.environ["SNS_TOPIC_ARN"], Subject=f"{STACK}: {subject}"[:99], Message=message
    )


def publish_duration(seconds):
    cloudwatch.put_metric_data(
        Namespace="DRSystem",
        MetricData=[
            {
                "MetricName": "FailoverDuration",
                "Dimensions": [{"Name": "StackName", "Value": STACK}],
                "Value": seconds,
                "Unit": "Seconds",
            }
        ],
    )


def attempt(function, *arguments):
    """Telling about a run must not change its outcome."""
    try:
        function(*arguments)
    except Exception as error:
        print(f"{function.__name__} failed: {error}")


def answer(outcome, message):
    return {"statusCode": 200, "body": json.dumps({"outcome": outcome, "message": message})}


def now():
    return datetime.now(UTC).isoformat()

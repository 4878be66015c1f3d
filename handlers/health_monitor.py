"""The observer: probes the primary side each minute and calls the orchestrator if it is dead."""

import json
import os
import socket
import time
from datetime import UTC, datetime, timedelta

import boto3
from botocore.config import Config

# A hung API must not eat the run: at most 2 x (1 + 2) seconds a call.
CONFIG = Config(
    connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 2, "mode": "standard"}
)
elbv2 = boto3.client("elbv2", config=CONFIG)
cloudwatch = boto3.client("cloudwatch", config=CONFIG)
functions = boto3.client("lambda", config=CONFIG)
STACK = os.environ["STACK_NAME"]
MYSQL = 3306
PROBES = 3


def handler(event, context):
    """Check, publish, and only then decide; a check that cannot be read casts no vote."""
    health = {
        "database": read(database_is_alive),
        "alb_targets": read(targets_are_in_service),
        "replication_lag": read(replication_lag),
    }
    read(publish, health)
    if health["database"] is False:
        reason = [name for name in ("database", "alb_targets") if health[name] is False]
        functions.invoke(
            FunctionName=os.environ["FAILOVER_FUNCTION"],
            InvocationType="Event",
            Payload=json.dumps({"trigger_failover": True, "reason": reason}),
        )
    return {"statusCode": 200, "body": json.dumps(health)}


def read(check, *arguments):
    """The check's result, or None if it cannot be read; one blind eye must not close the others."""
    try:
        return check(*arguments)
    except Exception as error:
        print(f"{check.__name__} failed: {error}")
        return None


def database_is_alive():
    """Whether the writer sends its first packet in one of a few probes; any packet is life.

    A cluster status is no sign: backing-up or modifying with a living server is healthy.
    """
    address = os.environ["DATABASE_ENDPOINT"]
    for probe in range(PROBES):
        if probe:
            time.sleep(2)
        try:
            with socket.create_connection((address, MYSQL), 2) as connection:
                if connection.recv(1):
                    return True
        except socket.gaierror:
            raise
        except OSError as error:
            print(f"probe {probe + 1}: {error}")
    return False


def targets_are_in_service():
    """False if a target is unhealthy and none healthy; None while that says nothing."""
    found = elbv2.describe_target_health(TargetGroupArn=os.environ["PRIMARY_TARGET_GROUP_ARN"])
    states = {target["TargetHealth"]["State"] for target in found["TargetHealthDescriptions"]}
    if "healthy" in states:
        return True
    return False if "unhealthy" in states else None


def replication_lag():
    """The readers' latest lag in milliseconds, or None without a fresh sample."""
    now = datetime.now(UTC)
    found = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {
                "Id": "lag",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/RDS",
                        "MetricName": "AuroraReplicaLag",
                        "Dimensions": [
                            {"Name": "DBClusterIdentifier", "Value": os.environ["CLUSTER_ID"]}
                        ],
                    },
                    "Period": 60,
                    "Stat": "Maximum",
                },
            }
        ],
        StartTime=now - timedelta(minutes=5),
        EndTime=now,
    )
    values = found["MetricDataResults"][0]["Values"]
    return values[0] if values else None


def publish(health):
    metrics = {
        "DatabaseHealth": (health["database"], "Count"),
        "TargetHealth": (health["alb_targets"], "Count"),
        "ReplicationLag": (health["replication_lag"], "Milliseconds"),
    }
    cloudwatch.put_metric_data(
        Namespace="DRSystem",
        MetricData=[
            {
                "MetricName": name,
                "Dimensions": [{"Name": "StackName", "Value": STACK}],
                "Value": float(value),
                "Unit": unit,
            }
            for name, (value, unit) in metrics.items()
            if value is not None
        ],
    )

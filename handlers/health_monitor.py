"""The observer: probes the primary side without a gap and calls for a failover; it never acts.

A run starts every minute and probes for 130 seconds: whatever begins is seen to its end by one that
began before it, and two at once are harmless, since the lease makes one failover of their calls.
"""

import json
import socket
from os import environ as ENV
from time import sleep, time

import boto3
from botocore.config import Config

# Two tries of at most 1 + 1 seconds a call; the next tick is the third.
CONFIG = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 2})
elbv2, rds, ssm, functions = (
    boto3.client(name, config=CONFIG) for name in "elbv2 rds ssm lambda".split()
)
# Metrics must not delay a decision by more than a second.
QUICK = Config(connect_timeout=0.4, read_timeout=0.6, retries={"total_max_attempts": 1})
cloudwatch = boto3.client("cloudwatch", config=QUICK)
# Seconds: how long a run probes, and how often a standing call is repeated.
RUN, REPEAT = 130, 15
# Key of the configuration -> default, allowed values. See docs/runbook.md.
LIMITS = {
    "auto_failover": (ENV["AUTO_FAILOVER"], ["ON", "DRY_RUN", "OFF"]),
    "auto_failover_enabled": (True, [True, False]),
    "probe_interval_seconds": (5, range(1, 11)),
    "consecutive_failures": (2, range(1, 6)),
    "database_grace_seconds": (20, range(46)),
    "application_grace_seconds": (30, range(46)),
}


def handler(_event, _context):
    """Probe until the next run has taken over."""
    begun = time()
    config = configuration(read(given) or {})
    armed = config["auto_failover_enabled"] and config["auto_failover"] == "ON"
    rows, calls, last = {}, {}, None
    while True:
        now = time()
        health = {"database": read(database), "application": read(application)}
        # Whom a call names: the writer when it last lived, or as this run first looked.
        if health["database"] or not rows:
            last = read(writer) or last
        read(publish, AutomationArmed=armed, DatabaseHealth=health["database"])
        read(decide, health, config, rows, calls, last, now)
        pause = max(0, now + config["probe_interval_seconds"] - time())
        if time() + pause >= begun + RUN:
            return health
        sleep(pause)


def decide(health, config, rows, calls, last, now):
    """Call while signals stand. One that is unknown stands for nothing, and ends its row."""
    for name, good in health.items():
        rows[name] = [*rows.get(name, []), now] if good is False else []
    # The load balancer has debounced its own signal already.
    needed = {"database": config["consecutive_failures"], "application": 1}
    votes = [name for name in needed if len(rows[name]) >= needed[name]]
    if not votes:
        return
    detected = min(rows[name][0] for name in votes)
    if len(votes) == 1 and now - detected < config[f"{votes[0]}_grace_seconds"]:
        return
    attempt = f"{'+'.join(votes)}#{detected:.3f}"
    if now - calls.get(attempt, 0) < REPEAT:
        return
    call = {
        "trigger_failover": True,
        "votes": health,
        "components": votes,
        "detected_at": detected,
        "writer": last,
        "attempt_id": attempt,
        "notes": config["misfits"],
    }
    functions.invoke(
        FunctionName=ENV["FAILOVER_FUNCTION"], InvocationType="Event", Payload=json.dumps(call)
    )
    calls[attempt] = now


def read(function, *arguments, **named):
    """The result, or None if it cannot be had: one blind eye must not close the others."""
    try:
        return function(*arguments, **named)
    except Exception as error:
        print(f"{function.__name__}: {error!r}")


def database():
    """Whether the writer sends its first packet; any packet is life. No name is no answer."""
    try:
        with socket.create_connection((ENV["DATABASE"], 3306), 2) as connection:
            return connection.recv(1) != b""
    except socket.gaierror:
        raise
    except OSError as error:
        print(f"database: {error!r}")
        return False


def application():
    """False if a target is unhealthy and none healthy; None while that says nothing."""
    found = elbv2.describe_target_health(TargetGroupArn=ENV["PRIMARY_TARGETS"])
    states = {target["TargetHealth"]["State"] for target in found["TargetHealthDescriptions"]}
    return True if "healthy" in states else False if "unhealthy" in states else None


def writer():
    """The instance that writes, None without one."""
    found = rds.describe_db_clusters(DBClusterIdentifier=ENV["CLUSTER_ID"])["DBClusters"][0]
    for member in found["DBClusterMembers"]:
        if member["IsClusterWriter"]:
            return member["DBInstanceIdentifier"]
    return None


def publish(**values):
    """What is known, at one-second resolution; the armed bit is the heartbeat too."""
    data = [
        {
            "MetricName": name,
            "Value": float(value),
            "StorageResolution": 1,
            "Dimensions": [{"Name": "StackName", "Value": ENV["STACK_NAME"]}],
        }
        for name, value in values.items()
        if value is not None
    ]
    cloudwatch.put_metric_data(Namespace="DRSystem", MetricData=data)


def given():
    """The configuration in Parameter Store."""
    return dict(json.loads(ssm.get_parameter(Name=ENV["CONFIG"])["Parameter"]["Value"]))


def configuration(values):
    """What is given where it fits, else the defaults; and the keys whose values do not fit."""
    config = {"misfits": []}
    for key, (default, allowed) in LIMITS.items():
        value = config[key] = values.get(key)
        if type(value) is not type(default) or value not in allowed:
            config[key] = default
            config["misfits"].append(key)
    return config

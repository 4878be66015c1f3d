"""A deployment, AWS's timings, and small handlers whose arithmetic can be done by hand."""

from dataclasses import replace

import pytest

from drtemplate.drill import runner
from drtemplate.groups.handlers import MONITOR, OBSERVERS, ORCHESTRATOR

# Looks every five seconds at the writer (two seconds at most) and at the targets; calls when the writer
# was bad twice in a row and the targets are bad. UNKNOWN is what an API error counts as.
PLAIN_MONITOR = """
import json, os, socket, time
import boto3
from botocore.config import Config
quick = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})
elbv2 = boto3.client("elbv2", config=quick)
functions = boto3.client("lambda", config=quick)
UNKNOWN = None

def database():
    try:
        with socket.create_connection((os.environ["DATABASE"], 3306), 2) as connection:
            return connection.recv(1) != b""
    except OSError:
        return False

def targets():
    try:
        found = elbv2.describe_target_health(TargetGroupArn=os.environ["PRIMARY_TARGETS"])
    except Exception:
        return UNKNOWN
    states = {one["TargetHealth"]["State"] for one in found["TargetHealthDescriptions"]}
    return True if "healthy" in states else False if states else None

def handler(event, context):
    begun, row = time.time(), 0
    while time.time() < begun + 70:
        tick = time.time()
        votes = {"database": database(), "application": targets()}
        row = row + 1 if votes["database"] is False else 0
        if votes["application"] is False and (row >= 2 or not NEEDS_DATABASE):
            call = {"trigger_failover": True, "votes": votes, "attempt_id": "x"}
            functions.invoke(FunctionName=os.environ["FAILOVER_FUNCTION"],
                             InvocationType="Event", Payload=json.dumps(call))
        time.sleep(max(0, tick + 5 - time.time()))

NEEDS_DATABASE = True
"""

# Takes a lease by a conditional write that never expires, promotes, waits, records.
PLAIN_ORCHESTRATOR = """
import json, os, time
import boto3
from boto3.dynamodb.conditions import Attr
rds = boto3.client("rds")
sns = boto3.client("sns")
route53 = boto3.client("route53")
table = boto3.resource("dynamodb").Table(os.environ["FAILOVER_STATE_TABLE"])
cluster = os.environ["CLUSTER_ID"]

def record(status, **condition):
    table.put_item(Item={"StateKey": "FAILOVER_STATUS", "Status": status, "AttemptId": "x",
                         "LeaseExpires": int(time.time()) + 190}, **condition)

def look():
    found = rds.describe_db_clusters(DBClusterIdentifier=cluster)["DBClusters"][0]
    writer = next(one for one in found["DBClusterMembers"] if one["IsClusterWriter"])
    return writer["DBInstanceIdentifier"], found["Status"]

def handler(event, context):
    if event.get("trigger_failover") is not True:
        return {"statusCode": 200, "body": json.dumps({"outcome": "NOT_REQUIRED"})}
    if LEASE:
        try:
            record("IN_PROGRESS", ConditionExpression=Attr("Status").not_exists())
        except Exception:
            return {"statusCode": 409, "body": json.dumps({"outcome": "REFUSED"})}
    old, status = look()
    rds.failover_db_cluster(DBClusterIdentifier=cluster)
    while PROVES:
        writer, status = look()
        if writer != old and status == "available":
            break
        time.sleep(1)
    if LEASE and FINISHES:
        record("COMPLETED")
    if TELLS:
        sns.publish(TopicArn=os.environ["SNS_TOPIC_ARN"], Subject="moved", Message="moved")
    if FAILS_BACK:
        while True:
            time.sleep(2)
            try:
                rds.failover_db_cluster(DBClusterIdentifier=cluster, TargetDBInstanceIdentifier=old)
                break
            except Exception:
                pass
    return {"statusCode": 200, "body": json.dumps({"outcome": "COMPLETED"})}

LEASE, FINISHES, FAILS_BACK, PROVES, TELLS = True, True, False, True, True
"""


@pytest.fixture(scope="session")
def plain(deployment):
    """The deployment with the small handlers, ``monitor`` and ``orchestrator`` lines added to them; one observes."""

    def make(monitor="", orchestrator=""):
        codes = dict.fromkeys(OBSERVERS, "def handler(event, context): pass")
        codes[MONITOR] = PLAIN_MONITOR + monitor
        codes[ORCHESTRATOR] = PLAIN_ORCHESTRATOR + orchestrator
        functions = {
            name: replace(one, code=codes[name]) for name, one in deployment.functions.items()
        }
        # Without the sweep, which would keep the orchestrator warm.
        rules = tuple(rule for rule in deployment.rules if not rule.inputs)
        return replace(deployment, functions=functions, rules=rules)

    return make


@pytest.fixture
def measure(monkeypatch):
    """Run a scenario; gives the run and its trial."""
    kept = {}
    inner = runner._run

    def spy(trial, *arguments):
        kept["trial"] = trial
        return inner(trial, *arguments)

    monkeypatch.setattr(runner, "_run", spy)

    def measured(scenario, deployment, timings, seed):
        return runner.simulate(scenario, deployment, timings, seed), kept["trial"]

    return measured

"""Between a handler and the world: boto3's own validation, exceptions, time-outs and retries."""

import json
import textwrap

import pytest
from botocore.config import Config

from drtemplate.errors import DrTemplateError
from drtemplate.groups.handlers import ORCHESTRATOR
from drtemplate.world.witness import Witness

PREAMBLE = """
import json, os, time
import boto3
from boto3.dynamodb.conditions import Attr
rds = boto3.client("rds")
route53 = boto3.client("route53")
table = boto3.resource("dynamodb").Table(os.environ["FAILOVER_STATE_TABLE"])
cluster = os.environ["CLUSTER_ID"]

"""


class Runs(Witness):
    def __init__(self):
        self.runs = []

    def ended(self, invocation):
        self.runs.append(invocation)


@pytest.fixture
def call(deployment, made_world):
    """Run a body as a handler: gives what it returned, when it began and ended, and its world."""

    def made(body, *, before=lambda _: None, timeout=None, **timings):
        lines = "\n ".join(["def handler(event, context):", *body.strip().splitlines()])
        stack = deployment.untriggered().with_function(ORCHESTRATOR, code=PREAMBLE + lines)
        witness = Runs()
        world = made_world("wire", witness, stack=stack, **timings)
        before(world)
        world.send(ORCHESTRATOR, {"x": 1})
        world.run(400)
        run = next(one for one in witness.runs if one.source == "operator")
        return run, world

    return made


def test_an_answer_takes_its_latency(call):
    run, _ = call("return rds.describe_db_clusters(DBClusterIdentifier=cluster)", api_read=0.7)
    assert run.ended - run.began == pytest.approx(0.7)
    assert run.answer["DBClusters"][0]["Status"] == "available"
    assert run.answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert (run.calls, run.spent) == (1, {"rds": pytest.approx(0.7)})


@pytest.mark.parametrize(
    "line",
    [
        "rds.failover_db_cluster(Cluster=cluster)",
        "rds.failover_db_cluster()",
        "rds.failover_db_cluster(DBClusterIdentifier=7)",
        "route53.update_health_check(HealthCheckId='x', Disabled='yes')",
        "table.put_item(Item='x')",
    ],
)
def test_a_request_that_botocore_refuses_is_refused(call, line):
    run, world = call(line)
    assert type(run.error).__name__ == "ParamValidationError"
    assert world.aurora.status.value == "available"


def test_what_dynamodb_cannot_store_is_refused(call):
    run, _ = call("table.put_item(Item={'StateKey': 'x', 'Duration': 1.5})")
    assert isinstance(run.error, TypeError)
    assert "Float types are not supported" in str(run.error)


def test_exceptions_are_botocore_s_own(call):
    run, _ = call("""
rds.failover_db_cluster(DBClusterIdentifier=cluster)
try:
  rds.failover_db_cluster(DBClusterIdentifier=cluster)
except rds.exceptions.InvalidDBClusterStateFault as error:
  return error.response["Error"]["Code"]""")
    assert run.answer == "InvalidDBClusterStateFault"


def test_the_start_of_a_statistic_is_rounded_down_to_a_whole_period(call):
    body = """
        cloudwatch = boto3.client("cloudwatch")
        time.sleep(127 - time.time() % 3600)
        def count(period):
            found = cloudwatch.get_metric_statistics(
                Namespace="N", MetricName="M", Statistics=["SampleCount"], Period=period,
                StartTime=time.time() - 30, EndTime=time.time())["Datapoints"]
            return sum(one["SampleCount"] for one in found)
        try:
            count(7)
        except Exception as error:
            return [count(1), count(10), count(60), error.response["Error"]["Code"]]"""

    def measured(world):
        for at in (62, 92):
            world.metrics.put(("N", "M", frozenset()), at, 1.0, at)

    run, _ = call(textwrap.dedent(body), before=measured)
    assert run.answer == [0, 1, 2, "InvalidParameterValue"]


def test_a_condition_that_does_not_hold(call):
    run, world = call("""
key = {"StateKey": "k"}
table.put_item(Item={**key, "n": 1}, ConditionExpression=Attr("n").not_exists())
table.put_item(Item={**key, "n": 2}, ConditionExpression=Attr("n").eq(1))
try:
  table.put_item(Item={**key, "n": 3}, ConditionExpression=Attr("n").eq(1))
except table.meta.client.exceptions.ConditionalCheckFailedException:
  return int(table.get_item(Key=key, ConsistentRead=True)["Item"]["n"])""")
    assert run.answer == 2
    assert world.table.items["k"]["n"] == 2


# What goes wrong.


def down(kind, service="rds"):
    return lambda world: world.network.outages.update({service: kind})


SHORT = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2})
LIMITED = (
    "short = boto3.client('rds', config=__import__('botocore.config').config.Config("
    "connect_timeout=2, read_timeout=3, retries={'total_max_attempts': 2}))\n"
)


def test_a_silent_service_costs_the_connect_time_out_of_every_attempt(call):
    run, _ = call(LIMITED + "short.describe_db_clusters()", before=down("silent"))
    assert type(run.error).__name__ == "ConnectTimeoutError"
    # Two attempts of two seconds, and a pause of less than one between them.
    assert 4 <= run.ended - run.began < 5
    assert run.calls == 2


def test_a_failing_service_answers_at_once(call):
    run, _ = call(LIMITED + "short.describe_db_clusters()", before=down("error"))
    assert run.error.response["Error"]["Code"] == "ServiceUnavailable"
    assert run.ended - run.began < 1.3


def test_an_answer_that_comes_too_late_has_been_acted_on(call):
    run, world = call(
        LIMITED.replace("total_max_attempts': 2", "total_max_attempts': 1")
        + "short.failover_db_cluster(DBClusterIdentifier=cluster)",
        api_failover=9,
    )
    assert type(run.error).__name__ == "ReadTimeoutError"
    assert run.ended - run.began == pytest.approx(3)
    assert world.aurora.writers.values == ["primarydbinstance", "standbydbinstance"]


def test_throttled_everywhere(call):
    def throttle(world):
        world.network.throttled = 1.0

    run, _ = call(LIMITED + "short.describe_db_clusters()", before=throttle)
    assert run.error.response["Error"]["Code"] == "Throttling"
    assert run.calls == 2


def test_the_lambda_time_out_cannot_be_caught(call):
    run, world = call("""
while True:
  try:
    time.sleep(1)
  except Exception:
    pass""")
    timeout = world.deployment.functions[ORCHESTRATOR].timeout
    assert run.ended - run.began == pytest.approx(timeout)
    assert type(run.error).__name__ == "Killed"


def test_what_fails_for_good_goes_to_its_destination(call):
    told = []

    def listen(world):
        world.functions.tell = lambda *message: told.append(message)

    _, world = call("raise ValueError('x')", before=listen)
    function = world.deployment.functions[ORCHESTRATOR]
    assert function.retries == 0
    (text,) = (text for to, what, text in told if what == "Lambda RetriesExhausted")
    assert json.loads(text) == {
        "requestContext": {
            "condition": "RetriesExhausted",
            "requestId": "request-1",
            "functionArn": f"{function.arn}:$LATEST",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"x": 1},
        "responsePayload": {"errorType": "ValueError", "errorMessage": "x"},
    }
    assert [of for of, *_ in told] == [function]


def test_the_clock_is_virtual(call):
    run, world = call("""
from datetime import datetime, UTC
before = time.time()
time.sleep(1.5)
return [time.time() - before, datetime.now(UTC).isoformat(), context.get_remaining_time_in_millis()]""")
    slept, when, left = run.answer
    assert slept == 1.5
    assert when.startswith("2026-01-05T00:0")
    timeout = world.deployment.functions[ORCHESTRATOR].timeout
    assert left == pytest.approx((timeout - 1.5) * 1000, abs=1)


def test_the_calendar_is_virtual_too(call):
    run, _ = call("""
form = "%Y-%m-%dT%H:%M"
return [time.strftime(form), time.strftime(form, time.gmtime()), time.strftime(form, time.localtime()),
        time.strftime("%Y", time.gmtime(0))]""")
    assert [one[:15] for one in run.answer] == ["2026-01-05T00:0"] * 3 + ["1970"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("rds.delete_db_cluster(DBClusterIdentifier=cluster)", "rds:DeleteDBCluster"),
        (
            "try:\n  rds.reboot_db_instance(DBInstanceIdentifier='x')\nexcept Exception: pass",
            "rds:Reboot",
        ),
        ("boto3.resource('s3')", "boto3.resource('s3')"),
    ],
)
def test_what_the_cloud_does_not_know_ends_the_drill(call, body, words):
    with pytest.raises(DrTemplateError) as error:
        call(body)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_long_text_is_still_a_text(call):
    run, _ = call("""
raw, topic = boto3.client("sns"), os.environ["SNS_TOPIC_ARN"]
raw.publish(TopicArn=topic, Message="x" * 500)
raw.publish(TopicArn=topic, Message=["x" * 500])""")
    assert type(run.error).__name__ == "ParamValidationError"

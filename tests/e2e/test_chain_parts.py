"""The harness of the chain runs: its clock, its alarms, its queue, and no way around its gate."""

import datetime

import pytest
from chain.clock import Clock, Killed
from chain.metrics import Alarm, Composite, Metrics
from chain.world import ORCHESTRATOR

pytest_plugins = ["chain.plugin"]

# The clock


def test_processes_take_turns_in_virtual_time():
    clock, seen = Clock(100.0), []

    def work(name, pause):
        def body(process):
            for _ in range(3):
                clock.advance(pause)
                seen.append((name, clock.now))

        return body

    clock.start(work("a", 2), timeout=60)
    clock.start(work("b", 3), timeout=60)
    clock.at(2.5, lambda: seen.append(("event", clock.now)))
    clock.advance(5)
    assert seen == [("a", 102), ("event", 102.5), ("b", 103), ("a", 104)]
    assert clock.running == 2
    clock.drain()
    assert seen[4:] == [("b", 106), ("a", 106), ("b", 109)]
    assert (clock.running, clock.now) == (0, 109)


@pytest.mark.parametrize(("pause", "killed"), [(9.9, False), (10, True), (10_000, True)])
def test_a_process_ends_at_its_timeout(pause, killed):
    clock, ended = Clock(0.0), []

    def work(process):
        try:
            clock.advance(pause)
        except Killed:
            ended.append(clock.now)

    clock.start(work, timeout=10)
    clock.drain()
    assert ended == ([10] if killed else [])


def test_the_end_of_time_is_no_exception_that_code_catches():
    assert not issubclass(Killed, Exception)


# Alarms

FACTS = {
    "AlarmName": "a",
    "Namespace": "N",
    "MetricName": "m",
    "Dimensions": [{"Name": "D", "Value": "d"}],
    "Statistic": "Maximum",
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 10.0,
    "Period": 60,
    "EvaluationPeriods": 2,
}
LOW = {"ComparisonOperator": "LessThanThreshold", "Statistic": "Minimum"}


@pytest.mark.parametrize(
    ("changed", "older", "newer", "state"),
    [
        ({}, [11], [12], "ALARM"),
        ({}, [11], [10], "OK"),
        ({}, [9, 11], [1, 11], "ALARM"),
        ({"Statistic": "Average"}, [9, 11], [1, 11], "OK"),
        ({"Statistic": "Sum"}, [5, 6], [5, 6], "ALARM"),
        ({"Statistic": "SampleCount"}, [0] * 11, [0] * 11, "ALARM"),
        ({"Statistic": "Minimum"}, [9, 11], [11], "OK"),
        (LOW, [9, 11], [9], "ALARM"),
        ({"ComparisonOperator": "GreaterThanOrEqualToThreshold"}, [10], [10], "ALARM"),
        ({"ComparisonOperator": "LessThanOrEqualToThreshold"}, [10], [10], "ALARM"),
        ({"EvaluationPeriods": 1}, [0], [11], "ALARM"),
        # What is there decides while anything is; https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
        ({}, [11], [], "ALARM"),
        ({}, [9], [], "OK"),
        ({}, [], [], "INSUFFICIENT_DATA"),
        ({"TreatMissingData": "breaching"}, [11], [], "ALARM"),
        ({"TreatMissingData": "breaching"}, [], [], "ALARM"),
        ({"TreatMissingData": "notBreaching"}, [11], [], "OK"),
    ],
)
def test_an_alarm(changed, older, newer, state):
    clock = Clock(120.0)
    metrics, alarm = Metrics(clock), Alarm(FACTS | changed)
    for values, ago in ((older, 61), (newer, 1)):
        for value in values:
            metrics.add("N", "m", {"D": "d"}, value, ago)
            metrics.add("N", "m", {"D": "other"}, 0, ago)
    assert alarm.evaluate(metrics, 119) is False
    assert alarm.evaluate(metrics, 120) is (state == "ALARM")
    assert alarm.state == state
    assert alarm.evaluate(metrics, 120) is False


def test_missing_data_breach_once_the_last_good_ones_have_left_the_range():
    """Two periods are wanted and four are looked at, so a silence is seen four minutes later."""
    clock = Clock(600.0)
    metrics, alarm = Metrics(clock), Alarm(FACTS | {"TreatMissingData": "breaching"})
    for ago in (300, 360, 420):
        metrics.add("N", "m", {"D": "d"}, 0, ago)
    gone_off = [now for now in range(300, 661, 60) if alarm.evaluate(metrics, now)]
    assert gone_off == [600]


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        ('ALARM("a")', "ALARM"),
        ('ALARM("b")', "OK"),
        ('(ALARM("a") AND ALARM("b")) OR ALARM("b")', "OK"),
        ('(ALARM("a") AND\n NOT ALARM("b"))', "ALARM"),
    ],
)
def test_a_composite_alarm(rule, state):
    alarm = Composite({"AlarmName": "c", "AlarmRule": rule})
    assert alarm.evaluate({"a": "ALARM", "b": "INSUFFICIENT_DATA"}) is (state == "ALARM")
    assert alarm.state == state


@pytest.mark.parametrize("rule", ['ALARM("c")', 'OK("a")', "__import__('os')"])
def test_a_composite_alarm_with_unknown_words(rule):
    with pytest.raises(KeyError):
        Composite({"AlarmName": "c", "AlarmRule": rule}).evaluate({"a": "OK"})


# Code in the place of the orchestrator's


@pytest.fixture
def ran(harness):
    """The world in which some code ran as the orchestrator, asked once by a person."""

    def run(body, **values):
        code = f"def handler(event, context):\n{body}"

        def script(world):
            harness.schedule(False)
            world.operator({"n": 1})

        with harness.altered(ORCHESTRATOR, code=code, **values):
            harness.run(1, script)
        return harness.host.world

    return run


def test_an_operation_without_a_row_fails_the_run(ran):
    world = ran("""
 import boto3
 try: boto3.client("rds").delete_db_cluster(DBClusterIdentifier="x")
 except Exception: pass
 return 1
""")
    assert world.gate.violations[0] == "no row for rds DeleteDBCluster"


def test_a_denial_that_the_code_swallows_fails_the_run(ran):
    world = ran("""
 import boto3
 try: boto3.client("sns").publish(TopicArn="arn:aws:sns:us-east-1:1:other", Message="m")
 except Exception as error: return str(error)
""")
    (answer,) = world.functions.answers
    assert "AccessDenied" in answer[1]
    assert "may not sns:Publish" in world.gate.violations[0]


def test_a_missing_condition_value_fails_the_run(ran):
    world = ran("""
 import boto3
 boto3.client("cloudwatch").put_metric_data(Namespace="Other", MetricData=[])
""")
    assert "cloudwatch:PutMetricData" in world.gate.violations[0]


def test_a_synchronous_invocation_is_not_run(ran, harness):
    arn = harness.deployment.arn("HealthMonitorFunction")
    role = harness.deployment.functions[arn].role
    world = ran(
        f"""
 import boto3
 try: boto3.client("lambda").invoke(FunctionName="{harness.deployment.arn(ORCHESTRATOR)}")
 except Exception: pass
""",
        role=role,
    )
    assert any("only asynchronous" in one for one in world.gate.violations)


@pytest.mark.parametrize(
    "line",
    [
        "from boto3 import Session",
        "from boto3.session import Session",
        "import boto3.session",
        "import botocore.session",
        "from botocore.session import get_session",
        "from botocore import session",
        "import urllib.request",
        "from http import client",
        "import subprocess",
        "import _socket",
        "from socket import socket",
        "import os; os.system",
    ],
)
def test_there_is_no_way_around(ran, line):
    world = ran(f" {line}\n")
    assert world.functions.failures
    assert world.functions.answers == []


def test_the_code_knows_only_the_virtual_time(ran):
    world = ran("""
 import time
 from datetime import UTC, datetime
 from time import sleep
 begun = time.time()
 sleep(30)
 now = datetime.now(UTC)
 assert isinstance(now, datetime)
 return [begun, time.time(), now.timestamp(), datetime.utcnow().isoformat()]
""")
    ((_, (begun, ended, now, naive)),) = world.functions.answers
    assert ended - begun == 30
    assert now == ended
    assert datetime.datetime.fromisoformat(naive).replace(tzinfo=datetime.UTC).timestamp() == now


def test_the_code_has_the_deployed_environment(ran, harness):
    world = ran(" import os\n return dict(os.environ)\n")
    ((name, environment),) = world.functions.answers
    deployed = harness.deployment.functions[harness.deployment.arn(ORCHESTRATOR)]
    assert environment.items() >= deployed.environment.items()
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == name


# Lambda's queue


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_retries(ran, retries):
    world = ran(" raise ValueError('x')\n", retries=retries, maximum_age=600)
    assert [error for _, error in world.functions.failures] == ["x"] * (retries + 1)


def test_a_retry_that_comes_too_late_is_none(ran):
    """The first comes after a minute, and the deployed queue keeps events for as long."""
    world = ran(" raise ValueError('x')\n", retries=2)
    assert len(world.functions.failures) == 1
    assert world.functions.queued == 0


def test_an_answer_that_is_no_json_is_a_failure(ran):
    assert ran(" return {1, 2}\n").functions.failures


def test_what_code_does_to_its_event_is_not_seen_by_a_retry(ran):
    world = ran(" event['n'] += 1\n raise ValueError(event['n'])\n", retries=1, maximum_age=600)
    assert [error for _, error in world.functions.failures] == ["2", "2"]

"""Events of any shape: what starts a run, what is recorded, what is let be."""

from decimal import Decimal
from itertools import product

import pytest
from botocore.exceptions import ReadTimeoutError
from world import HEALTH, READER, START, TARGETS, WRITER, alarm, metric

MANUAL = {"trigger_failover": True}
DATABASE = MANUAL | {"components": ["database"]}
ACTING = {"FailoverDBCluster", "UpdateHealthCheck"}
DAY = 86400
HUGE = "x" * 200_000


def short(value):
    return str(value)[:50]


def acted(world):
    return bool(ACTING & {name for _, name, _ in world.calls})


# What is no trigger.

IDLE_EVENTS = [
    None,
    [],
    [MANUAL],
    "",
    "trigger_failover",
    '{"trigger_failover": true}',
    0,
    1,
    1.5,
    True,
    False,
    {},
    {"trigger_failover": "true"},
    {"trigger_failover": "false"},
    {"trigger_failover": 0},
    {"trigger_failover": 1},
    {"trigger_failover": None},
    {"trigger_failover": [True]},
    {"trigger_failover": {"value": True}},
    {"trigger_failover": False, "force": True, "votes": {}},
    {"Trigger_Failover": True},
    {"body": '{"trigger_failover": true}'},
    {"action": "failover"},
    {"action": None},
    {"action": ["failback"]},
    {"action": {"a": "b"}},
    {"action": "FAILBACK"},
    {"alarmData": "ALARM"},
    {"alarmData": None},
    {"alarmData": []},
    {"source": "aws.cloudwatch"},
    {"source": "aws.ec2", "detail": {"EventID": "RDS-EVENT-0071"}},
    {"source": ["aws.rds"]},
    {"votes": {"database": 9}, "components": ["database"]},
    {"x": HUGE},
]


@pytest.mark.parametrize("event", IDLE_EVENTS, ids=short)
def test_anything_else_is_not_required(world, send, event):
    reply = send(event)
    assert (reply.outcome, reply.code) == ("NOT_REQUIRED", 200)
    assert "Failover not required" in reply.body["message"]
    assert not acted(world)
    assert not world.items
    assert not world.published


# Odd attributes of a trigger.


@pytest.mark.parametrize(
    "components",
    [
        None,
        "database",
        0,
        True,
        {},
        {"database": True},
        ["cache"],
        ["database", "cache"],
        ["DATABASE"],
        [None],
        [["database"]],
        [{"database": 1}],
        [1],
        [""],
        [HUGE],
    ],
    ids=short,
)
def test_unfit_components_refuse(world, send, components):
    reply = send(MANUAL | {"components": components})
    assert (reply.outcome, reply.code) == ("REFUSED", 409)
    assert not acted(world)
    assert not world.state
    assert len(world.runs("REFUSED")) == 1


@pytest.mark.parametrize("more", [{}, {"force": True}, {"votes": {}}, {"action": "failback"}])
def test_no_components_are_unfit_too(world, send, more):
    reply = send(MANUAL | more | {"components": []})
    assert (reply.outcome, reply.code) == ("REFUSED", 409)
    assert "components" in reply.body["message"]
    assert not acted(world)
    assert not world.state


@pytest.mark.parametrize(
    "attempt",
    ["one", 7, 1.5, ["a"], {"a": 1}, True, HUGE, "a#b", "\u00e4\u20ac", None, "", 0, []],
    ids=short,
)
def test_an_attempt_of_any_type_is_a_text(world, send, attempt):
    assert send(MANUAL | {"attempt_id": attempt}).outcome == "COMPLETED"
    kept = world.state["AttemptId"]
    assert isinstance(kept, str)
    assert 0 < len(kept) <= 1_000
    if attempt:
        assert send(MANUAL | {"attempt_id": attempt}).outcome == "NOT_REQUIRED"


def test_the_key_of_an_audit_item_fits(world, send):
    send(MANUAL | {"attempt_id": "\U0001f600" * 5_000})
    (item,) = world.runs()
    assert len(item["StateKey"].encode()) <= 2048


@pytest.mark.parametrize(
    ("detected", "detect"),
    [
        (START - 5, 5),
        (str(START - 5), 5),
        (START, 0),
        (START + 5, 0),
        (1e300, 0),
        (float("inf"), 0),
        (float("nan"), 0),
    ],
    ids=str,
)
def test_the_detection_is_a_stage(world, send, detected, detect):
    assert send(DATABASE | {"detected_at": detected}).outcome == "COMPLETED"
    assert world.state["Stages"]["detect"] == detect


@pytest.mark.parametrize(
    "detected",
    [None, "", "yesterday", [], {}, True, "2027-01-15T08:00:00Z", 0, -1, -1e300, float("-inf")],
    ids=str,
)
def test_an_odd_detection_stops_no_run(world, send, detected):
    assert send(DATABASE | {"detected_at": detected}).outcome == "COMPLETED"


@pytest.mark.parametrize("key", ["reason", "votes", "mode", "notes", "writer", "unheard"])
@pytest.mark.parametrize(
    "value",
    [None, 0, "", [], {}, 1.5, ["a", {"b": 1.5}], {"a": [1.5]}, HUGE, [HUGE] * 3],
    ids=short,
)
def test_attributes_of_any_type_stop_no_run(world, send, key, value):
    assert send(DATABASE | {key: value}).outcome == "COMPLETED"
    assert len(str(world.state)) < 10_000
    assert len(str(world.published)) < 10_000


@pytest.mark.parametrize("value", ["true", 1, [True], None, 0, ""])
def test_only_true_is_a_dry_run(world, send, value):
    assert send(MANUAL | {"dry_run": value}).outcome == "COMPLETED"


def test_a_failback_needs_no_trigger(world, send):
    assert send({"action": "failback", "trigger_failover": False}).outcome == "FAILED_BACK"


def test_a_status_with_a_trigger_is_a_status(world, send):
    assert send(MANUAL | {"action": "status"}).outcome == "STATUS"
    assert not acted(world)


# Alarms.


@pytest.mark.parametrize(
    ("health", "silent", "fails_over"),
    [
        ([0.0], "", True),
        ([0.0, 0.0, 0.0], "", True),
        ([0.0], "a", True),
        ([0.0], "ab", True),
        ([], "a", True),
        # The window is 30 s and what rounds it up to whole periods.
        ([1.0] * 9 + [0.0] * 9, "", True),
        ([1.0] + [0.0] * 9, "a", True),
        # Silence all around says nothing, nor does that of the reader.
        ([], "ab", False),
        ([], "b", False),
        ([], "", False),
        ([1.0], "", False),
        ([1.0], "a", False),
        ([0.0, 1.0], "a", False),
        ([1.0, 0.0], "a", False),
        ([1.0, 0.0, 0.0, 0.0, 0.0], "", False),
        ([1.0, 0.0, 0.0, 0.0, 0.0, 0.0], "a", False),
    ],
)
def test_a_database_alarm_needs_a_second_witness(world, send, health, silent, fails_over):
    world.health = health
    world.silent = {f"instance-{one}" for one in silent}
    assert send(alarm()).outcome == ("COMPLETED" if fails_over else "NOT_REQUIRED")
    assert (world.writer == READER) is fails_over
    assert not world.latched
    assert bool(world.state) is fails_over


DIMENSION = [{"Name": "StackName", "Value": "stack"}]
OTHERS = {
    "another namespace": ("Other", "DatabaseHealth", DIMENSION),
    "another metric": ("DRSystem", "AutomationArmed", DIMENSION),
    "another stack": ("DRSystem", "DatabaseHealth", [{"Name": "StackName", "Value": "other"}]),
    "no dimension": ("DRSystem", "DatabaseHealth", []),
    "one dimension more": (
        "DRSystem",
        "DatabaseHealth",
        [*DIMENSION, {"Name": "Cluster", "Value": "AuroraDBCluster"}],
    ),
}


@pytest.mark.parametrize("other", OTHERS)
def test_the_health_of_something_else_is_no_witness(world, send, other):
    world.health = []
    world.data[metric(*OTHERS[other])] = [(START - 1, 1, 0.0)]
    assert send(alarm()).outcome == "NOT_REQUIRED"
    world.data[metric(*OTHERS[other])] = [(START - 1, 1, 1.0)]
    world.health = [0.0]
    assert send(alarm()).outcome == "COMPLETED"


@pytest.mark.parametrize("age", [0, 5, 15, 29])
@pytest.mark.parametrize(("value", "outcome"), [(0.0, "COMPLETED"), (1.0, "NOT_REQUIRED")])
def test_a_witness_of_the_last_half_minute_counts(world, send, age, value, outcome):
    world.health = []
    world.data[HEALTH] = [(START - age, 1, value)]
    assert send(alarm()).outcome == outcome


@pytest.mark.parametrize("age", [41, 60, 300, 3600, 90_000])
def test_an_old_witness_counts_for_nothing(world, send, age):
    world.health = []
    world.data[HEALTH] = [(START - age, 1, 0.0)]
    assert send(alarm()).outcome == "NOT_REQUIRED"
    world.data[HEALTH] = [(START - age, 1, 1.0)]
    world.silent = {WRITER}
    assert send(alarm()).outcome == "COMPLETED"


def test_a_writer_that_falls_silent_late_is_seen_all_the_same(world, send):
    """The alarm acts once, and the last sign of life may still be in the window then."""
    world.health = []
    world.clock.at(35, lambda: world.silent.add(WRITER))
    assert send(alarm()).outcome == "COMPLETED"
    assert world.writer == READER


def test_looking_ends_after_a_minute(world, send):
    world.health = []
    assert send(alarm()).outcome == "NOT_REQUIRED"
    assert 50 < world.clock.now - START < 70


def test_an_alarm_after_aurora_has_acted_promotes_nothing(world, send):
    """The monitor is dead, Aurora has failed over by itself, and both instances are well."""
    world.health = []
    world.writer = READER
    for wait in (0, 60, 3600):
        world.clock.advance(wait)
        assert send(alarm(time=str(wait))).outcome == "NOT_REQUIRED"
    assert not acted(world)
    assert not world.items
    assert not world.published


@pytest.mark.parametrize("status", ["rebooting", "failed"])
def test_an_old_writer_in_trouble_is_no_witness_against_the_new_one(world, send, status):
    world.health = []
    world.writer = READER
    world.instances[WRITER] = status
    world.silent = {WRITER}
    assert send(alarm()).outcome == "NOT_REQUIRED"
    assert not acted(world)


@pytest.mark.parametrize("health", [[], [0.0], [1.0]])
def test_an_alarm_on_a_cluster_without_a_writer_crashes_nothing(world, send, health):
    world.health = health
    world.writer = None
    reply = send(alarm())
    assert reply.outcome in {"REFUSED", "NOT_REQUIRED", "RAISED"}
    assert world.count("FailoverDBCluster") <= 1
    assert world.state.get("Status") in {None, "FAILED"}
    if reply.outcome == "RAISED":
        assert world.state["Error"] == repr(reply.error)
    if reply.outcome != "NOT_REQUIRED":
        assert world.published


@pytest.mark.parametrize(
    ("states", "latches"),
    [
        (["unhealthy"], True),
        (["unhealthy", "unhealthy", "draining"], True),
        (["unhealthy", "initial"], True),
        ([], False),
        (["healthy"], False),
        (["unhealthy", "healthy"], False),
        (["initial"], False),
        (["draining"], False),
        (["unused", "unavailable"], False),
    ],
)
def test_a_target_alarm_is_corroborated_by_the_targets(world, send, states, latches):
    world.targets["PrimaryTargetGroup"] = states
    assert send(alarm(TARGETS)).outcome == ("COMPLETED" if latches else "NOT_REQUIRED")
    assert world.latched is latches
    assert world.count("FailoverDBCluster") == 0


ERRORS = ["Throttling", "AccessDenied", ReadTimeoutError(endpoint_url="https://aws.invalid")]
WITNESSES = {
    ("rds", "DescribeDBClusters"): alarm(),
    ("cloudwatch", "GetMetricStatistics"): alarm(),
    ("elbv2", "DescribeTargetHealth"): alarm(TARGETS),
}


@pytest.mark.parametrize(("witness", "error"), list(product(WITNESSES, ERRORS)), ids=str)
def test_an_unreadable_witness_is_refused_recorded_and_told(world, send, witness, error):
    world.health = []
    world.silent = {WRITER}
    world.targets["PrimaryTargetGroup"] = ["unhealthy"]
    world.faults[witness] = error
    reply = send(WITNESSES[witness])
    assert (reply.outcome, reply.code) == ("REFUSED", 409)
    assert not acted(world)
    assert not world.state
    (item,) = world.runs("REFUSED")
    name = error if isinstance(error, str) else "Read timeout"
    assert name in item["Error"]
    ((subject, message),) = world.published
    assert "REFUSED" in subject
    assert name in message.splitlines()[0]


@pytest.mark.parametrize("health", [[0.0], []])
@pytest.mark.parametrize("error", ERRORS, ids=str)
def test_without_its_metric_no_instance_is_witness_enough(world, send, error, health):
    world.health = health
    world.instances[WRITER] = "failed"
    world.faults["cloudwatch", "GetMetricStatistics"] = error
    assert send(alarm()).outcome == "REFUSED"
    assert not acted(world)


def test_the_monitor_alone_is_witness_enough(world, send):
    world.health = [0.0]
    send(alarm())
    assert world.writer == READER


def test_the_witness_is_asked_for_the_right_thing(world, send):
    send(alarm())
    (asked,) = [params for _, name, params in world.calls if name == "GetMetricStatistics"]
    assert (asked["Namespace"], asked["MetricName"]) == ("DRSystem", "DatabaseHealth")
    assert asked["Dimensions"] == DIMENSION
    assert 29 <= asked["EndTime"] - asked["StartTime"] <= 31
    assert asked["Period"] in {1, 5, 10, 30}


def test_the_same_alarm_twice_is_one_attempt(world, send):
    world.health = [0.0]
    assert send(alarm()).outcome == "COMPLETED"
    world.clock.advance(10_000)
    assert send(alarm()).outcome == "NOT_REQUIRED"
    assert send(alarm(time="2027-01-15T12:00:00.000+0000")).outcome == "COMPLETED"


def test_an_alarm_run_says_what_started_it(world, send):
    world.health = [0.0]
    send(alarm())
    assert world.state["Mode"] == "UNPLANNED"
    assert "stack-database-health" in world.state["Reason"]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"alarmName": None},
        {"alarmName": 7},
        {"alarmName": HUGE},
        {"alarmName": ["a"]},
        {"state": "ALARM"},
    ],
    ids=short,
)
def test_a_malformed_alarm_still_needs_its_witnesses(world, send, data):
    assert send(alarm() | {"alarmData": data}).outcome == "NOT_REQUIRED"
    assert not acted(world)


# RDS events.


def rds_event(number, time="2027-01-15T09:00:00Z", **more):
    detail = {"EventID": f"RDS-EVENT-{number}", "SourceIdentifier": "AuroraDBCluster", **more}
    return {
        "source": "aws.rds",
        "detail-type": "RDS DB Cluster Event",
        "time": time,
        "detail": detail,
    }


@pytest.fixture
def failed(world, send):
    """A run that timed out; the promotion comes through later."""
    world.stalled = True
    assert send(DATABASE).outcome == "RAISED"
    world.stalled = False
    assert world.state["Status"] == "FAILED"


@pytest.mark.parametrize("number", ["0071", "0069"])
def test_a_late_end_closes_a_failed_run(world, send, failed, number):
    world.promote(READER)
    world.settle()
    assert send(rds_event(number)).outcome == "RECORDED"
    assert world.state["Status"] == "COMPLETED"
    assert world.state["NewWriter"] == READER
    assert "COMPLETED" in world.published[-1][0]


@pytest.mark.parametrize("number", ["0071", "0069"])
@pytest.mark.parametrize(
    ("writer", "status"), [(WRITER, "available"), (READER, "failing-over"), (None, "available")]
)
def test_an_end_without_a_new_writer_closes_nothing(world, send, failed, number, writer, status):
    world.writer, world.cluster_status = writer, status
    send(rds_event(number))
    assert world.state["Status"] == "FAILED"


@pytest.mark.parametrize("time", ["2027-01-15T07:59:59Z", "2027-01-14T23:00:00Z", "", None, 7, []])
def test_an_end_not_dated_after_the_start_closes_nothing(world, send, failed, time):
    world.promote(READER)
    world.settle()
    send(rds_event("0071", time))
    assert world.state["Status"] == "FAILED"


@pytest.mark.parametrize("number", ["0072", "0070", "0073", "0049", "0169", "0071 ", ""])
def test_other_events_are_only_recorded(world, send, failed, number):
    world.promote(READER)
    world.settle()
    world.calls.clear()
    assert send(rds_event(number)).outcome == "RECORDED"
    assert world.state["Status"] == "FAILED"
    assert not [one for one in world.calls if one[0] == "rds"]
    assert len(world.runs("EVENT")) == 1


@pytest.mark.parametrize("number", ["0071", "0069"])
def test_an_end_after_a_run_that_never_acted_closes_nothing(world, send, number):
    world.instances[READER] = "rebooting"
    assert send(DATABASE).outcome == "RAISED"
    send(rds_event(number))
    assert world.state["Status"] == "FAILED"


@pytest.mark.parametrize("number", ["0071", "0069"])
def test_an_earlier_promotion_closes_no_later_run(world, send, number):
    assert send(DATABASE).outcome == "COMPLETED"
    world.clock.advance(3600)
    world.instances[WRITER] = "rebooting"
    assert send(DATABASE).outcome == "RAISED"
    send(rds_event(number))
    assert world.state["Status"] == "FAILED"


@pytest.mark.parametrize("number", ["0071", "0069", "0072"])
@pytest.mark.parametrize("status", ["IDLE", "IN_PROGRESS", "COMPLETED", "FAILED_BACK"])
def test_no_event_changes_another_status(world, send, number, status):
    world.items["FAILOVER_STATUS"] = {
        "StateKey": "FAILOVER_STATUS",
        "Status": status,
        "AttemptId": "one",
        "FencingToken": Decimal(3),
        "LeaseExpires": Decimal(START + 100),
        "StartTime": "2027-01-15T07:00:00Z",
        "PreviousWriter": READER,
    }
    before = dict(world.state)
    assert send(rds_event(number)).outcome == "RECORDED"
    assert world.state == before
    assert not acted(world)


def test_an_abandoned_run_is_closed_by_its_late_end(world, send):
    world.items["FAILOVER_STATUS"] = {
        "StateKey": "FAILOVER_STATUS",
        "Status": "IN_PROGRESS",
        "AttemptId": "one",
        "FencingToken": Decimal(3),
        "LeaseExpires": Decimal(START - 1),
        "StartTime": "2027-01-15T07:00:00Z",
        "Stages": {"decide": Decimal("0.350")},
        "PreviousWriter": WRITER,
    }
    world.writer = READER
    send(rds_event("0071"))
    assert world.state["Status"] == "COMPLETED"
    assert world.state["FencingToken"] == 5


MALFORMED = [
    {},
    {"detail": None},
    {"detail": []},
    {"detail": "RDS-EVENT-0071"},
    {"detail": {}},
    {"detail": {"EventID": None}},
    {"detail": {"EventID": ["RDS-EVENT-0071"]}},
    {"detail": {"EventID": 71}},
    {"detail": {"EventID": "RDS-EVENT-0071"}, "time": {"a": "b"}},
    {"detail": {"EventID": "RDS-EVENT-0071", "Message": HUGE}},
    {"time": HUGE},
]


@pytest.mark.parametrize("event", MALFORMED, ids=short)
def test_a_malformed_event_is_recorded(world, send, event):
    reply = send({"source": "aws.rds"} | event)
    assert (reply.outcome, reply.code) == ("RECORDED", 200)
    assert len(world.runs("EVENT")) == 1
    assert not world.state
    assert not acted(world)


@pytest.mark.parametrize("time", ["yesterday", "Z", {"a": "b"}, "ABSENT"])
def test_an_undated_end_closes_nothing(world, send, failed, time):
    world.promote(READER)
    world.settle()
    event = rds_event("0071", time)
    if time == "ABSENT":
        del event["time"]
    send(event)
    assert world.state["Status"] == "FAILED"


# How long records are kept.


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("RUN", MANUAL),
        ("RUN", MANUAL | {"dry_run": True}),
        ("RUN", {"action": "failback"}),
        ("REFUSED", MANUAL | {"components": ["cache"]}),
        ("EVENT", rds_event("0072")),
    ],
)
def test_every_audit_item_expires(world, send, kind, event):
    send(event)
    (item,) = world.runs(kind)
    assert abs(float(item["ExpiresAt"]) - (world.clock.now + 2555 * DAY)) <= 2
    assert item["ExpiresAt"] == int(item["ExpiresAt"])


def test_a_failed_run_expires_too(world, send, failed):
    (item,) = world.runs()
    assert abs(float(item["ExpiresAt"]) - (world.clock.now + 2555 * DAY)) <= 2


@pytest.mark.parametrize("event", [MANUAL, {"action": "failback"}, MANUAL | {"votes": {}}])
def test_the_state_never_expires(world, send, event):
    send(event)
    assert world.state
    assert "ExpiresAt" not in world.state
    world.clock.advance(600)
    send(MANUAL)
    assert "ExpiresAt" not in world.state

"""Events of any shape: what starts a run, what is recorded, what is let be."""

from itertools import product

import pytest
from botocore.exceptions import ReadTimeoutError
from simulated import (
    APPLICATION,
    COOLDOWN,
    DATABASE,
    FAILBACK,
    MANUAL,
    READER,
    START,
    TARGETS_ALARM,
    VOTED,
    WARM,
    WRITER,
    alarm,
    rds_event,
)

HUGE = "x" * 200_000
DAY = 86400


def short(value):
    return str(value)[:50]


# What is no trigger.

IDLE_EVENTS = [
    None,
    [MANUAL],
    "trigger_failover",
    '{"trigger_failover": true}',
    1.5,
    True,
    {},
    {"trigger_failover": {"value": True}},
    {"trigger_failover": False, "force": True, "votes": {}},
    {"Trigger_Failover": True},
    {"body": '{"trigger_failover": true}'},
    {"action": "failover"},
    {"action": ["failback"]},
    {"action": "FAILBACK"},
    {"alarmData": "ALARM"},
    {"alarmData": []},
    {"source": "aws.cloudwatch"},
    {"source": "aws.ec2", "detail": {"EventID": "RDS-EVENT-0071"}},
    {"source": ["aws.rds"]},
    {"votes": {"database": 9}, "components": ["database"]},
    {"x": HUGE},
]


@pytest.mark.parametrize("event", IDLE_EVENTS, ids=short)
def test_anything_else_is_not_required(world, event):
    reply = world.send(event)
    assert (reply.outcome, reply.code) == ("NOT_REQUIRED", 200)
    assert "Failover not required" in reply.body["message"]
    assert (world.acted, world.table.items, world.messages) == ((0, 0), {}, [])


def test_only_true_is_true(world):
    for value in ("false", "true", 0, 1, None, [True]):
        assert world.send({"trigger_failover": value}).outcome == "NOT_REQUIRED"
    assert world.acted == (0, 0)


# Odd attributes of a trigger.


@pytest.mark.parametrize(
    "components",
    [None, "database", True, {"database": True}, ["cache", "database"], ["DATABASE"], [[]], [HUGE]],
    ids=short,
)
def test_unfit_components_refuse(world, components):
    reply = world.send(MANUAL, components=components)
    assert (reply.outcome, reply.code) == ("REFUSED", 409)
    assert (world.acted, world.state, len(world.items("REFUSED"))) == ((0, 0), {}, 1)


@pytest.mark.parametrize("more", [{}, {"force": True}, {"votes": {}}, FAILBACK])
def test_no_components_are_unfit_too(world, more):
    reply = world.send(MANUAL | more, components=[])
    assert (reply.outcome, "components" in reply.body["message"]) == ("REFUSED", True)
    assert (world.acted, world.state) == ((0, 0), {})


@pytest.mark.parametrize(
    "attempt", ["one", 7, ["a"], {"a": 1}, "\U0001f600" * 5_000, "a#b", None, "", 0, []], ids=short
)
def test_an_attempt_of_any_type_is_a_text(world, attempt):
    assert world.send(MANUAL, attempt_id=attempt).outcome == "COMPLETED"
    kept = world.state["AttemptId"]
    assert isinstance(kept, str)
    assert 0 < len(kept) <= 1_000
    assert len(world.items()[0]["StateKey"].encode()) <= 2048
    if attempt:
        assert world.send(MANUAL, attempt_id=attempt).outcome == "NOT_REQUIRED"


@pytest.mark.parametrize(
    ("detected", "detect"),
    [
        (START - 5, 5),
        (str(START - 5), 5),
        (START + 5, 0),
        (float("inf"), 0),
        (float("nan"), 0),
        ("yesterday", None),
        ({}, None),
        (-1e300, None),
        (float("-inf"), None),
    ],
    ids=str,
)
def test_the_detection_is_a_stage(world, detected, detect):
    assert world.send(MANUAL | DATABASE, detected_at=detected).outcome == "COMPLETED"
    assert detect is None or world.state["Stages"]["detect"] == detect


@pytest.mark.parametrize("key", ["reason", "votes", "mode", "notes", "writer", "unheard"])
@pytest.mark.parametrize("value", [0, {}, ["a", {"b": 1.5}], {"a": [1.5]}, [HUGE] * 3], ids=short)
def test_attributes_of_any_type_stop_no_run(world, key, value):
    assert world.send(MANUAL | DATABASE, **{key: value}).outcome == "COMPLETED"
    assert len(str(world.state)) < 10_000
    assert len(str(world.messages[0].text)) < 10_000


def test_a_failback_needs_no_trigger(world):
    assert world.send(FAILBACK, trigger_failover=False).outcome == "FAILED_BACK"


# Alarms on the writer.


@pytest.mark.parametrize(
    ("health", "silent", "fails_over"),
    [
        ([0.0], [], True),
        ([0.0, 0.0, 0.0], [], True),
        ([0.0], [WRITER, READER], True),
        ([], [WRITER], True),
        # The window is 30 s and what rounds it up to whole periods.
        ([0.0] * 9 + [1.0] * 9, [], True),
        # Silence all around says nothing, nor does that of the reader.
        ([], [WRITER, READER], False),
        ([], [READER], False),
        ([], [], False),
        ([1.0], [], False),
        ([1.0, 0.0], [WRITER], False),
        ([0.0, 1.0], [WRITER], False),
        ([0.0] * 5 + [1.0], [WRITER], False),
    ],
)
def test_a_database_alarm_needs_a_second_witness(world, health, silent, fails_over):
    """``health`` is what a monitor has put every 5 s, the latest first."""
    world.silent(*silent)
    world.run(WARM)
    for place in reversed(range(len(health))):
        world.measured(health[place], age=1 + 5 * place)
    assert world.send(alarm()).outcome == ("COMPLETED" if fails_over else "NOT_REQUIRED")
    assert (world.writer == READER, world.latched) == (fails_over, False)
    assert bool(world.state) is fails_over


def test_an_alarm_that_the_monitor_contradicts(world):
    test_a_database_alarm_needs_a_second_witness(world, [1.0], [WRITER], False)


OTHERS = {
    "another metric": {"name": "AutomationArmed"},
    "another stack": {"dimensions": [("StackName", "other")]},
    "one dimension more": {"dimensions": [("StackName", "drill"), ("Cluster", "a")]},
}


@pytest.mark.parametrize("other", OTHERS)
def test_the_health_of_something_else_is_no_witness(world, other):
    world.run(WARM)
    world.measured(0.0, **OTHERS[other])
    assert world.send(alarm()).outcome == "NOT_REQUIRED"
    world.measured(1.0, **OTHERS[other])
    world.measured(0.0)
    assert world.send(alarm()).outcome == "COMPLETED"


@pytest.mark.parametrize("age", [0, 15, 29])
@pytest.mark.parametrize(("value", "outcome"), [(0.0, "COMPLETED"), (1.0, "NOT_REQUIRED")])
def test_a_witness_of_the_last_half_minute_counts(warm, age, value, outcome):
    warm.measured(value, age=age)
    assert warm.send(alarm()).outcome == outcome


@pytest.mark.parametrize("age", [41, 60, 170])
def test_an_old_witness_counts_for_nothing(world, age):
    world.run(WARM)
    world.measured(0.0, age=age)
    assert world.send(alarm()).outcome == "NOT_REQUIRED"


def test_an_old_sign_of_life_counts_for_nothing(world):
    world.silent(WRITER)
    world.run(WARM)
    world.measured(1.0, age=41)
    assert world.send(alarm()).outcome == "COMPLETED"


def test_a_writer_that_falls_silent_late_is_seen_all_the_same(world):
    """The alarm acts once, and the last sign of life may still be in the window then."""
    world.run(WARM)
    world.silent(WRITER)
    world.wait(90)
    begun = world.clock.now
    assert world.send(alarm()).outcome == "COMPLETED"
    assert 25 < world.clock.now - begun - 18 < 70  # without the promotion
    assert world.writer == READER


def test_looking_ends_after_a_minute(warm):
    assert warm.send(alarm()).outcome == "NOT_REQUIRED"
    assert 50 < warm.clock.now - WARM < 70


@pytest.mark.parametrize("status", ["available", "rebooting"])
def test_an_alarm_after_aurora_has_acted_promotes_nothing(world, status):
    """Nor is an old writer in trouble a witness against the new one."""
    world.replace_writer()
    world.aurora.nodes[WRITER].status = status
    if status != "available":
        world.silent(WRITER)
    world.run(WARM + 60)
    for wait in (1, 60, 3600):
        world.wait(wait)
        assert world.send(alarm(time=str(wait))).outcome == "NOT_REQUIRED"
    assert (world.acted, world.table.items, world.messages) == ((0, 0), {}, [])


@pytest.mark.parametrize("health", [None, 0.0, 1.0])
def test_an_alarm_on_a_cluster_without_a_writer_promotes_nothing(warm, health):
    warm.aurora.writer = ""
    if health is not None:
        warm.measured(health)
    reply = warm.send(alarm())
    assert reply.outcome == ("RAISED" if health == 0 else "NOT_REQUIRED")
    assert warm.acted == (0, 0)


def test_the_same_alarm_twice_is_one_attempt(warm):
    warm.measured(0.0)
    assert warm.send(alarm()).outcome == "COMPLETED"
    assert "stack-database-health" in warm.state["Reason"]
    warm.wait(10_000)
    warm.measured(0.0)
    assert warm.send(alarm()).outcome == "NOT_REQUIRED"
    assert warm.send(alarm(time="2026-01-05T12:00:00Z")).outcome == "COMPLETED"


@pytest.mark.parametrize(
    "data", [{}, {"alarmName": 7}, {"alarmName": HUGE}, {"alarmName": ["a"]}], ids=short
)
def test_a_malformed_alarm_still_needs_its_witnesses(warm, data):
    assert warm.send(alarm(alarmData=data)).outcome == "NOT_REQUIRED"
    assert warm.acted == (0, 0)


# Alarms on the targets, and witnesses that cannot be read.


@pytest.mark.parametrize(
    ("states", "latches"),
    [
        (["unhealthy", "unhealthy", "draining"], True),
        (["unhealthy", "initial"], True),
        ([], False),
        (["unhealthy", "healthy"], False),
        (["initial", "draining", "unused"], False),
    ],
)
def test_a_target_alarm_is_corroborated_by_the_targets(world, states, latches):
    world.balancers["Primary"].show(*states)
    outcome = "COMPLETED" if latches else "NOT_REQUIRED"
    assert world.send(alarm(TARGETS_ALARM)).outcome == outcome
    assert (world.latched, world.acted[0]) == (latches, 0)


ERRORS = ["Throttling", ReadTimeoutError(endpoint_url="https://aws.invalid")]
WITNESSES = {
    ("rds", "DescribeDBClusters"): alarm(),
    ("cloudwatch", "GetMetricStatistics"): alarm(),
    ("elbv2", "DescribeTargetHealth"): alarm(TARGETS_ALARM),
}


@pytest.mark.parametrize(("witness", "error"), list(product(WITNESSES, ERRORS)), ids=str)
def test_an_unreadable_witness_is_refused_recorded_and_told(world, witness, error):
    world.faults[witness] = error
    reply = world.send(WITNESSES[witness])
    assert (reply.outcome, reply.code) == ("REFUSED", 409)
    assert (world.acted, world.state) == ((0, 0), {})
    name = error if isinstance(error, str) else "Read timeout"
    assert name in world.items("REFUSED")[0]["Error"]
    assert world.subjects == ["REFUSED"]
    assert name in world.first_line()


# An alarm comes once, so its run waits for what is in its way.


@pytest.fixture
def both_dead(warm):
    """The monitor sees no life, and cannot call; no target is healthy."""
    for ahead in range(0, 101, 5):
        warm.measured(0.0, age=-ahead)
    warm.balancers["Primary"].show("unhealthy")
    return warm


@pytest.mark.parametrize(
    ("name", "others", "acted"),
    [(TARGETS_ALARM, "database", (0, 1)), ("stack-writer", "application", (1, 0))],
)
def test_the_second_of_two_alarms_moves_its_part_after_the_first(both_dead, name, others, acted):
    world = both_dead
    begun = world.clock.now
    world.put_state(LeaseExpires=int(START + begun) + 44)
    end = {"Status": "COMPLETED", "FencingToken": 9, f"{others}_at": int(START + begun)}
    world.at(25, lambda: world.put_state(**end))
    assert world.send(alarm(name)).outcome == "COMPLETED"
    assert world.acted == acted
    assert world.clock.now - begun < 65
    assert world.state["FencingToken"] > 9


@pytest.mark.parametrize("seconds", [1, 20, 44, 60])
def test_an_alarm_waits_for_the_end_of_a_lease(both_dead, seconds):
    world = both_dead
    begun = world.clock.now
    world.put_state(LeaseExpires=int(START + begun) + seconds)
    assert world.send(alarm(TARGETS_ALARM)).outcome == "COMPLETED"
    assert world.state["AttemptId"].startswith(TARGETS_ALARM)
    assert seconds <= world.clock.now - begun <= seconds + 15


def test_a_lease_that_never_ends_is_refused_and_told_once_within_the_time(both_dead):
    world = both_dead
    world.put_state(LeaseExpires=int(START) + 10_000)
    reply = world.send(alarm(TARGETS_ALARM))
    assert (reply.outcome, reply.body["message"]) == ("REFUSED", "lease held")
    assert 75 < world.clock.now - WARM < 95
    assert world.count("GetParameter") < 12  # it does not ask without a pause
    assert (world.subjects, len(world.items("REFUSED"))) == (["REFUSED"], 1)
    assert not world.latched


@pytest.mark.parametrize("lost", [("dynamodb", "*"), ("elbv2", "DescribeTargetHealth")])
def test_an_alarm_waits_for_the_table_and_for_its_witness(both_dead, lost):
    both_dead.faults[lost] = "InternalServerError"
    both_dead.at(50, both_dead.faults.clear)
    assert both_dead.send(alarm(TARGETS_ALARM)).outcome == "COMPLETED"


def test_an_alarm_that_loses_the_race_for_the_lease_comes_again(both_dead):
    both_dead.on("dynamodb", "PutItem", "ConditionalCheckFailedException")
    assert both_dead.send(alarm(TARGETS_ALARM)).outcome == "COMPLETED"


def test_a_disarmed_system_stays_so_unless_somebody_arms_it(both_dead):
    both_dead.configure(auto_failover="OFF")
    assert both_dead.send(alarm(TARGETS_ALARM)).outcome == "REFUSED"
    both_dead.at(50, lambda: both_dead.configure(auto_failover="ON"))
    assert both_dead.send(alarm(TARGETS_ALARM)).outcome == "COMPLETED"


def test_what_recovers_while_the_alarm_waits_is_let_be(both_dead):
    both_dead.put_state()
    both_dead.at(30, both_dead.balancers["Primary"].show, "healthy")
    assert both_dead.send(alarm(TARGETS_ALARM)).outcome == "NOT_REQUIRED"
    assert not both_dead.latched


def test_a_monitors_call_and_a_person_wait_for_nothing(both_dead):
    """The monitor calls again in 15 s, and a person wants an answer."""
    both_dead.put_state()
    assert both_dead.send(VOTED).outcome == "NOT_REQUIRED"
    assert both_dead.send(MANUAL).outcome == "REFUSED"
    assert both_dead.clock.now - WARM < 10


# RDS events.


def fail_late(world, promoted=True):
    """A run whose verification ran out of time, and the time after its promotion came."""
    world.promotion(400 if promoted else 4000)
    assert world.send(MANUAL | DATABASE).outcome == "RAISED"
    world.wait(300)
    assert world.state["Status"] == "FAILED"


def test_an_rds_event_starts_nothing(world):
    assert world.send(rds_event("0071")).outcome == "RECORDED"
    assert (world.acted, world.state, len(world.items("EVENT"))) == ((0, 0), {}, 1)


@pytest.mark.parametrize("number", ["0071", "0069"])
def test_an_rds_event_closes_a_late_run(world, number):
    fail_late(world)
    assert world.send(rds_event(number)).outcome == "RECORDED"
    assert (world.state["Status"], world.state["NewWriter"]) == ("COMPLETED", READER)
    assert world.subjects == ["FAILED", "COMPLETED"]


@pytest.mark.parametrize(
    ("writer", "status"), [(WRITER, "available"), (READER, "failing-over"), ("", "available")]
)
def test_an_rds_event_closes_no_run_without_a_new_writer(world, writer, status):
    fail_late(world, promoted=False)
    world.aurora.writer = writer
    world.aurora.show(status)
    world.send(rds_event("0071"))
    assert world.state["Status"] == "FAILED"


@pytest.mark.parametrize(
    "time", ["1999-01-01T00:00:00Z", "2026-01-04T23:59:59Z", "", None, 7, "yesterday", {"a": "b"}]
)
def test_an_rds_event_not_dated_after_the_run_closes_nothing(world, time):
    fail_late(world)
    world.send(rds_event("0071", time))
    assert world.state["Status"] == "FAILED"


@pytest.mark.parametrize("number", ["0004", "0072", "0169", "0071 ", ""])
def test_another_rds_event_closes_nothing(world, number):
    fail_late(world)
    begun = len(world.calls)
    assert world.send(rds_event(number)).outcome == "RECORDED"
    assert world.state["Status"] == "FAILED"
    assert not [one for one in world.calls[begun:] if one.service == "rds"]


@pytest.mark.parametrize("earlier", [False, True])
def test_an_end_after_a_run_that_never_acted_closes_nothing(world, earlier):
    """Nor does one that belongs to an earlier promotion."""
    if earlier:
        assert world.send(MANUAL | DATABASE).outcome == "COMPLETED"
        world.wait(COOLDOWN)
    world.aurora.nodes[WRITER if earlier else READER].status = "rebooting"
    assert world.send(MANUAL | DATABASE).outcome == "RAISED"
    world.send(rds_event("0071"))
    assert world.state["Status"] == "FAILED"


@pytest.mark.parametrize("number", ["0071", "0072"])
@pytest.mark.parametrize("status", ["IDLE", "IN_PROGRESS", "COMPLETED", "FAILED_BACK"])
def test_no_event_changes_another_status(world, number, status):
    world.put_state(Status=status, PreviousWriter=READER)
    before = dict(world.state)
    assert world.send(rds_event(number)).outcome == "RECORDED"
    assert (world.state, world.acted) == (before, (0, 0))


def test_an_abandoned_run_is_closed_by_its_late_end(world):
    world.replace_writer()
    world.put_state(LeaseExpires=int(START), Stages={"decide": 1}, PreviousWriter=WRITER)
    world.send(rds_event("0071"))
    assert (world.state["Status"], world.state["FencingToken"]) == ("COMPLETED", 9)


MALFORMED = [
    {},
    {"detail": None},
    {"detail": []},
    {"detail": "RDS-EVENT-0071"},
    {"detail": {"EventID": ["RDS-EVENT-0071"]}},
    {"detail": {"EventID": "RDS-EVENT-0071", "Message": HUGE}, "time": {"a": "b"}},
    {"time": HUGE},
]


@pytest.mark.parametrize("event", MALFORMED, ids=short)
def test_a_malformed_event_is_recorded(world, event):
    reply = world.send({"source": "aws.rds"} | event)
    assert (reply.outcome, reply.code) == ("RECORDED", 200)
    assert (world.acted, world.state, len(world.items("EVENT"))) == ((0, 0), {}, 1)


# How long records are kept.


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("RUN", MANUAL | APPLICATION),
        ("RUN", MANUAL | {"dry_run": True}),
        ("RUN", FAILBACK),
        ("REFUSED", MANUAL | {"components": ["cache"]}),
        ("EVENT", rds_event("0072")),
    ],
)
def test_every_audit_item_expires_and_the_state_does_not(world, kind, event):
    world.send(event)
    (item,) = world.items(kind)
    assert abs(float(item["ExpiresAt"]) - (START + world.clock.now + 2555 * DAY)) <= 2
    assert item["ExpiresAt"] == int(item["ExpiresAt"])
    assert "ExpiresAt" not in world.state

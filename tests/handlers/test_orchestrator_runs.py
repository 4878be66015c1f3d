"""Runs: what is moved, what refuses, how it is verified, recorded and told."""

import datetime
import json
from decimal import Decimal

import pytest
from botocore.exceptions import ReadTimeoutError
from world import READER, START, WRITER, Killed

MANUAL = {"trigger_failover": True, "reason": ["drill"]}
VOTED = MANUAL | {"votes": {"database": 2, "alb_targets": 1}, "writer": WRITER}
DATABASE = MANUAL | {"components": ["database"]}
APPLICATION = MANUAL | {"components": ["application"]}
COOLDOWN = 3600  # seconds, as deployed
CHANGING = {"FailoverDBCluster", "UpdateHealthCheck", "PutItem", "Publish", "PutMetricData"}
STATUSES = [
    "backing-up",
    "creating",
    "deleting",
    "failed",
    "inaccessible-encryption-credentials",
    "incompatible-parameters",
    "maintenance",
    "modifying",
    "rebooting",
    "restarting",
    "starting",
    "stopped",
    "storage-full",
    "upgrading",
    "",
    "AVAILABLE",
]


def promoted(world):
    return [
        params["TargetDBInstanceIdentifier"]
        for _, name, params in world.calls
        if name == "FailoverDBCluster"
    ]


def operations(world):
    return {name for _, name, _ in world.calls}


def latched_state(world):
    return world.state.get("Latched") is True


# What moves.


def test_a_manual_run_moves_both(world, send):
    reply = send(MANUAL)
    assert (reply.outcome, reply.code) == ("COMPLETED", 200)
    assert world.writer == READER
    assert world.latched
    assert latched_state(world)
    assert promoted(world) == [READER]


def test_a_completed_run_is_recorded_in_the_state(world, send):
    send(MANUAL)
    state = world.state
    assert state["Status"] == "COMPLETED"
    assert (state["PreviousWriter"], state["NewWriter"]) == (WRITER, READER)
    assert state["Error"] == ""
    assert "drill" in state["Reason"]


def test_a_completed_run_leaves_one_audit_item(world, send):
    send(MANUAL)
    (item,) = world.runs()
    assert item["Status"] == "COMPLETED"
    assert item["StateKey"] == f"RUN#{item['StartTime']}#{item['AttemptId']}"


def test_a_completed_run_is_told_once(world, send):
    send(MANUAL)
    ((subject, message),) = world.published
    assert "COMPLETED" in subject
    assert READER in message


def test_database_only_leaves_the_application_alone(world, send):
    assert send(DATABASE).outcome == "COMPLETED"
    assert world.writer == READER
    assert not world.latched
    assert not operations(world) & {"UpdateHealthCheck", "DescribeTargetHealth"}
    assert not latched_state(world)
    assert "application_at" not in world.state


def test_application_only_leaves_the_database_alone(world, send):
    assert send(APPLICATION).outcome == "COMPLETED"
    assert world.writer == WRITER
    assert world.latched
    assert not [one for one in world.calls if one[0] == "rds"]
    assert "database_at" not in world.state


def test_a_run_touches_nothing_else(world, send):
    send(MANUAL)
    assert operations(world) - CHANGING == {
        "GetParameter",
        "GetItem",
        "DescribeDBClusters",
        "DescribeDBInstances",
        "DescribeTargetHealth",
    }
    assert set(world.items) == {"FAILOVER_STATUS", world.runs()[0]["StateKey"]}


@pytest.mark.parametrize(
    ("components", "moves"),
    [
        (["database", "application"], (True, True)),
        (["application", "database"], (True, True)),
        (["database", "database"], (True, False)),
        (["application", "application"], (False, True)),
    ],
)
def test_components_say_what_moves(world, send, components, moves):
    assert send(MANUAL | {"components": components}).outcome == "COMPLETED"
    assert (world.writer == READER, world.latched) == moves
    assert world.count("FailoverDBCluster") == moves[0]


# Whom it promotes.


@pytest.mark.parametrize(
    ("readers", "named"),
    [
        ({"b": "available", "c": "available"}, "b"),
        ({"b": "rebooting", "c": "available"}, "c"),
        ({"b": "available", "c": "failed"}, "b"),
        ({"b": "failed", "c": "rebooting", "d": "available"}, "d"),
    ],
)
def test_the_first_available_reader_is_named(world, send, readers, named):
    world.instances = {WRITER: "available"} | readers
    assert send(DATABASE).outcome == "COMPLETED"
    assert promoted(world) == [named]


def test_a_reader_that_cannot_be_read_is_passed_over(world, send, on_call):
    world.instances["instance-c"] = "available"
    on_call("rds", "DescribeDBInstances", lambda _: "Throttling")
    assert send(DATABASE).outcome == "COMPLETED"
    assert promoted(world) == ["instance-c"]


def assert_failed_without_acting(world, reply):
    assert reply.outcome == "RAISED"
    assert world.count("FailoverDBCluster") == 0
    assert world.state["Status"] == "FAILED"
    assert "no reader" in world.state["Error"]
    assert "database_at" not in world.state
    (item,) = world.runs()
    assert item["Status"] == "FAILED"
    assert "FAILED" in world.published[-1][0]
    assert "no reader" in world.published[-1][1].splitlines()[0]


def test_no_reader_fails_and_says_so(world, send):
    del world.instances[READER]
    assert_failed_without_acting(world, send(MANUAL))
    assert world.latched


@pytest.mark.parametrize("status", STATUSES)
def test_a_reader_in_any_other_status_is_not_promoted(world, send, status):
    world.instances[READER] = status
    assert_failed_without_acting(world, send(MANUAL))


# Aurora has acted already: look, do not act.


def test_another_writer_than_the_named_one_is_only_verified(world, send):
    world.writer = READER
    assert send(VOTED | {"components": ["database"]}).outcome == "COMPLETED"
    assert world.count("FailoverDBCluster") == 0
    assert (world.state["PreviousWriter"], world.state["NewWriter"]) == (WRITER, READER)


def test_a_cluster_failing_over_is_only_verified(world, send):
    world.cluster_status = "failing-over"
    world.clock.at(10, lambda: world.promote(READER))
    world.clock.at(15, world.settle)
    assert send(DATABASE | {"writer": WRITER}).outcome == "COMPLETED"
    assert world.count("FailoverDBCluster") == 0
    assert (world.state["PreviousWriter"], world.state["NewWriter"]) == (WRITER, READER)


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("event", [DATABASE, VOTED])
def test_who_is_to_be_replaced_is_no_guess_while_aurora_is_at_it(world, send, event, moved):
    """The present writer may be the old one or the new one, which nobody would ever replace."""
    world.cluster_status = "failing-over"
    world.writer = READER if moved else WRITER
    world.clock.at(15, world.settle)
    begun = world.clock.now
    event = {key: value for key, value in event.items() if key != "writer"}
    assert send(event).outcome == "RAISED"
    assert world.clock.now - begun < 5
    assert "writer unknown" in world.state["Error"]
    assert not world.state.get("PreviousWriter")
    assert world.count("FailoverDBCluster") == 0
    assert world.latched is ("components" not in event)  # the other part does not wait for it


def test_an_invalid_cluster_state_is_only_verified(world, send):
    world.faults["rds", "FailoverDBCluster"] = "InvalidDBClusterStateFault"
    world.clock.at(10, lambda: world.promote(READER))
    assert send(DATABASE).outcome == "COMPLETED"
    assert world.count("FailoverDBCluster") == 1
    assert world.state["NewWriter"] == READER


@pytest.mark.parametrize("name", ["", None, 0, [], {}])
def test_without_a_named_writer_the_present_one_is_replaced(world, send, name):
    assert send(DATABASE | {"writer": name}).outcome == "COMPLETED"
    assert promoted(world) == [READER]
    assert world.state["PreviousWriter"] == WRITER


@pytest.mark.parametrize("name", ["instance-z", 7, [WRITER], {"a": 1}, True])
def test_a_named_writer_is_taken_literally(world, send, name):
    assert send(DATABASE | {"writer": name}).outcome == "COMPLETED"
    assert promoted(world) == []
    assert world.state["PreviousWriter"] == str(name)
    assert world.state["NewWriter"] == WRITER


def test_a_named_writer_that_has_left_the_cluster_is_only_verified(world, send):
    del world.instances[WRITER]
    world.instances["instance-c"] = "available"
    world.writer = READER
    assert send(VOTED | {"components": ["database"]}).outcome == "COMPLETED"
    assert promoted(world) == []
    assert (world.state["PreviousWriter"], world.state["NewWriter"]) == (WRITER, READER)


def test_a_cluster_without_a_writer_fails_the_run(world, send, orchestrator):
    world.writer = None
    reply = send(MANUAL)
    assert reply.outcome == "RAISED"
    assert world.clock.now - START < orchestrator.timeout
    assert world.state["Status"] == "FAILED"
    assert not world.state["NewWriter"]
    assert "FAILED" in world.published[-1][0]


def test_no_writer_is_not_the_expected_one(world, send):
    world.writer = None
    assert send(MANUAL | {"expected_writer": WRITER}).outcome == "REFUSED"
    assert promoted(world) == []


# The answer of the promotion is lost.


def accepted_unanswered(world, error):
    """Every promotion is accepted, and no answer comes: botocore tries again, and gives up."""

    def fault(params):
        world.rds_failoverdbcluster(None, **params)
        return error

    return fault


LOST = ReadTimeoutError(endpoint_url="https://aws.invalid")


def test_a_promotion_whose_answer_is_lost_is_verified(world, send):
    event = VOTED | {"attempt_id": "one", "components": ["database"]}
    world.faults["rds", "FailoverDBCluster"] = accepted_unanswered(world, LOST)
    assert send(event).outcome == "COMPLETED"
    assert promoted(world) == [READER]
    assert world.state["Status"] == "COMPLETED"
    assert (world.state["PreviousWriter"], world.state["NewWriter"]) == (WRITER, READER)
    world.faults.clear()
    for wait in (1, 14, 600):
        world.clock.advance(wait)
        assert send(event).outcome == "NOT_REQUIRED"
    # Nor does another attempt that still means the old writer.
    assert send(event | {"attempt_id": "two"}).outcome == "REFUSED"
    world.clock.advance(COOLDOWN)
    assert send(event | {"attempt_id": "three"}).outcome == "COMPLETED"
    assert promoted(world) == [READER]
    assert world.writer == READER


def test_a_promotion_that_timed_out_and_never_was_fails(world, send):
    world.faults["rds", "FailoverDBCluster"] = LOST
    assert send(DATABASE).outcome == "RAISED"
    assert world.state["Status"] == "FAILED"
    assert WRITER in world.state["Error"]
    assert "database_at" not in world.state


@pytest.mark.parametrize(
    "error", ["AccessDenied", "DBClusterNotFoundFault", "InvalidDBInstanceState", "Throttling"]
)
def test_any_other_refusal_of_the_promotion_fails_at_once(world, send, error):
    world.faults["rds", "FailoverDBCluster"] = error
    assert send(DATABASE).outcome == "RAISED"
    assert world.clock.now - START < 5
    assert error in world.state["Error"]


# The components fail apart.


@pytest.mark.parametrize("fault", ["no reader", "AccessDenied", "stalled"])
def test_a_database_that_fails_does_not_hold_the_latch_back(world, send, fault):
    if fault == "no reader":
        world.instances[READER] = "rebooting"
    elif fault == "stalled":
        world.stalled = True
    else:
        world.faults["rds", "FailoverDBCluster"] = fault
    reply = send(VOTED)
    assert reply.outcome == "RAISED"
    assert world.latched
    assert latched_state(world)
    assert world.state["Status"] == "FAILED"
    assert {"no reader": "no reader is available", "stalled": "not replaced"}.get(
        fault, fault
    ) in world.state["Error"]
    assert world.state["Error"] == repr(reply.error)
    assert "application_at" in world.state
    # Mended, and asked for again: only what has not moved yet moves.
    world.instances[READER] = "available"
    world.stalled, world.cluster_status = False, "available"
    world.faults.clear()
    world.clock.advance(COOLDOWN)
    assert send(VOTED).outcome == "COMPLETED"
    assert world.writer == READER
    assert world.count("UpdateHealthCheck") == 1


# Verification.


def test_an_available_cluster_with_the_old_writer_proves_nothing(world, send):
    def accept(params):
        world.clock.at(40, lambda: world.promote(READER))

    world.faults["rds", "FailoverDBCluster"] = accept
    world.promotion = (60.0, 1.0)
    assert send(DATABASE).outcome == "COMPLETED"
    assert world.state["Stages"]["promote"] >= 38


def test_a_new_writer_in_an_unavailable_cluster_is_waited_for(world, send):
    world.promotion = (5.0, 50.0)
    assert send(DATABASE).outcome == "COMPLETED"
    stages = world.state["Stages"]
    assert 4 <= stages["promote"] <= 8
    assert stages["promote"] + stages["verify"] >= 49


def test_a_stalled_promotion_fails_within_the_timeout(world, send, orchestrator):
    world.stalled = True
    reply = send(MANUAL)
    assert reply.outcome == "RAISED"
    assert world.clock.now - START < orchestrator.timeout
    assert world.state["Status"] == "FAILED"
    assert [item["Status"] for item in world.runs()] == ["FAILED"]
    assert "FAILED" in world.published[-1][0]
    assert WRITER in world.published[-1][1].splitlines()[0]


def test_a_stalled_promotion_leaves_time_to_record(world, send, orchestrator):
    world.stalled = True
    send(MANUAL)
    assert orchestrator.timeout - (world.clock.now - START) >= 40


def test_an_unreadable_cluster_ends_failed_within_the_timeout(world, send, on_call):
    def outage(_):
        world.faults["rds", "DescribeDBClusters"] = "InternalFailure"

    on_call("rds", "FailoverDBCluster", outage)
    assert send(DATABASE).outcome == "RAISED"
    assert world.state["Status"] == "FAILED"


def test_a_short_look_away_during_verification_is_survived(world, send, on_call):
    on_call("rds", "DescribeDBClusters", lambda _: "Throttling", nth=3)
    assert send(DATABASE).outcome == "COMPLETED"


# What is measured.


def test_every_stage_is_there_and_plausible(world, send):
    send(MANUAL | {"detected_at": START - 7})
    stages = world.state["Stages"]
    assert set(stages) == {"detect", "decide", "promote", "verify", "latch"}
    assert stages["detect"] == 7
    assert 0 < stages["decide"] < 3
    assert 12 <= stages["promote"] <= 15
    assert 3 <= stages["verify"] <= 9
    assert 0 < stages["latch"] < 1


def test_an_application_run_has_no_database_stages(world, send):
    send(APPLICATION)
    assert set(world.state["Stages"]) == {"detect", "latch"}


def test_the_stages_make_up_the_duration(world, send):
    send(MANUAL)
    state = world.state
    parts = sum(state["Stages"].values()) - state["Stages"]["detect"]
    assert abs(state["Duration"] - parts) < Decimal("0.5")


def test_start_and_end_are_apart_by_the_duration(world, send):
    send(MANUAL)
    begun, ended = (
        datetime.datetime.fromisoformat(world.state[key]) for key in ("StartTime", "CompletedTime")
    )
    assert begun.timestamp() == START
    assert abs((ended - begun).total_seconds() - float(world.state["Duration"])) <= 1


@pytest.mark.parametrize("rto", [10, 3600, 0, 30.5, "soon", None])
def test_the_duration_is_measured_whatever_objective_is_configured(world, send, rto):
    world.configuration["rto_seconds"] = rto
    send(MANUAL)
    assert list(world.metrics) == ["FailoverDuration"]
    ((_, took),) = world.metrics["FailoverDuration"]
    assert took == pytest.approx(float(world.state["Duration"]), abs=0.01)
    assert "rto_seconds" not in str(world.runs()[0]["Notes"])


def test_a_failed_run_is_measured_too(world, send):
    world.stalled = True
    send(MANUAL)
    ((_, took),) = world.metrics["FailoverDuration"]
    assert took == pytest.approx(float(world.state["Duration"]), abs=0.01)
    assert took > 30


def test_metrics_carry_the_stack(world, send):
    send(MANUAL)
    (put,) = [params for _, name, params in world.calls if name == "PutMetricData"]
    assert put["Namespace"] == "DRSystem"
    for one in put["MetricData"]:
        assert one["Dimensions"] == [{"Name": "StackName", "Value": "stack"}]


# The latch.


@pytest.mark.parametrize(
    ("states", "latched"),
    [
        (["healthy"], True),
        (["unhealthy", "healthy"], True),
        ([], False),
        (["unhealthy"], False),
        (["initial"], False),
        (["draining"], False),
        (["unused", "unavailable"], False),
    ],
)
def test_the_latch_needs_a_healthy_standby_target(world, send, states, latched):
    world.targets["StandbyTargetGroup"] = states
    assert send(APPLICATION).outcome == "COMPLETED"
    assert world.latched is latched
    assert latched_state(world) is latched
    assert bool(world.state.get("LatchError")) is not latched


def test_a_failed_latch_is_recorded_and_fails_nothing(world, send):
    world.faults["route53", "UpdateHealthCheck"] = "ThrottlingException"
    assert send(MANUAL).outcome == "COMPLETED"
    assert world.writer == READER
    assert "ThrottlingException" in world.state["LatchError"]
    assert "ThrottlingException" in world.runs()[0]["LatchError"]
    assert "ThrottlingException" in world.published[-1][1]
    assert "application_at" not in world.state


def test_the_latch_error_of_an_earlier_run_is_not_inherited(world, send):
    world.faults["route53", "UpdateHealthCheck"] = "ThrottlingException"
    send(APPLICATION)
    world.faults.clear()
    world.clock.advance(600)
    assert send(APPLICATION).outcome == "COMPLETED"
    assert world.latched
    assert not world.state.get("LatchError")


def test_a_failed_run_does_not_show_the_new_writer_of_an_earlier_one(world, send):
    send(DATABASE)
    world.clock.advance(COOLDOWN)
    world.stalled = True
    assert send(DATABASE).outcome == "RAISED"
    assert world.state.get("NewWriter") != READER


# Dry runs.


@pytest.mark.parametrize("event", [MANUAL, VOTED, MANUAL | {"action": "failback"}])
def test_a_dry_run_changes_nothing_but_one_audit_item(world, send, event):
    reply = send(event | {"dry_run": True})
    assert (reply.outcome, reply.code) == ("DRY_RUN", 200)
    assert operations(world) & (CHANGING - {"PutItem"}) == set()
    assert world.count("PutItem") == 1
    assert len(world.runs()) == 1
    assert not world.state
    assert (world.writer, world.latched) == (WRITER, False)


def test_a_dry_run_says_what_it_would_do(world, send):
    send(MANUAL | {"dry_run": True})
    (item,) = world.runs()
    assert READER in item["Plan"]


def test_a_dry_run_makes_every_decision(world, send):
    send(MANUAL)
    assert send(MANUAL | {"dry_run": True}).outcome == "REFUSED"


def test_a_dry_run_starts_no_cooldown(world, send):
    send(MANUAL | {"dry_run": True})
    assert send(MANUAL).outcome == "COMPLETED"


# Force, expectation.


def test_force_passes_the_cooldown(world, send):
    send(DATABASE)
    assert send(DATABASE | {"force": True}).outcome == "COMPLETED"
    assert promoted(world) == [READER, WRITER]


@pytest.mark.parametrize("force", ["true", 1, "yes", [True], None, False])
def test_only_true_is_force(world, send, force):
    send(DATABASE)
    assert send(DATABASE | {"force": force}).outcome == "REFUSED"
    assert world.count("FailoverDBCluster") == 1


def test_force_does_not_pass_a_live_lease(world, send):
    world.items["FAILOVER_STATUS"] = {
        "Status": "IN_PROGRESS",
        "AttemptId": "other",
        "FencingToken": Decimal(4),
        "LeaseExpires": Decimal(START + 60),
    }
    before = dict(world.state)
    assert send(MANUAL | {"force": True}).outcome == "REFUSED"
    assert world.count("FailoverDBCluster") == 0
    assert world.state == before


@pytest.mark.parametrize("more", [{}, {"force": True}, {"action": "failback", "force": True}])
@pytest.mark.parametrize("expected", [READER, "instance-z", 7, [WRITER]])
def test_another_writer_than_expected_refuses(world, send, more, expected):
    reply = send(MANUAL | more | {"expected_writer": expected})
    assert (reply.outcome, reply.code) == ("REFUSED", 409)
    assert world.writer == WRITER
    assert not world.latched
    assert not world.state


def test_the_expected_writer_passes(world, send):
    assert send(MANUAL | {"expected_writer": WRITER}).outcome == "COMPLETED"


def test_a_refusal_is_recorded_once_an_hour(world, send):
    send(MANUAL)
    for _ in range(4):
        assert send(VOTED).outcome == "REFUSED"
        world.clock.advance(15)
    assert len(world.runs("REFUSED")) == 1


def test_a_refusal_is_told_once_an_hour(world, send):
    world.configuration["cooldown_seconds"] = 2 * COOLDOWN
    send(MANUAL)
    for _ in range(4):
        assert send(VOTED).outcome == "REFUSED"
        world.clock.advance(15)
    assert len([subject for subject, _ in world.published if "REFUSED" in subject]) == 1
    world.clock.advance(3600)
    assert send(VOTED).outcome == "REFUSED"
    assert len([subject for subject, _ in world.published if "REFUSED" in subject]) == 2


def test_a_manual_refusal_is_told_every_time(world, send):
    send(MANUAL)
    for _ in range(4):
        assert send(MANUAL).outcome == "REFUSED"
    assert len([subject for subject, _ in world.published if "REFUSED" in subject]) == 4


def told(world):
    return [subject for subject, _ in world.published if "FAILED" in subject]


def test_a_manual_repeat_of_a_failing_run_is_told_and_raised_every_time(world, send):
    world.instances[READER] = "rebooting"
    for count in range(1, 5):
        assert send(DATABASE | {"attempt_id": "one"}).outcome == "RAISED"
        assert len(told(world)) == count
        world.clock.advance(1)


def test_an_automatic_failure_is_told_once_an_hour_and_then_answered(world, send):
    event = VOTED | {"components": ["database"], "attempt_id": "one"}
    world.instances[READER] = "rebooting"
    outcomes = []
    for _ in range(240):
        outcomes.append(send(event).outcome)
        world.clock.now = START + 15 * len(outcomes)
    # START is a whole hour, as the mails count them.
    assert outcomes == ["RAISED"] + ["FAILED"] * 239
    assert len(told(world)) == 1
    assert world.state["Status"] == "FAILED"
    assert send(event).outcome == "RAISED"
    assert len(told(world)) == 2


def test_another_error_is_told_within_the_hour(world, send):
    event = VOTED | {"components": ["database"]}
    world.instances[READER] = "rebooting"
    send(event)
    world.instances[READER] = "available"
    world.faults["rds", "FailoverDBCluster"] = "AccessDenied"
    assert send(event).outcome == "RAISED"
    assert send(event).outcome == "FAILED"
    assert len(told(world)) == 2


def test_a_failure_that_could_not_be_told_is_told_at_its_repeat(world, send):
    event = VOTED | {"components": ["database"]}
    world.instances[READER] = "rebooting"
    world.faults["sns", "Publish"] = "InternalError"
    assert send(event).outcome == "RAISED"
    world.faults.clear()
    assert send(event).outcome == "RAISED"
    assert len(told(world)) == 1


def test_each_running_instance_tells_for_itself(world, send):
    event = VOTED | {"components": ["database"]}
    world.instances[READER] = "rebooting"
    assert send(event).outcome == "RAISED"
    other = world.load("FailoverOrchestratorFunction")
    answer, error = world.invoke(other, event)
    assert answer is None
    assert "no reader" in str(error)
    assert len(told(world)) == 2


@pytest.mark.parametrize("votes", [VOTED, MANUAL])
def test_what_went_well_is_told_every_time(world, send, votes):
    world.configuration["cooldown_seconds"] = 0
    for count in range(1, 4):
        event = votes | {"components": ["database"], "writer": world.writer}
        assert send(event).outcome == "COMPLETED"
        assert len(world.published) == count


# Automatic or manual, and the arming.

ALARM = {
    "source": "aws.cloudwatch",
    "alarmArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:stack-database",
    "time": "2027-01-15T08:00:00.000+0000",
    "alarmData": {"alarmName": "stack-database", "state": {"value": "ALARM"}},
}


def make_dead(world):
    world.health = [0.0]


@pytest.mark.parametrize(
    ("event", "mode"),
    [
        (MANUAL, "PLANNED"),
        (MANUAL | {"writer": WRITER, "detected_at": START}, "PLANNED"),
        (MANUAL | {"mode": "DRILL"}, "DRILL"),
        (MANUAL | {"votes": {}}, "UNPLANNED"),
        (MANUAL | {"votes": None}, "UNPLANNED"),
        (VOTED, "UNPLANNED"),
        (MANUAL | {"alarmData": None}, "UNPLANNED"),
        (ALARM, "UNPLANNED"),
    ],
)
def test_votes_or_an_alarm_make_a_run_automatic(world, send, event, mode):
    make_dead(world)
    assert send(event).outcome == "COMPLETED"
    assert world.state["Mode"] == mode


def test_automatic_is_decided_by_the_event_and_not_by_its_mode(world, send):
    world.configuration["auto_failover"] = "OFF"
    assert send(MANUAL | {"mode": "UNPLANNED"}).outcome == "COMPLETED"


@pytest.mark.parametrize(
    ("arming", "enabled", "event", "outcome"),
    [
        ("ON", True, VOTED, "COMPLETED"),
        ("ON", True, ALARM, "COMPLETED"),
        ("ON", True, MANUAL, "COMPLETED"),
        ("DRY_RUN", True, VOTED, "DRY_RUN"),
        ("DRY_RUN", True, ALARM, "DRY_RUN"),
        ("DRY_RUN", True, MANUAL, "COMPLETED"),
        ("OFF", True, VOTED, "REFUSED"),
        ("OFF", True, ALARM, "REFUSED"),
        ("OFF", True, MANUAL, "COMPLETED"),
        ("ON", False, VOTED, "REFUSED"),
        ("ON", False, ALARM, "REFUSED"),
        ("ON", False, MANUAL, "COMPLETED"),
        ("DRY_RUN", False, VOTED, "REFUSED"),
        ("OFF", False, VOTED, "REFUSED"),
        ("OFF", True, VOTED | {"force": True}, "REFUSED"),
        ("OFF", True, VOTED | {"dry_run": True}, "REFUSED"),
    ],
)
def test_the_arming_holds_automatic_runs_only(world, send, arming, enabled, event, outcome):
    make_dead(world)
    world.configuration |= {"auto_failover": arming, "auto_failover_enabled": enabled}
    assert send(event).outcome == outcome
    acted = outcome == "COMPLETED"
    assert world.count("FailoverDBCluster") == acted
    assert bool(world.state) is acted


@pytest.mark.parametrize(
    "text", ["", "no json", "[]", "null", "7", '"ON"', "{}", '{"auto_failover": 7}', "[[]]"]
)
def test_an_unfit_configuration_gives_noted_defaults(world, send, text):
    world.configuration = text
    assert send(VOTED).outcome == "COMPLETED"
    assert "auto_failover: 'ON'" in str(world.runs()[0]["Notes"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cooldown_seconds", -1),
        ("cooldown_seconds", 10**9),
        ("cooldown_seconds", "300"),
        ("cooldown_seconds", True),
        ("cooldown_seconds", None),
        ("auto_failover", "on"),
        ("auto_failover_enabled", 1),
    ],
)
def test_an_unfit_value_is_noted_and_replaced(world, send, key, value):
    world.configuration[key] = value
    assert send(MANUAL).outcome == "COMPLETED"
    assert key in str(world.runs()[0]["Notes"])
    assert send(MANUAL).outcome == "REFUSED"


def test_a_fit_configuration_needs_no_note(world, send):
    send(MANUAL)
    assert "default" not in str(world.runs()[0]["Notes"])
    assert "not " not in str(world.runs()[0]["Notes"])


# Cooldown.


@pytest.mark.parametrize(
    ("waited", "passes"), [(0, False), (301, False), (3590, False), (3601, True)]
)
@pytest.mark.parametrize("cooldown", [COOLDOWN])
def test_the_cooldown_counts_from_the_accepted_promotion(world, send, cooldown, waited, passes):
    send(DATABASE)
    accepted = int(world.state["database_at"])
    assert accepted <= START + 2
    assert world.configuration["cooldown_seconds"] == cooldown
    world.clock.now = max(world.clock.now, accepted + waited)
    assert (send(DATABASE).outcome == "COMPLETED") is passes


@pytest.mark.parametrize("cooldown", [0, 60, 600])
def test_the_cooldown_is_the_configured_one(world, send, cooldown):
    world.configuration["cooldown_seconds"] = cooldown
    send(DATABASE)
    world.clock.now = START + cooldown - 5
    if cooldown:
        assert send(DATABASE).outcome == "REFUSED"
    world.clock.now = START + cooldown + 60
    assert send(DATABASE).outcome == "COMPLETED"


def test_each_component_cools_by_itself(world, send):
    send(DATABASE)
    assert send(MANUAL).outcome == "COMPLETED"
    assert world.latched
    assert world.count("FailoverDBCluster") == 1


def test_a_latch_does_not_cool_the_database(world, send):
    send(APPLICATION)
    assert send(MANUAL).outcome == "COMPLETED"
    assert world.writer == READER
    assert world.count("UpdateHealthCheck") == 1


def test_a_latch_starts_a_cooldown(world, send):
    send(APPLICATION)
    world.items["FAILOVER_STATUS"]["Latched"] = False
    reply = send(APPLICATION)
    assert reply.outcome == "REFUSED"
    assert "in cooldown" in reply.body["message"]
    world.clock.advance(COOLDOWN + 1)
    assert send(APPLICATION).outcome == "COMPLETED"


def test_what_is_latched_is_not_latched_again(world, send):
    send(APPLICATION)
    for wait in (0, COOLDOWN):
        world.clock.advance(wait)
        world.published.clear()
        reply = send(APPLICATION)
        assert (reply.outcome, reply.code) == ("NOT_REQUIRED", 200)
        assert "latched" in reply.body["message"]
        assert world.published == []
    assert world.runs("REFUSED") == []
    assert world.count("UpdateHealthCheck") == 1


def test_force_latches_again_what_is_latched(world, send):
    send(APPLICATION)
    assert send(APPLICATION | {"force": True}).outcome == "COMPLETED"
    assert world.count("UpdateHealthCheck") == 2


def test_an_observed_change_of_writer_starts_a_cooldown(world, send):
    world.writer = READER
    send(VOTED | {"components": ["database"]})
    assert send(DATABASE).outcome == "REFUSED"
    assert world.count("FailoverDBCluster") == 0


def test_a_run_that_failed_before_acting_starts_no_cooldown(world, send):
    world.instances[READER] = "rebooting"
    assert send(DATABASE).outcome == "RAISED"
    world.instances[READER] = "available"
    assert send(DATABASE).outcome == "COMPLETED"


def test_a_refused_promotion_starts_no_cooldown(world, send):
    world.faults["rds", "FailoverDBCluster"] = "AccessDenied"
    assert send(DATABASE).outcome == "RAISED"
    world.faults.clear()
    assert send(DATABASE).outcome == "COMPLETED"


def test_a_run_that_failed_after_acting_starts_one(world, send):
    world.stalled = True
    assert send(DATABASE).outcome == "RAISED"
    assert send(DATABASE).outcome == "REFUSED"


def lost_after_its_act(world, send, on_call, event):
    """A run whose host is lost right after its promotion was accepted, a minute ago."""

    def killed(_):
        raise Killed

    on_call("rds", "DescribeDBClusters", killed, nth=2)
    assert send(event | {"attempt_id": "one"}).outcome == "KILLED"
    assert world.count("FailoverDBCluster") == 1
    world.clock.advance(60)
    assert world.state["Status"] == "IN_PROGRESS"


def test_what_a_lost_run_has_begun_is_seen_through(world, send, on_call):
    world.promotion = (70.0, 75.0)
    lost_after_its_act(world, send, on_call, VOTED)
    assert send(VOTED | {"attempt_id": "two"}).outcome == "COMPLETED"
    assert (world.state["PreviousWriter"], world.state["NewWriter"]) == (WRITER, READER)
    assert world.count("FailoverDBCluster") == 1
    assert world.latched


def test_a_person_still_meets_the_cooldown_of_a_lost_run(world, send, on_call):
    lost_after_its_act(world, send, on_call, DATABASE)
    assert send(DATABASE).outcome == "REFUSED"
    assert world.writer == READER


def test_looking_on_without_a_change_starts_no_cooldown(world, send):
    world.faults["rds", "FailoverDBCluster"] = "InvalidDBClusterStateFault"
    assert send(DATABASE).outcome == "RAISED"
    world.faults.clear()
    assert send(DATABASE).outcome == "COMPLETED"


# One attempt, many events.


def test_a_repeat_after_completion_does_nothing(world, send):
    event = VOTED | {"attempt_id": "one"}
    assert send(event).outcome == "COMPLETED"
    before = dict(world.items)
    assert send(event).outcome == "NOT_REQUIRED"
    assert world.items == before
    world.clock.advance(10_000)
    assert send(event).outcome == "NOT_REQUIRED"
    assert world.count("FailoverDBCluster") == 1


def test_a_repeat_during_the_run_does_nothing(world, send, on_call):
    event = VOTED | {"attempt_id": "one"}
    replies = []

    def again(_):
        replies.append(send(event))

    on_call("rds", "DescribeDBClusters", again, nth=3)
    assert send(event).outcome == "COMPLETED"
    assert [one.outcome for one in replies] == ["NOT_REQUIRED"]
    assert world.count("FailoverDBCluster") == 1
    assert len(world.runs()) == 1
    assert world.runs("REFUSED") == []


def test_a_repeat_after_a_failure_before_acting_tries_again(world, send):
    event = VOTED | {"attempt_id": "one"}
    world.instances[READER] = "rebooting"
    assert send(event).outcome == "RAISED"
    world.instances[READER] = "available"
    world.clock.advance(15)
    assert send(event).outcome == "COMPLETED"
    assert world.count("FailoverDBCluster") == 1


def test_a_repeat_after_a_failure_after_acting_waits_for_the_cooldown(world, send):
    event = VOTED | {"attempt_id": "one", "components": ["database"]}
    world.stalled = True
    assert send(event).outcome == "RAISED"
    assert send(event).outcome == "REFUSED"
    assert world.count("FailoverDBCluster") == 1


def test_without_an_attempt_the_request_is_the_attempt(world, send):
    send(MANUAL)
    assert world.state["AttemptId"] == "request-1"


def test_the_answer_shows_the_state(world, send):
    shown = send(MANUAL).body["state"]
    assert shown["Status"] == "COMPLETED"
    assert json.dumps(shown)

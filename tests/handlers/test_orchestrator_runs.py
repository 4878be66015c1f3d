"""Runs: what is moved, what refuses, how it is verified, recorded and told."""

import datetime
import json
from dataclasses import replace

import pytest
from botocore.exceptions import ReadTimeoutError
from simulated import (
    APPLICATION,
    COOLDOWN,
    DATABASE,
    DEPLOYMENT,
    FAILBACK,
    MANUAL,
    READER,
    START,
    TARGETS_ALARM,
    VOTED,
    WRITER,
    Trial,
    alarm,
)

from drtemplate.world.api.failures import Lost
from drtemplate.world.aws.aurora import Node
from drtemplate.world.clock import Killed

UNANSWERED = ReadTimeoutError(endpoint_url="https://aws.invalid")
VOTED_DATABASE = VOTED | DATABASE | {"attempt_id": "one"}
CHANGING = {"FailoverDBCluster", "UpdateHealthCheck", "PutItem", "Publish", "PutMetricData"}


def operations(world):
    return {one.operation for one in world.calls}


def with_readers(**statuses):
    """An account whose cluster has these readers beside the writer."""
    writer, reader = DEPLOYMENT.cluster.instances
    readers = [replace(reader, name=name, endpoint=f"{name}.rds") for name in statuses]
    cluster = replace(DEPLOYMENT.cluster, instances=(writer, *readers))
    world = Trial(replace(DEPLOYMENT, cluster=cluster))
    for name, status in statuses.items():
        world.aurora.nodes[name].status = status
    return world


# What moves.


def test_a_manual_run_moves_both_records_it_and_tells_it_once(world):
    reply = world.send(MANUAL | {"detected_at": START - 7})
    assert (reply.outcome, reply.code, reply.error) == ("COMPLETED", 200, None)
    assert (world.writer, world.latched, world.promoted()) == (READER, True, [READER])
    state = world.state
    assert (state["Status"], state["Error"], state["Latched"]) == ("COMPLETED", "", True)
    assert (state["PreviousWriter"], state["NewWriter"]) == (WRITER, READER)
    assert (state["AttemptId"], state["Mode"]) == ("request-1", "PLANNED")
    assert "drill" in state["Reason"]
    (item,) = world.items()
    assert item["StateKey"] == f"RUN#{item['StartTime']}#{item['AttemptId']}"
    assert item["Status"] == "COMPLETED"
    assert "not " not in str(item["Notes"])
    assert world.subjects == ["COMPLETED"]
    assert READER in world.messages[0].text
    assert json.dumps(reply.body["state"])
    assert len(world.table.items) == 2
    reads = {"GetParameter", "GetItem", "DescribeDBClusters", "DescribeDBInstances"}
    assert operations(world) - CHANGING == reads | {"DescribeTargetHealth"}


def test_what_did_not_fail_is_left_alone(world):
    world.send(VOTED_DATABASE)
    assert world.acted == (1, 0)
    assert "DescribeTargetHealth" not in operations(world)
    assert "application_at" not in world.state


def test_the_application_alone_leaves_the_database_alone(world):
    assert world.send(MANUAL | APPLICATION).outcome == "COMPLETED"
    assert (world.writer, world.latched) == (WRITER, True)
    assert not [one for one in world.calls if one.service == "rds"]
    assert "database_at" not in world.state
    assert set(world.state["Stages"]) == {"detect", "latch"}


@pytest.mark.parametrize(
    ("components", "acted"),
    [(["application", "database"], (1, 1)), (["database", "database"], (1, 0))],
)
def test_components_say_what_moves(world, components, acted):
    assert world.send(MANUAL | {"components": components}).outcome == "COMPLETED"
    assert world.acted == acted


# Whom it promotes.


@pytest.mark.parametrize(
    ("readers", "named"),
    [
        ({"b": "available", "c": "available"}, "b"),
        ({"b": "rebooting", "c": "available"}, "c"),
        ({"b": "failed", "c": "rebooting", "d": "available"}, "d"),
    ],
)
def test_the_first_available_reader_is_named(readers, named):
    world = with_readers(**readers)
    assert world.send(MANUAL | DATABASE).outcome == "COMPLETED"
    assert world.promoted() == [named]


def test_the_reader_is_named(world):
    world.send(MANUAL | DATABASE)
    assert world.writer == READER


def test_a_reader_that_cannot_be_read_is_passed_over():
    world = with_readers(b="available", c="available")
    world.on("rds", "DescribeDBInstances", "Throttling")
    assert world.send(MANUAL | DATABASE).outcome == "COMPLETED"
    assert world.promoted() == ["c"]


@pytest.mark.parametrize("status", ["modifying", "failed", "storage-full", "", "AVAILABLE", None])
def test_without_an_available_reader_the_database_part_fails_and_says_so(world, status):
    if status is None:
        del world.aurora.nodes[READER]
    else:
        world.aurora.nodes[READER].status = status
    reply = world.send(MANUAL)
    assert reply.outcome == "RAISED"
    assert world.acted == (0, 1)
    assert world.latched
    assert world.state["Status"] == "FAILED"
    assert world.state["Error"] == repr(reply.error)
    assert "no reader" in world.first_line()
    assert "database_at" not in world.state
    assert [item["Status"] for item in world.items()] == ["FAILED"]
    assert world.subjects == ["FAILED"]


# Aurora has acted already: look, do not act.


def test_another_writer_than_the_named_one_is_only_verified(world):
    world.replace_writer()
    assert world.send(VOTED_DATABASE).outcome == "COMPLETED"
    assert world.acted == (0, 0)
    assert (world.state["PreviousWriter"], world.state["NewWriter"]) == (WRITER, READER)
    # What it has seen starts a cooldown too.
    assert world.send(MANUAL | DATABASE).outcome == "REFUSED"


def test_a_cluster_failing_over_is_only_verified(world):
    world.aurora.fail_over(READER)
    assert world.send(VOTED_DATABASE).outcome == "COMPLETED"
    assert world.acted == (0, 0)
    assert (world.state["PreviousWriter"], world.state["NewWriter"]) == (WRITER, READER)


@pytest.mark.parametrize("passed", [1, 13])
@pytest.mark.parametrize("event", [MANUAL, VOTED | {"writer": None}])
def test_who_is_to_be_replaced_is_no_guess_while_aurora_is_at_it(world, event, passed):
    """The present writer may be the old one or the new one, which nobody would ever replace."""
    world.aurora.fail_over(READER)
    world.wait(passed)
    begun = world.clock.now
    assert world.send(event).outcome == "RAISED"
    assert world.clock.now - begun < 5
    assert "writer unknown" in world.state["Error"]
    assert not world.state.get("PreviousWriter")
    assert world.acted == (0, 1)  # the other part does not wait for it


def test_a_cluster_that_is_busy_is_only_verified(world):
    def busy(_):
        world.aurora.fail_over(READER)

    world.on("rds", "FailoverDBCluster", busy)
    assert world.send(MANUAL | DATABASE).outcome == "COMPLETED"
    assert world.acted == (1, 0)


@pytest.mark.parametrize("name", ["", None, 0])
def test_without_a_named_writer_the_present_one_is_replaced(world, name):
    assert world.send(MANUAL | DATABASE | {"writer": name}).outcome == "COMPLETED"
    assert (world.promoted(), world.state["PreviousWriter"]) == ([READER], WRITER)


@pytest.mark.parametrize("name", ["third", 7, True])
def test_a_named_writer_is_taken_literally(world, name):
    assert world.send(MANUAL | DATABASE | {"writer": name}).outcome == "COMPLETED"
    assert world.promoted() == []
    assert (world.state["PreviousWriter"], world.state["NewWriter"]) == (str(name), WRITER)


def test_a_writer_that_left_is_not_replaced_again(world):
    world.replace_writer()
    del world.aurora.nodes[WRITER]
    world.aurora.nodes["third"] = Node("third", "us-east-1c", 2)
    world.send(VOTED_DATABASE)
    assert world.acted == (0, 0)


def test_a_cluster_without_a_writer_fails_the_run(world):
    world.aurora.writer = ""
    assert world.send(MANUAL | {"expected_writer": WRITER}).outcome == "REFUSED"
    assert world.send(MANUAL).outcome == "RAISED"
    assert world.state["Status"] == "FAILED"
    assert not world.state["NewWriter"]
    assert world.acted == (0, 1)


# The answer of the promotion.


def test_a_lost_answer_is_verified(world):
    def accepted(_):
        world.aurora.fail_over(READER)
        return UNANSWERED

    world.on("rds", "FailoverDBCluster", accepted)
    assert world.send(VOTED_DATABASE).outcome == "COMPLETED"
    assert world.acted == (1, 0)
    for wait in (1, 14, 600):
        world.wait(wait)
        assert world.send(VOTED_DATABASE).outcome == "NOT_REQUIRED"
    # Nor does another attempt that still means the old writer.
    assert world.send(VOTED_DATABASE, attempt_id="two").outcome == "REFUSED"
    world.wait(COOLDOWN)
    assert world.send(VOTED_DATABASE, attempt_id="three").outcome == "COMPLETED"
    assert world.acted == (1, 0)


def test_a_promotion_whose_answers_the_network_loses_is_verified(world):
    world.faults["rds", "FailoverDBCluster"] = Lost.ANSWER
    assert world.send(MANUAL | DATABASE).outcome == "COMPLETED"
    assert world.writer == READER


def test_a_promotion_that_never_arrived_fails(world):
    world.faults["rds", "FailoverDBCluster"] = Lost.REQUEST
    assert world.send(MANUAL | DATABASE).outcome == "RAISED"
    assert WRITER in world.state["Error"]
    assert "database_at" not in world.state


@pytest.mark.parametrize("error", ["AccessDenied", "InvalidDBInstanceState", "Throttling"])
def test_any_other_refusal_of_the_promotion_fails_at_once(world, error):
    world.faults["rds", "FailoverDBCluster"] = error
    assert world.send(MANUAL | DATABASE).outcome == "RAISED"
    assert world.clock.now < 5
    assert world.state["Status"] == "FAILED"
    assert error in world.state["Error"]


# The components fail apart.


@pytest.mark.parametrize("fault", ["rebooting", "AccessDenied", "stalled"])
def test_a_database_that_fails_does_not_hold_the_latch_back(world, fault):
    if fault == "AccessDenied":
        world.faults["rds", "FailoverDBCluster"] = fault
    elif fault == "rebooting":
        world.aurora.nodes[READER].status = fault
    world.aurora.stalled = fault == "stalled"
    assert world.send(VOTED).outcome == "RAISED"
    assert world.latched
    assert world.state["Latched"] is True
    assert "application_at" in world.state
    # Mended, and asked for again: only what has not moved yet moves.
    world.aurora.nodes[READER].status = "available"
    world.end_stall()
    world.faults.clear()
    world.wait(COOLDOWN)
    assert world.send(VOTED).outcome == "COMPLETED"
    assert (world.writer, world.acted[1]) == (READER, 1)


# Verification and measures.


def test_a_promotion_that_never_comes_is_not_completed(world):
    world.api.services["rds"].FailoverDBCluster = lambda *_: {}
    world.send(MANUAL | DATABASE)
    assert world.state["Status"] == "FAILED"


def test_an_available_cluster_with_the_old_writer_proves_nothing(world):
    """DescribeDBClusters shows a failover a while after it has begun."""
    world.aurora.timings = world.timings.fixed(aurora_status_shown=30, aurora_promotion=40)
    assert world.send(MANUAL | DATABASE).outcome == "COMPLETED"
    assert world.state["Stages"]["promote"] >= 38


def test_a_new_writer_in_an_unavailable_cluster_is_waited_for(world):
    world.promotion(5, 45)
    assert world.send(MANUAL | DATABASE).outcome == "COMPLETED"
    stages = world.state["Stages"]
    assert 4 <= stages["promote"] <= 8
    assert stages["promote"] + stages["verify"] >= 49


def test_a_stalled_promotion_ends_recorded_and_told(world):
    world.aurora.stalled = True
    reply = world.send(MANUAL | DATABASE)
    assert not isinstance(reply.error, Killed)
    assert 300 - world.clock.now >= 40  # what is left of its time
    assert world.state["Status"] == "FAILED"
    assert [item["Status"] for item in world.items()] == ["FAILED"]
    assert world.subjects == ["FAILED"]
    assert WRITER in world.first_line()
    assert world.put_metrics("FailoverDuration")[0] > 30


def test_a_cluster_that_cannot_be_read_any_more_ends_failed(world):
    def outage(_):
        world.faults["rds", "DescribeDBClusters"] = "InternalFailure"

    world.on("rds", "FailoverDBCluster", outage)
    assert world.send(MANUAL | DATABASE).outcome == "RAISED"
    assert world.state["Status"] == "FAILED"


def test_stages_and_duration(world):
    world.send(MANUAL | {"detected_at": START - 7})
    state, stages = world.state, world.state["Stages"]
    assert set(stages) == {"detect", "decide", "promote", "verify", "latch"}
    assert stages["detect"] == 7
    assert 0 < stages["decide"] < 3
    assert 12 <= stages["promote"] <= 15
    assert 3 <= stages["verify"] <= 9
    assert 0 < stages["latch"] < 1
    took = float(state["Duration"])
    assert took == pytest.approx(float(sum(stages.values())) - 7, abs=0.5)
    begun, ended = (
        datetime.datetime.fromisoformat(state[key]).timestamp()
        for key in ("StartTime", "CompletedTime")
    )
    assert begun == START
    assert abs(ended - begun - took) <= 1
    assert world.put_metrics("FailoverDuration") == [pytest.approx(took, abs=0.01)]
    (put,) = world.asked("PutMetricData")
    assert put["Namespace"] == "DRSystem"
    assert put["MetricData"][0]["Dimensions"] == [{"Name": "StackName", "Value": "drill"}]


# The latch.


@pytest.mark.parametrize(
    ("states", "latched"),
    [
        (["unhealthy", "healthy"], True),
        ([], False),
        (["unhealthy"], False),
        (["initial", "draining", "unused"], False),
    ],
)
def test_the_latch_needs_a_healthy_standby_target(world, states, latched):
    world.balancers["Standby"].show(*states)
    assert world.send(MANUAL | APPLICATION).outcome == "COMPLETED"
    assert world.latched is latched
    assert (world.state.get("Latched") is True) is latched
    assert bool(world.state["LatchError"]) is not latched


def test_a_failed_latch_is_recorded_and_fails_nothing(world):
    world.faults["route53", "UpdateHealthCheck"] = "ThrottlingException"
    assert world.send(MANUAL).outcome == "COMPLETED"
    assert world.writer == READER
    for told in (world.state["LatchError"], world.items()[0]["LatchError"], world.first_line()):
        assert "ThrottlingException" in told
    assert "application_at" not in world.state
    world.faults.clear()
    assert world.send(MANUAL | APPLICATION).outcome == "COMPLETED"
    assert world.latched
    assert not world.state["LatchError"]  # of the earlier run


def test_a_failed_run_does_not_show_the_new_writer_of_an_earlier_one(world):
    world.send(MANUAL | DATABASE)
    world.wait(COOLDOWN)
    world.aurora.stalled = True
    assert world.send(MANUAL | DATABASE).outcome == "RAISED"
    assert world.state["NewWriter"] != READER


# Dry runs.


@pytest.mark.parametrize("event", [VOTED, MANUAL | FAILBACK])
def test_a_dry_run_leaves_one_audit_item(world, event):
    reply = world.send(event, dry_run=True)
    assert (reply.outcome, reply.code) == ("DRY_RUN", 200)
    assert operations(world) & CHANGING == {"PutItem"}
    assert len(world.items()) == len(world.table.items) == 1


def test_a_dry_run_changes_nothing(world):
    assert world.send(MANUAL, dry_run=True).outcome == "DRY_RUN"
    assert (world.acted, world.state) == ((0, 0), {})
    assert READER in world.items()[0]["Plan"]
    # It starts no cooldown, and it makes every decision.
    assert world.send(MANUAL).outcome == "COMPLETED"
    assert world.send(MANUAL, dry_run=True).outcome == "REFUSED"


@pytest.mark.parametrize("value", ["true", 1, [True], None])
def test_only_true_is_a_dry_run_or_force(world, value):
    assert world.send(MANUAL, dry_run=value).outcome == "COMPLETED"
    assert world.send(MANUAL, force=value).outcome == "REFUSED"


# Force, expectation, refusals.


def test_force_passes_the_cooldown_and_latches_again(world):
    world.send(MANUAL)
    assert world.send(MANUAL, force=True).outcome == "COMPLETED"
    assert world.promoted() == [READER, WRITER]
    assert world.acted == (2, 2)


def test_another_writer_than_expected_refuses(world):
    for more in ({}, {"force": True}, FAILBACK | {"force": True}):
        for expected in (READER, 7, [WRITER]):
            reply = world.send(MANUAL | more, expected_writer=expected)
            assert (reply.outcome, reply.code) == ("REFUSED", 409)
    assert (world.acted, world.state) == ((0, 0), {})
    assert world.send(MANUAL, expected_writer=WRITER).outcome == "COMPLETED"


@pytest.mark.parametrize(("event", "told"), [(VOTED, 1), (MANUAL, 4)])
def test_an_automatic_refusal_is_recorded_and_told_once_an_hour(world, event, told):
    world.configure(cooldown_seconds=2 * COOLDOWN)
    world.send(MANUAL)
    for _ in range(4):
        assert world.send(event).outcome == "REFUSED"
        world.wait(15)
    assert len(world.items("REFUSED")) == 1
    assert world.subjects.count("REFUSED") == told
    world.wait(COOLDOWN)
    assert world.send(event).outcome == "REFUSED"
    assert world.subjects.count("REFUSED") == told + 1


def test_a_repeated_failure_is_told_once(world):
    world.aurora.nodes[READER].status = "rebooting"
    assert world.send(VOTED_DATABASE).outcome == "RAISED"
    for _ in range(3):
        assert world.send(VOTED_DATABASE).outcome == "FAILED"
    assert len(world.messages) == 1
    assert world.state["Status"] == "FAILED"
    # Another error is another message.
    world.aurora.nodes[READER].status = "available"
    world.faults["rds", "FailoverDBCluster"] = "AccessDenied"
    assert world.send(VOTED_DATABASE).outcome == "RAISED"
    assert world.send(VOTED_DATABASE).outcome == "FAILED"
    assert len(world.messages) == 2


def test_a_failure_is_told_again_the_next_hour(world):
    world.aurora.nodes[READER].status = "rebooting"
    world.send(VOTED_DATABASE)
    world.run(3599)
    assert world.send(VOTED_DATABASE).outcome == "FAILED"
    world.run(3601)
    assert world.send(VOTED_DATABASE).outcome == "RAISED"
    assert len(world.messages) == 2


def test_a_manual_failure_is_told_each_time(world):
    world.aurora.nodes[READER].status = "rebooting"
    for _ in range(2):
        assert world.send(MANUAL | DATABASE, attempt_id="one").outcome == "RAISED"
    assert len(world.messages) == 2


def test_a_failure_that_could_not_be_told_is_told_at_its_repeat(world):
    world.aurora.nodes[READER].status = "rebooting"
    world.faults["sns", "Publish"] = "InternalError"
    assert world.send(VOTED_DATABASE).outcome == "RAISED"
    world.faults.clear()
    assert world.send(VOTED_DATABASE).outcome == "RAISED"
    assert len(world.messages) == 1


def test_what_went_well_is_told_every_time(world):
    world.configure(cooldown_seconds=0)
    for _ in range(3):
        event = VOTED | DATABASE | {"writer": world.writer}
        assert world.send(event).outcome == "COMPLETED"
    assert world.subjects == ["COMPLETED"] * 3


# Automatic or manual, and the arming.


@pytest.mark.parametrize(
    ("event", "mode"),
    [
        (MANUAL | {"writer": WRITER, "detected_at": START}, "PLANNED"),
        (MANUAL | {"mode": "DRILL"}, "DRILL"),
        (MANUAL | {"votes": None}, "UNPLANNED"),
        (MANUAL | {"alarmData": None}, "UNPLANNED"),
        (alarm(), "UNPLANNED"),
    ],
)
def test_votes_or_an_alarm_make_a_run_automatic(warm, event, mode):
    warm.measured(0.0)
    assert warm.send(event).outcome == "COMPLETED"
    assert warm.state["Mode"] == mode


@pytest.mark.parametrize(
    ("arming", "enabled", "outcome"),
    [
        ("ON", True, "COMPLETED"),
        ("DRY_RUN", True, "DRY_RUN"),
        ("OFF", True, "REFUSED"),
        ("ON", False, "REFUSED"),
        ("DRY_RUN", False, "REFUSED"),
    ],
)
@pytest.mark.parametrize("event", [VOTED, VOTED | {"force": True}, alarm(TARGETS_ALARM)])
def test_the_arming_holds_automatic_runs(world, arming, enabled, event, outcome):
    world.balancers["Primary"].show("unhealthy")
    world.configure(auto_failover=arming, auto_failover_enabled=enabled)
    assert world.send(event).outcome == outcome
    acted = outcome == "COMPLETED"
    assert (world.acted[1], bool(world.state)) == (acted, acted)


def test_the_arming_holds_no_person(world):
    world.configure(auto_failover="OFF")
    assert world.send(VOTED, dry_run=True).outcome == "REFUSED"
    assert world.send(MANUAL, mode="UNPLANNED").outcome == "COMPLETED"
    assert world.send(FAILBACK).outcome == "FAILED_BACK"


@pytest.mark.parametrize("text", ["", "[]", "null", "7", '"ON"', '{"auto_failover": 7}', "[[]]"])
def test_an_unfit_configuration_gives_noted_defaults(world, text):
    world.parameters[DEPLOYMENT.configuration] = text
    assert world.send(VOTED).outcome == "COMPLETED"
    assert "auto_failover: 'ON'" in str(world.items()[0]["Notes"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("cooldown_seconds", -1),
        ("cooldown_seconds", 10**9),
        ("cooldown_seconds", "300"),
        ("cooldown_seconds", True),
        ("auto_failover", "on"),
        ("auto_failover_enabled", 1),
    ],
)
def test_an_unfit_value_is_noted_and_replaced(world, key, value):
    world.configure(**{key: value})
    assert world.send(MANUAL).outcome == "COMPLETED"
    assert key in str(world.items()[0]["Notes"])
    assert world.send(MANUAL).outcome == "REFUSED"


# Cooldown.


def test_the_cooldown_holds(world):
    world.send(MANUAL)
    assert START < world.state["database_at"] + 1 <= START + 2  # when it was accepted
    world.run(COOLDOWN - 10)
    assert world.send(VOTED_DATABASE, writer=READER).outcome == "REFUSED"
    assert world.acted == (1, 1)
    world.run(COOLDOWN + 2)
    assert world.send(VOTED_DATABASE, writer=READER).outcome == "COMPLETED"


@pytest.mark.parametrize("cooldown", [0, 600])
def test_the_cooldown_is_the_configured_one(world, cooldown):
    world.configure(cooldown_seconds=cooldown)
    world.send(MANUAL | DATABASE)
    if cooldown:
        world.run(cooldown - 5)
        assert world.send(MANUAL | DATABASE).outcome == "REFUSED"
    world.run(cooldown + 60)
    assert world.send(MANUAL | DATABASE).outcome == "COMPLETED"


@pytest.mark.parametrize("first", [DATABASE, APPLICATION])
def test_each_component_cools_by_itself(world, first):
    world.send(MANUAL | first)
    assert world.send(MANUAL).outcome == "COMPLETED"
    assert world.acted == (1, 1)


def test_a_latch_starts_a_cooldown(world):
    world.send(MANUAL | APPLICATION)
    world.table.items["FAILOVER_STATUS"]["Latched"] = False
    assert "in cooldown" in world.send(MANUAL | APPLICATION).body["message"]
    world.wait(COOLDOWN + 1)
    assert world.send(MANUAL | APPLICATION).outcome == "COMPLETED"


def test_a_latched_application_is_not_latched_again(world):
    world.send(MANUAL | APPLICATION)
    for wait in (0, COOLDOWN):
        world.wait(wait + 1)
        reply = world.send(MANUAL | APPLICATION)
        assert (reply.outcome, reply.body["message"]) == ("NOT_REQUIRED", "latched")
    assert world.acted == (0, 1)
    assert (world.items("REFUSED"), len(world.messages)) == ([], 1)


def test_a_run_that_failed_before_acting_starts_no_cooldown(world):
    world.aurora.nodes[READER].status = "rebooting"
    assert world.send(VOTED_DATABASE).outcome == "RAISED"
    world.aurora.nodes[READER].status = "available"
    world.on("rds", "FailoverDBCluster", "AccessDenied")
    assert world.send(VOTED_DATABASE).outcome == "RAISED"
    world.on("rds", "FailoverDBCluster", "InvalidDBClusterStateFault")
    assert world.send(VOTED_DATABASE).outcome == "RAISED"  # it looked on, and nothing changed
    assert world.send(VOTED_DATABASE).outcome == "COMPLETED"


def test_a_run_that_failed_after_acting_starts_one(world):
    world.aurora.stalled = True
    assert world.send(VOTED_DATABASE).outcome == "RAISED"
    assert world.send(VOTED_DATABASE).outcome == "REFUSED"
    assert world.acted == (1, 0)


def lost_after_its_act(world, event):
    """A run whose host is lost right after its promotion was accepted, a minute ago."""
    world.on("rds", "DescribeDBClusters", Killed, nth=2)
    assert world.send(event, attempt_id="one").outcome == "KILLED"
    assert world.acted[0] == 1
    world.wait(60)
    assert world.state["Status"] == "IN_PROGRESS"


def test_what_a_lost_run_has_begun_is_seen_through(world):
    world.promotion(70, 5)
    lost_after_its_act(world, VOTED)
    assert world.send(VOTED, attempt_id="two").outcome == "COMPLETED"
    assert (world.state["PreviousWriter"], world.state["NewWriter"]) == (WRITER, READER)
    assert world.acted == (1, 1)


def test_a_person_still_meets_the_cooldown_of_a_lost_run(world):
    lost_after_its_act(world, MANUAL | DATABASE)
    assert world.send(MANUAL | DATABASE).outcome == "REFUSED"
    assert world.writer == READER


# One attempt, many events.


def test_one_attempt_acts_once(world):
    event = MANUAL | {"attempt_id": "one"}
    assert world.send(event).outcome == "COMPLETED"
    before = dict(world.table.items)
    for wait in (1, 10_000):
        world.wait(wait)
        assert world.send(event).outcome == "NOT_REQUIRED"
    assert world.table.items == before
    assert world.acted == (1, 1)


def test_a_repeat_during_the_run_does_nothing(world):
    world.on("rds", "DescribeDBClusters", lambda _: replies.append(world.meanwhile(VOTED)), nth=3)
    replies = []
    assert world.send(VOTED).outcome == "COMPLETED"
    assert [one.outcome for one in replies] == ["NOT_REQUIRED"]
    assert (world.acted, len(world.items()), world.items("REFUSED")) == ((1, 1), 1, [])

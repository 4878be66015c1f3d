"""Runs as deployed: what is moved and verified, answered and recorded; fail back; dry runs; the kill switch."""

import datetime
import json

import pytest
from simulated import (
    APPLICATION,
    COOLDOWN,
    DATABASE,
    FAILBACK,
    MANUAL,
    READER,
    START,
    STATUS,
    TARGETS_ALARM,
    TIMEOUT,
    VOTED,
    WRITER,
    alarm,
)

from drtemplate.world.api.failures import Lost

BOTH_DEAD = VOTED | {"attempt_id": "one"}
VOTED_DATABASE, HAND_DATABASE = BOTH_DEAD | DATABASE, MANUAL | DATABASE
FORCED = {"force": True}
CHANGING = {"FailoverDBCluster", "UpdateHealthCheck", "PutItem", "Publish", "PutMetricData"}


@pytest.fixture
def dead(world):
    """The primary side has no healthy target."""
    world.balancers["Primary"].show("unhealthy")
    return world


@pytest.fixture
def failed_over(world):
    assert world.send(MANUAL).outcome == "COMPLETED"
    assert world.acted == (1, 1)
    return world


# What moves.


def test_a_manual_run_moves_both_records_it_and_tells_it_once(world):
    reply = world.send(MANUAL | {"detected_at": START - 7})
    assert (reply.outcome, reply.code, reply.error) == ("COMPLETED", 200, None)
    assert (world.writer, world.latched, world.promoted()) == (READER, True, [READER])
    state = world.state
    assert (state["Status"], state["Latched"], state["Home"]) == ("COMPLETED", True, WRITER)
    assert (state["PreviousWriter"], state["NewWriter"]) == (WRITER, READER)
    assert (state["AttemptId"], state["Mode"], state["Reason"]) == ("request-1", "PLANNED", "drill")
    assert not {"Error", "LatchError", "Pending"} & state.keys()
    (item,) = world.items()
    assert item["StateKey"] == f"RUN#{item['StartTime']}#{item['AttemptId']}"
    assert item["Status"] == "COMPLETED"
    assert world.told() == ["COMPLETED"]
    text = world.messages[0].text
    assert READER in text
    assert "plan the fail back" in text
    assert json.dumps(reply.body["state"])
    stages = state["Stages"]
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
    assert world.put_metrics("FailoverDuration") == [pytest.approx(took, abs=0.3)]


def test_an_automatic_run_moves_what_its_votes_say(dead):
    assert dead.send(BOTH_DEAD).outcome == "COMPLETED"
    assert (dead.acted, dead.state["Mode"]) == ((1, 1), "UNPLANNED")
    assert dead.state["Votes"] == VOTED["votes"]


@pytest.mark.parametrize(
    ("components", "acted"),
    [(["application"], (0, 1)), (["database", "database"], (1, 0))],
)
def test_what_is_not_asked_for_is_left_alone(world, components, acted):
    assert world.send(MANUAL | {"components": components}).outcome == "COMPLETED"
    assert world.acted == acted


@pytest.mark.parametrize("first", [DATABASE, APPLICATION])
def test_each_component_cools_by_itself(world, first):
    world.send(MANUAL | first)
    assert world.send(MANUAL).outcome == "COMPLETED"
    assert world.acted == (1, 1)
    assert world.send(MANUAL).outcome == "REFUSED"
    world.wait(COOLDOWN)
    assert world.send(HAND_DATABASE).outcome == "COMPLETED"


def test_force_passes_the_cooldown_and_latches_again(failed_over):
    assert failed_over.send(MANUAL | FORCED).outcome == "COMPLETED"
    assert failed_over.promoted() == [READER, WRITER]
    assert failed_over.acted == (2, 2)


# Verified, not believed.


def test_aurora_has_acted_already_is_only_verified(world):
    world.aurora.fail_over(READER)
    world.wait(2)
    assert world.send(VOTED_DATABASE).outcome == "COMPLETED"
    assert world.acted == (0, 0)
    assert (world.state["PreviousWriter"], world.state["NewWriter"]) == (WRITER, READER)
    # What it has seen starts a cooldown too.
    assert world.send(HAND_DATABASE).outcome == "REFUSED"


def test_a_cluster_that_is_busy_is_only_verified(world):
    world.on("rds", "FailoverDBCluster", lambda _: world.aurora.fail_over(READER))
    assert world.send(HAND_DATABASE).outcome == "COMPLETED"
    assert (world.acted, world.writer) == ((1, 0), READER)


def test_a_promotion_that_never_comes_is_not_completed(world):
    world.api.services["rds"].FailoverDBCluster = lambda *_: {}
    reply = world.send(HAND_DATABASE)
    assert (reply.outcome, reply.code, world.state["Status"]) == ("FAILED", 500, "FAILED")


def test_an_available_cluster_with_the_old_writer_proves_nothing(world):
    """DescribeDBClusters shows a failover a while after it has begun."""
    world.aurora.timings = world.timings.fixed(aurora_status_shown=30, aurora_promotion=40)
    assert world.send(HAND_DATABASE).outcome == "COMPLETED"
    assert world.state["Stages"]["promote"] >= 38


def test_a_new_writer_in_an_unavailable_cluster_is_waited_for(world):
    world.promotion(5, 45)
    assert world.send(HAND_DATABASE).outcome == "COMPLETED"
    stages = world.state["Stages"]
    assert 4 <= stages["promote"] <= 8
    assert stages["promote"] + stages["verify"] >= 49


def test_a_stalled_promotion_ends_recorded_and_told_in_time(world):
    world.aurora.stalled = True
    reply = world.send(HAND_DATABASE)
    assert (reply.outcome, reply.code) == ("FAILED", 500)
    assert TIMEOUT - world.clock.now >= 40
    assert (world.state["Status"], world.told()) == ("FAILED", ["FAILED"])
    assert [item["Status"] for item in world.items()] == ["FAILED"]
    assert "not replaced" in world.first_line()
    assert "After a FAILED or abandoned run" in world.messages[0].text
    assert world.put_metrics("FailoverDuration")[0] > 30
    # It was accepted: the cooldown holds.
    world.end_stall()
    assert world.send(HAND_DATABASE).outcome == "REFUSED"


def test_a_failed_run_raises_only_if_nobody_could_be_told(world):
    world.aurora.stalled = True
    world.faults["sns", "Publish"] = "InternalError"
    reply = world.send(HAND_DATABASE)
    assert reply.outcome == "RAISED"
    assert "not replaced" in str(reply.error)
    assert world.state["Status"] == "FAILED"


@pytest.mark.parametrize(
    "error", ["AccessDenied", "InvalidDBInstanceState", "Throttling", Lost.REQUEST]
)
def test_a_promotion_that_was_not_taken_fails_and_starts_no_cooldown(world, error):
    world.faults["rds", "FailoverDBCluster"] = error
    assert world.send(HAND_DATABASE).outcome == "FAILED"
    assert world.state["Status"] == "FAILED"
    assert error is Lost.REQUEST or error in world.state["Error"]
    world.faults.clear()
    assert world.send(HAND_DATABASE).outcome == "COMPLETED"


def test_an_attempt_that_was_not_taken_is_decided_anew(world):
    world.on("rds", "FailoverDBCluster", "AccessDenied")
    assert world.send(VOTED_DATABASE).outcome == "FAILED"
    assert world.send(VOTED_DATABASE).outcome == "COMPLETED"
    assert world.writer == READER


def test_a_cluster_that_cannot_be_read_right_before_the_act_is_refused(world):
    world.on("rds", "DescribeDBClusters", "Throttling", nth=2)
    reply = world.send(VOTED_DATABASE)
    assert reply.outcome in ("REFUSED", "FAILED")
    assert world.acted == (0, 0)
    # And repeated by the next call.
    assert world.send(VOTED_DATABASE).outcome == "COMPLETED"


def test_a_cluster_that_cannot_be_read_any_more_ends_failed(world):
    world.on(
        "rds",
        "FailoverDBCluster",
        lambda _: world.faults.update({("rds", "DescribeDBClusters"): "InternalFailure"}),
    )
    assert world.send(HAND_DATABASE).outcome == "FAILED"
    assert world.state["Status"] == "FAILED"


@pytest.mark.parametrize("listed", ["", "both"])
def test_two_or_no_writers_listed_move_nothing(world, listed):
    if listed:
        describe = world.api.services["rds"].DescribeDBClusters

        def both(*arguments):
            answer = describe(*arguments)
            for member in answer["DBClusters"][0]["DBClusterMembers"]:
                member["IsClusterWriter"] = True
            return answer

        world.api.services["rds"].DescribeDBClusters = both
    else:
        world.aurora.writer = ""
    for event in (VOTED_DATABASE, HAND_DATABASE, HAND_DATABASE | FORCED, FAILBACK | FORCED):
        assert world.send(event).outcome == "REFUSED"
    assert world.acted == (0, 0)


# The components fail apart.


@pytest.mark.parametrize("fault", ["rebooting", "AccessDenied", "stalled"])
def test_a_database_that_fails_does_not_hold_the_latch_back(dead, fault):
    if fault == "AccessDenied":
        dead.faults["rds", "FailoverDBCluster"] = fault
    elif fault == "rebooting":
        dead.aurora.nodes[READER].status = fault
    dead.aurora.stalled = fault == "stalled"
    dead.send(BOTH_DEAD)
    assert (dead.latched, dead.state["Latched"]) == (True, True)
    assert dead.told()
    # Mended, and asked for again: only what has not moved yet moves.
    dead.aurora.nodes[READER].status = "available"
    dead.end_stall()
    dead.faults.clear()
    dead.wait(COOLDOWN)
    assert dead.send(BOTH_DEAD | {"attempt_id": "two"}).outcome == "COMPLETED"
    assert (dead.writer, dead.acted[1]) == (READER, 1)


def test_a_failed_latch_is_recorded_and_fails_no_failover(world):
    world.faults["route53", "UpdateHealthCheck"] = "ThrottlingException"
    assert world.send(MANUAL).outcome == "COMPLETED"
    assert world.writer == READER
    for told in (world.state["LatchError"], world.items()[0]["LatchError"], world.first_line()):
        assert "ThrottlingException" in told
    world.faults.clear()
    assert world.send(MANUAL | APPLICATION).outcome == "COMPLETED"
    assert (world.latched, world.state.get("LatchError")) == (True, None)


def test_a_latch_alone_that_fails_is_not_completed(world):
    world.faults["route53", "UpdateHealthCheck"] = "ThrottlingException"
    assert world.send(MANUAL | APPLICATION).outcome == "FAILED"
    assert world.state["Status"] == "FAILED"


def test_what_recovers_right_before_the_latch_is_not_latched(dead):
    dead.on("rds", "FailoverDBCluster", lambda _: dead.balancers["Primary"].show("healthy"))
    assert dead.send(BOTH_DEAD).outcome == "COMPLETED"
    assert (dead.acted, dead.latched) == ((1, 0), False)


def test_a_latched_application_is_not_latched_again(world):
    world.send(MANUAL | APPLICATION)
    for wait in (0, COOLDOWN):
        world.wait(wait + 1)
        assert world.send(MANUAL | APPLICATION).outcome == "NOT_REQUIRED"
    assert (world.acted, world.items("REFUSED"), world.told()) == ((0, 1), [], ["COMPLETED"])


# Failing back.


def test_a_fail_back_undoes_both_and_a_second_moves_nothing(failed_over):
    reply = failed_over.send(FAILBACK)
    assert (reply.outcome, reply.code) == ("FAILED_BACK", 200)
    assert (failed_over.writer, failed_over.latched) == (WRITER, False)
    state = failed_over.state
    assert (state["Latched"], state["Status"], state["NewWriter"]) == (False, "FAILED_BACK", WRITER)
    assert "Home" not in state
    assert [item["Status"] for item in failed_over.items()] == ["COMPLETED", "FAILED_BACK"]
    failed_over.send(FAILBACK)
    assert (failed_over.writer, failed_over.acted[0]) == (WRITER, 2)
    failed_over.wait(COOLDOWN)
    assert failed_over.send(MANUAL).outcome == "COMPLETED"
    assert (failed_over.writer, failed_over.latched) == (READER, True)


def test_a_fail_back_releases_the_latch_first(failed_over):
    failed_over.send(FAILBACK)
    last = {one.operation: one.at for one in failed_over.calls}
    assert last["UpdateHealthCheck"] < last["FailoverDBCluster"]


@pytest.mark.parametrize("states", [[], ["unhealthy"], ["initial", "draining"]])
def test_a_fail_back_needs_a_healthy_primary(failed_over, states):
    failed_over.balancers["Primary"].show(*states)
    assert failed_over.send(FAILBACK).outcome == "REFUSED"
    assert failed_over.acted == (1, 1)
    assert failed_over.send(FAILBACK | FORCED).outcome == "FAILED_BACK"


def test_a_latch_is_not_released_if_aurora_begins_to_fail_over_meanwhile(failed_over):
    """A run may be slow between its decision and its act."""
    failed_over.on("dynamodb", "PutItem", lambda _: failed_over.aurora.fail_over(None))
    assert failed_over.send(FAILBACK).outcome == "FAILED"
    assert failed_over.latched


def test_a_fail_back_needs_its_instance(failed_over):
    failed_over.aurora.nodes[WRITER].status = "modifying"
    assert failed_over.send(FAILBACK).outcome == "REFUSED"
    assert (failed_over.acted, failed_over.latched) == ((1, 1), True)
    assert failed_over.send(FAILBACK | FORCED).outcome == "FAILED_BACK"
    assert failed_over.writer == WRITER


def test_a_home_that_is_gone_is_forgotten_and_a_fail_back_only_unlatches(failed_over):
    del failed_over.aurora.nodes[WRITER]
    assert failed_over.send(FAILBACK).outcome == "FAILED_BACK"
    assert (failed_over.writer, failed_over.latched, failed_over.acted[0]) == (READER, False, 1)
    assert "Home" not in failed_over.state


def test_a_fail_back_of_one_component_leaves_the_other(failed_over):
    assert failed_over.send(FAILBACK | APPLICATION).outcome == "FAILED_BACK"
    assert (failed_over.writer, failed_over.latched) == (READER, False)
    assert failed_over.state["Home"] == WRITER
    assert failed_over.send(FAILBACK | DATABASE).outcome == "FAILED_BACK"
    assert (failed_over.writer, failed_over.state.get("Home")) == (WRITER, None)


@pytest.mark.parametrize("how", ["stalled", "AccessDenied", "InvalidDBInstanceState"])
def test_a_fail_back_that_fails_keeps_its_home(failed_over, how):
    failed_over.aurora.stalled = how == "stalled"
    if how != "stalled":
        failed_over.faults["rds", "FailoverDBCluster"] = how
    assert failed_over.send(FAILBACK).outcome == "FAILED"
    assert failed_over.told()[-1] == "FAILED"
    assert (failed_over.state["Status"], failed_over.state["Home"]) == ("FAILED", WRITER)
    failed_over.end_stall()
    failed_over.faults.clear()
    assert failed_over.send(FAILBACK).outcome == "FAILED_BACK"
    assert failed_over.writer == WRITER


# Dry runs, and the kill switch.


@pytest.mark.parametrize("event", [MANUAL, VOTED, FAILBACK])
def test_a_dry_run_makes_every_read_and_decision_and_leaves_one_audit_item(failed_over, event):
    failed_over.wait(COOLDOWN)
    failed_over.balancers["Standby"].show("healthy")
    more = {"writer": READER} if event == VOTED else {}
    before, begun = dict(failed_over.state), len(failed_over.calls)
    items = set(failed_over.table.items)
    reply = failed_over.send(event | more, dry_run=True)
    assert (reply.outcome, reply.code) == ("DRY_RUN", 200)
    changed = {one.operation for one in failed_over.calls[begun:]} & CHANGING
    assert changed == {"PutItem"}
    (left,) = set(failed_over.table.items) - items
    assert left.startswith("RUN#")
    assert WRITER in str(failed_over.table.items[left]["Plan"])
    assert failed_over.state == before
    assert reply.body["plan"]


@pytest.mark.parametrize("event", [MANUAL, VOTED | {"writer": READER}], ids=["hand", "votes"])
def test_a_dry_run_refuses_as_a_run_would(failed_over, event):
    items, told = set(failed_over.table.items), len(failed_over.told())
    assert failed_over.send(event, dry_run=True).outcome == "REFUSED"
    left = set(failed_over.table.items) - items
    assert [key.split("#")[0] for key in left] == ["REFUSED"]
    assert len(failed_over.told()) == told


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
@pytest.mark.parametrize("event", [BOTH_DEAD, alarm(TARGETS_ALARM)])
def test_the_arming_holds_automatic_runs(dead, arming, enabled, event, outcome):
    dead.configure(auto_failover=arming, auto_failover_enabled=enabled)
    assert dead.send(event).outcome == outcome
    assert dead.acted[1] == (outcome == "COMPLETED")


def test_the_arming_holds_no_person(world):
    world.configure(auto_failover="OFF")
    assert world.send(MANUAL, mode="UNPLANNED").outcome == "COMPLETED"
    assert world.send(FAILBACK).outcome == "FAILED_BACK"


def test_without_the_store_and_without_a_last_configuration_nothing_moves_by_itself(dead):
    dead.faults["ssm", "*"] = "InternalServerError"
    assert dead.send(BOTH_DEAD).outcome == "DRY_RUN"
    assert dead.acted == (0, 0)
    assert dead.send(MANUAL).outcome == "COMPLETED"


# Status.


def test_a_status_says_all_and_changes_nothing(failed_over):
    before, begun = dict(failed_over.table.items), len(failed_over.calls)
    body = failed_over.send(STATUS).body
    assert (body["writer"], body["readers"], body["cluster_status"]) == (
        READER, [WRITER], "available",
    )  # fmt: skip
    assert (body["arming"], body["deployed_arming"], body["faults"]) == ("ON", "ON", [])
    assert body["health_check"] == {"disabled": True, "inverted": True}
    assert body["state"]["Status"] == "COMPLETED"
    assert failed_over.table.items == before
    assert not {one.operation for one in failed_over.calls[begun:]} & CHANGING


def test_a_status_is_given_in_every_outage(world):
    world.faults["*", "*"] = "InternalFailure"
    reply = world.send(STATUS)
    assert (reply.outcome, reply.code, reply.body["state"]) == ("STATUS", 200, None)

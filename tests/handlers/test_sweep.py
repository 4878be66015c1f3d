"""The sweep: it keeps, closes, tells and measures, and moves nothing of itself."""

import pytest
from simulated import (
    APPLICATION,
    DATABASE,
    DEPLOYMENT,
    FAILBACK,
    MANUAL,
    READER,
    START,
    SWEEP,
    VOTED,
    WRITER,
    WRITER_ALARM,
    rds_event,
)

from drtemplate.groups.handlers import ORCHESTRATOR
from drtemplate.world.api.failures import Lost

HAND_DATABASE = MANUAL | DATABASE


def swept(world):
    reply = world.send(SWEEP)
    assert (reply.outcome, reply.code) == ("RECORDED", 200)
    return reply.body


def test_a_sweep_keeps_the_writer_and_the_usable_configuration_and_tells_nothing(world):
    assert swept(world)["writer"] == WRITER
    state = dict(world.state)
    assert (state["Status"], state["Writer"]) == ("IDLE", WRITER)
    assert state["Configuration"]["arming"] == "ON"
    assert state["Configuration"]["cooldown_seconds"] == 3600
    # A second one has nothing to write.
    swept(world)
    assert world.state == state
    assert (world.acted, world.messages, len(world.table.items)) == ((0, 0), [], 1)


def test_a_changed_configuration_is_kept_and_an_unusable_one_is_not(world):
    swept(world)
    world.configure(auto_failover="OFF", cooldown_seconds=60)
    swept(world)
    assert world.state["Configuration"]["arming"] == "OFF"
    world.configure(auto_failover="no idea")
    swept(world)
    assert world.state["Configuration"] == world.state["Configuration"] | {
        "arming": "OFF", "cooldown_seconds": 60,
    }  # fmt: skip


def test_an_unusable_configuration_is_told_once_and_again_when_it_is_another(world):
    for text in ("{", "{", "no", "no"):
        world.parameters[DEPLOYMENT.configuration] = text
        swept(world)
        world.wait(60)
    assert world.told() == ["CONFIGURATION", "CONFIGURATION"]
    world.parameters[DEPLOYMENT.configuration] = DEPLOYMENT.parameters[DEPLOYMENT.configuration]
    swept(world)
    assert world.put_metrics("ConfigurationUsable")[-2:] == [0.0, 1.0]


@pytest.mark.parametrize(("arming", "as_deployed"), [("ON", 1.0), ("DRY_RUN", 0.0), ("OFF", 0.0)])
def test_a_sweep_measures_whether_it_is_armed_as_deployed(world, arming, as_deployed):
    world.configure(auto_failover=arming)
    swept(world)
    assert world.put_metrics("ArmedAsDeployed") == [as_deployed]


def test_a_move_of_somebody_else_is_found_and_starts_the_cooldown(world):
    swept(world)
    world.replace_writer()
    swept(world)
    assert (world.state["Writer"], world.state["Home"]) == (READER, WRITER)
    assert world.lines(event="MOVED", writer=READER)
    assert world.send(VOTED | DATABASE | {"writer": READER}).outcome == "REFUSED"
    assert world.send(FAILBACK | DATABASE).outcome == "FAILED_BACK"


def test_a_latch_that_somebody_released_is_found(world):
    world.send(MANUAL | APPLICATION)
    world.checks["Primary"].configure(False, False)
    swept(world)
    assert world.state["Latched"] is False


def test_a_latch_that_somebody_changed_starts_the_cooldown(world):
    """Of a run that was lost with its latch too, which nobody has counted."""
    world.balancers["Primary"].show("unhealthy")
    swept(world)
    world.lose(VOTED | APPLICATION, "dynamodb", "PutItem", 4)
    swept(world)
    world.checks["Primary"].configure(False, False)
    world.wait(30)
    swept(world)
    assert world.state["Status"] == "COMPLETED"
    reply = world.send(VOTED | APPLICATION | {"attempt_id": "again"})
    assert (reply.outcome, reply.body["kind"]) == ("REFUSED", "cooldown")
    assert world.acted == (0, 1)


@pytest.mark.parametrize("event", [HAND_DATABASE, VOTED | DATABASE, FAILBACK | DATABASE])
def test_a_lost_run_whose_promotion_is_slow_is_closed_as_its_own(world, event):
    """Calls that come meanwhile take nothing over, as an observer's, which has the old writer dead."""
    swept(world)
    back = event == FAILBACK | DATABASE
    if back:
        world.send(HAND_DATABASE)
    old, told = world.writer, len(world.told())
    world.promotion(100)
    world.lose(event, "dynamodb", "PutItem", 4)
    asked = VOTED | DATABASE | {"writer": old, "attempt_id": "later"}
    assert world.send(asked).outcome == "NOT_REQUIRED"
    for _ in range(2):
        world.wait(60)
        swept(world)
    status = "FAILED_BACK" if back else "COMPLETED"
    assert (world.state["Status"], world.told()[told:]) == (status, [status])
    assert [item["Status"] for item in world.items()] == ["COMPLETED"] * back + [status]
    assert (world.state.get("Home"), len(world.state["Moves"]["database"])) == (
        None if back else WRITER,
        1,
    )


@pytest.mark.parametrize("moved", [False, True])
def test_a_fail_back_that_was_lost_has_failed_until_both_parts_are_back(world, moved):
    """The latch is released before the writer is moved, and one of them is not the whole."""
    swept(world)
    world.send(MANUAL)
    world.lose(FAILBACK, "dynamodb", "PutItem", 6 if moved else 5)
    for _ in range(2):
        swept(world)
        world.wait(60)
    status = "FAILED_BACK" if moved else "FAILED"
    assert (world.latched, world.writer) == (False, WRITER if moved else READER)
    assert (world.state["Status"], world.told()[1:]) == (status, [status])
    assert [item["Status"] for item in world.items()] == ["COMPLETED", status]
    assert world.send(FAILBACK).outcome == "FAILED_BACK"
    assert (world.writer, world.state.get("Home")) == (WRITER, None)


def test_a_lost_run_whose_parts_end_one_after_the_other_is_told_once(world):
    swept(world)
    world.lose(MANUAL, "dynamodb", "PutItem", 6)  # both were taken
    world.send(rds_event("0071"))
    for _ in range(3):
        world.wait(60)
        swept(world)
    assert (world.state["Status"], world.told()) == ("COMPLETED", ["COMPLETED"])


def test_a_fail_back_that_got_home_and_was_lost_is_told_as_back_though_asked_for_again(world):
    swept(world)
    world.send(MANUAL)
    world.lose(FAILBACK, "dynamodb", "PutItem", 6)
    assert world.send(FAILBACK).outcome == "FAILED_BACK"
    for _ in range(2):
        world.wait(60)
        swept(world)
    assert world.told() == ["COMPLETED", "FAILED_BACK", "FAILED_BACK"]
    assert [item["Status"] for item in world.items()][1:] == ["FAILED_BACK", "FAILED_BACK"]


def test_a_fail_back_whose_way_home_another_run_takes_over_has_failed(world):
    swept(world)
    world.send(MANUAL)
    world.lose(FAILBACK, "dynamodb", "PutItem", 5)
    world.send(HAND_DATABASE | {"force": True})
    for _ in range(2):
        world.wait(60)
        swept(world)
    assert world.told() == ["COMPLETED", "COMPLETED", "FAILED"]


def test_a_lost_run_that_another_followed_is_told_as_it_ended(world):
    swept(world)
    world.promotion(100)
    world.lose(HAND_DATABASE, "dynamodb", "PutItem", 4)
    world.send(MANUAL | APPLICATION)
    for _ in range(2):
        world.wait(60)
        swept(world)
    assert world.told() == ["COMPLETED", "COMPLETED"]
    assert "seen through later" in world.first_line()


def test_what_aurora_does_after_it_gave_a_promotion_up_is_another_move(world):
    swept(world)
    world.aurora.rolls_back = 1
    world.lose(HAND_DATABASE, "dynamodb", "PutItem", 5)
    swept(world)
    world.wait(600)
    world.replace_writer()
    swept(world)
    assert world.writer == READER
    assert len(world.state["Moves"]["database"]) == 2


@pytest.mark.parametrize("followed", [False, True])
def test_a_run_that_was_lost_before_its_record_has_one(world, followed):
    swept(world)
    world.lose(HAND_DATABASE, "dynamodb", "PutItem", 7)
    assert (world.state["Status"], world.items()) == ("COMPLETED", [])
    if followed:
        world.send(MANUAL | APPLICATION)
        world.wait(60)
    swept(world)
    assert [item["Status"] for item in world.items()] == ["COMPLETED"] * (1 + followed)
    assert world.told() == ["COMPLETED"] * (1 + followed)


@pytest.mark.parametrize("what", ["CONFIGURATION", "HEALTH CHECK", "COMPLETED"])
def test_a_sweep_that_is_delivered_twice_tells_it_once(world, what):
    swept(world)
    if what == "CONFIGURATION":
        world.configure(cooldown_seconds="soon")
    elif what == "HEALTH CHECK":
        world.checks["Primary"].configure(True, False)
    else:
        world.lose(HAND_DATABASE, "dynamodb", "PutItem", 7)
    world.functions.duplicate = 1
    for _ in range(2):
        world.functions.send(world.deployment.functions[ORCHESTRATOR].name, SWEEP, "test")
        world.wait(60)
    assert world.told() == [what]


def test_a_run_under_way_is_let_be(world):
    world.put_state(LeaseExpires=int(START) + 40)
    before = dict(world.state)
    swept(world)
    assert world.state == before


@pytest.mark.parametrize("late", [200, 900])
def test_a_late_end_closes_the_run_and_tells_it(world, late):
    world.promotion(late)
    assert world.send(HAND_DATABASE).outcome == "FAILED"
    world.wait(late)
    swept(world)
    assert (world.state["Status"], world.state["NewWriter"]) == ("COMPLETED", READER)
    assert world.told() == ["FAILED", "COMPLETED"]
    assert [item["Status"] for item in world.items()] == ["COMPLETED"]
    swept(world)
    assert len(world.told()) == 2


def test_a_lost_run_that_never_acted_is_told_as_lost(world):
    swept(world)
    world.lose(HAND_DATABASE, "rds", "DescribeDBClusters", 2)
    swept(world)
    assert (world.state["Status"], world.told()) == ("FAILED", ["FAILED"])
    assert "abandoned" in world.first_line()
    assert world.writer == WRITER
    # Of itself a sweep moves nothing.
    world.wait(600)
    swept(world)
    assert world.acted == (0, 0)


def test_a_killed_run_that_moved_is_told_once_by_the_sweep(world):
    swept(world)
    world.lose(HAND_DATABASE, "dynamodb", "PutItem", 5)
    for _ in range(3):
        swept(world)
        world.wait(60)
    assert world.state["Status"] == "COMPLETED"
    assert world.told().count("COMPLETED") == 1


def test_what_sns_refused_is_told_later_and_measured_till_then(world):
    world.faults["sns", "*"] = Lost.REQUEST
    assert world.send(HAND_DATABASE).outcome == "COMPLETED"
    for _ in range(3):
        world.wait(60)  # the run that wrote last may still tell its own end
        swept(world)
    assert world.told() == []
    world.faults.clear()
    for _ in range(2):
        world.wait(60)
        swept(world)
    assert world.told() == ["COMPLETED"]
    assert world.put_metrics("Untold")[1:] == [1.0, 1.0, 0.0, 0.0]


def test_the_end_of_a_run_that_is_being_told_is_not_told_by_the_sweep_too(world):
    swept(world)
    world.on("sns", "Publish", lambda _: world.meanwhile(SWEEP) and None)
    assert world.send(HAND_DATABASE).outcome == "COMPLETED"
    world.wait(60)
    swept(world)
    assert world.told() == ["COMPLETED"]


def test_a_person_is_not_refused_for_a_sweep_that_wrote_at_the_same_moment(world):
    world.on("dynamodb", "PutItem", lambda _: world.meanwhile(SWEEP) and None)
    assert world.send(HAND_DATABASE).outcome == "COMPLETED"
    assert (world.acted, world.told()) == ((1, 0), ["COMPLETED"])
    assert len(world.items()) == 1


def test_an_alarm_that_stands_no_more_is_forgotten(world):
    world.put_state(Status="COMPLETED", LeaseExpires=1, Alarms={WRITER_ALARM: "then"})
    swept(world)
    assert "Alarms" not in world.state


def test_while_a_run_is_under_way_nothing_is_called_untold(world):
    world.promotion(150)
    for at in (60, 120):
        world.send_later(at, SWEEP)
    assert world.send(HAND_DATABASE).outcome == "COMPLETED"
    assert set(world.put_metrics("Untold")) == {0.0}


def test_a_sweep_that_loses_a_race_lets_it_be(world):
    world.on("dynamodb", "PutItem", "ConditionalCheckFailedException")
    assert world.send(SWEEP).outcome in ("RECORDED", "REFUSED")
    assert world.messages == []
    swept(world)
    assert world.state["Writer"] == WRITER


@pytest.mark.parametrize("service", ["rds", "route53", "ssm", "cloudwatch", "sns"])
def test_a_sweep_ends_well_in_every_outage(world, service):
    swept(world)
    before = dict(world.state)
    world.faults[service, "*"] = "InternalFailure"
    swept(world)
    for name in ("Writer", "Configuration", "Status"):
        assert world.state[name] == before[name]
    assert world.told() == (["CONFIGURATION"] if service == "ssm" else [])

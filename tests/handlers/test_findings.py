"""The sequences that went wrong in version 0.1.0, a test or a few for each: E1 to E31, B1, B11, B17, B24.

A test's name begins with its row.
"""

import json

import pytest
from botocore.exceptions import ConnectionClosedError
from simulated import (
    APPLICATION,
    COOLDOWN,
    DATABASE,
    FAILBACK,
    MANUAL,
    READER,
    START,
    STATUS,
    SWEEP,
    VOTED,
    WHOLE,
    WRITER,
    Trial,
    alarm,
    rds_event,
)

from drtemplate.groups.handlers import MONITOR, MONITOR_2, ORCHESTRATOR
from drtemplate.world.api.failures import Lost
from drtemplate.world.aws.aurora import Node
from drtemplate.world.aws.prober import Reply
from drtemplate.world.clock import Killed, current_owner
from handlers.configuration import parse_configuration

VOTED_DATABASE, HAND_DATABASE = VOTED | DATABASE, MANUAL | DATABASE
AGAINST_READER = VOTED_DATABASE | {"writer": READER}


def failed_over(world):
    """The writer was moved, and the application is latched."""
    assert world.send(MANUAL).outcome == "COMPLETED"
    assert (world.acted, world.writer) == ((1, 1), READER)
    return world


# At the look after the promotion was accepted; at the write of it; at the last write.
LOST = [("rds", "DescribeDBClusters", 3), ("dynamodb", "PutItem", 4), ("dynamodb", "PutItem", 5)]


@pytest.mark.parametrize("lost", LOST)
def test_e01_a_lost_run_lifts_no_cooldown(warm, lost):
    warm.send(SWEEP)
    warm.lose(HAND_DATABASE, *lost)
    assert warm.writer == READER
    for wait in (1, 80, 600):
        warm.wait(wait)
        assert warm.send(AGAINST_READER).outcome == "REFUSED"
    assert (warm.acted, warm.writer) == ((1, 0), READER)
    assert (warm.state["Status"], warm.state.get("Error")) == ("COMPLETED", None)


def test_e01_a_lost_run_of_the_application_lifts_nothing_of_the_database(warm):
    assert warm.send(HAND_DATABASE).outcome == "COMPLETED"
    warm.lose(MANUAL | APPLICATION, "route53", "UpdateHealthCheck")
    assert warm.send(AGAINST_READER).outcome == "REFUSED"
    assert warm.writer == READER


def test_e02_closing_clears_the_error_and_keeps_the_cooldown(warm):
    warm.lose(HAND_DATABASE, *LOST[0])
    warm.send(rds_event("0071"))
    assert (warm.state["Status"], warm.state.get("Error")) == ("COMPLETED", None)
    (record,) = warm.items()
    assert (record["Status"], record.get("Error")) == ("COMPLETED", None)
    assert warm.send(AGAINST_READER).outcome == "REFUSED"
    assert warm.acted == (1, 0)


@pytest.mark.parametrize("lost", LOST)
def test_e03_a_fail_back_that_was_lost_is_not_undone_by_the_next(world, lost):
    failed_over(world)
    service, operation, nth = lost
    world.lose(FAILBACK | DATABASE, service, operation, nth)
    assert world.writer == WRITER
    world.send(FAILBACK)
    assert (world.acted[0], world.writer, world.latched) == (2, WRITER, False)
    assert world.send(FAILBACK).outcome == "FAILED_BACK"
    assert (world.acted[0], world.writer) == (2, WRITER)


def test_e04_home_is_where_the_writer_was_before_the_first_move(world):
    failed_over(world)
    world.wait(COOLDOWN)
    assert world.send(HAND_DATABASE).outcome == "COMPLETED"
    assert world.writer == WRITER
    world.send(FAILBACK)
    assert (world.acted[0], world.writer) == (2, WRITER)


def test_e05_a_latch_that_cannot_be_released_moves_no_writer(world):
    failed_over(world)
    world.faults["route53", "UpdateHealthCheck"] = "ThrottlingException"
    assert world.send(FAILBACK).outcome == "FAILED"
    world.faults.clear()
    world.send(rds_event("0071"))
    world.send(SWEEP)
    assert (world.state["Status"], world.latched, world.writer) == ("FAILED", True, READER)
    assert "ThrottlingException" in world.state["Error"]


def test_e06_a_failover_of_nine_hours_later_closes_no_old_run(world):
    world.promotion(4000)
    assert world.send(HAND_DATABASE).outcome == "FAILED"
    world.end_stall()
    world.aurora.nodes[READER].turn += 1  # that promotion is over for good
    world.wait(9 * 3600)
    world.promotion(12)
    world.replace_writer()
    world.send(rds_event("0071"))
    (record,) = world.items()
    assert (record["Status"], world.state["Status"]) == ("FAILED", "FAILED")


def test_e07_a_promotion_is_told_whatever_was_told_of_the_latch(world):
    for balancer in world.balancers.values():
        balancer.show("unhealthy")
    assert world.send(VOTED | APPLICATION).outcome == "REFUSED"
    assert world.send(VOTED).outcome == "COMPLETED"
    assert (world.writer, world.latched) == (READER, False)
    assert world.told() == ["REFUSED", "COMPLETED"]
    assert "no healthy standby" in world.first_line()


def test_e08_a_promotion_whose_latch_lost_the_fence_is_told(world):
    def lose(_):
        if world.writer == READER and world.aurora.status.value == "available":
            world.faults.clear()
            return "ConditionalCheckFailedException"
        return None

    world.faults["dynamodb", "PutItem"] = lose
    assert world.send(MANUAL).outcome == "COMPLETED"
    assert (world.acted, world.told()) == ((1, 0), ["COMPLETED"])
    assert world.state["LatchError"]


ENABLED = {"auto_failover": "ON", "auto_failover_enabled": True}
PLAINLY_OFF = [
    *(ENABLED | {"auto_failover_enabled": value} for value in ("false", 0, "off", "No", "OFF ")),
    *(ENABLED | {"auto_failover": value} for value in ("OFF ", "DISABLED", False, "off", 0)),
]
UNFIT = [
    ENABLED | {"auto_failover_enabled": None},
    ENABLED | {"auto_failover": "on"},
    {"auto_failover": "ON"},
    '{"auto_failover": "ON", "auto_failover_enabled": true,}',
    "\ufeff" + json.dumps(ENABLED),
    "{'auto_failover': 'ON', 'auto_failover_enabled': true}",
]


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize("value", [*PLAINLY_OFF, "{'auto_failover': 'OFF'}"], ids=str)
def test_e09_what_was_plainly_meant_as_off_is_off(value):
    found = parse_configuration(as_text(value), {"arming": "ON"})
    assert found.arming == "OFF"
    assert found.faults


@pytest.mark.parametrize("value", UNFIT, ids=str)
@pytest.mark.parametrize("last", ["ON", "OFF", None])
def test_e09_what_does_not_fit_is_the_last_known_or_a_dry_run(value, last):
    found = parse_configuration(as_text(value), last and {"arming": last})
    assert found.arming == (last or "DRY_RUN")
    assert found.faults


@pytest.mark.parametrize("text", [as_text(PLAINLY_OFF[0]), UNFIT[3]])
def test_e09_what_does_not_fit_is_told_and_raises_the_alarm(chain, text):
    chain.run(130)  # the sweep has seen it
    chain.parameters[WHOLE.configuration] = text
    chain.kill_writer(200)
    chain.run(500)
    armed = text == UNFIT[3]
    assert chain.acted == (armed, 0)
    assert chain.told().count("CONFIGURATION") == 1
    assert "drill-configuration" in chain.subjects
    assert chain.put_metrics("ConfigurationUsable")[-1] == 0
    if not armed:
        assert chain.put_metrics("AutomationArmed")[-1] == 0


def test_e10_off_stays_off_while_the_store_is_silent(chain):
    chain.configure(auto_failover="OFF")
    chain.run(200)
    chain.faults["ssm", "*"] = "InternalServerError"
    chain.kill_writer(201)
    chain.run(800)
    assert (chain.acted, chain.writer) == ((0, 0), WRITER)


def test_e11_a_new_writer_whose_name_lags_is_left_alone(chain):
    chain.aurora.timings = chain.timings.fixed(
        aurora_detection=5.0, aurora_promotion=3.0, aurora_endpoint_update=55.0
    )
    chain.aurora.sees = True
    chain.faults["rds", "DescribeDBClusters"] = lambda _: (
        "InternalFailure" if current_owner().function.logical != ORCHESTRATOR else None
    )
    chain.kill_writer(131)
    chain.run(400)
    assert (chain.acted, chain.writer) == ((0, 0), READER)


def moved_once(world):
    assert (world.acted, world.writer) == ((1, 1), READER)
    assert world.told() == ["COMPLETED"]
    assert [one["Status"] for one in world.items()] == ["COMPLETED"]
    assert world.state["Status"] == "COMPLETED"


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("delay", [0, 0.01, 0.3, 2.0])
def test_e12_an_event_delivered_twice_is_one_call_one_mail_one_record(world, delay, named):
    world.balancers["Primary"].show("unhealthy")
    world.functions.duplicate = 1
    queue = iter([0.1, 0.1 + delay])
    draw = world.functions._draw
    world.functions._draw = lambda name: next(queue) if name == "lambda_queue" else draw(name)
    name = world.deployment.functions[ORCHESTRATOR].name
    event = VOTED | ({"attempt_id": "one"} if named else {})
    world.functions.send(name, event, "test")
    world.run(120)
    moved_once(world)


STALLS = [
    ("dynamodb", "GetItem", 1),
    ("dynamodb", "GetItem", 2),
    ("ssm", "GetParameter", 1),
    ("rds", "DescribeDBClusters", 1),
    ("rds", "DescribeDBInstances", 1),
    ("dynamodb", "PutItem", 1),
    ("dynamodb", "PutItem", 2),
    ("dynamodb", "PutItem", 3),
]


@pytest.mark.parametrize("stall", STALLS, ids=str)
def test_e12_a_twin_that_stalls_for_a_minute_makes_no_second_call(world, stall):
    world.balancers["Primary"].show("unhealthy")
    service, operation, nth = stall
    event = VOTED | {"attempt_id": "one"}
    world.on(service, operation, lambda _: world.meanwhile(event) and world.clock.wait(60), nth)
    world.send(event)
    moved_once(world)


def test_e13_a_mistyped_writer_is_refused_by_field(world):
    reply = world.send(HAND_DATABASE | {"writer": "Instance-A"})
    assert (reply.outcome, reply.code) == ("REFUSED", 409)
    assert "writer: 'Instance-A' is no member" in reply.body["message"]
    assert WRITER in reply.body["message"]
    assert (world.acted, world.state.get("Home"), world.state.get("Moves")) == ((0, 0), None, None)
    assert world.send(HAND_DATABASE).outcome == "COMPLETED"


@pytest.mark.parametrize("event", [MANUAL | APPLICATION, VOTED | APPLICATION])
def test_e14_an_application_that_moved_nowhere_is_not_completed(world, event):
    for balancer in world.balancers.values():
        balancer.show("unhealthy")
    reply = world.send(event)
    assert (reply.outcome, world.latched) == ("REFUSED", False)
    assert "no healthy standby target" in world.first_line()
    assert world.state.get("Status", "IDLE") == "IDLE"


def test_e15_a_fail_back_while_aurora_fails_over_is_refused_before_anything(world):
    failed_over(world)
    world.aurora.fail_over(WRITER)
    world.wait(2)
    reply = world.send(FAILBACK)
    assert (reply.outcome, world.acted, world.latched) == ("REFUSED", (1, 1), True)
    assert "failing over" in reply.body["message"]


def test_e16_who_writes_is_read_again_right_before_the_act(world):
    def moves(_):
        world.aurora.fail_over(READER)
        world.clock.wait(21)

    world.on("rds", "DescribeDBInstances", moves)
    assert world.send(VOTED_DATABASE).outcome == "COMPLETED"
    assert (world.acted, world.writer) == ((0, 0), READER)


def test_e16_an_expected_writer_is_read_again_too(world):
    def moves(_):
        world.aurora.fail_over(READER)
        world.clock.wait(21)

    world.on("dynamodb", "PutItem", moves)
    world.send(HAND_DATABASE | {"expected_writer": WRITER})
    assert (world.acted, world.writer) == ((0, 0), READER)


def test_e17_an_attempt_before_the_last_is_remembered_forced_or_not(world):
    one, two = (MANUAL | {"attempt_id": name, "force": True} for name in ("one", "two"))
    assert world.send(one).outcome == world.send(two).outcome == "COMPLETED"
    assert (world.acted, world.writer) == ((2, 2), WRITER)
    world.wait(COOLDOWN + 600)
    assert world.send(one).outcome == "NOT_REQUIRED"
    assert world.acted[0] == 2


def test_e17_a_fail_back_is_another_attempt_than_its_failover(world):
    assert world.send(MANUAL, attempt_id="ticket").outcome == "COMPLETED"
    assert world.send(FAILBACK, attempt_id="ticket").outcome == "FAILED_BACK"
    assert world.writer == WRITER
    assert world.send(FAILBACK, attempt_id="ticket").outcome == "NOT_REQUIRED"


def test_e18_an_event_before_the_run_gives_up_does_not_close_it_for_good(world):
    world.promotion(170, 60)
    world.send_later(150, rds_event("0071"))
    assert world.send(HAND_DATABASE).outcome == "FAILED"
    world.wait(200)
    world.send(SWEEP)
    assert (world.state["Status"], world.state["NewWriter"]) == ("COMPLETED", READER)
    assert [one["Status"] for one in world.items()] == ["COMPLETED"]


def test_e18_a_late_fail_back_is_closed_as_one(world):
    failed_over(world)
    world.promotion(300)
    assert world.send(FAILBACK).outcome == "FAILED"
    world.wait(300)
    world.send(SWEEP)
    assert (world.state["Status"], world.writer) == ("FAILED_BACK", WRITER)
    assert [one["Status"] for one in world.items()] == ["COMPLETED", "FAILED_BACK"]
    # And it is the end of it: nothing is left to bring home.
    world.send(FAILBACK)
    assert world.acted[0] == 2


def test_e18_a_run_of_the_application_overwrites_nothing_of_the_databases(world):
    world.promotion(300)
    assert world.send(HAND_DATABASE).outcome == "FAILED"
    assert world.send(MANUAL | APPLICATION).outcome == "COMPLETED"
    world.wait(300)
    world.send(SWEEP)
    assert [one["Status"] for one in world.items()] == ["COMPLETED", "COMPLETED"]
    assert (world.state["Status"], world.state["Home"]) == ("COMPLETED", WRITER)


AT_WORK = {
    "a reboot by hand": (40, "rebooting", (WRITER,)),
    "an upgrade in place": (300, "upgrading", (WRITER, READER)),
    "a stopped cluster": (600, "stopped", (WRITER, READER)),
    "an upgrade of the writer": (150, "upgrading", (WRITER,)),
}


@pytest.mark.parametrize("what", AT_WORK)
def test_e19_what_is_in_somebodys_hands_is_left_alone(chain, what):
    seconds, status, instances = AT_WORK[what]
    chain.at(131, chain.closed, seconds, status, *instances)
    if len(instances) == 2:
        chain.at(131, chain.aurora.show, status)
        chain.at(131 + seconds, chain.aurora.show, "available")
    chain.run(131 + seconds + 200)
    assert (chain.acted, chain.writer, chain.told()) == ((0, 0), WRITER, [])


def test_e19_a_writer_that_does_not_come_back_is_replaced(chain):
    chain.at(131, chain.closed, 1000, "rebooting", WRITER)
    chain.run(131 + 90)
    assert chain.acted == (0, 0)
    chain.run(131 + 160)
    assert (chain.acted, chain.writer) == ((1, 0), READER)


def test_e19_what_lasts_is_told_after_five_minutes(chain):
    chain.at(131, chain.closed, 2000, "upgrading", WRITER)
    chain.run(131 + 290)
    assert chain.told() == []
    chain.run(131 + 1000)
    assert (chain.acted, chain.told()) == ((0, 0), ["REFUSED"])


def test_e20_a_promotion_that_rolls_back_is_noticed_and_made_again(chain):
    chain.aurora.stalled = True
    chain.kill_writer(131)
    chain.run(175)
    assert chain.acted == (1, 0)
    chain.end_stall()
    chain.run(235)
    assert "FAILED" in chain.told()
    chain.run(131 + 360)
    assert (chain.acted, chain.writer) == ((2, 0), READER)
    assert chain.state["Status"] == "COMPLETED"


ODD = {
    "a token that is NULL": {"FencingToken": None},
    "a token that is a text": {"FencingToken": "seven"},
    "a lease in milliseconds": {"LeaseExpires": int(START) * 1000, "Status": "IN_PROGRESS"},
    "a flag that is a run's own": {"Unlocked": True},
    "404 KB": {"Error": "x" * 404_000},
}


@pytest.mark.parametrize("what", ODD)
def test_e21_no_item_ends_in_silence(chain, what):
    chain.run(120)
    chain.put_state(**{"Status": "COMPLETED", "LeaseExpires": 1} | ODD[what])
    chain.kill_writer(131)
    chain.run(131 + 30 + 300)
    told = {*chain.told(), *chain.subjects}
    assert chain.acted == (1, 0) or told & {"REFUSED", "drill-orchestrator-errors"}
    if chain.acted == (1, 0):
        assert "COMPLETED" in told
    assert not chain.state.get("Unlocked") or chain.acted == (0, 0)
    if what in ("a lease in milliseconds", "a flag that is a run's own", "404 KB"):
        assert chain.acted == (1, 0)


def test_e22_after_a_blind_run_cooldown_and_home_come_from_what_is_seen(warm):
    warm.send(SWEEP)
    warm.faults["dynamodb", "*"] = "InternalServerError"
    event = HAND_DATABASE | {"force": True, "expected_writer": WRITER}
    assert warm.send(event).outcome == "COMPLETED"
    warm.faults.clear()
    warm.wait(81)
    assert warm.send(AGAINST_READER).outcome == "REFUSED"
    assert (warm.writer, warm.state["Home"]) == (READER, WRITER)
    assert warm.send(FAILBACK | DATABASE).outcome == "FAILED_BACK"
    assert warm.writer == WRITER


def test_e23_an_alarm_that_does_not_stand_starts_nothing(warm):
    warm.silent(WRITER)
    warm.wait(300)
    event = alarm()
    event["alarmData"]["state"]["value"] = "OK"
    assert warm.send(MANUAL | event).outcome == "NOT_REQUIRED"
    assert (warm.acted, len(warm.items("EVENT"))) == ((0, 0), 1)


def test_e23_an_alarm_needs_its_witness_whatever_else_the_event_says(warm):
    reply = warm.send(MANUAL | alarm() | {"force": True})
    assert (reply.outcome, warm.acted) == ("NOT_REQUIRED", (0, 0))
    assert warm.lines(event="REFUSED", kind="not_corroborated")
    (record,) = warm.items("REFUSED")
    assert "AWS still hears the writer" in record["Error"]


def test_e24_a_security_group_edited_by_hand_moves_nothing(chain):
    chain.at(131, setattr, chain.network, "loss", 1.0)
    chain.run(131 + 6 * 3600)
    assert (chain.acted, chain.writer) == ((0, 0), WRITER)


@pytest.mark.parametrize("zone", [0, 1])
def test_e24_one_cut_subnet_moves_nothing(chain, zone):
    (cut,) = WHOLE.functions[(MONITOR, MONITOR_2)[zone]].zones
    chain.at(131, chain.partition, cut)
    chain.run(1000)
    assert (chain.acted, chain.writer) == ((0, 0), WRITER)
    # The other one still sees the true outage.
    chain.kill_writer(1001)
    chain.run(1060)
    assert (chain.acted, chain.writer) == ((1, 0), READER)


def test_e24_a_writer_that_another_observer_sees_alive_is_not_moved(chain):
    (zone,) = WHOLE.functions[MONITOR].zones
    chain.at(131, chain.blind, zone, WRITER)
    chain.run(131 + 1200)
    assert (chain.acted, chain.writer) == ((0, 0), WRITER)
    assert chain.told() == ["REFUSED"]  # after five minutes, and once an hour


def test_e24_two_lost_probes_make_no_dead_writer_of_a_dead_application(chain):
    chain.at(131, chain.balancers["Primary"].show, "unhealthy")
    for at in (141, 176):
        chain.at(at, setattr, chain.network, "loss", 1.0)
        chain.at(at + 4, setattr, chain.network, "loss", 0.0)
    chain.run(500)
    assert (chain.acted, chain.writer, chain.latched) == ((0, 1), WRITER, True)


def test_e24_a_false_move_does_not_spend_the_hour_of_a_true_one(chain):
    chain.run(131)
    assert chain.send(HAND_DATABASE).outcome == "COMPLETED"
    chain.kill_writer(300)
    chain.run(300 + 360)
    assert (chain.acted, chain.writer) == ((2, 0), WRITER)
    # And no third before the first has expired.
    chain.kill_writer(900)
    chain.run(900 + 600)
    assert chain.acted == (2, 0)


@pytest.mark.parametrize("fault", [Lost.ANSWER, ConnectionClosedError(endpoint_url="https://x")])
def test_e25_a_lost_answer_of_the_latch_is_verified(world, fault):
    if fault is not Lost.ANSWER:
        fault = arrives(world, "checks", fault)
    world.faults["route53", "UpdateHealthCheck"] = fault
    assert world.send(MANUAL | APPLICATION).outcome == "COMPLETED"
    assert (world.latched, world.state["Latched"]) == (True, True)


def arrives(world, what, fault):
    """A connection that breaks after the request has arrived."""

    def act(_):
        if what == "checks":
            world.checks["Primary"].configure(True, True)
        else:
            world.aurora.fail_over(READER)
        return fault

    return act


@pytest.mark.parametrize("fault", [Lost.ANSWER, ConnectionClosedError(endpoint_url="https://x")])
def test_e25_a_promotion_whose_connection_broke_is_verified(world, fault):
    if fault is not Lost.ANSWER:
        fault = arrives(world, "aurora", fault)
    world.faults["rds", "FailoverDBCluster"] = fault
    assert world.send(HAND_DATABASE).outcome == "COMPLETED"
    assert (world.acted, world.writer) == ((1, 0), READER)
    assert world.state["NewWriter"] == READER


@pytest.mark.parametrize("error", ["AccessDenied", "ThrottlingException"])
def test_e26_the_first_cause_is_told(world, error):
    world.faults["rds", "DescribeDBInstances"] = error
    reply = world.send(HAND_DATABASE)
    assert reply.outcome == "REFUSED"
    assert error in reply.body["message"]
    assert error in world.first_line()


def test_e27_refusals_of_one_reason_are_one_item_with_their_count(world):
    world.aurora.nodes[READER].status = "modifying"
    for _ in range(3):
        assert world.send(VOTED_DATABASE).outcome == "REFUSED"
        world.wait(15)
    (record,) = world.items("REFUSED")
    assert (record["Count"], world.told()) == (3, ["REFUSED"])
    assert record["StateKey"].endswith("#no_reader")


def test_e28_an_incident_can_be_rebuilt_from_the_logs(chain):
    chain.kill_writer(131)
    chain.run(300)
    calls = chain.lines(event="CALL")
    assert {one["function"] for one in calls} == {"observer"}
    assert all(one["writer"] == WRITER and one["attempt"] for one in calls)
    (act,) = chain.lines(event="ACT")
    assert (act["writer"], act["target"]) == (WRITER, READER)
    assert act["attempt"] in {one["attempt"] for one in calls}
    run = chain.lines(request=act["request"])
    events = ["WITNESSES", "DECISION", "TRANSITION", "ACT", "ACCEPTED", "TRANSITION", "END", "TOLD"]
    assert [one["event"] for one in run if one["event"] in events] == events
    assert all(one["attempt"] == act["attempt"] and "ms" in one for one in run)
    assert all("token" in one for one in run[run.index(act) :])
    (decision,) = (one for one in run if one["event"] == "DECISION")
    assert (decision["kind"], decision["targets"]) == ("PROMOTE", [READER])
    assert chain.lines(event="NOT_REQUIRED")


def test_e29_a_dry_run_tells_once_what_it_would_have_done(chain):
    chain.configure(auto_failover="DRY_RUN")
    chain.kill_writer(131)
    chain.run(1000)
    assert (chain.acted, chain.told()) == ((0, 0), ["DRY_RUN"])
    (mail,) = (one for one in chain.messages if one.caller)
    assert f"PROMOTE {WRITER} {READER}" in mail.text


def test_e29_a_dry_run_tells_of_each_component_once(chain):
    chain.configure(auto_failover="DRY_RUN")
    chain.kill_writer(131)
    chain.at(200, chain.balancers["Primary"].set_targets, Reply.REFUSED)
    chain.run(1000)
    assert chain.told() == ["DRY_RUN", "DRY_RUN"]
    assert "LATCH" in [one for one in chain.messages if one.caller][-1].text


def test_e30_what_is_not_there_is_not_there(world):
    assert world.send(HAND_DATABASE).outcome == "COMPLETED"
    for item in (*world.items(), world.state):
        assert "Votes" not in item
        assert "Notes" not in item
        assert "None" not in str({key: value for key, value in item.items() if key != "Pending"})
    world.wait(COOLDOWN)
    world.on("rds", "FailoverDBCluster", Killed)
    assert world.send(HAND_DATABASE).outcome == "KILLED"
    assert world.state["Status"] == "IN_PROGRESS"
    assert not {"CompletedTime", "Duration", "NewWriter"} & world.state.keys()


@pytest.mark.parametrize("refused", [[], ["b"], ["b", "c"]])
def test_e31_the_lowest_tier_is_asked_first_and_then_the_next(world, refused):
    for tier, name in ((3, "d"), (1, "c"), (0, "b")):
        world.aurora.nodes[name] = Node(name, "us-east-1c", tier)
    del world.aurora.nodes[READER]

    def refuse(params):
        known = params["TargetDBInstanceIdentifier"] in refused
        return "InvalidDBInstanceState" if known else None

    world.faults["rds", "FailoverDBCluster"] = refuse
    assert world.send(HAND_DATABASE).outcome == "COMPLETED"
    assert world.promoted() == [*refused, ["b", "c", "d"][len(refused)]]


def test_b01_an_operators_backtrack_is_left_alone(chain):
    chain.at(131, chain.closed, 150, "backtracking", WRITER)
    chain.at(131, chain.aurora.show, "backtracking")
    chain.at(131 + 150, chain.aurora.show, "available")
    chain.run(131 + 500)
    assert (chain.acted, chain.writer, chain.told()) == ((0, 0), WRITER, [])


def test_b01_the_runbooks_order_disarm_backtrack_arm_moves_nothing(chain):
    """Longer than the five minutes after which an armed automation would tell of it."""
    chain.run(100)
    chain.configure(auto_failover="OFF")
    chain.at(31, chain.closed, 400, "backtracking", WRITER)
    chain.at(31, chain.aurora.show, "backtracking")
    chain.at(31 + 400, chain.aurora.show, "available")
    chain.run(131 + 460)
    chain.configure(auto_failover="ON")
    chain.run(131 + 900)
    assert (chain.acted, chain.writer, chain.told()) == ((0, 0), WRITER, ["REFUSED"])


def test_b17_another_arming_than_the_deployed_one_raises_an_alarm(chain):
    chain.run(300)
    chain.configure(auto_failover="OFF")
    chain.run(300 + 14 * 60)
    assert "drill-arming" not in str(chain.subjects)
    chain.run(300 + 18 * 60)
    assert "drill-arming" in str(chain.subjects)


def test_b17_a_stack_deployed_off_raises_none_and_says_so_in_its_status():
    environment = {**WHOLE.functions[ORCHESTRATOR].environment, "AUTO_FAILOVER": "OFF"}
    world = Trial(WHOLE.with_function(ORCHESTRATOR, environment=environment))
    world.configure(auto_failover="OFF")
    world.run(1500)
    assert "drill-arming" not in str(world.subjects)
    body = world.send(STATUS).body
    assert (body["arming"], body["deployed_arming"]) == ("OFF", "OFF")
    world.close()


@pytest.mark.parametrize(("disabled", "inverted", "odd"), [
    (True, False, True), (False, True, True), (True, True, False), (False, False, False),
])  # fmt: skip
def test_b24_a_check_that_is_disabled_alone_is_told_once(world, disabled, inverted, odd):
    world.checks["Primary"].configure(disabled, inverted)
    for _ in range(3):
        world.send(SWEEP)
        world.wait(60)
    assert world.told() == ["HEALTH CHECK"] * odd
    assert world.send(STATUS).body["health_check"] == {"disabled": disabled, "inverted": inverted}

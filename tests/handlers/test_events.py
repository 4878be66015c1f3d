"""Events: what asks for something, and each field that a person can mistype."""

import json

import pytest
from simulated import FAILBACK, MANUAL, STATUS, SWEEP, TARGETS_ALARM, VOTED, alarm, rds_event

from handlers.events import FAILBACK_FIELDS, FAILOVER_FIELDS, RdsEvent, Request, parse_event
from handlers.refusal import Refusal

HUGE = "x" * 200_000


def short(value):
    return str(value)[:50]


IDLE = [
    None,
    [MANUAL],
    "trigger_failover",
    json.dumps(MANUAL),
    1.5,
    True,
    {},
    {"trigger_failover": False, "force": True, "votes": {}},
    {"Trigger_Failover": True},
    {"body": json.dumps(MANUAL)},
    {"alarmData": "ALARM"},
    {"alarmData": []},
    {"source": "aws.cloudwatch"},
    {"source": "aws.ec2", "detail": {"EventID": "RDS-EVENT-0071"}},
    {"source": ["aws.rds"]},
    {"votes": {"database": 9}, "components": ["database"]},
    {"x": HUGE},
]


@pytest.mark.parametrize("event", IDLE, ids=short)
def test_anything_else_asks_for_nothing(event):
    assert parse_event(event, "id") is None


def test_anything_else_is_answered_and_changes_nothing(world):
    for event in IDLE:
        reply = world.send(event)
        assert (reply.outcome, reply.code) == ("NOT_REQUIRED", 200)
        assert "Failover not required" in reply.body["message"]
    assert (world.acted, world.table.items, world.messages) == ((0, 0), {}, [])


# Field -> what does not fit it.
MISTYPED = {
    "action": ["failover", ["failback"], "FAILBACK", {}, 1],
    "trigger_failover": ["true", "false", 0, 1, [True], {"value": True}],
    "components": [None, [], "database", True, {"database": True}, ["cache"], ["DATABASE"], [[]], [7]],
    "mode": ["planned", 7, ["DRILL"]],
    "detected_at": ["yesterday", True, {}, float("nan"), float("inf"), float("-inf"), "1767571200", 10**400],
    "writer": [7, "", True, ["a"], HUGE],
    "expected_writer": [7, "", True, ["a"], HUGE],
    "attempt_id": [7, "", ["a"], {"a": 1}, HUGE, "x" * 401],
    "dry_run": ["true", 1, [True], None],
    "force": ["true", 1, [True], None],
    "votes": ["none", 1, ["database"]],
}  # fmt: skip
CASES = [(field, value) for field, values in MISTYPED.items() for value in values]
# These say what kind of event it is.
KINDS = ("action", "trigger_failover")


@pytest.mark.parametrize(("field", "value"), CASES, ids=short)
def test_what_does_not_fit_is_refused_by_its_field(field, value):
    event = {field: value} if field in KINDS else MANUAL | {field: value}
    with pytest.raises(Refusal) as refused:
        parse_event(event, "id")
    assert refused.value.kind == "field"
    assert f"{field}: " in refused.value.reason
    assert len(refused.value.reason) < 400
    assert ("Failover not required" in refused.value.reason) is (field in KINDS)


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (MANUAL | {"atempt_id": "one"}, "atempt_id"),
        (MANUAL | {"observer": "zone-1"}, "observer"),
        (FAILBACK | {"writer": "a"}, "writer"),
        (FAILBACK | {"compnents": ["database"]}, "compnents"),
        (MANUAL | FAILBACK, "action"),
        (MANUAL | SWEEP, "action"),
        (VOTED | {"force": True}, "force"),
    ],
    ids=short,
)
def test_what_no_field_is_and_what_excludes_each_other_is_refused(event, field):
    with pytest.raises(Refusal) as refused:
        parse_event(event, "id")
    assert refused.value.reason.startswith(f"{field}: ")


@pytest.mark.parametrize(
    "event",
    [
        {"trigger_failover": "true"},
        MANUAL | {"components": ["cache"]},
        FAILBACK | {"force": "yes"},
        MANUAL | {"writer": "a", "mode": 7},
    ],
    ids=short,
)
def test_a_refusal_by_field_is_answered_recorded_and_told_and_changes_nothing(world, event):
    reply = world.send(event)
    assert (reply.outcome, reply.code, reply.body["kind"]) == ("REFUSED", 409, "field")
    assert (world.acted, world.state, len(world.items("REFUSED"))) == ((0, 0), {}, 1)
    assert world.told() == ["REFUSED"]
    assert "Mend the event" in world.messages[0].text


def test_every_field_is_one_that_a_request_has():
    fields = {*FAILOVER_FIELDS, *FAILBACK_FIELDS} - {"action", "trigger_failover"}
    assert fields <= set(Request._fields)


def test_what_a_person_says():
    event = MANUAL | {
        "reason": ["one", 2, None],
        "components": ["application", "database", "database"],
        "mode": "DRILL",
        "detected_at": 7,
        "writer": "a",
        "attempt_id": "one",
        "dry_run": True,
        "force": True,
        "expected_writer": "a",
    }
    found = parse_event(event, "id")
    assert found == Request(
        action="failover",
        components=("database", "application"),
        mode="DRILL",
        reason="one; 2",
        detected_at=7.0,
        writer="a",
        attempt_id="one",
        dry_run=True,
        force=True,
        expected_writer="a",
        request_id="id",
    )
    assert parse_event(MANUAL, "id").attempt_id == "id"
    assert parse_event(FAILBACK | {"trigger_failover": False}, "id").action == "failback"
    assert parse_event(STATUS, "id") == "status"
    assert parse_event(SWEEP, "id") == "sweep"


def test_votes_make_a_run_automatic_and_no_field_beside_them_is_guessed():
    found = parse_event(VOTED | {"votes": {"a": 7, "b": False}}, "id")
    assert (found.automatic, found.mode, found.row_age) == (True, "UNPLANNED", 10.0)
    assert found.votes == {"a": None, "b": False}
    assert parse_event(MANUAL | {"votes": None}, "id").automatic
    with pytest.raises(Refusal, match="dryrun: no such field"):
        parse_event(VOTED | {"dryrun": True}, "id")


@pytest.mark.parametrize(
    ("value", "kept"), [(0, "0"), ({}, "{}"), ([HUGE] * 3, HUGE[:450]), ([[1], {"a": 1}], None)]
)
def test_a_reason_is_a_text_of_bounded_size(value, kept):
    found = parse_event(MANUAL | {"reason": value}, "id").reason
    assert len(found) <= 450
    assert kept is None or found == kept


def test_an_alarm_asks_for_its_component():
    found = parse_event(alarm(), "id")
    assert (found.automatic, found.components, found.alarm) == (True, ("database",), "drill-writer")
    assert found.attempt_id == parse_event(alarm(), "another").attempt_id
    assert parse_event(alarm(TARGETS_ALARM), "id").components == ("application",)
    # Whatever else the event says.
    more = alarm() | MANUAL | {"votes": {}, "force": True, "components": ["application"]}
    assert parse_event(more, "id") == found


@pytest.mark.parametrize(
    "data",
    [{}, {"alarmName": 7}, {"state": "ALARM"}, {"state": {"value": "OK"}}, {"state": {"value": 7}}],
    ids=short,
)
def test_an_alarm_in_no_state_of_alarm_asks_for_nothing(data):
    assert parse_event({"alarmData": data} | MANUAL, "id") == "ok_alarm"


@pytest.mark.parametrize("name", [None, 7, ["a"], HUGE], ids=short)
def test_a_malformed_alarm_is_one_of_the_database(name):
    found = parse_event({"alarmData": {"alarmName": name, "state": {"value": "ALARM"}}}, "id")
    assert (found.components, len(found.alarm) <= 450) == (("database",), True)


MALFORMED = [
    {},
    {"detail": None},
    {"detail": "RDS-EVENT-0071"},
    {"detail": {"EventID": ["RDS-EVENT-0071"]}},
    {"detail": {"EventID": "RDS-EVENT-0071", "Message": HUGE}, "time": {"a": "b"}},
    {"time": HUGE},
]


@pytest.mark.parametrize("event", MALFORMED, ids=short)
def test_an_rds_event_of_any_shape_is_recorded_and_starts_nothing(world, event):
    reply = world.send({"source": "aws.rds"} | event)
    assert (reply.outcome, reply.code) == ("RECORDED", 200)
    assert (world.acted, len(world.items("EVENT"))) == ((0, 0), 1)


def test_an_rds_event_says_its_number():
    assert parse_event(rds_event("0071", "now"), "id")[:2] == ("RDS-EVENT-0071", "now")
    assert isinstance(parse_event({"source": "aws.rds"} | MANUAL, "id"), RdsEvent)

"""Metrics and alarms of CloudWatch, and the schedule of EventBridge."""

from itertools import pairwise

import pytest

from drtemplate.groups.handlers import MONITOR
from drtemplate.world.aws.alarms import ALARM, INSUFFICIENT, OK, evaluate, holds
from drtemplate.world.aws.metrics import Metrics, reduce_values
from drtemplate.world.aws.prober import Reply

# CloudWatch: the table of AWS's page on missing data, for three of three periods.

MISSING = ("missing", "ignore", "breaching", "notBreaching")


@pytest.mark.parametrize(
    ("points", "states"),
    [
        ("0-X-X", (OK, OK, OK, OK)),
        ("0----", (OK, OK, OK, OK)),
        ("-----", (INSUFFICIENT, "as it was", ALARM, OK)),
        ("0XX-X", (ALARM, ALARM, ALARM, ALARM)),
        ("--X--", (ALARM, "as it was", ALARM, OK)),
    ],
)
def test_missing_data(points, states):
    range_ = [{"0": False, "X": True, "-": None}[one] for one in points]
    assert tuple(evaluate(range_, 3, 3, how, "as it was") for how in MISSING) == states


def test_m_of_n():
    assert evaluate([True, False, True], 3, 2, "missing", OK) == ALARM
    assert evaluate([True, False, False], 3, 2, "missing", ALARM) == OK


def test_composite_rules():
    states = {"a": ALARM, "b": OK, "c": INSUFFICIENT}
    rules = {
        'ALARM("a")': True,
        'ALARM("a") AND ALARM("b")': False,
        '(ALARM("b") AND OK("a")) OR INSUFFICIENT_DATA("c")': True,
        'NOT (ALARM("a") OR TRUE)': False,
        'ALARM("b") OR ALARM("a") AND OK("b")': True,
    }
    assert {rule: holds(rule, states) for rule in rules} == rules


def test_an_alarm_acts_on_the_transition_only(world):
    seen = []
    world.alarms.act = lambda action, event: seen.append((action, event["alarmData"]["alarmName"]))
    world.clock.at(90, world.balancers["Primary"].set_targets, Reply.REFUSED)
    world.run(900)
    name = next(one for one in world.deployment.alarms if one.metric == "HealthyHostCount")
    mine = [action for action, alarm in seen if alarm == name.name]
    assert mine == list(name.actions)


def test_a_value_cannot_be_read_before_it_is_visible():
    metrics, key = Metrics(), ("AWS/RDS", "EngineUptime", frozenset())
    metrics.put(key, 60, 5.0, 130)
    assert metrics.points(key, "Minimum", 60, 120, 2, 129) == [None, None]
    assert metrics.points(key, "Minimum", 60, 120, 2, 130) == [None, 5.0]


def test_statistics():
    values = [1.0, 2.0, 6.0]
    wanted = {"Minimum": 1, "Maximum": 6, "Sum": 9, "Average": 3, "SampleCount": 3}
    assert {name: reduce_values(values, name) for name in wanted} == wanted


def test_a_schedule_fires_every_minute_a_little_late(made_world):
    world = made_world(schedule_delay=3)
    seen = []
    monitor = world.deployment.functions[MONITOR].arn
    world.bus.deliver = lambda _, target, __: (
        seen.append(world.clock.now) if target == monitor else None
    )
    world.run(200)
    assert {round(b - a, 6) for a, b in pairwise(seen)} == {60}
    assert 3 <= seen[0] <= 63

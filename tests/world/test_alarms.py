"""An alarm as the template declares it, on values of its metric and of another one."""

import pytest

from drtemplate.world.aws.alarms import ALARM, INSUFFICIENT, OK, Alarms
from drtemplate.world.aws.metrics import Metrics
from drtemplate.world.clock import Clock
from drtemplate.world.deployment import Alarm
from drtemplate.world.journal import Journal

MINE, OTHER = frozenset({("D", "d")}), frozenset({("D", "other")})
FACTS = {
    "name": "a",
    "namespace": "N",
    "metric": "m",
    "dimensions": MINE,
    "statistic": "Maximum",
    "period": 60,
    "periods": 2,
    "datapoints": 2,
    "threshold": 10.0,
    "comparison": "GreaterThanThreshold",
    "missing": "missing",
    "actions": ("action",),
}


def alarms(fixed, metrics, **changed):
    """The alarm on a clock, and the virtual times at which it acted."""
    clock, acted = Clock("x"), []
    made = Alarms(
        clock,
        [Alarm(**FACTS | changed)],
        [],
        metrics,
        fixed(alarm_delay=0),
        Journal(clock, False),
        lambda *_: acted.append(clock.now),
        lambda: False,
    )
    return made, clock, acted


LOW = {"comparison": "LessThanThreshold", "statistic": "Minimum"}


@pytest.mark.parametrize(
    ("changed", "older", "newer", "state"),
    [
        ({}, [11], [12], ALARM),
        ({}, [11], [10], OK),
        ({}, [9, 11], [1, 11], ALARM),
        ({"statistic": "Average"}, [9, 11], [1, 11], OK),
        ({"statistic": "Sum"}, [5, 6], [5, 6], ALARM),
        ({"statistic": "SampleCount"}, [0] * 11, [0] * 11, ALARM),
        ({"statistic": "Minimum"}, [9, 11], [11], OK),
        (LOW, [9, 11], [9], ALARM),
        ({"comparison": "GreaterThanOrEqualToThreshold"}, [10], [10], ALARM),
        ({"comparison": "LessThanOrEqualToThreshold"}, [10], [10], ALARM),
        ({"datapoints": 1}, [0], [11], ALARM),
        # What is there decides while anything is.
        ({}, [11], [], ALARM),
        ({}, [9], [], OK),
        ({}, [], [], INSUFFICIENT),
        ({"missing": "breaching"}, [11], [], ALARM),
        ({"missing": "breaching"}, [], [], ALARM),
        ({"missing": "notBreaching"}, [11], [], OK),
    ],
)
def test_an_alarm(fixed, changed, older, newer, state):
    metrics = Metrics()
    for values, at in ((older, 10), (newer, 70)):
        for value in values:
            metrics.put(("N", "m", MINE), at, value, at)
            metrics.put(("N", "m", OTHER), at, 0, at)
    made, clock, acted = alarms(fixed, metrics, **changed)
    clock.run(119)
    assert made.states == {"a": OK}
    clock.run(121)
    assert made.states == {"a": state}
    assert acted == ([120] if state == ALARM else [])


def test_missing_data_breach_once_the_last_good_ones_have_left_the_range(fixed):
    """Two periods are wanted and four are looked at, so a silence is seen four minutes later."""
    metrics = Metrics()
    for at in range(0, 301, 60):
        metrics.put(("N", "m", MINE), at, 0, at)
    _, clock, acted = alarms(fixed, metrics, missing="breaching")
    clock.run(661)
    assert acted == [600]

"""Lambda: retries, the age of an event, starts, concurrency and zones."""

from itertools import pairwise

import pytest

from drtemplate.groups.handlers import MONITOR, ORCHESTRATOR
from drtemplate.world.clock import Killed


@pytest.fixture
def invoked(deployment, made_world):
    """The orchestrator's runs with other code and settings, sent for at these times; and what was published."""

    def run(body, until=400, at=(10,), **changed):
        code = f"def handler(event, context):\n {body}\n"
        stack = deployment.untriggered().with_function(ORCHESTRATOR, code=code, **changed)
        world = made_world("lambda", stack=stack)
        told, runs = [], []
        world.functions.tell = lambda _, subject, __: told.append(
            (round(world.clock.now, 3), subject)
        )
        world.witness.ended = lambda run: runs.append(run) if run.source == "operator" else None
        for one in at:
            world.clock.at(one, world.send, ORCHESTRATOR, {})
        world.run(until)
        return runs, [one for one in told if one[1].startswith("Lambda")]

    return run


def test_an_event_that_fails_is_tried_again_after_one_and_two_minutes(invoked):
    runs, told = invoked("raise ValueError", retries=2, max_age=600)
    assert [round(b.queued - a.ended, 6) for a, b in pairwise(runs)] == [60, 120]
    assert len(runs) == 3
    assert told == [(round(runs[-1].ended, 3), "Lambda RetriesExhausted")]


def test_an_event_that_is_too_old_is_dropped(invoked):
    runs, told = invoked("raise ValueError", retries=2, max_age=60)
    assert len(runs) == 1
    assert told == [(round(runs[0].ended + 60, 3), "Lambda EventAgeExceeded")]


def test_a_cold_start_depends_on_the_memory_and_a_warm_one_does_not(invoked):
    starts = {}
    for memory in (128, 1769, 3008):
        runs, _ = invoked("raise ValueError", retries=1, max_age=600, memory=memory)
        starts[memory] = [round(one.began - one.queued, 6) for one in runs]
    assert starts == {
        128: [pytest.approx(0.1 + 0.1 * 1769 / 128, abs=1e-5), 0.1],
        1769: [0.2, 0.1],
        3008: [0.2, 0.1],
    }


def test_reserved_concurrency_holds_events_back(invoked):
    runs, _ = invoked("import time; time.sleep(20)", until=90, at=(1, 2), reserved=1)
    first, second = runs
    assert second.began >= first.ended


def test_a_lost_zone_takes_its_runs_along(made_world):
    world = made_world("zone", lambda_zone_evacuation=30)
    world.run(70)
    zone = world.functions.of(MONITOR)[0].environment.zone
    doomed = [one for one in world.functions.of(MONITOR) if one.environment.zone == zone]
    world.functions.lose_zone(zone)
    assert all(isinstance(one.error, Killed) for one in doomed)
    world.run(400)
    assert {one.environment.zone for one in world.functions.of(MONITOR)} == (
        set(world.deployment.functions[MONITOR].zones) - {zone}
    )

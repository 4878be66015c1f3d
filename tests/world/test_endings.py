"""The timeline says how a run of a handler ended that did not return."""

from dataclasses import replace

import pytest

from drtemplate.drill.runner import simulate
from drtemplate.drill.scenarios import select
from drtemplate.groups.handlers import MONITOR, ORCHESTRATOR
from drtemplate.world.account import ACTORS
from drtemplate.world.world import World

WRONG_NAME = """
import boto3
def handler(event, context):
    boto3.client("rds").failover_db_cluster(DBCluster="x")
"""


def raises(what, before=""):
    return f"import time\n{before}\ndef handler(event, context):\n    {what}\n"


def noted(deployment, fixed, code, *, of=ORCHESTRATOR, until=40.0, during=lambda _: None):
    """Who is said to have ended how, of one run of the orchestrator or the monitor with this code."""
    functions = {
        name: replace(one, code=code if name == of else raises("pass"), retries=0, timeout=20)
        for name, one in deployment.functions.items()
    }
    quiet = replace(deployment, functions=functions).untriggered()
    world = World(quiet, fixed(), "endings", shown=True)
    world.clock.at(1, world.functions.send, functions[of].name, {}, "operator")
    world.clock.at(5, during, world)
    world.run(until)
    world.close()
    return [(actor, what) for _, actor, what in world.journal.moments if actor in ACTORS.values()]


@pytest.mark.parametrize(
    ("of", "actor"), [(MONITOR, "observer zone-1"), (ORCHESTRATOR, "orchestrator")]
)
def test_an_exception_is_noted_with_its_text(deployment, fixed, of, actor):
    ((who, what),) = noted(deployment, fixed, WRONG_NAME, of=of)
    assert who == actor
    assert what.startswith(
        "ends with ParamValidationError: Parameter validation failed: "
        'Missing required parameter in input: "DBClusterIdentifier"'
    )
    assert "\n" not in what


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("KeyError", "ends with KeyError"),
        ("ValueError('a\\n  b\\t c')", "ends with ValueError: a b c"),
        ("ValueError('x' * 98)", "ends with ValueError: " + "x" * 98),
        ("ValueError('x' * 99)", "ends with ValueError: " + "x" * 97 + "\N{HORIZONTAL ELLIPSIS}"),
        ("ValueError(object())", "ends with ValueError: <object object at 0x>"),
        ("SystemExit('enough')", "ends with RuntimeError: Runtime.ExitError: enough"),
    ],
)
def test_a_note_is_one_short_line_that_a_seed_repeats(deployment, fixed, error, expected):
    assert noted(deployment, fixed, raises(f"raise {error}")) == [("orchestrator", expected)]
    assert len(expected) <= 120


def test_code_that_cannot_be_loaded_in_an_outage_ends_too(deployment, fixed):
    code = raises("pass", before="raise OSError('no configuration')")
    assert noted(deployment, fixed, code) == [
        ("orchestrator", "ends with OSError: no configuration")
    ]


def test_who_returns_is_not_noted_and_what_is_printed_neither(deployment, fixed):
    assert noted(deployment, fixed, raises("print('hello')")) == []


def test_killed_runs_and_those_that_take_too_long_are_told_apart(deployment, fixed):
    def host_lost(world):
        for run in world.functions.running:
            world.functions.kill(run)

    sleeps = raises("time.sleep(90)")
    assert noted(deployment, fixed, sleeps) == [("orchestrator", "killed at its time-out")]
    assert noted(deployment, fixed, sleeps, during=host_lost) == [("orchestrator", "killed")]


def test_what_still_runs_when_the_drill_ends_has_not_ended(deployment, timings):
    """Else each run of a drill would end with a monitor that is killed."""
    (scenario,) = select(["blip_3s"])
    run = simulate(scenario, deployment, timings, 1, shown=True)
    assert not [one for one in run.timeline if "killed" in one.what]

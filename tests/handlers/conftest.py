"""The simulated world and the deployed orchestrator."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from world import Killed, World, body


@pytest.fixture
def world():
    return World()


@pytest.fixture
def orchestrator(world):
    return world.load("FailoverOrchestratorFunction")


@pytest.fixture
def send(world, orchestrator):
    """Send the orchestrator an event; ``outcome`` is RAISED or KILLED where it gave no answer."""

    def sender(event, **named):
        answer, error = world.invoke(orchestrator, event, **named)
        if answer is None:
            ended = "KILLED" if isinstance(error, Killed) else "RAISED"
            return SimpleNamespace(outcome=ended, code=None, body={}, error=error)
        found = body(answer)
        return SimpleNamespace(
            outcome=found["outcome"], code=answer["statusCode"], body=found, error=None
        )

    return sender


@pytest.fixture
def on_call(world):
    """Run ``action`` at one call of an operation: the n-th, counted from one."""

    def hook(service, operation, action, nth=1):
        seen = 0

        def fault(params):
            nonlocal seen
            seen += 1
            return action(params) if seen == nth else None

        world.faults[service, operation] = fault

    return hook

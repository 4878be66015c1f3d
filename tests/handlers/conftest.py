"""The simulated account and the orchestrator in it."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from simulated import WARM, Trial, deployed


@pytest.fixture
def world():
    made = Trial()
    yield made
    made.close()


@pytest.fixture
def warm(world):
    """The account after some minutes, in which AWS has published its metrics."""
    world.run(WARM)
    return world


@pytest.fixture
def chain():
    """The whole account: observers, alarms, sweep and orchestrator."""
    made = deployed()
    yield made
    made.close()

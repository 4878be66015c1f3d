"""Rule, monitor, alarm, orchestrator: as deployed, in every scenario, under their own roles."""

import pytest
from scenario import problems, run
from scenarios import BY_NAME


@pytest.mark.parametrize("name", BY_NAME)
def test_a_scenario(name):
    assert problems(BY_NAME[name], run(BY_NAME[name])) == []

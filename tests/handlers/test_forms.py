"""The modules of the folder and the one file that is deployed do the same, call for call."""

import pytest
from simulated import FOLDER, MANUAL, RENDERED, WARM, Trial

from drtemplate.groups.handlers import ORCHESTRATOR


def told(deployment, happens):
    """All that a world of ten minutes can tell, in which something happens when it is warm."""
    world = Trial(deployment)
    try:
        world.run(WARM)
        happens(world)
        world.run(WARM + 600)
        messages = [(one.at, one.subject, one.text) for one in world.messages]
        calls = [(one.at, one.service, one.operation, one.params) for one in world.calls]
        return calls, messages, world.log, world.table.items
    finally:
        world.close()


HAPPENS = {
    "the writer dies": lambda world: world.aurora.stop(world.writer, "silent", "failed"),
    "a person asks": lambda world: world.functions.invoke(ORCHESTRATOR, MANUAL, "me"),
    "an event is none": lambda world: world.functions.invoke(ORCHESTRATOR, [], "me"),
}


@pytest.mark.parametrize("happens", HAPPENS.values(), ids=HAPPENS)
def test_both_forms_do_the_same(happens):
    calls, *rest = told(RENDERED, happens)
    assert len(calls) > 100
    assert told(FOLDER, happens) == (calls, *rest)

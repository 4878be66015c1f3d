"""The fixtures of the chain runs, for more than one module of tests."""

from collections.abc import Iterator

import pytest
from account import Account

from chain.harness import Harness, Run
from chain.scenarios import BY_NAME, SCENARIOS


class Runs:
    """Every scenario, run once when it is first asked for."""

    def __init__(self, harness: Harness, done: dict[str, Run]) -> None:
        self.harness, self.done = harness, done

    def __getitem__(self, name: str) -> Run:
        if name not in self.done:
            self.done[name] = self.again(name)
        return self.done[name]

    def again(self, name: str) -> Run:
        """Run it now, on the account as it is now."""
        scenario = BY_NAME[name]
        return self.harness.run(
            scenario.seconds, lambda world: scenario.script(self.harness, world)
        )

    def all(self) -> dict[str, Run]:
        """The runs of all scenarios, by name."""
        return {one.name: self[one.name] for one in SCENARIOS}


@pytest.fixture(scope="package")
def unattached(deployed: tuple[Account, str]) -> Harness:
    return Harness(*deployed)


@pytest.fixture(scope="package")
def done() -> dict[str, Run]:
    return {}


@pytest.fixture(scope="module")
def harness(unattached: Harness) -> Iterator[Harness]:
    """Between the modules, others meet the stack as it was deployed."""
    unattached.open()
    yield unattached
    unattached.close()


@pytest.fixture(scope="module")
def runs(harness: Harness, done: dict[str, Run]) -> Runs:
    return Runs(harness, done)

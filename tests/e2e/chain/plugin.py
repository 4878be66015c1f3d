"""The fixtures of the chain runs, for more than one module of tests."""

from collections.abc import Iterator

import pytest
from account import Account

from chain.harness import Harness, Run
from chain.scenarios import BY_NAME, SCENARIOS


class Runs:
    """Every scenario, run once when it is first asked for."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.done: dict[str, Run] = {}

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
def harness(deployed: tuple[Account, str]) -> Iterator[Harness]:
    made = Harness(*deployed)
    yield made
    made.close()


@pytest.fixture(scope="package")
def runs(harness: Harness) -> Runs:
    return Runs(harness)

"""What AWS bills of a stretch of a world's time."""

from drtemplate.drill.prices import Usage
from drtemplate.world.world import World


class Meter:
    """Runs from `begin`, or from the world's beginning, to `end`.

    Attributes:
        usage: what was metered; API calls and lines are to be told it as they come.
    """

    def __init__(self) -> None:
        self.usage = Usage()
        self._before: dict[str, float] = {}
        self._runs = 0

    def begin(self, world: World) -> None:
        """Forget what was metered until now."""
        self.usage = Usage()
        self._before, self._runs = _billed(world), world.functions.count

    def end(self, world: World) -> Usage:
        """All of it, with what the functions have run since, and the series that there are."""
        usage = self.usage
        for logical, seconds in _billed(world).items():
            memory = world.deployment.functions[logical].memory
            usage.ran(seconds - self._before.get(logical, 0.0), memory)
        usage.invocations = world.functions.count - self._runs
        usage.metrics = {key for key in world.metrics.series if not key[0].startswith("AWS/")}
        return usage


def _billed(world: World) -> dict[str, float]:
    """Seconds by function until now, those of runs that go on included."""
    functions, now = world.functions, world.clock.now
    found = dict(functions.seconds)
    for run in functions.running:
        found[run.function.logical] += now - (now if run.began is None else run.began)
    return found

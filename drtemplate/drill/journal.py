"""What happened in a run: kept only for a run that is shown."""

from drtemplate.drill.kernel import Kernel
from drtemplate.drill.results import Moment


class Journal:
    """The timeline. ``zero`` is the virtual time of the fault, from which moments are counted."""

    def __init__(self, kernel: Kernel, shown: bool) -> None:
        self.kernel = kernel
        self.shown = shown
        self.zero = 0.0
        self.moments: list[tuple[float, str, str]] = []

    def note(self, actor: str, what: str) -> None:
        """Note a moment, if the run is shown."""
        if self.shown:
            self.moments.append((self.kernel.now, actor, what))

    def timeline(self) -> tuple[Moment, ...]:
        """The moments since ten seconds before the fault."""
        return tuple(
            Moment(round(at - self.zero, 3), actor, what)
            for at, actor, what in self.moments
            if at >= self.zero - 10
        )

"""What happened in a run: kept only for a run that is shown."""

from dataclasses import dataclass

from drtemplate.world.clock import Clock


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened in a shown run.

    Attributes:
        at: virtual seconds since the fault; negative before it.
        actor: who did it, as ``Aurora``, ``Route 53``, ``monitor``, ``orchestrator``, ``client``.
        what: a few words.
    """

    at: float
    actor: str
    what: str


class Journal:
    """The timeline. ``zero`` is the virtual time of the fault, from which moments are counted."""

    def __init__(self, clock: Clock, shown: bool) -> None:
        self.clock = clock
        self.shown = shown
        self.zero = 0.0
        self.moments: list[tuple[float, str, str]] = []

    def note(self, actor: str, what: str) -> None:
        """Note a moment, if the run is shown."""
        if self.shown:
            self.moments.append((self.clock.now, actor, what))

    def timeline(self) -> tuple[Moment, ...]:
        """The moments since ten seconds before the fault."""
        return tuple(
            Moment(round(at - self.zero, 3), actor, what)
            for at, actor, what in self.moments
            if at >= self.zero - 10
        )

"""One run as lanes: who did what when, seen from the fault."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from drtemplate.drill.report import svg
from drtemplate.drill.results import Moment

_WIDTH, _LABELS, _RIGHT, _LANE, _TOP = 960, 150, 24, 24, 8


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the list below the lanes: the same thing several times in a row is one entry.

    Attributes:
        first, last: virtual seconds since the fault; equal if it happened once.
        actor: who.
        what: what was done.
        times: how often.
    """

    first: float
    last: float
    actor: str
    what: str
    times: int


def entries(timeline: Sequence[Moment]) -> list[Entry]:
    """The moments in order, repetitions gathered."""
    found = []
    for (actor, what), group in groupby(timeline, key=lambda moment: (moment.actor, moment.what)):
        moments = list(group)
        found.append(Entry(moments[0].at, moments[-1].at, actor, what, len(moments)))
    return found


def lanes(timeline: Sequence[Moment]) -> str:
    """A lane for each actor, in the order of their first moment, and a dot for each moment."""
    actors = list(dict.fromkeys(moment.actor for moment in timeline))
    bottom = _TOP + _LANE * len(actors)
    root = svg.drawing(_WIDTH, bottom + 26, "one run, moment by moment", "chart wide")
    times = [moment.at for moment in timeline]
    least, most = min([0.0, *times]), max([1.0, *times])
    scale = svg.Scale(least, most, _LABELS + 8, _WIDTH - _RIGHT)
    values = svg.ticks(least, most, 9)
    for value, label in zip(values, svg.tick_labels(values), strict=True):
        x = scale(value)
        class_ = "grid" if value else "mark"
        svg.element(root, "line", x1=x, x2=x, y1=_TOP, y2=bottom, class_=class_)
        svg.text(root, x, bottom + 17, label, class_="soft small middle")
    svg.text(root, _LABELS - 8, bottom + 17, "since the fault", class_="soft small end")
    for number, actor in enumerate(actors):
        y = _TOP + _LANE * (number + 0.5)
        svg.text(root, _LABELS - 8, y + 4, actor, class_="end")
        svg.element(root, "line", x1=_LABELS + 8, x2=_WIDTH - _RIGHT, y1=y, y2=y, class_="axis")
        for moment in timeline:
            if moment.actor == actor:
                dot = svg.element(root, "circle", cx=scale(moment.at), cy=y, r=4, class_="detect")
                svg.tip(dot, f"{moment.at:+.2f} s: {moment.what}")
    return svg.as_text(root)

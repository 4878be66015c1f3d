"""Two layouts of one picture: labels and figures beside the bars, or above and below them on a telephone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are, pixels.

    Attributes:
        width: of the picture.
        left: margin.
        plot: where bars begin and end.
        labels: room for a line of a label.
        beside: whether label and figures stand beside the bar.
        heads: right edge and head of each column of figures; none where they stand below the bar.
        ticks: about so many on an axis.
    """

    width: int
    left: int
    plot: tuple[int, int]
    labels: int
    beside: bool
    heads: tuple[tuple[int, str], ...]
    ticks: int

    @property
    def inner(self) -> int:
        """Without margins."""
        return self.width - 2 * self.left


_COLUMNS = ((776, "automation done"), (880, "clients, fresh"), (986, "clients, cached"))
WIDE = Layout(1000, 14, (338, 664), 310, True, _COLUMNS, 6)
NARROW = Layout(400, 12, (12, 388), 376, False, (), 5)

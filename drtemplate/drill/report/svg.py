"""A little SVG: elements, axes, ticks. Charts are text with real text in it, the same bytes each time.

The library of choice for plots writes fixed colours and sizes; these charts take theirs from the page's
style sheet, so that they follow light and dark.
"""

import math
import textwrap
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

SPACE = "http://www.w3.org/2000/svg"
# Steps that people read times in, seconds.
_STEPS = (
    (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600, 43200, 86400)
)  # fmt: skip
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


class Scale:
    """A linear way from values to pixels."""

    def __init__(self, least: float, most: float, begin: float, end: float) -> None:
        self.least, self.most = least, (most if most > least else least + 1)
        self.begin, self.end = begin, end

    def __call__(self, value: float) -> float:
        """Pixels, to a tenth."""
        share = (value - self.least) / (self.most - self.least)
        return round(self.begin + share * (self.end - self.begin), 1)


def element(parent: ElementTree.Element, tag: str, **attributes: object) -> ElementTree.Element:
    """A new child; ``class_`` is the attribute ``class``, and ``_`` stands for ``-``."""
    return ElementTree.SubElement(parent, tag, _attributes(attributes))


def text(
    parent: ElementTree.Element, x: float, y: float, words: str, **attributes: object
) -> ElementTree.Element:
    """A text at its baseline."""
    node = element(parent, "text", x=x, y=y, **attributes)
    node.text = words
    return node


def tip(parent: ElementTree.Element, words: str) -> None:
    """What a pointer shows that rests on the element, and what a screen reader says."""
    element(parent, "title").text = words


def drawing(
    width: float,
    height: float,
    label: str,
    class_: str = "chart",
    *,
    told: str = "",
    name: str = "",
) -> ElementTree.Element:
    """An empty drawing that scales with its place.

    Args:
        width: pixels.
        height: pixels.
        label: what it shows.
        class_: for the style sheet.
        told: all that it says, in words; needs a name.
        name: of its own in the page.
    """
    root = ElementTree.Element("svg", {"class": class_, "role": "img"})
    resize(root, width, height)
    if not told:
        root.set("aria-label", label)
        return root
    root.set("aria-labelledby", f"{name}-title {name}-desc")
    element(root, "title", id=f"{name}-title").text = label
    element(root, "desc", id=f"{name}-desc").text = told
    return root


def resize(root: ElementTree.Element, width: float, height: float) -> None:
    """Give the drawing its size, when it is known."""
    root.set("viewBox", f"0 0 {_number(width)} {_number(height)}")
    root.set("width", _number(width))
    root.set("height", _number(height))


# What the widest of the usual system fonts, Verdana and DejaVu Sans, take of their size for a character.
_CHARACTER = 0.56


def width_of(words: str, size: float = 12) -> float:
    """Pixels that a text takes at most, by the count of its characters."""
    return len(words) * size * _CHARACTER


def lines_of(words: str, room: float, size: float = 12) -> list[str]:
    """A text in lines that have room; no word of it is lost."""
    return textwrap.wrap(words, int(room / (size * _CHARACTER)))


def paragraph(
    root: ElementTree.Element, x: float, y: float, room: float, words: str, class_: str = ""
) -> float:
    """A text in as many lines as it takes; answers where it ends."""
    size = 15 if "lead" in class_ else 12
    for line in lines_of(words, room, size * 1.1):  # bold is wider
        y += size * 1.4
        text(root, x, y, line, class_=class_)
    return y


def as_text(root: ElementTree.Element, *, alone: bool = False) -> str:
    """The drawing as markup; ``alone`` makes it a file of its own."""
    if alone:
        root.set("xmlns", SPACE)
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)


def ticks(least: float, most: float, about: int = 6) -> list[float]:
    """Round values from ``least`` to ``most``, some ``about`` of them, in steps people read times in."""
    wanted = max(most - least, 1e-9) / about
    step = next((step for step in _STEPS if step >= wanted), 0.0)
    if wanted < 1:
        power = 10 ** math.floor(math.log10(wanted))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= wanted * 0.999)
    if not step:
        step = math.ceil(wanted / 86400) * 86400
    first = math.ceil(round(least / step, 6))
    last = math.floor(round(most / step, 6))
    return [round(number * step, 6) for number in range(first, last + 1)]


def tick_labels(values: Iterable[float]) -> Iterator[str]:
    """Times in one unit, the largest that writes them all short; the unit stands at each but 0."""
    values = list(values)
    largest = max((abs(value) for value in values), default=0)
    size, unit = next(
        ((s, u) for s, u in _UNITS if largest >= 2 * s and all(v % s == 0 for v in values)),
        (1, "s"),
    )
    for value in values:
        yield f"{value / size:g} {unit}".replace("-", "\N{MINUS SIGN}") if value else "0"


def _attributes(attributes: dict[str, object]) -> dict[str, str]:
    return {
        name.rstrip("_").replace("_", "-"): _number(value)
        if isinstance(value, int | float)
        else str(value)
        for name, value in attributes.items()
    }


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")

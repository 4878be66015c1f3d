"""One stage's durations as a small silhouette, on an axis that all stages of a scenario share."""

from drtemplate.drill.durations import MICROSECONDS
from drtemplate.drill.report import svg
from drtemplate.drill.results import Durations, Summary

_WIDTH, _HEIGHT, _BASE, _COLUMNS, _MARGIN = 340, 30, 26, 110, 8
_MARKS = ((50.0, "median"), (99.0, "99th percentile"))


def axis_limit(summary: Summary) -> float:
    """Where the axis of a scenario ends: the longest duration measured, seconds."""
    return max((h.worst for h in summary.measures.values() if h.worst is not None), default=1.0)


def axis(most: float) -> str:
    """The head of the column: ticks and their times."""
    root = svg.drawing(_WIDTH, 18, "axis in seconds", "spark")
    scale = _scale(most)
    values = svg.ticks(0, most, 5)
    for value, label in zip(values, svg.tick_labels(values), strict=True):
        place = "small soft" if not value else "small soft middle"
        svg.text(root, scale(value), 12, label, class_=place)
    return svg.as_text(root)


def silhouette(measure: str, durations: Durations, most: float) -> str:
    """How the durations of a measure are spread, with marks at the median and the 99th percentile."""
    root = svg.drawing(_WIDTH, _HEIGHT, f"how {measure} is spread", "spark")
    scale = _scale(most)
    for value in svg.ticks(0, most, 5):
        x = scale(value)
        svg.element(root, "line", x1=x, x2=x, y1=0, y2=_HEIGHT, class_="grid")
    svg.element(root, "line", x1=_MARGIN, x2=_WIDTH - _MARGIN, y1=_BASE, y2=_BASE, class_="axis")
    svg.element(root, "path", d=_outline(durations, scale), class_=measure)
    for percent, words in _MARKS:
        found = durations.percentile(percent)
        if found is not None:
            x = scale(found)
            mark = svg.element(root, "line", x1=x, x2=x, y1=2, y2=_HEIGHT, class_="mark")
            svg.tip(mark, f"{words}: {found:.2f} s")
    return svg.as_text(root)


def _scale(most: float) -> svg.Scale:
    return svg.Scale(0, most, _MARGIN, _WIDTH - _MARGIN)


def _outline(durations: Durations, scale: svg.Scale) -> str:
    """Columns of equal width, the highest as high as the row."""
    columns = [0] * _COLUMNS
    for one in durations.microseconds:
        share = min(one / MICROSECONDS, scale.most) / scale.most
        columns[min(int(share * _COLUMNS), _COLUMNS - 1)] += 1
    highest = max(columns)
    width = (scale.end - scale.begin) / _COLUMNS
    parts = []
    for number, times in enumerate(columns):
        if times:
            # What happened once in a thousand runs is still to be seen.
            high = max((_BASE - 3) * times / highest, 1.5)
            left = scale.begin + number * width
            parts.append(f"M{left:.1f} {_BASE}v{-high:.1f}h{width:.1f}v{high:.1f}z")
    return "".join(parts)

"""The picture in the README, drawn from a drill's results: ``generate.py drill --picture SVG``."""

from pathlib import Path

from drtemplate.drill.report.bars import shown, stage_bars
from drtemplate.drill.results import DrillReport
from drtemplate.errors import InputError
from drtemplate.pipeline import store


def draw(results: Path, picture: Path) -> bool:
    """Draw the stage bars of a results file; the same bytes for the same results.

    Returns:
        Whether the picture was written; it is not if it is there already.

    Raises:
        InputError: the results cannot be read or hold nothing to draw, or the picture cannot be written.
    """
    try:
        text = results.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "not UTF-8"
        raise InputError(
            f"{results}: cannot read the file: {why}; make it with `make drill`"
        ) from exc
    report = DrillReport.from_json(text, str(results))
    if not shown(report.summaries):
        raise InputError(
            f"{results}: no scenario in it in which the automation acts; run them all with `make drill`"
        )
    return store(picture, stage_bars(report.summaries, alone=True))

"""The picture in the README, drawn from a drill's results: ``python -m drtemplate.drill.report.picture``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from drtemplate.drill.report.bars import shown, stage_bars
from drtemplate.drill.results import DrillReport
from drtemplate.errors import DrTemplateError, InputError
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, say what was done, and return the exit code: 0, or 2 if it cannot."""
    parser = argparse.ArgumentParser(description="Draw a drill's results as one SVG picture.")
    parser.add_argument("results", type=Path, help="the results.json of a drill")
    parser.add_argument("picture", type=Path, help="the SVG file to write")
    options = parser.parse_args(arguments)
    try:
        written = draw(options.results, options.picture)
    except DrTemplateError as exc:
        print(f"error: {exc}", file=sys.stderr)
        return 2
    print(f"{options.picture}: {'written' if written else 'unchanged'}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

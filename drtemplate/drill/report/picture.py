"""The pictures in the README, drawn from a drill's results: ``generate.py drill --picture SVG``."""

from pathlib import Path

from drtemplate.console import plural
from drtemplate.drill.report.bars import THEMES, stage_bars
from drtemplate.drill.report.ends import shown
from drtemplate.drill.report.headline import headline
from drtemplate.drill.report.layouts import NARROW, WIDE
from drtemplate.drill.results import DrillReport
from drtemplate.errors import InputError
from drtemplate.pipeline import store

_LAYOUTS = {"": WIDE, "narrow": NARROW}


def pictures(report: DrillReport, picture: Path) -> dict[Path, str]:
    """Each file and its drawing: the named one, and beside it those that are dark, narrow, or both.

    An SVG in an ``<img>`` asks the reader's system for its theme, and GitHub's own theme may be another:
    there ``<picture>`` chooses among the files.
    https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax
    """
    lead = (
        (headline(report), "lead"),
        (f"Medians of {plural(report.runs, 'run')} of each scenario in a simulated cloud, on assumed AWS"
         f" timings; nothing was measured on AWS. Seed {report.seed},"
         f" template {report.template_digest[:12]}.", "soft"),
    )  # fmt: skip
    return {
        picture.with_stem("-".join(filter(None, (picture.stem, layout, theme)))): stage_bars(
            report.summaries, _LAYOUTS[layout], lead=lead, theme=theme
        )
        for layout in _LAYOUTS
        for theme in THEMES
    }


def draw(results: Path, picture: Path) -> bool:
    """Draw the `pictures` of a results file; the same bytes for the same results.

    Returns:
        Whether one was written; none is that is there already.

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
    written = [store(path, text) for path, text in pictures(report, picture).items()]
    return any(written)

"""``generate.py drill``: its options, and what it prints."""

import argparse
import os
import shlex
import sys
from dataclasses import replace
from pathlib import Path

from drtemplate.commands import FINE, FOUND
from drtemplate.console import say, show
from drtemplate.drill import report
from drtemplate.drill.report.picture import draw
from drtemplate.drill.scenarios import select
from drtemplate.drill.session import Session, load
from drtemplate.errors import InputError
from drtemplate.pipeline import output_of
from drtemplate.settings import Settings

RUNS, SEED = 1000, 1
OUTPUT = Path("build") / "drill"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "--scenario", action="append", metavar="NAME", help="only this one; may be given repeatedly"
    )
    parser.add_argument(
        "--runs", type=int, default=RUNS, metavar="N", help="of each scenario (1000)"
    )
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help="of the first run (1)")
    parser.add_argument(
        "--sweep",
        type=int,
        metavar="N",
        help="runs for each value of each knob; 0 for none (a 20th of --runs; none with --scenario)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="for the report (build/drill; build/drill/partial if not all is drilled)",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="processes; as many as there are cores"
    )
    parser.add_argument(
        "--handlers",
        type=Path,
        metavar="DIR",
        help="other handlers to compare with; runs code from these files as you",
    )
    parser.add_argument("--assumptions", type=Path, metavar="FILE", help="other timings of AWS")
    parser.add_argument(
        "--template",
        type=Path,
        metavar="FILE",
        help="another rendered template; runs code from this file as you",
    )
    parser.add_argument("--list", action="store_true", help="print the scenarios, and run none")
    parser.add_argument(
        "--picture", type=Path, metavar="SVG", help="run none; draw the last results as a picture"
    )


def run(options: argparse.Namespace, _: Settings) -> int:
    """Drill, write the report, print a summary; 1 if a budget or an invariant was not kept.

    Raises:
        DrTemplateError: something that was given cannot be used.
    """
    if options.picture:
        written = draw((options.output or OUTPUT) / "results.json", options.picture)
        say(f"{options.picture}: {'written' if written else 'unchanged'}")
        return FINE
    scenarios = select(options.scenario)
    if options.list:
        for one in scenarios:
            show(f"{one.name:<32}{one.title}")
        return FINE
    swept, jobs = _counts(options)
    if (file := options.stacks[0][0]) and not options.template:
        options.template = output_of(file, "yaml")
    deployment, timings = load(options.template, options.handlers, options.assumptions)
    session = Session(
        deployment=deployment,
        timings=timings,
        scenarios=scenarios,
        runs=options.runs,
        swept=swept,
        seed=options.seed,
        jobs=jobs,
    )
    session.check()
    output = options.output or (OUTPUT / "partial" if _is_partial(options, swept) else OUTPUT)
    report.check_folder(output)
    progress = report.Progress(sys.stderr, session.total)
    try:
        made = session.drill(progress.advance, progress.finished)
    finally:
        progress.close()
    made = replace(made, command=_command(options, swept))
    paths = report.store_report(made, output)
    show(made.to_json() if options.format == "json" else report.as_text(made))
    say(f"report: {paths[0]}")
    return FINE if made.held else FOUND


def _is_partial(options: argparse.Namespace, swept: int) -> bool:
    """Whether the report says less than a whole drill's, or speaks of something else."""
    others = (options.scenario, options.handlers, options.assumptions, options.template)
    return any(others) or options.runs < RUNS or swept < RUNS // 20


def _counts(options: argparse.Namespace) -> tuple[int, int]:
    """Runs of the sweep, and processes.

    Raises:
        InputError: one of the options is too small a number.
    """
    swept = options.sweep
    if swept is None:
        swept = 0 if options.scenario else options.runs // 20
    jobs = options.jobs if options.jobs is not None else os.cpu_count() or 1
    least = {"runs": (options.runs, 1), "seed": (options.seed, 0), "sweep": (swept, 0)}
    for name, (value, limit) in (least | {"jobs": (jobs, 1)}).items():
        if value < limit:
            raise InputError(f"--{name} {value}: give {limit} or more")
    return swept, jobs


def _command(options: argparse.Namespace, swept: int) -> str:
    """What repeats the drill; how many processes make it does not matter."""
    words = ["python", "generate.py", "drill"]
    for name in options.scenario or ():
        words += ["--scenario", name]
    words += ["--runs", str(options.runs), "--seed", str(options.seed), "--sweep", str(swept)]
    for name in ("handlers", "assumptions", "template"):
        if path := getattr(options, name):
            words += [f"--{name}", str(path)]
    return shlex.join(words)

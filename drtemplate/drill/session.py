"""A whole drill: the scenarios, and the sweep if one is wanted."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from drtemplate.drill import runner, sensitivity
from drtemplate.drill.imports import check_imports
from drtemplate.drill.results import DrillReport, Summary
from drtemplate.drill.scenario import Scenario
from drtemplate.groups.handlers import HANDLERS
from drtemplate.rendering.inline import modules_of
from drtemplate.world.deployment import Deployment, Package
from drtemplate.world.reading import TEMPLATE, load_deployment
from drtemplate.world.timings import TIMINGS, Timings, load_timings


def load(
    template: Path | None = None, handlers: Path | None = None, timings: Path | None = None
) -> tuple[Deployment, Timings]:
    """What is drilled: a rendered template, other handlers if given, and AWS's timings.

    Raises:
        HandlerError: as ``with_handlers``.
        InputError: one of them cannot be used.
    """
    deployment = load_deployment(template or TEMPLATE)
    if handlers:
        deployment = with_handlers(deployment, handlers)
    return deployment, load_timings(timings or TIMINGS)


def with_handlers(deployment: Deployment, folder: Path) -> Deployment:
    """The same stack running the modules of a folder, as they are before a render puts them together.

    Raises:
        HandlerError: a render would refuse them.
    """
    functions = {}
    for logical, name in HANDLERS.items():
        entry = folder / name
        modules = {one.name: one.source for one in modules_of(entry)}
        package = Package(entry=entry.stem, modules=modules)
        functions[logical] = replace(deployment.functions[logical], code=package, source=str(entry))
    return replace(deployment, functions=functions, handlers=folder.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What is to be drilled.

    Attributes:
        deployment: the stack, with its handlers.
        timings: AWS's.
        scenarios: which ones.
        runs: of each scenario.
        swept: runs for each value of each knob and scenario; 0 for no sweep.
        seed: of the first run.
        jobs: processes; the result does not depend on them.
    """

    deployment: Deployment
    timings: Timings
    scenarios: tuple[Scenario, ...]
    runs: int
    swept: int
    seed: int
    jobs: int

    @property
    def total(self) -> int:
        """Runs in all."""
        return self.runs * len(self.scenarios) + sensitivity.runs_of(self.deployment, self.swept)

    def check(self) -> None:
        """See that it can be drilled at all.

        Raises:
            DrTemplateError: a function cannot be loaded.
        """
        check_imports(self.deployment, self.timings)

    def drill(
        self, advance: Callable[[str, int], None], finished: Callable[[Summary], None]
    ) -> DrillReport:
        """Make all runs.

        Args:
            advance: told of each scenario's name, or knob's, and so many more of its runs.
            finished: told of each scenario's summary, in order.

        Raises:
            DrTemplateError: a handler does what no drill knows.
        """
        given = (self.deployment, self.timings)
        summaries = runner.drill(
            *given,
            self.scenarios,
            runs=self.runs,
            seed=self.seed,
            jobs=self.jobs,
            advance=advance,
            finished=finished,
        )
        measure = sensitivity.measurer(
            *given, runs=self.swept, seed=self.seed, jobs=self.jobs, advance=advance
        )
        rows = sensitivity.sweep(self.deployment, measure) if self.swept else ()
        made = runner.report(*given, summaries, self.seed, self.runs)
        return replace(made, sensitivity=rows)

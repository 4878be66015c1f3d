"""A whole drill: the scenarios, and the sweep if one is wanted."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from drtemplate.drill import runner, sensitivity
from drtemplate.drill.imports import check_imports
from drtemplate.drill.results import DrillReport, Summary
from drtemplate.drill.scenarios import Scenario
from drtemplate.world.deployment import Deployment
from drtemplate.world.reading import TEMPLATE, load_deployment
from drtemplate.world.timings import TIMINGS, Timings, load_timings


def load(
    template: Path | None = None, handlers: Path | None = None, timings: Path | None = None
) -> tuple[Deployment, Timings]:
    """What is drilled: a rendered template, other handlers if given, and AWS's timings.

    Raises:
        InputError: one of them cannot be used.
    """
    return load_deployment(template or TEMPLATE, handlers), load_timings(timings or TIMINGS)


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

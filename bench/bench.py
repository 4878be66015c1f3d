"""Time the generator against its floors, measured in the same run, and print the ratios.

Every figure is the median of alternating runs, so that a noisy machine hits both sides alike.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import yaml  # noqa: E402
from troposphere import ec2  # noqa: E402

from drtemplate.checks.equivalence import CONTRACT, compare  # noqa: E402
from drtemplate.checks.ledger import load_ledger  # noqa: E402
from drtemplate.cloudformation.document import load_template  # noqa: E402
from drtemplate.drill.runner import drill  # noqa: E402
from drtemplate.drill.scenarios import select  # noqa: E402
from drtemplate.pipeline import render  # noqa: E402
from drtemplate.rendering.yaml import to_yaml  # noqa: E402
from drtemplate.settings import Settings  # noqa: E402
from drtemplate.settings_text import as_toml  # noqa: E402
from drtemplate.template import StackTemplate, name_tags  # noqa: E402
from drtemplate.topologies.one_region import build  # noqa: E402
from drtemplate.world.reading import load_deployment  # noqa: E402
from drtemplate.world.timings import load_timings  # noqa: E402

# Both sides may cache their bytecode, as on a user's machine.
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
RUNS = 11
LINT_RUNS = 5
MOST_RESOURCES = 500
# A fault with everything in it, and plain watching.
DRILLED = ("both_tiers_dead", "quiet_week")
DRILL_RUNS = (40, 80, 160)
RENDER = "from drtemplate.pipeline import render; from drtemplate.settings import Settings; "
# What the render imports of Troposphere and awacs, and nothing of ours.
USED = sorted(
    name
    for name in sys.modules
    if name.split(".")[0] in ("troposphere", "awacs") and sys.modules[name] is not None
)


def process(*arguments: str) -> float:
    """Seconds of one fresh Python process."""
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=ENVIRONMENT, check=True, capture_output=True
    )
    return time.perf_counter() - begun


def alternate(
    floor: Callable[[], float], ours: Callable[[], float], runs: int
) -> tuple[float, float]:
    """Median seconds of both, run in turns."""
    pairs = [(floor(), ours()) for _ in range(1 + runs)][1:]  # the first one fills the caches
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def inside(function: Callable[[], object]) -> float:
    """Seconds of one call in this process."""
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun


def bare_configuration() -> Path:
    """``.cfnlintrc`` without our rules, so that the ratio tells what they cost."""
    settings = yaml.safe_load((ROOT / ".cfnlintrc").read_text())
    del settings["append_rules"]
    path = ROOT / "build" / "bare.cfnlintrc"
    path.write_text(yaml.safe_dump(settings))
    return path


def subnets(count: int) -> StackTemplate:
    """A template of so many resources."""
    template = StackTemplate("bench")
    with template.group("Subnets"):
        for number in range(count):
            template.add_resource(
                ec2.Subnet(
                    f"Subnet{number}",
                    VpcId="vpc-1",
                    CidrBlock="10.0.0.0/24",
                    Tags=name_tags(str(number)),
                )
            )
    return template


def drills() -> None:
    """Throughput of the drill in one process; linear in runs if the last column does not fall."""
    deployment, timings = load_deployment(), load_timings()
    print("scenario           runs    seconds   virtual s per s   runs per s   peak")
    for scenario in select(list(DRILLED)):
        drill(deployment, timings, [scenario], runs=1, seed=1)  # loads botocore's models
        for runs in DRILL_RUNS:
            begun = time.perf_counter()
            (summary,) = drill(deployment, timings, [scenario], runs=runs, seed=1)
            seconds = time.perf_counter() - begun
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
            print(
                f"{scenario.name:<16} {runs:>6} {seconds:>10.2f} "
                f"{summary.virtual_seconds / seconds:>17,.0f} {runs / seconds:>12.1f} "
                f"{peak:>6.0f} MB"
            )


def set_ups() -> None:
    """Seconds of both commands' set-ups from nothing, in a fresh clone; the network has its say."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        for words in (["template"], [".venv/.ready-all"]):
            begun = time.perf_counter()
            subprocess.run(["make", *words], cwd=clone, check=True, capture_output=True)
            print(f"make {words[0]:<18} {time.perf_counter() - begun:8.1f} s")


def main() -> None:
    """Print the table; with ``--set-up`` only how long the set-ups take."""
    if sys.argv[1:] == ["--set-up"]:
        set_ups()
        return
    (ROOT / "build").mkdir(exist_ok=True)
    imports = "import " + ", ".join(USED)
    floor, ours = alternate(
        lambda: process("-c", imports), lambda: process("-c", RENDER + "render(Settings())"), RUNS
    )
    print(f"import floor            {floor * 1e3:8.1f} ms   {len(USED)} modules")
    print(
        f"render alone            {ours * 1e3:8.1f} ms   {ours / floor:.2f} x floor (target 1.60)"
    )

    cfn_lint = "import sys; from cfnlint.runner import main; sys.exit(main())"
    lint = ["-c", cfn_lint, "--config-file", str(bare_configuration()), "--"]
    floor, ours = alternate(
        lambda: process(*lint, str(ROOT / "templates" / "dr-template.yaml")),
        lambda: process("generate.py", "render", "--output", "build/bench.yaml"),
        LINT_RUNS,
    )
    print(f"bare cfn-lint           {floor * 1e3:8.1f} ms")
    print(f"render and validate     {ours * 1e3:8.1f} ms   {ours / floor:.2f} x bare (target 1.10)")
    # Every default written out, so that the same template is built.
    own = ROOT / "build" / "bench.toml"
    own.write_text(as_toml())
    without, given = alternate(
        lambda: process("generate.py", "render", "--output", "build/bench.yaml"),
        lambda: process(
            "generate.py", "render", "--settings", str(own), "--output", "build/bench.yaml"
        ),
        LINT_RUNS,
    )
    print(
        f"with a settings file    {given * 1e3:8.1f} ms   {given / without:.2f} x without (target 1.05)"
    )

    settings = Settings()
    stack = build(settings)
    template = stack.to_dict()
    source, ledger = load_template(CONTRACT), load_ledger()
    for name, function in (
        ("build", lambda: build(settings)),
        ("emitter", lambda: to_yaml(template, stack.banners)),
        ("build and emit", lambda: render(settings)),
        ("equivalence", lambda: compare(source, template, ledger)),
    ):
        seconds = statistics.median(inside(function) for _ in range(RUNS))
        tracemalloc.start()
        function()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"{name:<23} {seconds * 1e3:8.1f} ms   peak {peak / 1e6:.1f} MB")

    print("resources   build and emit   per resource")
    for count in (62, 125, 250, MOST_RESOURCES):

        def build_and_emit(count: int = count) -> str:
            stack = subnets(count)
            return to_yaml(stack.to_dict(), stack.banners)

        seconds = statistics.median(inside(build_and_emit) for _ in range(RUNS))
        print(f"{count:>9} {seconds * 1e3:>13.1f} ms {seconds / count * 1e6:>11.1f} us")
    drills()


if __name__ == "__main__":
    main()

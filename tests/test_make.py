import configparser
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
import yaml

from drtemplate import __version__
from drtemplate.settings import PROJECT

PINNED = re.compile(r"[A-Za-z0-9._-]+(\[[a-z]+\])?==\d+(\.\d+)*(\s+#.*)?")
LEFT_BEHIND = shutil.ignore_patterns(
    ".venv*", ".git", "build", ".*_cache", "__pycache__", "*.egg-info", ".hypothesis"
)
# A render needs nothing of these: the limit of the product.
BEYOND_A_RENDER = ("world", "drill", "deploying")
MAKEFILE = (PROJECT / "Makefile").read_text()
RENDER = "generate.py render"


def phony():
    return re.search(r"^\.PHONY:(.*)$", MAKEFILE, re.MULTILINE)[1].split()


def run_make(*arguments, folder=PROJECT, **more):
    """Run make, with ``more`` in its environment."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments],
        cwd=folder,
        env=environment | {"LC_ALL": "C"} | more,
        text=True,
        capture_output=True,
        check=False,
    )


def make(*arguments, folder=PROJECT):
    done = run_make(*arguments, folder=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of what a render needs in which `make template` has been run, with this environment."""
    folder = tmp_path_factory.mktemp("make") / "checkout"
    shutil.copytree(PROJECT, folder, ignore=LEFT_BEHIND)
    for name in BEYOND_A_RENDER:
        shutil.rmtree(folder / "drtemplate" / name)
    (folder / "templates" / "dr-template.yaml").unlink()
    environment = folder / ".venv"
    packages = Path(sysconfig.get_path("purelib"))
    linked = environment / packages.relative_to(sys.prefix)
    linked.mkdir(parents=True)
    for entry in packages.iterdir():
        if not entry.name.startswith("__editable__"):  # what leads to the whole project
            (linked / entry.name).symlink_to(entry)
    for entry in Path(sys.prefix).iterdir():
        if not entry.name.startswith((".ready", "lib")):
            (environment / entry.name).symlink_to(entry)
    (environment / ".ready").touch()
    make("template", folder=folder)
    return folder


@pytest.fixture
def steps(checkout):
    """What `make -n template` would run; every test leaves the checkout up to date."""

    def planned():
        return make("-n", "template", folder=checkout)

    assert "Nothing to be done" in planned()
    yield planned
    make("-t", "template", folder=checkout)


def change(path, checkout):
    """Make the file newer than everything that make has made."""
    made = (checkout / "build" / ".rendered").stat().st_mtime_ns
    os.utime(path, ns=(made + 10**9, made + 10**9))


@pytest.mark.parametrize("target", phony())
def test_every_target_has_a_line_of_help(target):
    assert re.search(rf"^{target}:.*## \S", MAKEFILE, re.MULTILINE)


def planned_deploy(*words, **environment):
    """What `make -n deploy` shows, whether it is refused or not."""
    words = ("deploy", "STACK=payments-dr", "PARAMS=params.json", *words)
    return run_make("-n", *words, **environment)


@pytest.mark.parametrize(
    ("words", "environment", "options"),
    [
        (["YES=1", "FORCE=1", "DRY_RUN=1"], {}, {"--yes", "--force", "--dry-run"}),
        (["YES=0", "FORCE=0", "DRY_RUN=0"], {}, set()),
        (["YES=", "FORCE=1 0", "DRY_RUN="], {}, set()),
        ([], {"YES": "1", "FORCE": "1", "DRY_RUN": "0"}, set()),
        ([], {"DRY_RUN": "1"}, {"--dry-run"}),
    ],
)
def test_only_1_consents_and_only_on_the_command_line(words, environment, options):
    shown = planned_deploy(*words, **environment).stdout
    assert "generate.py deploy" in shown
    assert set(re.findall(r"--(?:yes|force|dry-run)", shown)) == options


def test_a_dry_run_is_not_taken_for_a_deployment():
    done = run_make("deploy", "STACK=payments-dr", "PARAMS=params.json", DRY_RUN="true")
    assert done.returncode == 2
    assert done.stderr.startswith("error: DRY_RUN is 1, or it is left out\n")


VARIABLES = re.search(r"^WORDS := ((?:.*\\\n)*.*)$", MAKEFILE, re.MULTILINE)[1]


def test_every_variable_of_a_deploy_is_looked_at():
    recipe = "".join(
        MAKEFILE.split(f"\n{target}: ")[1].split("\n\n")[0]
        for target in ("deploy", "histories", "e2e-cli2")
    )
    used = set(re.findall(r"\$\$\{?([A-Z_]+)", recipe))
    flags = set(re.findall(r"\$\((?:origin|value) ([A-Z_]+)\)", MAKEFILE.split(".DEFAULT_GOAL")[0]))
    assert used | flags == set(VARIABLES.replace("\\", "").split())


@pytest.mark.parametrize("name", ["STACK", "ALLOW_DATA_LOSS"])
def test_what_make_has_expanded_already_is_not_deployed(name):
    done = planned_deploy(f"{name}:=a")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert f"write {name}=value" in done.stderr


def test_a_word_for_a_loss_counts_on_the_command_line_alone():
    assert "--allow-data-loss" in planned_deploy("ALLOW_DATA_LOSS=A B").stdout
    assert "--allow-data-loss" not in planned_deploy(ALLOW_DATA_LOSS="A").stdout


@pytest.mark.parametrize("name", VARIABLES.replace("\\", "").split())
def test_make_runs_nothing_that_stands_in_a_value(tmp_path, name):
    mark = tmp_path / "mark"
    done = planned_deploy(f"{name}=$(shell touch {mark})")
    assert not mark.exists()
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert f"{name} has a dollar sign" in done.stderr
    # make hands on what the environment has as it is.
    words = [word for word in ("STACK=a", "PARAMS=b") if not word.startswith(name)]
    run_make("-n", "deploy", *words, **{name: f"$(shell touch {mark})"})
    assert not mark.exists()


def test_every_target_with_help_is_phony():
    assert set(re.findall(r"^([a-z0-9-]+):.*## ", MAKEFILE, re.MULTILINE)) == set(phony())


def test_help_lists_the_targets():
    listed = [line.split()[0] for line in make("help").splitlines()]
    assert sorted(listed) == sorted(phony())


def test_help_is_the_default():
    assert make() == make("help")


@pytest.mark.parametrize("name", BEYOND_A_RENDER)
def test_the_copy_lacks_what_a_render_does_not_need(checkout, name):
    done = subprocess.run(
        [checkout / ".venv" / "bin" / "python", "-c", f"import drtemplate, drtemplate.{name}"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"No module named 'drtemplate.{name}'" in done.stderr


def test_without_world_drill_and_deploying_make_template_gives_the_committed_template(checkout):
    name = Path("templates") / "dr-template.yaml"
    assert (checkout / name).read_bytes() == (PROJECT / name).read_bytes()


def test_a_release_keeps_the_template_under_its_version(checkout):
    kept = checkout / "tests" / "releases" / f"{__version__}.yaml"
    kept.unlink(missing_ok=True)
    assert kept.name in make("release", folder=checkout)
    assert kept.read_bytes() == (checkout / "templates" / "dr-template.yaml").read_bytes()


def test_with_nothing_changed_make_has_nothing_to_do(steps):
    assert RENDER not in steps()
    assert "pip" not in steps()


@pytest.mark.parametrize(
    "name",
    [
        "generate.py",
        ".cfnlintrc",
        "drtemplate/topologies/one_region.py",
        "drtemplate/groups/network.py",
        "handlers/health_monitor.py",
        "templates/dr-template.yaml",
    ],
)
def test_a_changed_file_renders_again(checkout, steps, name):
    path = checkout / name
    before = path.stat()
    change(path, checkout)
    try:
        assert RENDER in steps()
    finally:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_lost_template_is_rendered_again(checkout, steps):
    path = checkout / "templates" / "dr-template.yaml"
    kept = path.rename(path.with_suffix(".kept"))
    try:
        assert RENDER in steps()
    finally:
        kept.rename(path)


@pytest.mark.parametrize("name", ["setup.cfg", "pyproject.toml", "requirements/render.txt"])
def test_another_pin_installs_again(checkout, steps, name):
    path = checkout / name
    before = path.stat()
    change(path, checkout)
    try:
        assert "pip install" in steps()
    finally:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_command_installs_only_what_it_needs_and_only_what_is_locked(checkout, steps):
    change(checkout / "requirements" / "render.txt", checkout)
    deploy = ("deploy", "STACK=a", "PARAMS=b")
    for words, locks in (
        (("template",), ["render"]),
        (("test",), ["render", "all"]),
        (deploy, ["render", "deploy"]),
        ((".venv/.ready-all",), ["render", "all"]),
    ):
        shown = make("-n", *words, folder=checkout).replace("\\\n", "")
        installs = [line for line in shown.splitlines() if "pip install" in line]
        own = [line for line in installs if line.endswith("--editable .")]
        assert [line for line in installs if line not in own] == [
            line for name in locks for line in installs if f"requirements/{name}.txt" in line
        ]
        assert all("--require-hashes" in line for line in installs if line not in own)
        # Ours is built of what is installed by now, and nobody is asked for anything.
        assert all("--no-index" in line and "--no-build-isolation" in line for line in own)
        assert len(own) == 1


def requirements():
    parser = configparser.ConfigParser()
    parser.read(PROJECT / "setup.cfg")
    texts = [parser["options"]["install_requires"], *parser["options.extras_require"].values()]
    return [line for text in texts for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("requirement", requirements(), ids=lambda line: line.split("==")[0])
def test_every_dependency_is_pinned(requirement):
    assert PINNED.fullmatch(requirement)


def test_what_builds_the_package_is_pinned():
    facts = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    assert all(PINNED.fullmatch(one) for one in facts["build-system"]["requires"])


def test_the_scanner_is_pinned_with_its_reason():
    lines = (PROJECT / "scan" / "requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    assert wanted
    assert all(PINNED.fullmatch(line) and "#" in line for line in wanted)


def hooks():
    facts = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())
    return [hook for repository in facts["repos"] for hook in repository["hooks"]]


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook["id"])
def test_every_hook_runs_what_setup_cfg_pins(hook):
    assert hook["language"] == "system"
    assert hook["entry"].startswith(".venv/bin/")


def test_cfn_lint_is_a_hook_on_the_rendered_template():
    (hook,) = [hook for hook in hooks() if hook["id"] == "cfn-lint"]
    assert re.search(hook["files"], "templates/dr-template.yaml")
    assert not re.search(hook["files"], "templates/source-contract.yaml")


@pytest.mark.parametrize("target", ["lint", "types", "current", "scan", "test"])
def test_the_pipeline_runs(target):
    script = PROJECT / ".ci" / "run"
    assert re.search(rf"^make (.+ )?{target}( .+)?$", script.read_text(), re.MULTILINE)
    assert os.access(script, os.X_OK)

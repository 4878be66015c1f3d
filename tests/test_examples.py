"""The examples: each renders, is valid, and fails over in a drill; the application fits the stack's outputs."""

import ast
from unittest import mock

import pytest

from drtemplate.checks.lint import lint
from drtemplate.checks.validation import validate
from drtemplate.cloudformation.document import load_template
from drtemplate.drill.runner import drill
from drtemplate.drill.scenarios import select
from drtemplate.pipeline import render
from drtemplate.settings import PROJECT, Settings
from drtemplate.settings_file import load
from drtemplate.topologies.one_region import build
from drtemplate.world.reading import load_deployment
from handlers import probes

EXAMPLES = PROJECT / "examples"
STACKS = sorted(EXAMPLES.glob("*/*.toml"))
APPLICATION = EXAMPLES / "application" / "application.yaml"


@pytest.fixture(scope="module", params=STACKS, ids=lambda path: path.stem)
def stack(request):
    settings = load(request.param)
    return settings, render(settings)


def test_there_is_more_than_one():
    assert {path.parent.name for path in STACKS} == {"staging", "bank"}


def test_an_example_is_valid(stack):
    settings, rendered = stack
    assert validate(rendered, settings) == []


@pytest.mark.parametrize("name", ["both_tiers_dead", "zone_outage"])
def test_an_example_fails_over(stack, timings, tmp_path, name):
    path = tmp_path / "template.yaml"
    path.write_text(stack[1].text)
    (summary,) = drill(load_deployment(path), timings, select([name]), runs=1, seed=1)
    assert summary.held, summary


def test_the_application_is_valid():
    assert lint(APPLICATION.read_text(), Settings().regions) == []


def test_the_application_takes_outputs_of_the_stack():
    parameters = load_template(APPLICATION)["Parameters"]
    given = {name for name, facts in parameters.items() if "Default" not in facts}
    assert given <= build(Settings()).to_dict()["Outputs"].keys()
    readme = (EXAMPLES / "README.md").read_text()
    assert all(f'{name}="$(output {name})"' in readme for name in given)


@pytest.mark.parametrize("side", ["Primary", "Standby"])
def test_a_side_of_the_application_is_a_program_that_answers_as_that_side(side):
    resources = load_template(APPLICATION)["Resources"]
    data = resources[f"{side}Template"]["Properties"]["LaunchTemplateData"]
    text, values = data["UserData"]["Fn::Base64"]["Fn::Sub"]
    assert values == {"Side": side.lower()}
    ast.parse(text.split("<<'CODE'\n")[1].split("\nCODE\n")[0])
    group = resources[f"{side}Servers"]["Properties"]
    assert group["TargetGroupARNs"] == [{"Ref": f"{side}TargetGroupArn"}]


def test_the_application_ends_its_connections_as_the_observers_do():
    """Else the database would shut it out after a hundred."""
    resources = load_template(APPLICATION)["Resources"]
    sent = []
    connection = mock.MagicMock(**{"__enter__.return_value.sendall.side_effect": sent.append})
    for side in ("Primary", "Standby"):
        data = resources[f"{side}Template"]["Properties"]["LaunchTemplateData"]
        text, _ = data["UserData"]["Fn::Base64"]["Fn::Sub"]
        code = text.split("<<'CODE'\n")[1].split("class Handler")[0]
        with (
            mock.patch("socket.create_connection", return_value=connection),
            mock.patch("socket.gethostbyname", return_value="10.0.20.7"),
        ):
            names: dict = {}
            exec(code, names)
            assert names["database"]() == "10.0.20.7"
    login = probes.LOGIN.replace(probes.PROBE_USER, b"nobody")
    assert sent == [len(login).to_bytes(3, "little") + b"\1" + login] * 2


def test_the_files_are_those_that_the_readme_tells_of():
    readme = (EXAMPLES / "README.md").read_text()
    assert all(f"`{path.name}/`" in readme for path in EXAMPLES.iterdir() if path.is_dir())

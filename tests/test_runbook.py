import ast
import re
from pathlib import Path

import pytest

from drtemplate.settings import PROJECT, Settings
from drtemplate.stack import build

RUNBOOK = (PROJECT / "docs" / "runbook.md").read_text()


def constant(handler, name):
    tree = ast.parse((PROJECT / "handlers" / handler).read_text())
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name:
            return node.value
    raise AssertionError(name)


def limits(handler):
    """Key -> (default, allowed), with the environment's arming left as None."""
    table = constant(handler, "LIMITS")
    names = {"ENV": {"AUTO_FAILOVER": None}, "range": range}
    return eval(compile(ast.Expression(table), "LIMITS", "eval"), {}, names)


def configuration_table():
    """Key -> (default, range), as the runbook has them."""
    section = RUNBOOK.split("## Configuration")[1].split("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
    return {
        key: (cells[3].strip(), cells[4].strip())
        for cells in rows
        for key in re.findall(r"`(\w+)`", cells[1])
    }


def test_the_diagram_is_the_transition_table():
    edges = ast.literal_eval(constant("failover_orchestrator.py", "EDGES"))
    diagram = RUNBOOK.split("```mermaid")[1].split("```")[0]
    drawn = re.findall(r"^ +(\w+) --> (\w+)$", diagram, re.MULTILINE)
    assert sorted(drawn) == sorted((a, b) for a, to in edges.items() for b in to.split())
    assert "[*] --> IDLE" in diagram


@pytest.mark.parametrize("handler", ["failover_orchestrator.py", "health_monitor.py"])
def test_defaults_and_ranges_are_those_of_the_code(handler):
    table = configuration_table()
    for key, (default, allowed) in limits(handler).items():
        said_default, said_range = table[key]
        if isinstance(allowed, range):
            assert said_default == str(default)
            assert said_range == f"{allowed[0]} to {allowed[-1]}"
        else:
            assert said_range == ", ".join(
                str(one).lower() if one in (True, False) else one for one in allowed
            )


def test_every_key_of_the_configuration_is_documented():
    value = build(Settings()).to_dict()["Resources"]["FailoverConfigParameter"]
    keys = re.findall(r'"(\w+)":', value["Properties"]["Value"]["Fn::Sub"])
    assert set(keys) == set(configuration_table())


def test_every_alarm_has_its_row():
    resources = build(Settings()).to_dict()["Resources"].values()
    names = [
        one["Properties"]["AlarmName"]["Fn::Sub"] for one in resources if "Alarm" in one["Type"]
    ]
    alerts = RUNBOOK.split("\n## Alerts\n")[1].split("\n## ")[0]
    rows = re.findall(r"(?m)^\| `(-[\w-]+)` \|", alerts)
    assert sorted(rows) == sorted(name.removeprefix("${AWS::StackName}") for name in names)


def test_every_link_within_the_runbook_leads_somewhere():
    titles = re.findall(r"^#+ (.+)$", RUNBOOK, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]+)\)", RUNBOOK)) <= anchors


def test_the_readme_links_to_files_that_exist():
    readme = (PROJECT / "README.md").read_text()
    for target in re.findall(r"\]\((?!http|#)([^)#]+)\)", readme):
        assert (PROJECT / Path(target)).exists(), target

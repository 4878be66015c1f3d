import json
import re

import pytest

from drtemplate.cloudformation.patterns import period
from drtemplate.groups.handlers import HANDLERS, METRIC_NAMESPACE, MONITOR_INTERVAL, SETTINGS
from drtemplate.pages.reference import configuration_cells
from drtemplate.rendering.inline import inline_code
from drtemplate.settings import PROJECT, Settings
from drtemplate.topologies.one_region import build
from handlers.configuration import ARMING, LIMITS
from handlers.state import TRANSITIONS

RUNBOOK = (PROJECT / "docs" / "runbook.md").read_text()


def configuration_table():
    """Key -> (unit, default, range, meaning), as the runbook has them."""
    section = RUNBOOK.split("## Configuration")[1].split("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
    return {
        key: tuple(cell.strip() for cell in cells[2:6])
        for cells in rows
        for key in re.findall(r"`(\w+)`", cells[1])
    }


@pytest.mark.parametrize("page", ["runbook.md", "architecture.md"])
def test_the_diagram_is_the_transition_table(page):
    text = (PROJECT / "docs" / page).read_text()
    (diagram,) = re.findall(r"(?s)```mermaid\n(stateDiagram.*?)```", text)
    drawn = re.findall(r"^ +(\w+) --> (\w+)$", diagram, re.MULTILINE)
    assert sorted(drawn) == sorted((a, b) for a, to in TRANSITIONS.items() for b in to)
    assert "[*] --> IDLE" in diagram


def test_the_handlers_have_the_defaults_and_ranges_of_the_settings():
    for key, (default, allowed) in LIMITS.items():
        setting = SETTINGS[key]
        assert (default, type(default)) == (setting.default, type(setting.default))
        assert list(allowed) == list(setting.allowed)
    assert SETTINGS["auto_failover"].allowed == ARMING


def test_every_setting_that_is_heeded_is_one_of_the_handlers():
    heeded = {*LIMITS, "auto_failover", "auto_failover_enabled"}
    assert heeded == {key for key, setting in SETTINGS.items() if setting.allowed is not None}


def test_the_runbook_has_the_settings():
    assert configuration_table() == {
        key: configuration_cells(key, one) for key, one in SETTINGS.items()
    }


def test_the_configuration_is_the_settings():
    value = build(Settings()).to_dict()["Resources"]["FailoverConfigParameter"]
    written = json.loads(value["Properties"]["Value"]["Fn::Sub"])
    assert list(written) == list(SETTINGS)
    for key, setting in SETTINGS.items():
        assert setting.default is None or (written[key], type(written[key])) == (
            setting.default,
            type(setting.default),
        )


def test_the_monitor_is_started_as_often_as_the_settings_say():
    resources = build(Settings()).to_dict()["Resources"]
    schedule = resources["HealthCheckScheduleRule"]["Properties"]["ScheduleExpression"]
    assert period(schedule) == MONITOR_INTERVAL


@pytest.mark.parametrize("handler", HANDLERS.values())
def test_the_handlers_publish_in_the_namespace_that_is_looked_at(handler):
    source = inline_code(PROJECT / "handlers" / handler)
    assert set(re.findall(r'Namespace="(\w+)"', source)) == {METRIC_NAMESPACE}


def test_every_alarm_has_its_row():
    resources = build(Settings()).to_dict()["Resources"].values()
    names = [
        one["Properties"]["AlarmName"]["Fn::Sub"] for one in resources if "Alarm" in one["Type"]
    ]
    alerts = RUNBOOK.split("\n## Alerts\n")[1].split("\n## ")[0]
    cells = re.findall(r"(?m)^\| (`-[^|]+) \|", alerts)
    rows = [name for cell in cells for name in re.findall(r"`(-[\w-]+)`", cell)]
    assert sorted(rows) == sorted(name.removeprefix("${AWS::StackName}") for name in names)

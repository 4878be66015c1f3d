import ast
import json
import re
import shlex
from pathlib import Path

import botocore.session
import pytest
from botocore import xform_name

from drtemplate.cloudformation.patterns import period
from drtemplate.groups.handlers import HANDLERS, METRIC_NAMESPACE, MONITOR_INTERVAL, SETTINGS
from drtemplate.rendering.inline import inline_code
from drtemplate.settings import PROJECT, Settings
from drtemplate.topologies.one_region import build

RUNBOOK = (PROJECT / "docs" / "runbook.md").read_text()


def constant(handler, name):
    tree = ast.parse(inline_code(PROJECT / "handlers" / handler))
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
    """Key -> (unit, default, range, meaning), as the runbook has them."""
    section = RUNBOOK.split("## Configuration")[1].split("\n## ")[0]
    rows = [line.split("|") for line in section.splitlines() if line.startswith("| `")]
    return {
        key: tuple(cell.strip() for cell in cells[2:6])
        for cells in rows
        for key in re.findall(r"`(\w+)`", cells[1])
    }


def shown(key, setting):
    """The row that the runbook should have."""
    default = "" if setting.default is None else str(setting.default).lower()
    allowed = setting.allowed
    if isinstance(allowed, range):
        heeded = f"{allowed[0]} to {allowed[-1]}"
    else:
        heeded = ", ".join(
            str(one).lower() if isinstance(one, bool) else one for one in allowed or ()
        )
    decided = "the parameter `AutoFailover`" if key == "auto_failover" else default
    return setting.unit, decided, heeded, setting.meaning


def test_the_diagram_is_the_transition_table():
    edges = ast.literal_eval(constant("failover_orchestrator.py", "EDGES"))
    diagram = RUNBOOK.split("```mermaid")[1].split("```")[0]
    drawn = re.findall(r"^ +(\w+) --> (\w+)$", diagram, re.MULTILINE)
    assert sorted(drawn) == sorted((a, b) for a, to in edges.items() for b in to.split())
    assert "[*] --> IDLE" in diagram


@pytest.mark.parametrize("handler", HANDLERS.values())
def test_a_handler_has_the_defaults_and_ranges_of_the_settings(handler):
    for key, (default, allowed) in limits(handler).items():
        setting = SETTINGS[key]
        assert default == setting.default
        assert type(default) is type(setting.default)
        assert list(allowed) == list(setting.allowed)


def test_every_setting_that_is_heeded_is_one_of_a_handler():
    heeded = {key for handler in HANDLERS.values() for key in limits(handler)}
    assert heeded == {key for key, setting in SETTINGS.items() if setting.allowed is not None}


def test_the_runbook_has_the_settings():
    assert configuration_table() == {key: shown(key, one) for key, one in SETTINGS.items()}


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


# Options of the AWS CLI itself, and commands that it has beside the services' own operations.
GLOBAL = {"query", "output", "region", "cli-binary-format", "cli-read-timeout"}
CUSTOM = {("logs", "tail"), ("s3", "mb"), ("cloudformation", "deploy")}


def commands():
    """Every AWS command of the runbook's blocks, as its words."""
    for block in re.findall(r"^```sh\n(.*?)^```", RUNBOOK, re.MULTILINE | re.DOTALL):
        text = re.sub(r"\\\n\s*", " ", block).replace("$(", "\n").replace(")\n", "\n")
        for line in text.splitlines():
            found = re.search(r"\baws (?!\w*-\w* )(.*)", line)
            if found and not line.lstrip().startswith("#"):
                yield shlex.split(found[1].removesuffix(")"), comments=True)


COMMANDS = sorted(set(map(tuple, commands())))
assert len(COMMANDS) > 30


SESSION = botocore.session.get_session()


def operation_of(service, operation, rest):
    """The API operation behind a command or a waiter, or None."""
    if operation != "wait":
        known = {xform_name(one, "-"): one for one in service.operation_names}
        return known.get(operation)
    waiters = SESSION.get_waiter_model(service.service_name)
    known = {xform_name(one, "-"): one for one in waiters.waiter_names}
    return waiters.get_waiter(known[rest[0]]).operation if rest[0] in known else None


def problems(words):
    """What the AWS CLI would refuse of a command."""
    name, operation, *rest = words
    if (name, operation) in CUSTOM:
        return []
    service = SESSION.get_service_model(name.replace("s3api", "s3"))
    found = operation_of(service, operation, rest)
    if found is None:
        return [f"{name} {operation}"]
    shape = service.operation_model(found).input_shape
    known = {xform_name(one, "-"): facts for one, facts in shape.members.items()}
    known |= {f"no-{one}": facts for one, facts in known.items() if facts.type_name == "boolean"}
    given = {word.removeprefix("--") for word in rest if word.startswith("--")} - GLOBAL
    needed = {xform_name(one, "-") for one in shape.required_members}
    missing = needed - {one.removeprefix("no-") for one in given}
    return sorted(given - known.keys()) + sorted(missing)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:3]))
def test_a_command_is_one_that_aws_knows(words):
    assert problems(words) == []


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        ("rds backtrack-cluster", ["rds backtrack-cluster"]),
        ("rds wait db-cluster-ready", ["rds wait"]),
        ("rds backtrack-db-cluster --db-cluster-identifier x", ["backtrack-to"]),
        ("kms enable-key --key-id x --now", ["now"]),
        ("kms enable-key --no-key-id x", ["no-key-id"]),
    ],
)
def test_a_command_that_aws_does_not_know_is_noticed(command, wrong):
    assert set(wrong) <= set(problems(command.split()))

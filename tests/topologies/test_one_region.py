import json
import os
import subprocess
import sys
from itertools import groupby

import pytest
import yaml
from refusals import one_line
from troposphere import sns

from drtemplate.errors import BuildError, HandlerError
from drtemplate.settings import PROJECT, Settings
from drtemplate.topologies import one_region
from drtemplate.topologies.one_region import build

CONTRACT = yaml.safe_load((PROJECT / "templates" / "source-contract.yaml").read_text("utf-8"))
SOURCE_PARAMETERS = CONTRACT["Parameters"]
SOURCE_RESOURCES = CONTRACT["Resources"]
SOURCE_OUTPUTS = CONTRACT["Outputs"]

PRINT_TEMPLATE = """
import json
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build
print(json.dumps(build(Settings()).to_dict()))
"""
NAME_PROPERTIES = (
    "AlarmName",
    "AliasName",
    "BucketName",
    "DashboardName",
    "FunctionName",
    "LogGroupName",
    "Name",
    "TableName",
    "TopicName",
)
SOURCE_NAMES = [
    (title, key)
    for title, resource in SOURCE_RESOURCES.items()
    for key in NAME_PROPERTIES
    if key in resource["Properties"]
]
ADD_FUNCTIONS = sorted(name for name in vars(one_region) if name.startswith("add_"))
# The group of a function that is not named after it.
GROUPS = {"add_incident_query": "monitoring", "add_dashboard": "monitoring"}


def test_the_contract_is_the_whole_source():
    assert (len(SOURCE_RESOURCES), len(SOURCE_PARAMETERS), len(SOURCE_OUTPUTS)) == (63, 7, 14)
    assert len({resource["Type"] for resource in SOURCE_RESOURCES.values()}) == 35


@pytest.mark.parametrize("title", SOURCE_RESOURCES)
def test_a_resource_of_the_source_keeps_its_logical_id_and_type(resources, title):
    assert resources[title]["Type"] == SOURCE_RESOURCES[title]["Type"]


@pytest.mark.parametrize(("title", "key"), SOURCE_NAMES)
def test_a_resource_of_the_source_keeps_its_physical_name(resources, title, key):
    assert resources[title]["Properties"][key] == SOURCE_RESOURCES[title]["Properties"][key]


@pytest.mark.parametrize("name", SOURCE_PARAMETERS)
def test_a_parameter_of_the_source_keeps_its_type_and_default(template, name):
    source, parameter = SOURCE_PARAMETERS[name], template["Parameters"][name]
    added = {"DBMasterPassword": ""}
    assert parameter["Type"] == source["Type"]
    assert parameter.get("Default") == source.get("Default", added.get(name))
    assert parameter.get("NoEcho", False) == source.get("NoEcho", False)
    assert parameter.get("AllowedValues") == source.get("AllowedValues")


def test_an_added_parameter_has_a_default(template):
    """Else whoever deploys with the source's parameters would be asked for more."""
    added = template["Parameters"].keys() - SOURCE_PARAMETERS.keys()
    assert [name for name in added if "Default" not in template["Parameters"][name]] == []


@pytest.mark.parametrize("name", SOURCE_OUTPUTS)
def test_an_output_of_the_source_keeps_its_value_and_export(template, name):
    expected = dict(SOURCE_OUTPUTS[name])
    if name == "DatabaseReadEndpoint":
        expected["Value"] = {"Fn::GetAtt": ["AuroraDBCluster", "ReadEndpoint.Address"]}
    output = template["Outputs"][name]
    assert output["Value"] == expected["Value"]
    assert output.get("Export") == expected.get("Export")


def test_the_only_export_is_the_vpc(outputs):
    exports = {
        name: output["Export"]["Name"] for name, output in outputs.items() if "Export" in output
    }
    assert exports == {"VPCId": "dr-test-VPC"}


@pytest.mark.parametrize("title", SOURCE_RESOURCES)
def test_every_reference_of_a_resource_can_be_evaluated(properties, title):
    assert properties[title]


def test_every_resource_belongs_to_a_named_group():
    template = build(Settings())
    assert template.groups.keys() == template.resources.keys()
    assert all(template.groups.values())


def test_the_resources_of_a_group_stand_together():
    template = build(Settings())
    titles = [title for title, _ in groupby(template.resources, template.groups.get)]
    assert len(titles) == len(set(titles))


def rendered_elsewhere(tmp_path, **environment):
    finished = subprocess.run(
        [sys.executable, "-c", PRINT_TEMPLATE],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    return finished.stdout.strip()


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param({"PYTHONHASHSEED": "1", "TZ": "UTC", "LANG": "C"}, id="plain"),
        pytest.param(
            {
                "PYTHONHASHSEED": "4242",
                "TZ": "Pacific/Auckland",
                "LANG": "tr_TR.UTF-8",
                "AWS_REGION": "eu-west-1",
            },
            id="far away",
        ),
    ],
)
def test_the_same_template_is_built_in_any_surroundings(template, tmp_path, environment):
    assert rendered_elsewhere(tmp_path, **environment) == json.dumps(template)


def test_building_twice_gives_equal_templates(template):
    assert json.dumps(build(Settings()).to_dict()) == json.dumps(template)


def test_writing_a_template_out_does_not_change_it():
    built = build(Settings())
    assert json.dumps(built.to_dict()) == json.dumps(built.to_dict())


def test_building_leaves_the_settings_alone():
    settings = Settings()
    build(settings)
    assert settings == Settings()


def test_the_settings_of_one_build_do_not_reach_the_next(template):
    build(Settings(runtime="python3.14"))
    assert build(Settings()).to_dict() == template


@pytest.mark.parametrize("name", ADD_FUNCTIONS)
def test_an_unknown_property_names_the_group(monkeypatch, name):
    def refused(*_args, **_named):
        sns.Topic("WrongTopic", Nonsense=True)

    monkeypatch.setattr(one_region, name, refused)
    message = one_line(BuildError, build, Settings())
    group = GROUPS.get(name, name.removeprefix("add_").replace("_", " "))
    assert f"group '{group}'" in message.casefold()
    assert "Nonsense" in message


def test_a_logical_id_used_twice_names_the_group(monkeypatch):
    def twice(template, *_args):
        template.add_resource(sns.Topic("VPC"))

    monkeypatch.setattr(one_region, "add_alerts", twice)
    with pytest.raises(BuildError, match=r"(?s)Alerts.*VPC"):
        build(Settings())


def test_a_missing_required_property_names_the_group(monkeypatch):
    real = one_region.add_alerts

    def incomplete(template, *args):
        template.add_resource(sns.TopicPolicy("PolicyOfNothing"))
        return real(template, *args)

    monkeypatch.setattr(one_region, "add_alerts", incomplete)
    with pytest.raises(BuildError, match="Alerts"):
        build(Settings()).to_dict()


def test_a_missing_handler_is_reported_as_such(tmp_path):
    with pytest.raises(HandlerError):
        build(Settings(handlers=tmp_path))

import copy
import json
from dataclasses import replace

import pytest

from drtemplate.checks.equivalence import CONTRACT, as_json, as_table, compare
from drtemplate.checks.ledger import CHANGES, Deviation, covering_paths, load_ledger
from drtemplate.cloudformation.document import load_template
from drtemplate.rendering.yaml import to_yaml
from drtemplate.settings import Settings
from drtemplate.stack import build

SOURCE = load_template(CONTRACT)
LEDGER = load_ledger()
LEAST_EQUAL = 400


def is_code(entry):
    return entry.path.endswith(".Properties.Code")


CODE = [entry for entry in LEDGER if is_code(entry)]
OTHERS = [entry for entry in LEDGER if not is_code(entry)]


@pytest.fixture(scope="module")
def rendered():
    return build(Settings()).to_dict()


def entry(path, change="changed"):
    return Deviation(
        path=path, change=change, reason="works", because="For a test.", evidence="None."
    )


def template(properties=None, **sections):
    return {"Resources": {"A": {"Type": "T", "Properties": properties or {}}}} | sections


def paths(differences):
    return [difference.path for difference in differences]


def test_the_stack_is_equivalent_to_the_source(rendered):
    result = compare(SOURCE, rendered, LEDGER)
    assert result.unexplained == []
    assert result.stale == []
    assert result.holds
    assert result.equal >= LEAST_EQUAL
    assert [item.deviation for item in result.deviations] == LEDGER


def test_without_a_ledger_nothing_is_explained(rendered):
    result = compare(SOURCE, rendered, [])
    assert not result.holds
    assert len(result.unexplained) >= len(OTHERS)


@pytest.mark.parametrize("dropped", OTHERS, ids=lambda dropped: dropped.path)
def test_every_entry_is_needed(rendered, dropped):
    result = compare(SOURCE, rendered, [one for one in LEDGER if one != dropped])
    assert not result.holds
    assert result.unexplained
    assert all(dropped.path in covering_paths(path) for path in paths(result.unexplained))
    assert result.stale == []


def test_both_functions_code_stands_in_the_ledger():
    assert len(CODE) == 2


@pytest.mark.parametrize("dropped", CODE, ids=lambda dropped: dropped.path)
def test_code_that_the_source_leaves_out_is_not_compared(rendered, dropped):
    result = compare(SOURCE, rendered, [one for one in LEDGER if one != dropped])
    assert result.holds
    assert dropped not in [item.deviation for item in result.deviations]


def test_code_that_the_source_holds_is_compared(rendered):
    source = copy.deepcopy(SOURCE)
    code = source["Resources"]["HealthMonitorFunction"]["Properties"]["Code"]
    code["ZipFile"] = "def handler(event, context):\n    return 'fine'\n"
    assert compare(source, rendered, LEDGER).holds
    result = compare(source, rendered, OTHERS)
    assert paths(result.unexplained) == ["Resources.HealthMonitorFunction.Properties.Code.ZipFile"]


@pytest.mark.parametrize(
    "path",
    [
        "Resources.VPC.Properties.CidrBlock",
        "Resources.Nothing",
        "Resources.VPC.Properties.CidrBloc",
        "Outputs.VPCId",
        "Resources.",
    ],
)
def test_an_entry_without_a_difference_is_stale(rendered, path):
    result = compare(SOURCE, rendered, [*LEDGER, entry(path)])
    assert not result.holds
    assert [one.path for one in result.stale] == [path]
    assert result.unexplained == []


def drop_tag(resources, title, key):
    properties = resources[title]["Properties"]
    properties["Tags"] = [tag for tag in properties["Tags"] if tag["Key"] != key]


def set_property(resources, title, name, value):
    assert resources[title]["Properties"][name] != value
    resources[title]["Properties"][name] = value


MUTATIONS = {
    "another CIDR block": (
        lambda t: set_property(t["Resources"], "VPC", "CidrBlock", "10.1.0.0/16"),
        ["Resources.VPC.Properties.CidrBlock"],
    ),
    "a tag dropped": (
        lambda t: drop_tag(t["Resources"], "PrimaryDBInstance", "Role"),
        [
            "Resources.PrimaryDBInstance.Properties.Tags[Role].Key",
            "Resources.PrimaryDBInstance.Properties.Tags[Role].Value",
        ],
    ),
    "a resource added": (
        lambda t: t["Resources"].update(Extra={"Type": "AWS::SNS::Topic"}),
        ["Resources.Extra.Type"],
    ),
    "a resource of another type": (
        lambda t: t["Resources"]["AlertTopic"].update(Type="AWS::SQS::Queue"),
        ["Resources.AlertTopic.Type"],
    ),
    "another threshold": (
        lambda t: set_property(t["Resources"], "DatabaseConnectionAlarm", "Threshold", 81),
        ["Resources.DatabaseConnectionAlarm.Properties.Threshold"],
    ),
    "the database in the private subnets": (
        lambda t: set_property(
            t["Resources"],
            "DBSubnetGroup",
            "SubnetIds",
            [{"Ref": "PrivateSubnet1"}, {"Ref": "PrivateSubnet2"}],
        ),
        [
            f"Resources.DBSubnetGroup.Properties.SubnetIds[!Ref {tier}Subnet{zone}]"
            for tier in ("Database", "Private")
            for zone in (1, 2)
        ],
    ),
    "an output removed": (
        lambda t: t["Outputs"].pop("SessionTableName"),
        ["Outputs.SessionTableName.Value"],
    ),
    "an export renamed": (
        lambda t: t["Outputs"]["VPCId"]["Export"].update(Name="vpc"),
        ["Outputs.VPCId.Export.Name"],
    ),
    "a parameter's default": (
        lambda t: t["Parameters"]["DataRetentionDays"].update(Default=30),
        ["Parameters.DataRetentionDays.Default"],
    ),
    "a secret shown": (
        lambda t: t["Parameters"]["DBMasterPassword"].update(NoEcho=False),
        ["Parameters.DBMasterPassword.NoEcho"],
    ),
    "a deletion policy": (
        lambda t: t["Resources"]["AuroraDBCluster"].update(DeletionPolicy="Delete"),
        ["Resources.AuroraDBCluster.DeletionPolicy"],
    ),
}


@pytest.mark.parametrize(("mutate", "expected"), MUTATIONS.values(), ids=MUTATIONS)
def test_a_change_that_no_entry_covers_is_unexplained(rendered, mutate, expected):
    changed = copy.deepcopy(rendered)
    mutate(changed)
    result = compare(SOURCE, changed, LEDGER)
    assert not result.holds
    assert paths(result.unexplained) == expected
    assert result.stale == []


def test_lost_resources_are_unexplained(rendered):
    added = {"Extra": {"Type": "AWS::SNS::Topic"}}
    lost = paths(compare(SOURCE, rendered | {"Resources": added}, LEDGER).unexplained)
    assert {f"Resources.{title}.Type" for title in SOURCE["Resources"]} <= set(lost)


def test_a_difference_says_both_sides(rendered):
    changed = copy.deepcopy(rendered)
    changed["Resources"]["VPC"]["Properties"]["CidrBlock"] = "10.1.0.0/16"
    (difference,) = compare(SOURCE, changed, LEDGER).unexplained
    assert (difference.source, difference.rendered) == ("10.0.0.0/16", "10.1.0.0/16")


@pytest.mark.parametrize("change", CHANGES)
def test_every_entry_with_a_wrong_change_is_a_problem(rendered, change):
    result = compare(SOURCE, rendered, [replace(one, change=change) for one in LEDGER])
    right = {one.path: one.change for one in LEDGER}
    problems = {one.path: one.problem for one in result.unexplained}
    wrong = [
        item
        for item in result.deviations
        if item.differences and right[item.deviation.path] != change
    ]
    assert {item.deviation.path for item in wrong} == {
        one.path for one in OTHERS if one.change != change
    }
    assert problems == {
        difference.path: f"the ledger says {change}, it is {right[item.deviation.path]}"
        for item in wrong
        for difference in item.differences
    }
    assert result.stale == []


@pytest.mark.parametrize(
    ("name", "write"),
    [("source.yaml", to_yaml), ("source.json", json.dumps)],
    ids=["short form", "JSON"],
)
def test_the_source_may_be_in_any_form(tmp_path, rendered, name, write):
    path = tmp_path / name
    path.write_text(write(SOURCE))
    result = compare(load_template(path), rendered, LEDGER)
    assert result == compare(SOURCE, rendered, LEDGER)
    assert result.holds


def test_the_nested_entry_takes_precedence():
    before, after = template({"P": {"a": 1, "b": 1}}), template({"P": {"a": 2, "b": 2}})
    outer, inner = entry("Resources.A.Properties.P"), entry("Resources.A.Properties.P.a")
    for ledger in ([outer, inner], [inner, outer]):
        result = compare(before, after, ledger)
        assert result.holds
        covered = {item.deviation.path: paths(item.differences) for item in result.deviations}
        assert covered == {
            outer.path: ["Resources.A.Properties.P.b"],
            inner.path: ["Resources.A.Properties.P.a"],
        }


def test_an_entry_that_nested_ones_leave_nothing_is_stale():
    before, after = template({"P": {"a": 1}}), template({"P": {"a": 2}})
    outer, inner = entry("Resources.A.Properties.P"), entry("Resources.A.Properties.P.a")
    assert compare(before, after, [outer, inner]).stale == [outer]


def test_an_entry_does_not_cover_a_longer_name():
    result = compare(
        template({"P": 1, "PP": 1}),
        template({"P": 2, "PP": 2}),
        [entry("Resources.A.Properties.P")],
    )
    assert paths(result.unexplained) == ["Resources.A.Properties.PP"]


def test_equal_templates_hold():
    result = compare(template({"P": 1}), template({"P": "1"}), [])
    assert result.holds
    assert result.equal == 2


PROSE = {
    "the template's": ({"Description": "a"}, {"Description": "b"}),
    "a parameter's": (
        {"Parameters": {"P": {"Type": "String", "Description": "a"}}},
        {"Parameters": {"P": {"Type": "String", "Description": "b"}}},
    ),
    "a parameter's constraint": (
        {"Parameters": {"P": {"Type": "String", "ConstraintDescription": "a"}}},
        {"Parameters": {"P": {"Type": "String", "ConstraintDescription": "b"}}},
    ),
    "an output's": (
        {"Outputs": {"O": {"Value": 1, "Description": "a"}}},
        {"Outputs": {"O": {"Value": 1, "Description": "b"}}},
    ),
}


def without_prose(value):
    if isinstance(value, dict):
        return {
            key: without_prose(item)
            for key, item in value.items()
            if not key.endswith("Description")
        }
    return value


@pytest.mark.parametrize(("before", "after"), PROSE.values(), ids=PROSE)
def test_a_description_is_compared_only_if_the_source_has_it(before, after):
    source, other = template(**before), template(**after)
    assert len(compare(source, other, []).unexplained) == 1
    assert compare(without_prose(source), other, []).holds
    assert len(compare(source, without_prose(other), []).unexplained) == 1


def test_a_resource_s_description_is_always_compared():
    result = compare(template(), template({"Description": "b"}), [])
    assert "Resources.A.Properties.Description" in paths(result.unexplained)


@pytest.fixture
def mixed():
    return compare(
        template({"P": 1, "Q": 1, "R": 1}),
        template({"P": 2, "Q": 2, "R": 1}),
        [entry("Resources.A.Properties.P"), entry("Resources.B")],
    )


def test_the_json_has_four_keys(mixed):
    result = json.loads(json.dumps(as_json(mixed)))
    reason = {"change": "changed", "class": "works", "because": "For a test.", "evidence": "None."}
    assert result == {
        "equal": 2,
        "deviations": [
            {"path": "Resources.A.Properties.P"}
            | reason
            | {
                "differences": [
                    {"path": "Resources.A.Properties.P", "source": "1", "rendered": "2"}
                ]
            }
        ],
        "unexplained": [
            {
                "path": "Resources.A.Properties.Q",
                "source": "1",
                "rendered": "2",
                "problem": "",
            }
        ],
        "stale": [{"path": "Resources.B"} | reason],
    }


def test_the_json_of_the_stack_is_plain_data(rendered):
    result = as_json(compare(SOURCE, rendered, LEDGER))
    assert json.loads(json.dumps(result)) == result
    assert isinstance(result["equal"], int)
    assert len(result["deviations"]) == len(LEDGER)
    assert (result["unexplained"], result["stale"]) == ([], [])


def test_the_table_shows_counts_and_what_needs_a_hand(mixed):
    lines = as_table(mixed).splitlines()
    assert [line.split() for line in lines[:5]] == [
        ["equal", "leaves", "2"],
        ["deviations", "1"],
        ["works", "1"],
        ["unexplained", "1"],
        ["stale", "1"],
    ]
    assert lines[5].split(maxsplit=1)[1] == "Resources.A.Properties.Q: 1 -> 2"
    assert "Resources.B" in lines[6]
    assert len(lines) == 7


def test_the_table_shows_a_problem_and_missing_leaves():
    result = compare(
        template({"P": 1}),
        template({"P": "a\n" * 100}),
        [entry("Resources.A.Properties.P", "added")],
    )
    (line,) = [line for line in as_table(result).splitlines() if "Resources" in line]
    assert "the ledger says added, it is changed" in line
    assert len(line) < 200
    table = as_table(compare(template({"P": 1, "Q": 1}), template({"P": 1}), []))
    assert "1 -> (none)" in table

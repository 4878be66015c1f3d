"""Each rule: silent on the rendered template, and loud on a mutation of it."""

import copy

import pytest
from defects import DEFECTS, FINE
from defects.edits import key, properties, sub, topic


@pytest.fixture
def broken(template):
    """A copy of the template to put a defect into."""
    return copy.deepcopy(template)


def test_the_rendered_template_has_no_finding(find, template):
    assert find(template) == []


@pytest.mark.parametrize(
    ("rule", "edit"), [pytest.param(rule, edit, id=name) for name, rule, edit in DEFECTS]
)
def test_a_mutation_is_found(find, broken, rule, edit):
    edit.act(broken["Resources"])
    found = find(broken)
    assert (rule, edit.title) in {(one, match.path[1]) for one, match in found}
    assert all("\n" not in match.message for _, match in found)


@pytest.mark.parametrize("edit", [pytest.param(edit, id=name) for name, edit in FINE])
def test_what_works_is_not_found(find, broken, edit):
    edit.act(broken["Resources"])
    assert find(broken) == []


def test_the_key_policies_are_asked_only_for_what_uses_the_key(find, broken):
    for title in ("FailoverLogGroup", "HealthMonitorLogGroup", "HealthMonitorLogGroup2"):
        del properties(broken["Resources"], title)["KmsKeyId"]
    key("logs.").act(broken["Resources"])
    assert find(broken) == []


def test_alarms_need_no_statement_if_none_publishes(find, broken):
    resources = broken["Resources"]
    for resource in resources.values():
        for name in ("AlarmActions", "OKActions"):
            resource.get("Properties", {}).pop(name, None)
    key("cloudwatch.").act(resources)
    topic("cloudwatch.").act(resources)
    assert find(broken) == []


def test_every_permission_config_and_policy_is_needed(find, template):
    """None of them may be missing without a word; that is what the rules are for."""
    kinds = ("Permission", "EventInvokeConfig", "TopicPolicy")
    titles = [
        title
        for title, resource in template["Resources"].items()
        if resource["Type"].endswith(kinds)
    ]
    assert len(titles) >= 6
    for title in titles:
        broken = copy.deepcopy(template)
        del broken["Resources"][title]
        assert find(broken), title


def test_the_name_of_an_export_is_one_of_the_names(find, broken):
    broken["Outputs"]["VPCId"]["Export"] = {"Name": sub("${AWS::StackName}-" + "x" * 235)}
    assert [(rule, match.path) for rule, match in find(broken)] == [
        ("E9501", ["Outputs", "VPCId", "Export", "Name"])
    ]


def test_an_empty_template_has_no_finding(find):
    assert find({"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}) == []

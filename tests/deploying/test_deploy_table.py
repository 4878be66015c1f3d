"""The table of a change set: what is loud, what is shown of values, and what never is."""

from types import SimpleNamespace

import pytest

from drtemplate.cloudformation.change_set import described
from drtemplate.deploying import left_out
from drtemplate.deploying.change_table import change_table, loses_data, refusal, summary
from drtemplate.deploying.preflight import Stack


def modify(type_, replacement="False", path="/Properties/A", recreation="Never", **values):
    target = {"Attribute": "Properties", "Name": path.split("/")[2], "Path": path}
    target |= {"RequiresRecreation": recreation} | values
    return {
        "Action": "Modify",
        "LogicalResourceId": "It",
        "ResourceType": type_,
        "Replacement": replacement,
        "Details": [
            {"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}
        ],
    }


def changes(*facts):
    return described([{"Changes": [{"Type": "Resource", "ResourceChange": one} for one in facts]}])


def lines(*facts):
    return list(change_table(changes(*facts)))


@pytest.mark.parametrize(
    ("facts", "lost"),
    [
        ({"Action": "Remove"}, True),
        ({"Action": "Remove", "PolicyAction": "Retain"}, True),
        ({"Action": "Dynamic"}, True),
        ({"Action": "Modify", "Replacement": "True"}, True),
        ({"Action": "Modify", "Replacement": "Conditional"}, True),
        ({"Action": "Modify", "Replacement": "False"}, False),
        ({"Action": "Add"}, False),
        ({"Action": "Import"}, False),
    ],
)
@pytest.mark.parametrize(
    "type_",
    ["AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key"],
)  # fmt: skip
def test_what_loses_data(type_, facts, lost):
    (one,) = changes({"LogicalResourceId": "It", "ResourceType": type_} | facts)
    assert loses_data(one) is lost
    assert bool(refusal([one], ())) is lost
    assert refusal([one], {"It"}) == ""
    (other,) = changes({"LogicalResourceId": "It", "ResourceType": "AWS::SNS::Topic"} | facts)
    assert not loses_data(other)


def test_no_secret_is_in_it():
    table = lines(
        modify("AWS::RDS::DBCluster", path="/Properties/MasterUserPassword", BeforeValue="hunter2", AfterValue="hunter3"),
        modify("AWS::Lambda::Function", path="/Properties/Environment/Variables/API_TOKEN", BeforeValue="hunter4", AfterValue="hunter5"),
        modify("AWS::Lambda::Function", path="/Properties/Environment", AfterValue='{"Variables": {"DB_PASSWORD": "hunter6", "PORT": "1"}}'),
    )  # fmt: skip
    assert "hunter" not in "\n".join(table)
    assert "      Environment.Variables.PORT: (none) -> 1" in table


@pytest.mark.parametrize("value", ["{", "[", '{"a": ', "[" * 5000, "[null]", "{}", "", "\x1b[31m"])
def test_any_value_is_shown_in_one_short_line(value):
    for one in lines(modify("AWS::SNS::Topic", BeforeValue=value, AfterValue="b")):
        assert "\n" not in one
        assert len(one) < 200


def test_of_long_values_the_difference_is_shown():
    (line,) = [x for x in lines(modify("AWS::SNS::Topic", BeforeValue="x" * 900 + "1", AfterValue="x" * 900 + "2")) if "->" in x]  # fmt: skip
    assert "x1 -> ..." in line
    assert line.endswith("x2")


def test_a_change_without_values_is_told():
    assert any("no value is told" in line for line in lines(modify("AWS::SNS::Topic")))


def test_the_summary_counts_each_once():
    facts = [
        {"Action": action, "LogicalResourceId": "A", "ResourceType": "AWS::SNS::Topic"} | more
        for action, more in (
            ("Add", {}),
            ("Remove", {}),
            ("Modify", {"Replacement": "Conditional"}),
            ("Modify", {"Replacement": "False"}),
        )
    ]
    assert summary(changes(*facts)) == "1 to add, 1 to change, 1 to replace, 1 to remove"


def test_a_shorter_retention_is_told_as_the_loss_that_it_is(monkeypatch):
    """No resource goes, so that a change set has but another number."""
    old, new = (
        {
            "Resources": {
                "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": days}}
            }
        }
        for days in (90, 7)
    )
    monkeypatch.setattr(left_out, "deployed_template", lambda *_: old)
    living = SimpleNamespace(
        account=None,
        target=SimpleNamespace(stack="a"),
        stack=Stack("CREATE_COMPLETE"),
        template=new,
    )
    assert left_out.completed(living, ()) == (
        (),
        ("what it means:", "  Log deletes data: log events older than 7 days go"),
    )

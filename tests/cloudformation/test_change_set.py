from pathlib import Path

import pytest
import yaml
from botocore.session import get_session
from botocore.validate import ParamValidator

from drtemplate.cloudformation.change_set import described
from drtemplate.cloudformation.changes import PropertyChange, ResourceChange
from drtemplate.cloudformation.inherited import InheritedChange
from drtemplate.cloudformation.updates import Behaviour, Verdict

CHANGES = yaml.safe_load(Path(__file__).with_name("change-sets.yaml").read_text())
IN_PLACE, SOME, UNSUPPORTED, PERHAPS, CONDITIONED, REPLACED = (
    Verdict(behaviour=one) for one in Behaviour
)


def answer(*changes):
    return {"Changes": [{"Type": "Resource", "ResourceChange": one} for one in changes]}


def change(path, verdict, before=None, after=None):
    path = f"Properties.{path}"
    return PropertyChange(path=path, subtree=path, before=before, after=after, verdict=verdict)


def modified(title, type_, verdict, *changes, **facts):
    return ResourceChange(
        logical_id=title,
        type=type_,
        action="Modify",
        behaviour=verdict.behaviour,
        changes=changes,
        **facts,
    )


NAME_STAYS = "a replacement cannot have the same DBClusterIdentifier bank; give it another name"
CLUSTER = ("Cluster", "AWS::RDS::DBCluster")
READ = {
    "add": ResourceChange(logical_id="Table", type="AWS::DynamoDB::Table", action="Add"),
    "in place, with and without interruption, by the template and by a parameter": modified(
        *("Writer", "AWS::RDS::DBInstance", SOME),
        change("DBInstanceClass", SOME, "db.r6g.large", "db.r6g.xlarge"),
        change("Tags[1].Value", IN_PLACE, None, "b"),
        PropertyChange(
            path="DeletionPolicy",
            subtree="DeletionPolicy",
            before=None,
            after=None,
            verdict=IN_PLACE,
        ),
        holds_data=True,
    ),
    "replacement by a property, under the same name": modified(
        *(*CLUSTER, REPLACED, change("DatabaseName", REPLACED, "a", "b")),
        holds_data=True,
        old_resource_policy="Snapshot",
        obstacles=(NAME_STAYS,),
    ),
    "perhaps, without values": modified(
        *(*CLUSTER, PERHAPS, change("MasterUsername", PERHAPS)),
        holds_data=True,
        old_resource_policy="Retain",
    ),
    "removed, and kept outside the stack": ResourceChange(
        logical_id="Bucket",
        type="AWS::S3::Bucket",
        action="Remove",
        holds_data=True,
        old_resource_policy="Retain",
    ),
    "carried along by a Ref that will be another one": modified(
        *("Gateway", "AWS::EC2::NatGateway", REPLACED),
        inherited=(InheritedChange("Properties.SubnetId", "Resources.Subnet", REPLACED, True),),
        old_resource_policy="Delete",
    ),
    "carried along by a GetAtt that may be another one": modified(
        *("Alias", "AWS::KMS::Alias", PERHAPS),
        inherited=(InheritedChange("Properties.AliasName", "Resources.Key", PERHAPS, False),),
        old_resource_policy="Delete",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_answer_of_awss_form_is_read(name):
    assert described([answer(CHANGES[name])]) == (READ[name],)


def test_the_answers_have_awss_form():
    """Each name is one of the API's own model, and each word one of its enumerations."""
    model = get_session().get_service_model("cloudformation")
    shape = model.operation_model("DescribeChangeSet").output_shape
    whole = answer(*CHANGES.values())
    assert not ParamValidator().validate(whole, shape).has_errors()
    assert list(unknown(whole, shape)) == []


def unknown(value, shape):
    if shape.type_name == "structure":
        yield from value.keys() - shape.members.keys()
        for name in value.keys() & shape.members.keys():
            yield from unknown(value[name], shape.members[name])
    elif shape.type_name == "list":
        for one in value:
            yield from unknown(one, shape.member)
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield value


def test_all_pages_are_read_in_order():
    first, second, third = list(CHANGES.values())[:3]
    pages = [answer(first, second) | {"NextToken": "2"}, answer(third), {"Changes": None}]
    assert [one.logical_id for one in described(pages)] == ["Table", "Writer", "Cluster"]


def test_what_no_update_can_change_is_refused_in_a_change_set_too():
    target = {"Attribute": "Properties", "Name": "AvailabilityZone", "RequiresRecreation": "Never"}
    details = [{"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}]
    facts = {"Action": "Modify", "LogicalResourceId": "V", "ResourceType": "AWS::EC2::Volume"}
    (found,) = described([answer(facts | {"Replacement": "False", "Details": details})])
    assert found.behaviour == Behaviour.NOT_SUPPORTED
    assert "no update of AvailabilityZone" in found.obstacles[0]


@pytest.mark.parametrize("action", ["Dynamic", "Import"])
def test_what_cannot_be_told_may_be_a_replacement(action):
    (found,) = described([answer(CHANGES["add"] | {"Action": action})])
    assert (found.action, found.behaviour == Behaviour.CONDITIONAL) == (action, action == "Dynamic")


def test_a_policy_that_is_not_told_is_the_worst():
    removed = dict(CHANGES["removed, and kept outside the stack"])
    del removed["PolicyAction"]
    assert described([answer(removed)])[0].old_resource_policy == "Delete"


def test_of_a_target_that_is_told_twice_the_gravest_counts():
    replaced = CHANGES["replacement by a property, under the same name"]
    (told,) = replaced["Details"]
    shadow = told | {"Evaluation": "Dynamic"}
    cause = told | {"ChangeSource": "ParameterReference", "CausingEntity": "Name"}
    for details in ([shadow, cause], [cause, shadow]):
        (found,) = described([answer(replaced | {"Details": details})])
        assert found.changes == (change("DatabaseName", REPLACED, "a", "b"),)

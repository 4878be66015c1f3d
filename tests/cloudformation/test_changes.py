import copy

import pytest

from drtemplate.cloudformation.changes import compare
from drtemplate.cloudformation.updates import Behaviour

IN_PLACE, SOME, UNSUPPORTED, PERHAPS, CONDITIONED, REPLACED = Behaviour


def of(type_, /, attributes=None, **properties):
    return {"Type": type_, "Properties": properties} | (attributes or {})


def stack(**resources):
    return {"Resources": resources}


def by_id(old, new):
    return {one.logical_id: one for one in compare(old, new).resources}


CHAIN = stack(
    Function=of("AWS::Lambda::Function", VpcConfig={"SubnetIds": [{"Ref": "Subnet"}]}),
    Subnet=of("AWS::EC2::Subnet", VpcId={"Ref": "VPC"}, CidrBlock="10.0.0.0/24"),
    VPC=of("AWS::EC2::VPC", CidrBlock="10.0.0.0/16"),
    Group=of("AWS::EC2::SecurityGroup", GroupDescription="x", VpcId={"Fn::Sub": "${VPC}"}),
    Waiting=of("AWS::SNS::Topic", {"DependsOn": "VPC"}, DisplayName="x"),
)


def test_a_replacement_carries_along_references():
    new = copy.deepcopy(CHAIN)
    new["Resources"]["VPC"]["Properties"]["CidrBlock"] = "10.1.0.0/16"
    found = by_id(CHAIN, new)
    assert {title: one.behaviour for title, one in found.items()} == {
        "VPC": REPLACED,
        "Subnet": REPLACED,
        "Group": REPLACED,
        "Function": IN_PLACE,
    }
    (carried,) = found["Function"].inherited
    assert (carried.path, carried.cause) == (
        "Properties.VpcConfig.SubnetIds[0]",
        "Resources.Subnet",
    )
    assert carried.certain


def test_what_may_be_replaced_carries_only_a_maybe():
    old = stack(
        Cluster=of("AWS::RDS::DBCluster", MasterUsername="a"),
        One=of("AWS::RDS::DBInstance", DBClusterIdentifier={"Ref": "Cluster"}),
    )
    new = copy.deepcopy(old)
    new["Resources"]["Cluster"]["Properties"]["MasterUsername"] = "b"
    found = by_id(old, new)
    assert [one.behaviour for one in found.values()] == [PERHAPS, PERHAPS]
    assert [one.certain for one in found["One"].inherited] == [False]
    new["Resources"]["Cluster"]["Properties"]["DatabaseName"] = "c"
    assert [one.behaviour for one in by_id(old, new).values()] == [REPLACED, REPLACED]


def test_what_may_be_replaced_is_replaced_after_all_along_with_another():
    old = stack(
        One=of("AWS::RDS::DBInstance", DBClusterIdentifier={"Ref": "Cluster"}),
        Cluster=of("AWS::RDS::DBCluster", MasterUsername="a", DBSubnetGroupName={"Ref": "Subnets"}),
        Subnets=of("AWS::RDS::DBSubnetGroup", DBSubnetGroupName="a"),
    )
    new = copy.deepcopy(old)
    new["Resources"]["Cluster"]["Properties"]["MasterUsername"] = "b"
    new["Resources"]["Subnets"]["Properties"]["DBSubnetGroupName"] = "b"
    found = by_id(old, new)
    assert [one.behaviour for one in found.values()] == [REPLACED] * 3
    assert [one.certain for one in found["One"].inherited] == [True]


def test_a_changed_condition_or_mapping_carries_a_maybe_to_where_it_is_used():
    old = {
        "Conditions": {
            "Big": {"Fn::Equals": [{"Ref": "Size"}, "big"]},
            "NotBig": {"Fn::Not": [{"Condition": "Big"}]},
        },
        "Mappings": {"Blocks": {"eu": {"block": "10.0.0.0/16"}}, "Idle": {"a": {"b": "c"}}},
        **stack(
            Zoned=of("AWS::EC2::Subnet", AvailabilityZone={"Fn::If": ["NotBig", "a", "b"]}),
            Named=of("AWS::SNS::Topic", DisplayName={"Fn::If": ["Big", "a", "b"]}),
            Present=of("AWS::SNS::Topic", {"Condition": "Big"}),
            Mapped=of("AWS::EC2::VPC", CidrBlock={"Fn::FindInMap": ["Blocks", "eu", "block"]}),
            Other=of("AWS::SNS::Topic", DisplayName={"Fn::FindInMap": ["Idle", "a", "b"]}),
        ),
    }
    new = copy.deepcopy(old)
    new["Conditions"]["Big"]["Fn::Equals"][1] = "huge"
    new["Mappings"]["Blocks"]["eu"]["block"] = "10.1.0.0/16"
    found = by_id(old, new)
    assert {title: (one.behaviour, one.inherited[0].cause) for title, one in found.items()} == {
        "Zoned": (PERHAPS, "Conditions.NotBig"),
        "Named": (IN_PLACE, "Conditions.Big"),
        "Present": (PERHAPS, "Conditions.Big"),
        "Mapped": (PERHAPS, "Mappings.Blocks"),
    }


TABLE = "AWS::DynamoDB::Table"
CLUSTER = "AWS::RDS::DBCluster"
INSTANCE = "AWS::RDS::DBInstance"


@pytest.mark.parametrize(
    ("resource", "old_resource_policy"),
    [
        (of(TABLE), "Delete"),
        (of(TABLE, {"DeletionPolicy": "Retain"}), "Retain"),
        (of(TABLE, {"DeletionPolicy": "RetainExceptOnCreate"}), "Retain"),
        (of(TABLE, {"UpdateReplacePolicy": "Retain"}), "Delete"),
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
        (of(CLUSTER), "Snapshot"),
        (of(INSTANCE), "Snapshot"),
        (of(INSTANCE, DBClusterIdentifier="x"), "Delete"),
        (of(CLUSTER, {"DeletionPolicy": "Delete"}), "Delete"),
    ],
)
def test_what_becomes_of_data_that_is_removed(resource, policy):
    (found,) = compare(stack(X=resource, Y=of("T")), stack(Y=of("T"))).resources
    assert (found.action, found.holds_data, found.old_resource_policy) == ("Remove", True, policy)


@pytest.mark.parametrize(
    ("was", "now", "old_resource_policy"),
    [
        ({}, {}, "Delete"),
        ({"UpdateReplacePolicy": "Snapshot"}, {"UpdateReplacePolicy": "Snapshot"}, "Snapshot"),
        ({"UpdateReplacePolicy": "Retain"}, {}, "Delete"),
        ({"DeletionPolicy": "Retain"}, {"DeletionPolicy": "Retain"}, "Delete"),
    ],
)
def test_what_becomes_of_data_that_is_replaced(old_policies, new_policies, policy):
    old, new = of(CLUSTER, old_policies, DatabaseName="a"), of(CLUSTER, new_policies, DatabaseName="b")
    (found,) = compare(stack(X=old), stack(X=new)).resources
    assert (found.behaviour, found.holds_data, found.old_resource_policy) == (REPLACED, True, policy)


def group(**properties):
    return of("AWS::ElasticLoadBalancingV2::TargetGroup", **properties)


NAME = {"Fn::Sub": "${AWS::StackName}-x"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (group(Name=NAME, Port=1), group(Name=NAME, Port=2), "the same Name ${AWS::StackName}-x"),
        (group(Name=NAME, Port=1), group(Name="y", Port=2), None),
        (group(Port=1), group(Port=2), None),
        (group(Name=NAME, HealthCheckPort=1), group(Name=NAME, HealthCheckPort=2), None),
        (of(TABLE, TableName="x"), of("AWS::S3::Bucket", BucketName="x"), "another logical id"),
    ],
)
def test_what_cloudformation_would_refuse(old, new, words):
    (found,) = compare(stack(X=old), stack(X=new)).resources
    assert [words in one for one in found.obstacles] == ([True] if words else [])


def test_a_new_logical_id_cannot_have_the_name_of_the_old_one():
    found = by_id(stack(Old=group(Name=NAME)), stack(New=group(Name=NAME)))
    assert "still that of Old" in found["New"].obstacles[0]
    assert by_id(stack(Old=group(Name="y")), stack(New=group(Name=NAME)))["New"].obstacles == ()


def test_an_attribute_of_a_resource_interrupts_nothing():
    new = of(TABLE, {"DeletionPolicy": "Retain", "DependsOn": "Y", "Metadata": {"a": 1}})
    (found,) = compare(stack(X=of(TABLE), Y=of("T")), stack(X=new, Y=of("T"))).resources
    assert [one.path for one in found.changes] == ["DeletionPolicy", "DependsOn[Y]", "Metadata.a"]
    assert (found.behaviour, found.old_resource_policy) == (IN_PLACE, "")


def test_with_another_condition_a_resource_may_come_or_go():
    (found,) = compare(stack(X=of(TABLE)), stack(X=of(TABLE, {"Condition": "C"}))).resources
    assert (found.changes[0].path, found.behaviour) == ("Condition", PERHAPS)


def test_a_function_is_one_value():
    def zone(index):
        return of("AWS::EC2::Subnet", AvailabilityZone={"Fn::Select": [index, {"Fn::GetAZs": ""}]})

    (found,) = compare(stack(X=zone(0)), stack(X=zone(1))).resources
    (change,) = found.changes
    assert (change.path, change.before, change.after) == (
        "Properties.AvailabilityZone",
        "Fn::Select[0]=0 Fn::Select[1].Fn::GetAZs=",
        "Fn::Select[0]=1 Fn::Select[1].Fn::GetAZs=",
    )


def test_what_means_the_same_is_no_change():
    one = of("AWS::SNS::Topic", TopicName={"Fn::Join": ["-", [{"Ref": "A"}, "b"]]}, Port=443)
    other = of("AWS::SNS::Topic", TopicName={"Fn::Sub": "${A}-b"}, Port="443")
    found = compare(stack(X=one), stack(X=other))
    assert (found.resources, found.others) == ((), ())


def test_the_other_sections():
    secret = {"Type": "String", "NoEcho": True, "Default": "a"}
    old = stack(X=of("T")) | {
        "Parameters": {"Gone": {"Type": "String"}, "Secret": secret, "Size": {"Default": 1}},
        "Outputs": {
            "Shared": {"Value": "a", "Export": {"Name": "s"}},
            "Own": {"Value": "a"},
        },
    }
    new = copy.deepcopy(old)
    del new["Parameters"]["Gone"]
    new["Parameters"]["Secret"]["Default"] = "b"
    new["Parameters"]["Size"]["Default"] = 2
    new["Parameters"]["Asked"] = {"Type": "String"}
    new["Outputs"]["Shared"]["Value"] = new["Outputs"]["Own"]["Value"] = "b"
    new["Description"] = "x"
    found = {one.path: one for one in compare(old, new).others}
    assert (
        found["Parameters.Secret.Default"].before,
        found["Parameters.Secret.Default"].after,
    ) == (
        "****",
        "****",
    )
    assert {path: one.effect.split(";")[0] for path, one in found.items()} == {
        "Parameters.Gone.Type": "may no longer be given",
        "Parameters.Secret.Default": "counts where no value is given or kept",
        "Parameters.Size.Default": "counts where no value is given or kept",
        "Parameters.Asked.Type": "new",
        "Outputs.Shared.Value": "refused while another stack imports it",
        "Outputs.Own.Value": "touches no resource",
        "Description": "touches no resource",
    }
    assert "needs a value" in found["Parameters.Asked.Type"].effect

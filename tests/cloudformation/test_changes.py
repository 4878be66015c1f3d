"""What becomes of each resource between two templates, of its data, and what is told of it."""

import copy

import pytest
from stacks import (
    CLUSTER,
    CONDITIONED,
    IN_PLACE,
    PERHAPS,
    REPLACED,
    TABLE,
    by_id,
    having,
    of,
    stack,
)

from drtemplate.cloudformation.changes import compare

CHAIN = stack(
    Function=of("AWS::Lambda::Function", VpcConfig={"SubnetIds": [{"Ref": "Subnet"}]}),
    Subnet=of("AWS::EC2::Subnet", VpcId={"Ref": "VPC"}, CidrBlock="10.0.0.0/24"),
    VPC=of("AWS::EC2::VPC", CidrBlock="10.0.0.0/16"),
    Group=of("AWS::EC2::SecurityGroup", GroupDescription="x", VpcId={"Fn::Sub": "${VPC}"}),
    Waiting=of("AWS::SNS::Topic", {"DependsOn": "VPC"}, DisplayName="x"),
)


def test_a_replacement_carries_along_references():
    found = by_id(CHAIN, having(CHAIN, VPC={"CidrBlock": "10.1.0.0/16"}))
    assert {title: one.behaviour for title, one in found.items()} == {
        "VPC": REPLACED,
        "Subnet": REPLACED,
        "Group": REPLACED,
        "Function": IN_PLACE,
    }
    (carried,) = found["Function"].inherited
    assert carried.path == "Properties.VpcConfig.SubnetIds[0]"
    assert carried.cause == "Resources.Subnet"
    assert carried.certain


def test_what_may_be_replaced_carries_only_a_maybe():
    old = stack(
        Cluster=of("AWS::RDS::DBCluster", MasterUsername="a"),
        One=of("AWS::RDS::DBInstance", DBClusterIdentifier={"Ref": "Cluster"}),
    )
    new = having(old, Cluster={"MasterUsername": "b"})
    found = by_id(old, new)
    assert [one.behaviour for one in found.values()] == [PERHAPS, PERHAPS]
    assert [one.certain for one in found["One"].inherited] == [False]
    new = having(new, Cluster={"DatabaseName": "c"})
    assert [one.behaviour for one in by_id(old, new).values()] == [REPLACED, REPLACED]


def test_what_may_be_replaced_is_replaced_after_all_along_with_another():
    old = stack(
        One=of("AWS::RDS::DBInstance", DBClusterIdentifier={"Ref": "Cluster"}),
        Cluster=of("AWS::RDS::DBCluster", MasterUsername="a", DBSubnetGroupName={"Ref": "Subnets"}),
        Subnets=of("AWS::RDS::DBSubnetGroup", DBSubnetGroupName="a"),
    )
    new = having(old, Cluster={"MasterUsername": "b"}, Subnets={"DBSubnetGroupName": "b"})
    found = by_id(old, new)
    assert [one.behaviour for one in found.values()] == [REPLACED] * 3
    assert [one.certain for one in found["One"].inherited] == [True]


def test_a_changed_definition_is_inherited_as_a_maybe_where_it_is_used():
    old = {
        "Parameters": {
            "Kind": {"Type": "String", "Default": "even"},
            "Loose": {"Type": "String", "MinLength": 1},
        },
        "Conditions": {
            "Big": {"Fn::Equals": [{"Ref": "Size"}, "big"]},
            "NotBig": {"Fn::Not": [{"Condition": "Big"}]},
            "Odd": {"Fn::Equals": [{"Ref": "Kind"}, "odd"]},
            "Vast": {"Fn::Equals": [{"Fn::FindInMap": ["Blocks", "eu", "block"]}, "a"]},
        },
        "Mappings": {"Blocks": {"eu": {"block": "10.0.0.0/16"}}, "Idle": {"a": {"b": "c"}}},
        **stack(
            Zoned=of("AWS::EC2::Subnet", AvailabilityZone={"Fn::If": ["NotBig", "a", "b"]}),
            Named=of("AWS::SNS::Topic", DisplayName={"Fn::If": ["Big", "a", "b"]}),
            Present=of("AWS::SNS::Topic", {"Condition": "Big"}),
            Mapped=of("AWS::EC2::VPC", CidrBlock={"Fn::FindInMap": ["Blocks", "eu", "block"]}),
            Other=of("AWS::SNS::Topic", DisplayName={"Fn::FindInMap": ["Idle", "a", "b"]}),
            Defaulted=of("AWS::SNS::Topic", TopicName={"Fn::Sub": "${Kind}-x"}),
            Given=of("AWS::SNS::Topic", DisplayName={"Ref": "Loose"}),
            Chosen=of("AWS::SNS::Topic", {"Condition": "Odd"}),
            Sized=of("AWS::SNS::Topic", {"Condition": "Vast"}),
        ),
    }
    new = copy.deepcopy(old)
    new["Conditions"]["Big"]["Fn::Equals"][1] = "huge"
    new["Mappings"]["Blocks"]["eu"]["block"] = "10.1.0.0/16"
    new["Parameters"]["Kind"]["Default"] = "odd"
    new["Parameters"]["Loose"] = {"Type": "String", "MinLength": 2, "Default": "any"}
    found = by_id(old, new)
    assert {title: (one.behaviour, one.inherited[0].cause) for title, one in found.items()} == {
        "Zoned": (PERHAPS, "Conditions.NotBig"),
        "Named": (IN_PLACE, "Conditions.Big"),
        "Present": (CONDITIONED, "Conditions.Big"),
        "Mapped": (PERHAPS, "Mappings.Blocks"),
        "Defaulted": (PERHAPS, "Parameters.Kind"),
        "Chosen": (CONDITIONED, "Conditions.Odd"),
        "Sized": (CONDITIONED, "Conditions.Vast"),
    }


INSTANCE = "AWS::RDS::DBInstance"


@pytest.mark.parametrize(
    ("resource", "policy"),
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
    ("old_policies", "new_policies", "policy"),
    [
        ({}, {}, "Delete"),
        ({"UpdateReplacePolicy": "Snapshot"}, {"UpdateReplacePolicy": "Snapshot"}, "Snapshot"),
        ({"UpdateReplacePolicy": "Retain"}, {}, "Delete"),
        ({"DeletionPolicy": "Retain"}, {"DeletionPolicy": "Retain"}, "Delete"),
    ],
)
def test_what_becomes_of_data_that_is_replaced(old_policies, new_policies, policy):
    old = of(CLUSTER, old_policies, DatabaseName="a")
    new = of(CLUSTER, new_policies, DatabaseName="b")
    (found,) = compare(stack(X=old), stack(X=new)).resources
    assert (found.behaviour, found.holds_data) == (REPLACED, True)
    assert found.old_resource_policy == policy


def test_an_attribute_of_a_resource_interrupts_nothing():
    new = of(TABLE, {"DeletionPolicy": "Retain", "DependsOn": "Y", "Metadata": {"a": 1}})
    (found,) = compare(stack(X=of(TABLE), Y=of("T")), stack(X=new, Y=of("T"))).resources
    assert [one.path for one in found.changes] == ["DeletionPolicy", "DependsOn[Y]", "Metadata.a"]
    assert (found.behaviour, found.old_resource_policy) == (IN_PLACE, "")


REPLACED_ONLY = {"UpdateReplacePolicy": "Retain"}


@pytest.mark.parametrize(
    ("old", "new", "policy"),
    [
        # An update's policy for what is replaced says nothing of what is removed.
        (of(TABLE, REPLACED_ONLY, TableName="x"), {}, "Delete"),
        (of(CLUSTER, REPLACED_ONLY, DBClusterIdentifier="x"), {}, "Snapshot"),
        (of(TABLE, {"DeletionPolicy": "Retain"}), {}, "Retain"),
        (of(TABLE, {"DeletionPolicy": "Retain"}), {"DeletionPolicy": "Delete"}, "Delete"),
        (of(TABLE, {"Condition": "B", "DeletionPolicy": "Retain"}), {}, "Retain"),
    ],
)
def test_a_condition_removes_or_adds_and_never_replaces(old, new, policy):
    user = of("AWS::EC2::Subnet", VpcId={"Ref": "X"})
    found = by_id(stack(X=old, U=user), stack(X=old | {"Condition": "C"} | new, U=user))
    assert found.keys() == {"X"}
    change = found["X"]
    assert (change.behaviour, change.old_resource_policy) == (CONDITIONED, policy)
    assert change.obstacles == ()


def test_of_a_condition_and_a_replacement_the_worst_counts():
    old = of(CLUSTER, REPLACED_ONLY, DatabaseName="a")
    new = of(CLUSTER, REPLACED_ONLY | {"Condition": "C"}, DatabaseName="b")
    (found,) = compare(stack(X=old), stack(X=new)).resources
    assert (found.behaviour, found.old_resource_policy) == (REPLACED, "Snapshot")


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        ({"Type": "T", "Properties": {}}, {"Type": "T"}, []),
        ({"Type": "T", "Properties": {}}, of("T", A="b"), ["Properties.A"]),
        (of("T", Tags=[]), of("T", Tags=[{"Key": "a"}]), ["Properties.Tags[a].Key"]),
        (of("T", A={"B": "c"}), of("T", A={}), ["Properties.A.B"]),
        (of("T", A=[]), of("T"), ["Properties.A"]),
        (of("T", A=[]), of("T", A="b"), ["Properties.A"]),
    ],
)
def test_what_is_empty_is_no_change_beside_what_fills_it(old, new, paths):
    for first, second in ((old, new), (new, old)):
        found = compare(stack(X=first) | {"Outputs": {}}, stack(X=second))
        assert [change.path for one in found.resources for change in one.changes] == paths
        assert found.others == ()


def test_no_value_of_a_secret_is_told():
    def properties(value):
        return {
            "MasterUserPassword": value,
            "Passwords": [value],
            "AuthToken": {"Fn::If": ["C", value, "x"]},
            "ClientSecret": {"Fn::Sub": f"${{A}}{value}"},
            "Variables": {"DB_PASSWORD": value},
            "Environment": [{"Name": "API_KEY", "Value": value}],
            "Header": [{"Key": "k", "Value": value, "IsValueSecret": True}],
            f"New{value}": {"SecretString": value},
        }

    def outside(value):
        return {"Parameters": {"DBPassword": {"Type": "String", "Default": value}}}

    sides = [stack(X=of("T", **properties(f"{v}secret"))) | outside(f"{v}secret") for v in "12"]
    found = compare(*sides)
    values = [(one.before, one.after) for one in (*found.resources[0].changes, *found.others)]
    assert len(values) == 10
    assert "secret" not in repr(values)
    assert ("****", "****") in values


def test_what_is_no_secret_is_told():
    before = {
        "ServiceToken": "a",
        "HttpTokens": "optional",
        "MasterUserPassword": {"Ref": "A"},
        "AuthToken": "{{resolve:secretsmanager:a}}",
        "ManageMasterUserPassword": False,
        "KeySecretArn": "arn:a",
        "PolicyDocument": {"Statement": [{"Sid": "a", "Action": "s3:getsecret"}]},
    }
    (found,) = compare(stack(X=of("T", **before)), stack(X=of("T"))).resources
    assert "****" not in {change.before for change in found.changes}


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
        "Outputs": {"Shared": {"Value": "a", "Export": {"Name": "s"}}, "Own": {"Value": "a"}},
    }
    new = copy.deepcopy(old)
    del new["Parameters"]["Gone"]
    new["Parameters"]["Secret"]["Default"] = "b"
    new["Parameters"]["Size"]["Default"] = 2
    new["Parameters"]["Asked"] = {"Type": "String"}
    new["Outputs"]["Shared"]["Value"] = new["Outputs"]["Own"]["Value"] = "b"
    new["Description"] = "x"
    found = {one.path: one for one in compare(old, new).others}
    secret = found["Parameters.Secret.Default"]
    assert (secret.before, secret.after) == ("****", "****")
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

"""Changes that CloudFormation would refuse: names that are taken, and what no update can do."""

import pytest
from stacks import PERHAPS, REPLACED, SOME, TABLE, UNSUPPORTED, by_id, having, of, stack

from drtemplate.cloudformation.changes import compare


def group(**properties):
    return of("AWS::ElasticLoadBalancingV2::TargetGroup", **properties)


def alias(**properties):
    """Its name is one of the function's, not one of the account's."""
    return of("AWS::Lambda::Alias", Name="live", **properties)


NAME = {"Fn::Sub": "${AWS::StackName}-x"}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (group(Name=NAME, Port=1), group(Name=NAME, Port=2), "the same Name ${AWS::StackName}-x"),
        (group(Name=NAME, Port=1), group(Name="y", Port=2), None),
        (group(Port=1), group(Port=2), None),
        (group(Name=NAME, HealthCheckPort=1), group(Name=NAME, HealthCheckPort=2), None),
        (of(TABLE, TableName="x"), of("AWS::S3::Bucket", BucketName="x"), "another logical id"),
        (alias(FunctionName="f"), alias(FunctionName="g"), None),
        (alias(FunctionName="f"), alias(FunctionName="f", Type="T"), None),
    ],
)
def test_what_cloudformation_would_refuse(old, new, words):
    (found,) = compare(stack(X=old), stack(X=new)).resources
    assert [words in one for one in found.obstacles] == ([True] if words else [])


def test_a_new_logical_id_cannot_have_the_name_of_the_old_one():
    found = by_id(stack(Old=group(Name=NAME)), stack(New=group(Name=NAME)))
    assert "still that of Old" in found["New"].obstacles[0]
    assert by_id(stack(Old=group(Name="y")), stack(New=group(Name=NAME)))["New"].obstacles == ()


def table(*, key="a", kind="S", local=(), projection="ALL", added=False, **properties):
    def index(name, of="ALL"):
        return {"IndexName": name, "KeySchema": [], "Projection": {"ProjectionType": of}}

    names = {"a": kind, "b": "S"} if added else {"a": kind}
    return of(
        TABLE,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in names.items()],
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        LocalSecondaryIndexes=[index(name) for name in local],
        GlobalSecondaryIndexes=[index("g", projection), *([index("h")] if added else [])],
        **properties,
    )


@pytest.mark.parametrize(
    ("old", "new", "behaviour", "refused"),
    [
        (table(), table(kind="N"), PERHAPS, ""),
        (table(), table(added=True), SOME, ""),
        (table(added=True), table(), SOME, ""),
        (table(), table(local="l"), UNSUPPORTED, "LocalSecondaryIndexes"),
        (table(local="l"), table(local="m"), UNSUPPORTED, "LocalSecondaryIndexes"),
        (table(), table(projection="KEYS_ONLY"), UNSUPPORTED, "GlobalSecondaryIndexes"),
        # The new table is made with it.
        (table(), table(local="l", key="b"), REPLACED, ""),
        (
            of("AWS::EC2::Volume", AvailabilityZone="a"),
            of("AWS::EC2::Volume", AvailabilityZone="b"),
            UNSUPPORTED,
            "AvailabilityZone",
        ),
    ],
)
def test_what_no_update_can_change_is_refused(old, new, behaviour, refused):
    (found,) = compare(stack(X=old), stack(X=new)).resources
    assert found.behaviour == behaviour
    assert [f"no update of {refused} is supported" in text for text in found.obstacles] == (
        [True] if refused else []
    )
    assert found.old_resource_policy == ("Delete" if behaviour >= PERHAPS else "")


@pytest.mark.parametrize("type_", ["Custom::X", "AWS::CloudFormation::CustomResource"])
def test_the_function_of_a_custom_resource_stays(type_):
    old = stack(
        F=of("AWS::Lambda::Function", FunctionName="a"),
        X=of(type_, ServiceToken={"Fn::GetAtt": ["F", "Arn"]}),
    )
    new = having(old, F={"FunctionName": "b"})
    found = by_id(old, new)["X"]
    assert (found.behaviour, len(found.obstacles)) == (UNSUPPORTED, 1)
    new["Resources"]["F"] = old["Resources"]["F"] | {"Type": "Custom::F"}
    old["Resources"]["F"] = new["Resources"]["F"] | {"Properties": {"FunctionName": "c"}}
    maybe = by_id(old, new)["X"]
    assert (maybe.behaviour, maybe.obstacles) == (UNSUPPORTED, ())


def test_a_name_within_what_is_replaced_is_free():
    old = stack(
        C=of("AWS::ECS::Cluster", ClusterName="a"),
        S=of("AWS::ECS::Service", ServiceName="s", Cluster={"Ref": "C"}, Role="r"),
    )
    found = by_id(old, having(old, C={"ClusterName": "b"}))["S"]
    assert (found.behaviour, found.obstacles) == (REPLACED, ())
    assert "the same ServiceName s" in by_id(old, having(old, S={"Role": "q"}))["S"].obstacles[0]

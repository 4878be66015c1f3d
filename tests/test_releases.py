"""What a live stack of a released version has, today's template keeps where it is.

``tests/releases/`` holds each released template as it was.
"""

from pathlib import Path

import pytest

from drtemplate.cloudformation.document import load_template
from drtemplate.cloudformation.leaves import leaves
from drtemplate.pipeline import render
from drtemplate.settings import Settings

RELEASES = sorted(Path(__file__).with_name("releases").glob("*.yaml"))
# Another logical id, type or physical name makes another resource; another value of these
# properties replaces it.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
HOLD_DATA = {
    "AWS::DynamoDB::Table": ("TableName", "KeySchema"),
    "AWS::KMS::Key": (),
    "AWS::RDS::DBCluster": (
        *("DatabaseName", "DBSubnetGroupName", "EngineMode", "KmsKeyId", "StorageEncrypted"),
        *("MasterUsername", "DBClusterIdentifier", "SnapshotIdentifier"),
    ),
    "AWS::RDS::DBInstance": ("AvailabilityZone", "DBClusterIdentifier", "Engine"),
    "AWS::S3::Bucket": ("BucketName",),
}


@pytest.fixture(scope="module")
def today():
    return render(Settings()).template["Resources"]


def identity(title, resource):
    """The leaves of what holds data by which CloudFormation would replace it."""
    kept = {"Type": resource["Type"]}
    properties = resource.get("Properties", {})
    kept["Properties"] = {
        name: properties[name] for name in HOLD_DATA[resource["Type"]] if name in properties
    }
    return leaves({title: kept})


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_an_update_replaces_or_removes_nothing_that_holds_data(release, today):
    before = load_template(release)["Resources"]
    holders = {title: one for title, one in before.items() if one["Type"] in HOLD_DATA}
    assert len(holders) >= 8
    for title, resource in holders.items():
        assert identity(title, resource) == identity(title, today[title])
        for attribute in ("DeletionPolicy", "UpdateReplacePolicy"):
            assert today[title].get(attribute) == resource.get(attribute)


@pytest.mark.parametrize("release", RELEASES, ids=lambda path: path.stem)
def test_an_update_keeps_every_logical_id_and_its_type(release, today):
    before = load_template(release)["Resources"]
    assert {title: one["Type"] for title, one in before.items()} == {
        title: today[title]["Type"] for title in before
    }

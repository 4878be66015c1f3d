"""Stacks of other settings on the emulator: the staging example, and one in an organisation's network.

The bank's example is not among them: what it stands on is not there. Nor is the application: the emulator
knows no launch templates. It names roles by itself.
"""

import pytest
from account import account
from conftest import least

from drtemplate.plans import AddressPlan, DatabasePlan, Existing, Names, Roles
from drtemplate.settings import PROJECT, Settings
from drtemplate.settings_file import load
from drtemplate.topologies.one_region import build

STACK = "other-dr"
STAGING = PROJECT / "examples" / "staging" / "staging.toml"
BOUNDARY = "arn:aws:iam::123456789012:policy/Boundary"


@pytest.fixture
def own():
    with account() as made:
        yield made


def test_the_staging_example_is_deployed(own):
    parameters = least(own) | {"Environment": "Staging"}
    assert own.change(STACK, build(load(STAGING)).to_dict(), parameters) == "CREATE_COMPLETE", (
        own.reasons(STACK)
    )
    instances = own.client("rds").describe_db_instances()["DBInstances"]
    assert {one["DBInstanceClass"] for one in instances} == {"db.r6g.large"}
    groups = own.client("logs").describe_log_groups()["logGroups"]
    assert {one["retentionInDays"] for one in groups} == {7}


def subnets(ec2, vpc, blocks, zones):
    return tuple(
        ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for block, zone in zip(blocks, zones, strict=True)
    )


def test_a_stack_is_deployed_into_a_network_and_under_a_key_that_are_there(own):
    ec2, plan = own.client("ec2"), AddressPlan()
    zones = ("us-east-1a", "us-east-1b")
    vpc = ec2.create_vpc(CidrBlock=plan.vpc)["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    key = own.client("kms").create_key()["KeyMetadata"]["Arn"]
    settings = Settings(
        zones=zones,
        regions=("us-east-1",),
        database=DatabasePlan(readers=2),
        names=Names(prefix="acme-", region=True),
        roles=Roles(boundary=BOUNDARY, path="/platform/"),
        existing=Existing(
            vpc=vpc,
            public_subnets=subnets(ec2, vpc, plan.public, zones),
            private_subnets=subnets(ec2, vpc, plan.private, zones),
            database_subnets=subnets(ec2, vpc, plan.database, zones),
            key=key,
        ),
    )
    parameters = least(own) | {"Environment": "Staging"}
    status = own.change(STACK, build(settings).to_dict(), parameters)
    assert status == "CREATE_COMPLETE", own.reasons(STACK)
    (cluster,) = own.client("rds").describe_db_clusters()["DBClusters"]
    assert len(cluster["DBClusterMembers"]) == 3
    assert cluster["KmsKeyId"] == key
    buckets = {one["Name"] for one in own.client("s3").list_buckets()["Buckets"]}
    account_id = cluster["DBClusterArn"].split(":")[4]
    assert f"acme-{STACK}-artifacts-{account_id}-us-east-1" in buckets
    name = own.physical_ids(STACK)["LambdaExecutionRole"]
    role = own.client("iam").get_role(RoleName=name)["Role"]
    assert role["Path"] == "/platform/"
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY

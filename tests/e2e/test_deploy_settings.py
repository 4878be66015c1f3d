"""Stacks of other settings on the emulator: the examples, and one in an organisation's network."""

import json
import subprocess
from dataclasses import replace

import pytest
from account import AWS, account
from conftest import least

from drtemplate.plans import AddressPlan, DatabasePlan, Existing, Names, Roles
from drtemplate.settings import PROJECT, Settings
from drtemplate.settings_file import load
from drtemplate.topologies.one_region import build

STACK = "other-dr"
EXAMPLES = PROJECT / "examples"
STAGING, BANK = (EXAMPLES / name / f"{name}.toml" for name in ("staging", "bank"))
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


def organisation(own, plan, zones):
    """A network as an organisation has it."""
    ec2 = own.client("ec2")
    vpc = ec2.create_vpc(CidrBlock=plan.vpc)["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    return Existing(
        vpc=vpc,
        public_subnets=subnets(ec2, vpc, plan.public, zones),
        private_subnets=subnets(ec2, vpc, plan.private, zones),
        database_subnets=subnets(ec2, vpc, plan.database, zones),
        key=own.client("kms").create_key()["KeyMetadata"]["Arn"],
    )


def bucket_of_logs(s3, name):
    """An organisation's, into which S3 may log.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
    """
    s3.create_bucket(Bucket=name)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))


def test_the_bank_s_example_is_deployed_with_ids_of_the_account(own):
    example = load(BANK)
    certificate = own.client("acm").request_certificate(DomainName="pay.example.com")
    bucket_of_logs(own.client("s3"), example.existing.log_bucket)
    existing = replace(
        organisation(own, example.addresses, example.zones),
        certificate=certificate["CertificateArn"],
        log_bucket=example.existing.log_bucket,
    )
    template = build(replace(example, existing=existing)).to_dict()
    parameters = least(own) | {"Environment": "Production", "DataRetentionDays": "2555"}
    status = own.change(STACK, template, parameters, "CAPABILITY_NAMED_IAM")
    assert status == "CREATE_COMPLETE", own.reasons(STACK)
    ids, rds = own.physical_ids(STACK), own.client("rds")
    assert len(rds.describe_db_instances()["DBInstances"]) == 3
    vault = own.client("backup").describe_backup_vault(BackupVaultName=ids["BackupVault"])
    assert (vault["MinRetentionDays"], vault["Locked"]) == (90, True)
    plan = own.client("backup").get_backup_plan(BackupPlanId=ids["BackupPlan"])["BackupPlan"]
    (copy,) = plan["Rules"][0]["CopyActions"]
    assert copy["DestinationBackupVaultArn"] == example.protection.backups.copy_to
    role = own.client("iam").get_role(RoleName=ids["LambdaExecutionRole"])["Role"]
    assert role["RoleName"].startswith("bank-")
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == example.roles.boundary


def test_the_application_is_attached_by_the_commands_of_its_page(own):
    parameters = least(own) | {"Environment": "Staging"}
    own.change(STACK, build(load(STAGING)).to_dict(), parameters)
    page = (EXAMPLES / "README.md").read_text()
    (commands,) = (one for one in page.split("```sh\n")[1:] if "describe-stacks" in one)
    script = commands.split("```")[0].split("python examples")[0].replace("payments-staging", STACK)
    aws = f'aws() {{ "{AWS}" --endpoint-url "{own.url}" "$@"; }}\n'
    done = subprocess.run(
        ["bash", "-euc", aws + script],
        env=own.environment(),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert own.status(f"{STACK}-application") == "CREATE_COMPLETE"
    outputs, elbv2 = own.outputs(STACK), own.client("elbv2")
    for side in ("Primary", "Standby"):
        (target,) = elbv2.describe_target_health(TargetGroupArn=outputs[f"{side}TargetGroupArn"])[
            "TargetHealthDescriptions"
        ]
        found = own.client("ec2").describe_instances(InstanceIds=[target["Target"]["Id"]])
        (server,) = found["Reservations"][0]["Instances"]
        assert server["SubnetId"] in outputs["ApplicationSubnetIds"].split(",")
        groups = [one["GroupId"] for one in server["SecurityGroups"]]
        assert groups == [outputs["ApplicationSecurityGroupId"]]


def test_a_stack_is_deployed_into_a_network_and_under_a_key_that_are_there(own):
    zones = ("us-east-1a", "us-east-1b")
    existing = organisation(own, AddressPlan(), zones)
    settings = Settings(
        zones=zones,
        regions=("us-east-1",),
        database=DatabasePlan(readers=2),
        names=Names(prefix="acme-", region=True),
        roles=Roles(boundary=BOUNDARY, path="/platform/"),
        existing=existing,
    )
    parameters = least(own) | {"Environment": "Staging"}
    status = own.change(STACK, build(settings).to_dict(), parameters)
    assert status == "CREATE_COMPLETE", own.reasons(STACK)
    (cluster,) = own.client("rds").describe_db_clusters()["DBClusters"]
    assert len(cluster["DBClusterMembers"]) == 3
    assert cluster["KmsKeyId"] == existing.key
    buckets = {one["Name"] for one in own.client("s3").list_buckets()["Buckets"]}
    account_id = cluster["DBClusterArn"].split(":")[4]
    assert f"acme-{STACK}-artifacts-{account_id}-us-east-1" in buckets
    name = own.physical_ids(STACK)["LambdaExecutionRole"]
    role = own.client("iam").get_role(RoleName=name)["Role"]
    assert role["Path"] == "/platform/"
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY

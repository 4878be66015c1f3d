"""What an account tells before anything is sent: taken names, zones, records, and the database."""

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError
from refused import refused
from scene import ACCOUNT, REGION, STACK, TEMPLATE

from drtemplate.cloudformation.document import load_template
from drtemplate.cloudformation.parameters import MASK
from drtemplate.controls import Backups, Protection
from drtemplate.deploying.preflight import Stack
from drtemplate.deploying.taken import _vault
from drtemplate.deploying.update_checks import backtrack_notes, update_problems
from drtemplate.pipeline import render
from drtemplate.settings import Settings

RENDERED = load_template(TEMPLATE)


# names that are taken


def table(scene):
    scene.client("dynamodb").create_table(
        TableName=f"{STACK}-sessions",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
    )


def bucket(scene):
    scene.client("s3").create_bucket(Bucket=f"{STACK}-config-{ACCOUNT}")


def bucket_elsewhere(scene):
    scene.client("s3").create_bucket(
        Bucket=f"{STACK}-config-{ACCOUNT}",
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
    )


def log_group(scene):
    logs = scene.client("logs")
    logs.create_log_group(logGroupName=f"/aws/lambda/{STACK}-health-monitor")


def longer_log_group(scene):
    logs = scene.client("logs")
    logs.create_log_group(logGroupName=f"/aws/lambda/{STACK}-health-monitor-old")


def alias(scene):
    kms = scene.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"alias/{STACK}-key", TargetKeyId=key)


def dashboard(scene):
    scene.client("cloudwatch").put_dashboard(
        DashboardName=f"{STACK}-dr-monitoring", DashboardBody='{"widgets": []}'
    )


def balancer(scene):
    ec2, elbv2 = scene.client("ec2"), scene.client("elbv2")
    subnets = [one["SubnetId"] for one in ec2.describe_subnets()["Subnets"][:2]]
    elbv2.create_load_balancer(Name=f"{STACK}-primary-alb", Subnets=subnets)


def target_group(scene):
    scene.client("elbv2").create_target_group(Name=f"{STACK}-primary-tg", TargetType="lambda")


def parameter(scene):
    scene.client("ssm").put_parameter(Name=f"/{STACK}/failover/config", Value="{}", Type="String")


TAKEN = {
    table: (f"the table {STACK}-sessions", "no stack has it; a deleted one left it"),
    bucket: (f"the bucket {STACK}-config-{ACCOUNT}", "no stack has it"),
    bucket_elsewhere: (f"the bucket {STACK}-config-{ACCOUNT}", "in eu-west-1"),
    log_group: (f"log group /aws/lambda/{STACK}-health-monitor", "no stack has it"),
    alias: (f"the alias alias/{STACK}-key", "no stack has it"),
    dashboard: (f"the dashboard {STACK}-dr-monitoring", "the same in all regions"),
    balancer: (f"the load balancer {STACK}-primary-alb", "no stack has it"),
    target_group: (f"the target group {STACK}-primary-tg", "no stack has it"),
    parameter: (f"the parameter /{STACK}/failover/config", "no stack has it"),
}


@pytest.mark.parametrize("make", TAKEN, ids=lambda make: make.__name__)
def test_a_name_that_is_taken(scene, ready, make):
    make(scene)
    scene.asked.clear()
    refused(scene, ready, *TAKEN[make], "exists", "docs/runbook.md#")


@pytest.mark.parametrize(("kept", "refused"), [("admin", 1), (MASK, 0)])
def test_a_master_user_that_is_masked_is_no_other_one(kept, refused):
    cluster = {"Type": "AWS::RDS::DBCluster", "Properties": {"MasterUsername": {"Ref": "User"}}}
    living = SimpleNamespace(
        stack=Stack("CREATE_COMPLETE", {"User": kept}),
        values={"User": "root"},
        template={"Resources": {"Cluster": cluster}},
    )
    assert len(list(update_problems(living))) == refused


def test_a_vault_on_the_last_page_is_found():
    answers = {
        "": {"BackupVaultList": [{"BackupVaultName": "a"}], "NextToken": "2"},
        "2": {"BackupVaultList": [{"BackupVaultName": "b"}]},
    }
    client = SimpleNamespace(list_backup_vaults=lambda NextToken="": answers[NextToken])
    account = SimpleNamespace(client=lambda _: client)
    assert [_vault(account, name) for name in ("a", "b", "c")] == ["a", "b", ""]


def test_a_vault_that_a_deleted_stack_left(scene, good):
    settings = Settings(protection=Protection(backups=Backups()))
    request = scene.request(good, render(settings).text)
    assert scene.check(request)
    scene.client("backup").create_backup_vault(BackupVaultName=f"{STACK}-backups")
    scene.asked.clear()
    refused(scene, request, f"the backup vault {STACK}-backups", "no stack has it")


def test_a_name_that_only_begins_alike_is_free(scene, ready):
    longer_log_group(scene)
    assert scene.check(ready)
    assert not any("not checked: whether" in line for line in scene.said), scene.said


def test_whose_a_name_is(scene, ready, answered):
    """By the physical id, which moto does not look for."""
    answered["DescribeStackResources"] = {"StackResources": [{"StackName": "other"}]}
    table(scene)
    scene.asked.clear()
    refused(scene, ready, "the stack other has it")


def test_another_account_s_bucket_is_taken(scene, ready, answered):
    def head(arguments):
        if "config" in arguments["Bucket"]:
            raise ClientError({"Error": {"Code": "403"}}, "HeadBucket")
        return {} if "ExpectedBucketOwner" in arguments else missing()

    def missing():
        raise ClientError({"Error": {"Code": "404"}}, "HeadBucket")

    answered["HeadBucket"] = head
    refused(scene, ready, f"{STACK}-config-{ACCOUNT}", "another account's")


@pytest.mark.parametrize("code", ["AccessDenied", "UnknownOperationException"])
def test_what_cannot_be_asked_is_said_and_stops_nothing(scene, ready, answered, code):
    answered["DescribeTable"] = answered["DescribeSubnets"] = code
    answered["ListResourceRecordSets"] = code
    assert scene.check(ready)
    unchecked = [line for line in scene.said if line.startswith("not checked: ")]
    for words in (f"{STACK}-sessions", "zones", "records"):
        assert any(words in line and code in line for line in unchecked), words


# zones


def offered(*zones):
    return {
        "OrderableDBInstanceOptions": [{"AvailabilityZones": [{"Name": zone} for zone in zones]}]
    }


def test_an_instance_class_that_a_zone_lacks(scene, ready, answered):
    answered["DescribeOrderableDBInstanceOptions"] = offered(f"{REGION}a")
    line = refused(scene, ready, f"{REGION}b", "does not offer", f"{REGION}a do")
    assert "PrimaryDBInstance" not in line
    answered["DescribeOrderableDBInstanceOptions"] = offered(f"{REGION}a", f"{REGION}b")
    assert scene.check(ready)
    assert "not checked" not in scene.text


SUBNET = """
Resources:
  PublicSubnet1:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: %s, CidrBlock: %s, AvailabilityZone: %s}
"""


@pytest.mark.parametrize("zone", ["a", "c"])
def test_a_zone_that_moved(scene, ready, answered, zone):
    """GetAZs gives the zones that have a default subnet; the stack was made when it gave another."""
    ec2 = scene.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    scene.create(SUBNET % (vpc, "10.9.1.0/24", f"{REGION}{zone}"))
    scene.asked.clear()
    answered["DescribeOrderableDBInstanceOptions"] = offered(f"{REGION}a", f"{REGION}b")
    if zone == "a":
        assert scene.check(ready)
    else:
        refused(scene, ready, f"PublicSubnet1 from {REGION}c to {REGION}a", "settings")


# records


def record(scene, zone, name, type_, **more):
    values = {"TTL": 60, "ResourceRecords": [{"Value": more.pop("value", "192.0.2.1")}]}
    scene.client("route53").change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={
            "Changes": [
                {
                    "Action": "CREATE",
                    "ResourceRecordSet": {"Name": name, "Type": type_, **values, **more},
                }
            ]
        },
    )
    scene.asked.clear()


@pytest.mark.parametrize(
    ("name", "type_", "value", "words"),
    [
        ("pay.example.com", "A", "192.0.2.1", "has a record A of pay.example.com already"),
        ("pay.example.com", "CNAME", "a.b", "has a record CNAME of pay.example.com already"),
        ("pay.example.com", "NS", "ns.a.b", "pay.example.com is delegated"),
        ("pay.example.com", "CAA", '0 issue "letsencrypt.org"', "lets letsencrypt.org issue"),
        ("example.com", "CAA", '0 issue ";"', "lets nobody issue"),
        ("pay.example.com", "TXT", '"x"', ""),
        ("example.com", "CAA", '0 issue "amazon.com"', ""),
        ("example.com", "CAA", '0 iodef "mailto:a@example.com"', ""),
        ("other.example.com", "A", "192.0.2.1", ""),
        ("xpay.example.com", "NS", "ns.a.b", ""),
    ],
)  # fmt: skip
def test_what_stands_in_the_zone(scene, ready, good, name, type_, value, words):
    record(scene, good["HostedZoneId"], name, type_, value=value)
    if words:
        refused(scene, ready, words)
    else:
        assert scene.check(ready)


def test_what_only_dns_could_tell_is_said_once(scene, ready, good):
    """Of a new name: who must be delegated to; nobody here asks DNS."""
    zone = scene.client("route53").get_hosted_zone(Id=good["HostedZoneId"])
    assert scene.check(ready)
    (line,) = [line for line in scene.said if "dig +short NS example.com" in line]
    assert all(server in line for server in zone["DelegationSet"]["NameServers"])


def test_a_delegation_on_the_way(scene, good):
    record(scene, good["HostedZoneId"], "sub.example.com", "NS", value="ns.a.b")
    request = scene.request(good | {"DomainName": "a.sub.example.com"})
    refused(scene, request, "sub.example.com is delegated")


# the database, and what is told


DATABASE = """
Parameters:
  DBMasterUsername: {Type: String, Default: admin}
  BacktrackWindow: {Type: Number, Default: 0}
Resources:
  Wait: {Type: AWS::SSM::Parameter, Properties: {Name: /w, Type: String, Value: a}}
"""


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"DBMasterUsername": "root"}, "has the master user 'admin'"),
        ({"BacktrackWindow": 3600}, "can only be turned on when a cluster is made"),
        ({"DBMasterUsername": "admin", "BacktrackWindow": 0}, ""),
        ({}, ""),
    ],
)
def test_what_no_update_can_change(scene, good, given, words):
    scene.create(DATABASE)
    request = scene.request(good | given)
    scene.asked.clear()
    if words:
        refused(scene, request, words, "docs/runbook.md#")
    else:
        assert scene.check(request)


def test_a_subscription_that_nobody_confirmed_is_told(scene, ready, answered):
    scene.create("Resources: {AlertTopic: {Type: AWS::SNS::Topic}}")
    told = [
        {"SubscriptionArn": "PendingConfirmation", "Endpoint": "oncall@example.com"},
        {"SubscriptionArn": "arn:aws:sns:a:1:b:c", "Endpoint": "other@example.com"},
    ]
    answered["ListSubscriptionsByTopic"] = {"Subscriptions": told}
    assert scene.check(ready)
    (line,) = [line for line in scene.said if "has not confirmed" in line]
    assert "oncall@example.com" in line


@pytest.mark.parametrize(("disabled", "inverted"), [(True, False), (False, False)])
def test_a_health_check_that_never_looks_is_told(scene, ready, disabled, inverted):
    scene.create(
        "Resources: {StandbyHealthCheck: {Type: AWS::Route53::HealthCheck, Properties: "
        "{HealthCheckConfig: {Type: HTTPS, FullyQualifiedDomainName: a.example.com, Port: 443}}}}"
    )
    scene.set_health_check("StandbyHealthCheck", disabled, inverted)
    assert scene.check(ready)
    assert any("StandbyHealthCheck is Disabled" in line for line in scene.said) is disabled


@pytest.mark.parametrize(
    ("region", "window", "vault", "status", "words"),
    [
        ("eu-north-1", "259200", "eu-west-1", "", ["in eu-north-1 when"]),
        ("eu-north-1", "0", "eu-south-1", "", []),
        ("eu-north-1", "259200", "eu-west-1", "CREATE_COMPLETE", []),
        ("us-east-1", "259200", "eu-south-1", "CREATE_COMPLETE", ["copied to eu-south-1"]),
        ("us-east-1", "259200", "us-west-2", "", []),
    ],
)
def test_a_region_without_backtrack_is_told(region, window, vault, status, words):
    """AWS refuses the cluster there, and the restore of a copy from elsewhere."""
    copied = Protection(
        backups=Backups(copy_to=f"arn:aws:backup:{vault}:{ACCOUNT}:backup-vault:copies")
    )
    living = SimpleNamespace(
        target=SimpleNamespace(region=region),
        stack=Stack(status, {}),
        template=render(Settings(protection=copied)).template,
        text=lambda value: window if value == {"Ref": "BacktrackWindow"} else value,
    )
    told = list(backtrack_notes(living))
    assert len(told) == len(words)
    assert all(one in line for one, line in zip(words, told, strict=True))

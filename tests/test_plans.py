"""What each choice of the plans does to the stack."""

import json
import re

import pytest

from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.names import STACK_NAME_LENGTH, name_problems
from drtemplate.controls import Backups, Protection, Records
from drtemplate.plans import Automation, DatabasePlan, Existing, Names, Roles
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build

ACCOUNT = "111122223333"


def rendered(**settings):
    return build(Settings(**settings)).to_dict()


def texts(value):
    if isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str):
        yield value


def properties(template, title):
    return template["Resources"][title]["Properties"]


def of_type(template, kind):
    return [one["Properties"] for one in template["Resources"].values() if one["Type"] == kind]


def test_a_prefix_stands_before_every_name_that_has_room_for_it():
    template = rendered(names=Names(prefix="acme-"))
    for title, one in template["Resources"].items():
        bare = [text for text in texts(one) if re.search(r"(?<!acme-)\$\{AWS::StackName\}", text)]
        short = one["Type"].startswith("AWS::ElasticLoadBalancingV2::")
        assert bool(bare) == (short and "Listener" not in one["Type"]), title
    # The dimension of the metrics, of which the handlers also make the names of alarms.
    for name in ("FailoverOrchestratorFunction", "HealthMonitorFunction"):
        variables = properties(template, name)["Environment"]["Variables"]
        assert text_of(variables["STACK_NAME"]) == "acme-${AWS::StackName}"
    (dimension,) = properties(template, "SlowFailoverAlarm")["Dimensions"]
    assert text_of(dimension["Value"]) == "acme-${AWS::StackName}"


def test_the_longest_name_of_a_role_is_one_for_iam():
    template = rendered(names=Names(prefix="bank-"), roles=Roles(name_prefix="prefix-tens"))
    assert all(len(one["RoleName"]["Fn::Sub"]) > 40 for one in of_type(template, "AWS::IAM::Role"))
    assert list(name_problems(template, "s" * STACK_NAME_LENGTH)) == []


def test_the_region_stands_in_what_no_two_regions_may_share_and_in_the_link_to_it():
    template = rendered(names=Names(region=True), records=Records(flow_logs=True))
    names = [text_of(one["BucketName"]) for one in of_type(template, "AWS::S3::Bucket")]
    names += [text_of(properties(template, "MonitoringDashboard")["DashboardName"])]
    assert len(names) == 4
    assert all(name.endswith("-${AWS::Region}") for name in names)
    assert text_of(template["Outputs"]["DashboardURL"]["Value"]).endswith(names[-1])


def test_every_role_has_what_the_organisation_asks_for():
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/Boundary"
    template = rendered(
        roles=Roles(boundary=boundary, path="/platform/", name_prefix="acme-"),
        protection=Protection(backups=Backups()),
    )
    roles = of_type(template, "AWS::IAM::Role")
    assert len(roles) == 3
    assert {(one["PermissionsBoundary"], one["Path"]) for one in roles} == {
        (boundary, "/platform/")
    }
    names = {text_of(one["RoleName"]) for one in roles}
    assert len(names) == 3
    assert all(name.startswith("acme-${AWS::StackName}-${AWS::Region}-") for name in names)


def test_zones_by_name_are_those_of_subnets_and_database():
    template = rendered(zones=("us-east-1b", "us-east-1d"), regions=("us-east-1",))
    assert "GetAZs" not in json.dumps(template)
    assert {one["AvailabilityZone"] for one in of_type(template, "AWS::EC2::Subnet")} == {
        "us-east-1b",
        "us-east-1d",
    }
    assert properties(template, "PrimaryDBInstance")["AvailabilityZone"] == "us-east-1b"


NETWORK = {
    "vpc": "vpc-01234567",
    "public_subnets": ("subnet-a0000001", "subnet-a0000002"),
    "private_subnets": ("subnet-b0000001", "subnet-b0000002"),
    "database_subnets": ("subnet-d0000001", "subnet-d0000002"),
}


@pytest.mark.parametrize("tables", [(), ("rtb-01234567",)])
def test_an_existing_network_is_used_and_nothing_of_it_made(tables):
    template = rendered(
        existing=Existing(**NETWORK, private_route_tables=tables),
        zones=("us-east-1a", "us-east-1b"),
        regions=("us-east-1",),
    )
    made = {one["Type"] for one in template["Resources"].values() if "EC2" in one["Type"]}
    assert made == {"AWS::EC2::SecurityGroup"} | ({"AWS::EC2::VPCEndpoint"} if tables else set())
    assert properties(template, "PrimaryALB")["Subnets"] == [*NETWORK["public_subnets"]]
    assert properties(template, "DBSubnetGroup")["SubnetIds"] == [*NETWORK["database_subnets"]]
    observers = ("HealthMonitorFunction", "HealthMonitorFunction2")
    for title, subnet in zip(observers, NETWORK["private_subnets"], strict=True):
        assert properties(template, title)["VpcConfig"]["SubnetIds"] == [subnet]
        assert "DependsOn" not in template["Resources"][title]
    outputs = template["Outputs"]
    assert outputs["VPCId"]["Value"] == "vpc-01234567"
    assert outputs["ApplicationSubnetIds"]["Value"] == "subnet-b0000001,subnet-b0000002"
    for endpoint in of_type(template, "AWS::EC2::VPCEndpoint"):
        assert endpoint["RouteTableIds"] == [*tables]


def test_an_existing_key_encrypts_the_data_and_its_loss_is_told():
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0a1b2c3d"
    template = rendered(existing=Existing(key=key))
    assert not {"KMSKey", "KMSKeyAlias"} & template["Resources"].keys()
    assert "OperationsKey" in template["Resources"]
    cluster = properties(template, "AuroraDBCluster")
    assert (cluster["KmsKeyId"], cluster["PerformanceInsightsKmsKeyId"]) == (key, key)
    assert properties(template, "SessionStateTable")["SSESpecification"]["KMSMasterKeyId"] == key
    pattern = properties(template, "KeyLossRule")["EventPattern"]
    told = pattern["detail"]["requestParameters"]["keyId"]
    assert told[:2] == ["0a1b2c3d", key]


def test_an_existing_certificate_is_shown_and_none_made():
    arn = f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/0a1b2c3d"
    template = rendered(existing=Existing(certificate=arn))
    assert "Certificate" not in template["Resources"]
    for side in ("Primary", "Standby"):
        listener = properties(template, f"{side}HTTPSListener")
        assert listener["Certificates"] == [{"CertificateArn": arn}]


def test_an_existing_bucket_gets_the_logs_and_its_policy_is_not_touched():
    template = rendered(
        existing=Existing(log_bucket="acme-logs"),
        records=Records(flow_logs=True, load_balancer_logs=True, bucket_logs=True),
    )
    assert not {"LogBucket", "LogBucketPolicy"} & template["Resources"].keys()
    assert text_of(properties(template, "VPCFlowLog")["LogDestination"]) == (
        "arn:${AWS::Partition}:s3:::acme-logs"
    )
    logging = properties(template, "ConfigurationBucket")["LoggingConfiguration"]
    assert logging["DestinationBucketName"] == "acme-logs"
    attributes = properties(template, "PrimaryALB")["LoadBalancerAttributes"]
    assert {"Key": "access_logs.s3.bucket", "Value": "acme-logs"} in attributes


def test_times_and_classes_of_the_database():
    plan = DatabasePlan(
        instance_class="db.r6g.large",
        backup_retention_days=7,
        backup_window="22:00-23:00",
        maintenance_start="sat:01:00",
    )
    template = rendered(database=plan)
    cluster = properties(template, "AuroraDBCluster")
    assert (cluster["BackupRetentionPeriod"], cluster["PreferredBackupWindow"]) == (
        7,
        "22:00-23:00",
    )
    instances = of_type(template, "AWS::RDS::DBInstance")
    assert {one["DBInstanceClass"] for one in instances} == {"db.r6g.large"}
    windows = [one["PreferredMaintenanceWindow"] for one in (cluster, *instances)]
    assert windows == ["sat:01:00-sat:02:00", "sat:03:30-sat:04:00", "sat:02:30-sat:03:00"]


def test_thresholds_reach_alarms_health_checks_and_the_configuration():
    wanted = Automation(
        rto_seconds=60,
        rpo_seconds=5,
        connections=500,
        cooldown_seconds=600,
        health_check_failures=3,
        target_interval_seconds=10,
        target_failures=4,
    )
    template = rendered(automation=wanted)
    thresholds = [
        properties(template, title)["Threshold"]
        for title in ("SlowFailoverAlarm", "ReplicationLagAlarm", "DatabaseConnectionAlarm")
    ]
    assert thresholds == [60, 5000, 500]
    assert "5 seconds old" in properties(template, "ReplicationLagAlarm")["AlarmDescription"]
    check = properties(template, "PrimaryHealthCheck")["HealthCheckConfig"]
    assert check["FailureThreshold"] == 3
    group = properties(template, "PrimaryTargetGroup")
    assert (group["HealthCheckIntervalSeconds"], group["UnhealthyThresholdCount"]) == (10, 4)
    configuration = text_of(properties(template, "FailoverConfigParameter")["Value"])
    assert '"cooldown_seconds": 600' in configuration
    assert '"rto_seconds": 60' in configuration


def test_retentions():
    template = rendered(
        log_retention_days=7, protection=Protection(retention_days=30, retention_floor_days=30)
    )
    assert {one["RetentionInDays"] for one in of_type(template, "AWS::Logs::LogGroup")} == {7}
    parameter = template["Parameters"]["DataRetentionDays"]
    assert (parameter["Default"], parameter["MinValue"]) == (30, 30)

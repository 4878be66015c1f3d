"""The settings that are off by default: what each renders, and what is refused."""

import pytest
from refusals import one_line

from drtemplate.checks.lint import lint
from drtemplate.cloudformation.changes import compare
from drtemplate.cloudformation.patterns import matches
from drtemplate.cloudformation.policies import statements
from drtemplate.cloudformation.updates import Behaviour
from drtemplate.controls import AlertEndpoint, Backups, Protection, Records
from drtemplate.errors import SettingsError
from drtemplate.pipeline import render
from drtemplate.plans import DatabasePlan, Existing
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build

REFUSED = {
    "a floor of no days": (Protection, {"retention_floor_days": 0}, "retention_floor_days"),
    "a floor above the default": (Protection, {"retention_floor_days": 2556}, "2555"),
    "a floor in text": (Protection, {"retention_floor_days": "30"}, "retention_floor_days"),
    "a floor that is true": (Protection, {"retention_floor_days": True}, "retention_floor_days"),
    "another lock": (Protection, {"object_lock": "LEGAL_HOLD"}, "GOVERNANCE, COMPLIANCE"),
    "a user for a role": (
        Protection,
        {"key_deletion_role": "arn:aws:iam::111122223333:user/x"},
        "key_deletion_role",
    ),
    "a snapshot of two lines": (Protection, {"snapshot": "a\nb"}, "snapshot"),
    "support in text": (Protection, {"extended_support": "no"}, "extended_support"),
    "a vault's name": (Backups, {"copy_to": "vault"}, "copy_to"),
    "a copy kept for no day": (Backups, {"retention_days": 0}, "retention_days"),
    "a lock's grace too short": (Backups, {"lock": True, "lock_grace_days": 2}, "lock_grace_days"),
    "a grace without a lock": (Backups, {"lock_grace_days": 7}, "without backups.lock"),
    "an unknown event": (Records, {"database_audit": ("LOGIN",)}, "database_audit"),
    "flow logs in text": (Records, {"flow_logs": "yes"}, "flow_logs"),
    "a retention of nothing": (Records, {"retention_days": 30}, "records.retention_days"),
    "another protocol": (AlertEndpoint, {"protocol": "sms", "endpoint": "1"}, "protocol"),
    "plain HTTP": (AlertEndpoint, {"protocol": "https", "endpoint": "http://x"}, "alert endpoint"),
    "a channel without its workspace": (
        AlertEndpoint,
        {"protocol": "slack", "endpoint": "C01ABCDEF"},
        "alert endpoint",
    ),
    "no address": (AlertEndpoint, {"protocol": "email", "endpoint": "ops"}, "alert endpoint"),
    "an endpoint twice": (
        Settings,
        {"alert_endpoints": (AlertEndpoint(protocol="email", endpoint="a@b.example"),) * 2},
        "alert_endpoints",
    ),
    "a retention of a bucket that is another's": (
        Settings,
        {
            "existing": Existing(log_bucket="bank-logs"),
            "records": Records(bucket_logs=True, retention_days=30),
        },
        "existing.log_bucket",
    ),
    "a snapshot of another region": (
        Settings,
        {
            "protection": Protection(
                snapshot="arn:aws:rds:eu-west-1:111122223333:cluster-snapshot:payments-final"
            )
        },
        "protection.snapshot is in eu-west-1",
    ),
    "egress in text": (Settings, {"close_application_egress": "yes"}, "close_application_egress"),
}


@pytest.mark.parametrize(("part", "values", "named"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_meant_is_refused_in_one_line(part, values, named):
    assert named in one_line(SettingsError, part, **values)


def rendered(**settings):
    return build(Settings(**settings)).to_dict()["Resources"]


def cluster(**settings):
    return rendered(**settings)["AuroraDBCluster"]["Properties"]


def test_the_audit_log_is_written_and_exported():
    resources = rendered(records=Records(database_audit=("CONNECT", "QUERY_DDL")))
    group = resources["DBClusterParameterGroup"]["Properties"]["Parameters"]
    assert (group["server_audit_logging"], group["server_audit_events"]) == (1, "CONNECT,QUERY_DDL")
    exports = resources["AuroraDBCluster"]["Properties"]["EnableCloudwatchLogsExports"]
    assert exports == ["error", "audit"]


def test_a_cluster_from_a_snapshot_has_its_database_and_its_user():
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-rds-dbcluster.html"""
    made = cluster(protection=Protection(snapshot="payments-final"))
    assert made["SnapshotIdentifier"] == "payments-final"
    inherited = {"DatabaseName", "MasterUsername", "MasterUserPassword", "StorageEncrypted"}
    assert not inherited & made.keys()
    assert cluster().keys() - made.keys() == inherited


def test_a_password_beside_a_snapshot_is_not_promised_to_be_used():
    parameters = build(Settings(protection=Protection(snapshot="payments-final"))).to_dict()
    assert "not used" in parameters["Parameters"]["DBMasterPassword"]["Description"]


@pytest.mark.parametrize(
    ("size", "shown"),
    [("db.t3.medium", False), ("db.t4g.small", False), ("db.t4g.medium", True)],
)
def test_a_class_of_which_rds_shows_no_load_is_not_refused_for_it(size, shown):
    """https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_DatabaseInsights.Engines.html"""
    made = cluster(database=DatabasePlan(instance_class=size))
    assert made["PerformanceInsightsEnabled"] is shown
    assert ("PerformanceInsightsKmsKeyId" in made) is shown


def test_extended_support_can_be_declined():
    made = cluster(protection=Protection(extended_support=False))
    assert made["EngineLifecycleSupport"] == "open-source-rds-extended-support-disabled"


def properties_of(resources, title):
    return resources[title]["Properties"]


VAULT = "arn:aws:backup:eu-west-1:111122223333:backup-vault:copies"
ROLE = "arn:aws:iam::111122223333:role/keys/KeyKeeper"
MAIL = AlertEndpoint(protocol="email", endpoint="second@bank.example")
HOOK = AlertEndpoint(protocol="https", endpoint="https://hooks.bank.example/alerts")
CHAT = AlertEndpoint(protocol="slack", endpoint="T01ABCDEF/C01ABCDEF")
EVERYTHING = Settings(
    protection=Protection(
        retention_floor_days=365,
        object_lock="COMPLIANCE",
        key_deletion_role=ROLE,
        snapshot="payments-final",
        extended_support=False,
        backups=Backups(copy_to=VAULT, lock=True),
    ),
    records=Records(
        flow_logs=True,
        load_balancer_logs=True,
        bucket_logs=True,
        database_audit=("CONNECT",),
        retention_days=90,
    ),
    alert_endpoints=(MAIL, HOOK, CHAT),
    close_application_egress=True,
)


def test_with_every_control_the_template_is_valid():
    assert lint(render(EVERYTHING).text, ("us-east-1",)) == []


def test_no_control_adds_a_resource_by_itself():
    default = rendered()
    added = {"LogBucket", "VPCFlowLog", "BackupVault", "BackupPlan", "BackupSelection", "ChatRole"}
    assert not added & default.keys()
    assert added <= build(EVERYTHING).to_dict()["Resources"].keys()


def test_a_snapshot_taken_away_or_set_on_a_live_stack_is_a_replacement():
    """What deployments refuse without a word for it."""
    plain, restored = (
        build(one).to_dict() for one in (Settings(), Settings(protection=Protection(snapshot="s")))
    )
    for before, after in ((plain, restored), (restored, plain)):
        found = {one.logical_id: one for one in compare(before, after).resources}
        assert found["AuroraDBCluster"].behaviour == Behaviour.REPLACEMENT
        assert found["AuroraDBCluster"].holds_data


def test_the_retention_has_a_floor():
    template = build(Settings(protection=Protection(retention_floor_days=2555))).to_dict()
    parameter = template["Parameters"]["DataRetentionDays"]
    assert parameter["MinValue"] == 2555
    assert "2555 or more" in parameter["ConstraintDescription"]


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_artifacts_are_locked_for_their_retention(mode):
    template = build(Settings(protection=Protection(object_lock=mode))).to_dict()
    # What S3 would refuse in the middle of a deployment.
    assert template["Parameters"]["DataRetentionDays"]["MaxValue"] == 36_500
    bucket = properties_of(template["Resources"], "ApplicationArtifactsBucket")
    assert bucket["ObjectLockEnabled"] is True
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    retention = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention == {"Mode": mode, "Days": {"Ref": "DataRetentionDays"}}


def test_a_key_is_deleted_by_one_role_only():
    resources = rendered(protection=Protection(key_deletion_role=ROLE))
    for key in ("KMSKey", "OperationsKey"):
        policy = statements(properties_of(resources, key)["KeyPolicy"])
        denied = next(one for one in policy if one.effect == "Deny")
        assert set(denied.actions) == {"kms:DisableKey", "kms:ScheduleKeyDeletion"}
        assert denied.conditions == (("ArnNotEquals", "aws:principalarn", (ROLE,)),)


def test_the_account_of_the_copies_may_use_the_key_of_the_data():
    """Aurora's snapshots stay under it, and AWS Backup copies them in the other account's name."""
    vault = "arn:aws-cn:backup:cn-north-1:444455556666:backup-vault:copies"
    resources = rendered(
        protection=Protection(backups=Backups(copy_to=vault)), regions=("cn-north-1",)
    )
    use, grant = statements(properties_of(resources, "KMSKey")["KeyPolicy"])[1:]
    for one in (use, grant):
        assert one.principals == (("AWS", "arn:aws-cn:iam::444455556666:root"),)
    assert {"kms:Decrypt", "kms:DescribeKey", "kms:ReEncrypt*"} <= set(use.actions)
    assert "kms:CreateGrant" in grant.actions
    assert grant.conditions == (("Bool", "kms:grantisforawsresource", ("true",)),)
    for one in (properties_of(resources, "OperationsKey"), properties_of(rendered(), "KMSKey")):
        assert "444455556666" not in str(one)


def test_every_reader_hears_of_alerts_and_of_lost_keys_and_keeps_its_id():
    both = rendered(alert_endpoints=(MAIL, HOOK))
    alone = rendered(alert_endpoints=(HOOK,))
    readers = {
        title: (one["Properties"]["TopicArn"]["Ref"], one["Properties"]["Endpoint"])
        for title, one in both.items()
        if one["Type"] == "AWS::SNS::Subscription"
    }
    assert set(readers.values()) == {
        (topic, one.endpoint) for topic in ("AlertTopic", "KeyLossTopic") for one in (MAIL, HOOK)
    }
    left = {title for title, (_, endpoint) in readers.items() if endpoint == HOOK.endpoint}
    assert left == {t for t, one in alone.items() if one["Type"] == "AWS::SNS::Subscription"}


def test_a_chat_hears_both_topics_and_may_do_nothing():
    resources = rendered(alert_endpoints=(CHAT,))
    (channel,) = (one["Properties"] for one in resources.values() if "SlackChannel" in one["Type"])
    assert (channel["SlackWorkspaceId"], channel["SlackChannelId"]) == ("T01ABCDEF", "C01ABCDEF")
    assert channel["SnsTopicArns"] == [{"Ref": "AlertTopic"}, {"Ref": "KeyLossTopic"}]
    # What is not set here is AdministratorAccess.
    assert "ReadOnly" in str(channel["GuardrailPolicies"])
    role = properties_of(resources, "ChatRole")
    assert role.keys() == {"AssumeRolePolicyDocument"}
    assert not any(one["Type"] == "AWS::SNS::Subscription" for one in resources.values())


def test_logs_go_to_a_bucket_into_which_only_their_services_write():
    resources = rendered(records=Records(flow_logs=True, load_balancer_logs=True, bucket_logs=True))
    policy = properties_of(resources, "LogBucketPolicy")["PolicyDocument"]
    writers = {
        one["Principal"]["Service"]: one["Resource"]["Fn::Sub"]
        for one in policy["Statement"]
        if one["Action"] == "s3:PutObject"
    }
    assert writers == {
        "delivery.logs.amazonaws.com": "${LogBucket.Arn}/AWSLogs/${AWS::AccountId}/*",
        "logdelivery.elasticloadbalancing.amazonaws.com": (
            "${LogBucket.Arn}/load-balancers/AWSLogs/${AWS::AccountId}/*"
        ),
        "logging.s3.amazonaws.com": "${LogBucket.Arn}/buckets/*",
    }
    attributes = properties_of(resources, "PrimaryALB")["LoadBalancerAttributes"]
    assert {"Key": "access_logs.s3.bucket", "Value": {"Ref": "LogBucket"}} in attributes
    for bucket in ("ApplicationArtifactsBucket", "ConfigurationBucket"):
        logging = properties_of(resources, bucket)["LoggingConfiguration"]
        assert logging["DestinationBucketName"] == {"Ref": "LogBucket"}
    # Refused until the policy lets the service in.
    for title in ("VPCFlowLog", "PrimaryALB", "StandbyALB", "ConfigurationBucket"):
        assert "LogBucketPolicy" in resources[title]["DependsOn"]


@pytest.mark.parametrize(
    ("wanted", "services"),
    [
        ({"flow_logs": True}, {"delivery.logs"}),
        ({"load_balancer_logs": True}, {"logdelivery.elasticloadbalancing"}),
        ({"bucket_logs": True}, {"logging.s3"}),
    ],
)
def test_a_log_that_is_not_wanted_has_no_way_in(wanted, services):
    policy = properties_of(rendered(records=Records(**wanted)), "LogBucketPolicy")["PolicyDocument"]
    allowed = {
        one["Principal"]["Service"] for one in policy["Statement"] if one["Effect"] == "Allow"
    }
    assert allowed == {f"{one}.amazonaws.com" for one in services}


def test_backups_are_copied_locked_and_of_all_that_holds_data():
    resources = rendered(
        protection=Protection(backups=Backups(copy_to=VAULT, lock=True, retention_days=90))
    )
    (rule,) = properties_of(resources, "BackupPlan")["BackupPlan"]["BackupPlanRule"]
    assert rule["Lifecycle"] == {"DeleteAfterDays": 90}
    assert rule["CopyActions"] == [
        {"DestinationBackupVaultArn": VAULT, "Lifecycle": {"DeleteAfterDays": 90}}
    ]
    lock = properties_of(resources, "BackupVault")["LockConfiguration"]
    assert (lock["MinRetentionDays"], lock["ChangeableForDays"]) == (90, 3)
    selection = properties_of(resources, "BackupSelection")["BackupSelection"]
    assert {one["Fn::GetAtt"][0] for one in selection["Resources"]} == {
        "AuroraDBCluster",
        "SessionStateTable",
        "FailoverStateTable",
        "ApplicationArtifactsBucket",
        "ConfigurationBucket",
    }


@pytest.mark.parametrize(
    ("kind", "state", "role", "told"),
    [
        ("Backup Job State Change", "FAILED", "ours", True),
        ("Backup Job State Change", "EXPIRED", "ours", True),
        ("Copy Job State Change", "FAILED", "ours", True),
        ("Backup Job State Change", "COMPLETED", "ours", False),
        ("Backup Job State Change", "FAILED", "another", False),
    ],
)
def test_a_failed_backup_of_this_stack_is_told(kind, state, role, told):
    """The event is AWS's example: https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html"""
    resources = rendered(protection=Protection(backups=Backups()))
    rule = properties_of(resources, "BackupFailureRule")
    pattern = rule["EventPattern"]
    assert pattern["detail"]["iamRoleArn"] == [{"Fn::GetAtt": ["BackupRole", "Arn"]}]
    pattern["detail"]["iamRoleArn"] = ["ours"]
    detail = {"state": state, "iamRoleArn": role, "resourceType": "Aurora"}
    event = {"source": "aws.backup", "detail-type": kind, "detail": detail}
    assert matches(pattern, event) is told
    assert [one["Arn"] for one in rule["Targets"]] == [{"Ref": "AlertTopic"}]


def test_a_vault_without_a_lock_has_none():
    resources = rendered(protection=Protection(backups=Backups()))
    assert "LockConfiguration" not in properties_of(resources, "BackupVault")
    (rule,) = properties_of(resources, "BackupPlan")["BackupPlan"]["BackupPlanRule"]
    assert "CopyActions" not in rule

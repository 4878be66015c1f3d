"""The stack with the controls on that are off by default: deployed, read back and deleted."""

import pytest
from given import least

from drtemplate.controls import AlertEndpoint, Backups, Protection, Records
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build

STACK = "guarded-dr"
HOOK = AlertEndpoint(protocol="https", endpoint="https://hooks.bank.example/alerts")
CHAT = AlertEndpoint(protocol="slack", endpoint="T01ABCDEF/C01ABCDEF")
COPIES = "arn:aws:backup:eu-west-1:111122223333:backup-vault:copies"
GUARDED = Settings(
    protection=Protection(
        retention_floor_days=2555,
        object_lock="COMPLIANCE",
        key_deletion_role="arn:aws:iam::111122223333:role/KeyKeeper",
        extended_support=False,
        backups=Backups(copy_to=COPIES, lock=True, retention_days=90),
    ),
    records=Records(
        flow_logs=True,
        load_balancer_logs=True,
        bucket_logs=True,
        database_audit=("CONNECT", "QUERY_DCL"),
    ),
    alert_endpoints=(HOOK, CHAT),
    close_application_egress=True,
)


@pytest.fixture(scope="module")
def guarded(own):
    parameters = least(own) | {"Environment": "Staging"}
    status = own.change(STACK, build(GUARDED).to_dict(), parameters)
    assert status == "CREATE_COMPLETE", own.reasons(STACK)
    return own.physical_ids(STACK)


def test_the_buckets_are_locked_and_logged(own, guarded):
    s3, artifacts, logs = (
        own.client("s3"),
        guarded["ApplicationArtifactsBucket"],
        guarded["LogBucket"],
    )
    lock = s3.get_object_lock_configuration(Bucket=artifacts)["ObjectLockConfiguration"]
    retention = lock["Rule"]["DefaultRetention"]
    assert (retention["Mode"], retention["Days"]) == ("COMPLIANCE", 2555)
    logged = s3.get_bucket_logging(Bucket=artifacts)["LoggingEnabled"]
    assert (logged["TargetBucket"], logged["TargetPrefix"]) == (logs, "buckets/")


def test_network_load_balancers_and_database_are_logged(own, guarded):
    (flow,) = own.client("ec2").describe_flow_logs()["FlowLogs"]
    assert flow["ResourceId"] == guarded["VPC"]
    assert flow["LogDestination"] == f"arn:aws:s3:::{guarded['LogBucket']}"
    found = own.client("elbv2").describe_load_balancer_attributes(
        LoadBalancerArn=guarded["PrimaryALB"]
    )
    attributes = {one["Key"]: one["Value"] for one in found["Attributes"]}
    assert attributes["access_logs.s3.bucket"] == guarded["LogBucket"]
    (cluster,) = own.client("rds").describe_db_clusters(
        DBClusterIdentifier=guarded["AuroraDBCluster"]
    )["DBClusters"]
    assert cluster["EnabledCloudwatchLogsExports"] == ["error", "audit"]


def test_further_readers_and_a_chat_hear_both_topics(own, guarded):
    topics = {guarded[name] for name in ("AlertTopic", "KeyLossTopic")}
    for topic in topics:
        heard = own.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        assert HOOK.endpoint in {one["Endpoint"] for one in heard}
    (chat,) = own.client("chatbot").describe_slack_channel_configurations()[
        "SlackChannelConfigurations"
    ]
    assert f"{chat['SlackTeamId']}/{chat['SlackChannelId']}" == CHAT.endpoint
    assert {*chat["SnsTopicArns"]} == topics
    role = own.client("iam").get_role(RoleName=guarded["ChatRole"])["Role"]
    assert chat["IamRoleArn"] == role["Arn"]


def test_all_data_is_backed_up_daily_into_a_locked_vault_and_copied(own, guarded):
    backup, plan = own.client("backup"), guarded["BackupPlan"]
    (rule,) = backup.get_backup_plan(BackupPlanId=plan)["BackupPlan"]["Rules"]
    assert (rule["TargetBackupVaultName"], rule["Lifecycle"]) == (
        guarded["BackupVault"],
        {"DeleteAfterDays": 90},
    )
    assert [one["DestinationBackupVaultArn"] for one in rule["CopyActions"]] == [COPIES]
    vault = backup.describe_backup_vault(BackupVaultName=guarded["BackupVault"])
    assert (vault["Locked"], vault["MinRetentionDays"]) == (True, 90)
    assert vault["EncryptionKeyArn"].endswith(guarded["KMSKey"])
    selection = backup.get_backup_selection(
        BackupPlanId=plan, SelectionId=guarded["BackupSelection"]
    )["BackupSelection"]
    role = own.client("iam").get_role(RoleName=guarded["BackupRole"])["Role"]
    assert selection["IamRoleArn"] == role["Arn"]
    (cluster,) = own.client("rds").describe_db_clusters()["DBClusters"]
    tables = [
        own.client("dynamodb").describe_table(TableName=guarded[name])["Table"]["TableArn"]
        for name in ("SessionStateTable", "FailoverStateTable")
    ]
    buckets = [
        f"arn:aws:s3:::{guarded[name]}"
        for name in ("ApplicationArtifactsBucket", "ConfigurationBucket")
    ]
    assert selection["Resources"] == [cluster["DBClusterArn"], *tables, *buckets]


def test_a_role_that_aws_backup_cannot_take_fails_the_stack(own):
    template = build(GUARDED).to_dict()
    trust = template["Resources"]["BackupRole"]["Properties"]["AssumeRolePolicyDocument"]
    trust["Statement"][0]["Principal"]["Service"] = "lambda.amazonaws.com"
    wanted = ("BackupRole", "BackupVault", "BackupPlan", "BackupSelection", "KMSKey")
    less = {name: template["Resources"][name] for name in wanted}
    less["BackupSelection"]["Properties"]["BackupSelection"]["Resources"] = ["arn:aws:s3:::x"]
    assert own.change("weak-dr", {"Resources": less}, {}) == "ROLLBACK_COMPLETE"
    assert "sufficient permissions" in str(own.reasons("weak-dr"))


def test_what_a_delete_leaves(own, guarded):
    """Last: the stack goes, and with it all that holds no data."""
    own.delete(STACK)
    assert STACK not in own.stacks()
    backup = own.client("backup")
    assert backup.list_backup_plans()["BackupPlansList"] == []
    vaults = [one["BackupVaultName"] for one in backup.list_backup_vaults()["BackupVaultList"]]
    assert vaults == [guarded["BackupVault"]]
    chats = own.client("chatbot").describe_slack_channel_configurations()
    assert chats["SlackChannelConfigurations"] == []
    kept = {one["Name"] for one in own.client("s3").list_buckets()["Buckets"]}
    assert {guarded["LogBucket"], guarded["ApplicationArtifactsBucket"]} <= kept


def test_a_cluster_is_made_from_the_snapshot_of_a_deleted_stack(own):
    """The final one of the stack above: its database and user, and all else as the new stack has it."""
    rds = own.client("rds")
    (left,) = rds.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    snapshot = left["DBClusterSnapshotIdentifier"]
    restored = build(Settings(protection=Protection(snapshot=snapshot))).to_dict()
    parameters = least(own) | {"Environment": "Staging"}
    assert own.change("back-dr", restored, parameters) == "CREATE_COMPLETE", own.reasons("back-dr")
    ids = own.physical_ids("back-dr")
    (cluster,) = rds.describe_db_clusters(DBClusterIdentifier=ids["AuroraDBCluster"])["DBClusters"]
    assert (cluster["DatabaseName"], cluster["MasterUsername"]) == ("financedb", "admin")
    assert (cluster["BackupRetentionPeriod"], cluster["BacktrackWindow"]) == (35, 259_200)
    assert cluster["KmsKeyId"].endswith(ids["KMSKey"])
    assert cluster["MasterUserSecret"]["KmsKeyId"].endswith(ids["KMSKey"])
    assert len(cluster["DBClusterMembers"]) == 2
    own.delete("back-dr")
    assert "back-dr" not in own.stacks()

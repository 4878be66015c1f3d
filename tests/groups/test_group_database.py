from itertools import pairwise

import pytest

from drtemplate.world.parts import window

INSTANCES = ["PrimaryDBInstance", "StandbyDBInstance"]


@pytest.fixture
def cluster(properties):
    return properties["AuroraDBCluster"]


@pytest.fixture
def parameters(properties):
    return properties["DBClusterParameterGroup"]["Parameters"]


def test_the_engine_is_on_the_long_term_line(cluster):
    assert cluster["Engine"] == "aurora-mysql"
    assert cluster["EngineVersion"].startswith("8.0.mysql_aurora.3.10.")


def test_backtrack_is_72_hours_in_seconds(cluster):
    assert cluster["BacktrackWindow"] == 72 * 60 * 60


def test_backtrack_is_the_deployers_choice(evaluate):
    assert evaluate(BacktrackWindow=0)["AuroraDBCluster"]["BacktrackWindow"] == 0


def test_the_window_is_the_only_switch_of_backtrack(cluster):
    assert "EnableBacktrack" not in cluster


@pytest.mark.parametrize(
    "name",
    ["sync_binlog", "aurora_enhanced_binlog", "binlog_backup", "binlog_replication_globaldb"],
)
def test_the_parameter_group_sets_nothing_that_excludes_backtrack_or_is_fixed(parameters, name):
    assert name not in parameters


def test_the_binlog_is_off_and_not_a_boolean(parameters):
    assert isinstance(parameters["binlog_format"], str)
    assert parameters["binlog_format"] == "OFF"


def test_what_may_not_be_modifiable_is_left_at_its_default(parameters):
    """1, every commit flushed, https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMySQL.Compare-v2-v3.html"""
    assert "innodb_flush_log_at_trx_commit" not in parameters


def test_a_client_without_tls_is_refused(parameters):
    assert parameters["require_secure_transport"] == "ON"


def test_a_delete_leaves_the_automated_backups_and_snapshots_say_whose_they_are(cluster):
    assert cluster["DeleteAutomatedBackups"] is False
    assert cluster["CopyTagsToSnapshot"] is True


def test_insights_are_the_free_ones_under_the_data_key(cluster):
    assert cluster["PerformanceInsightsEnabled"] is True
    assert cluster["PerformanceInsightsRetentionPeriod"] == 7
    assert cluster["PerformanceInsightsKmsKeyId"] == "KMSKey.Arn"


def test_extended_support_is_decided(cluster):
    assert cluster["EngineLifecycleSupport"] == "open-source-rds-extended-support"


def test_no_two_windows_meet(properties):
    cluster = properties["AuroraDBCluster"]
    windows = [
        cluster["PreferredMaintenanceWindow"],
        "sun:" + cluster["PreferredBackupWindow"].replace("-", "-sun:"),
    ]
    windows += [properties[title]["PreferredMaintenanceWindow"] for title in INSTANCES]
    spans = sorted(window(one) for one in windows)
    assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
    assert all(end - begin >= 30 * 60 for begin, end in spans), "the least that RDS takes"


def test_the_standby_is_patched_first(properties):
    primary, standby = (window(properties[one]["PreferredMaintenanceWindow"]) for one in INSTANCES)
    assert standby < primary


def test_the_cluster_uses_the_parameter_group(cluster, properties):
    assert cluster["DBClusterParameterGroupName"] == "DBClusterParameterGroup"
    assert properties["DBClusterParameterGroup"]["Family"] == "aurora-mysql8.0"


def test_a_given_password_is_used(evaluate):
    cluster = evaluate(DBMasterPassword="correct-horse")["AuroraDBCluster"]
    assert cluster["MasterUserPassword"] == "correct-horse"
    assert cluster["ManageMasterUserPassword"] is False
    assert "MasterUserSecret" not in cluster


def test_without_a_password_rds_manages_one_under_the_stacks_key(evaluate):
    cluster = evaluate(DBMasterPassword="")["AuroraDBCluster"]
    assert "MasterUserPassword" not in cluster
    assert cluster["ManageMasterUserPassword"] is True
    assert cluster["MasterUserSecret"] == {"KmsKeyId": "KMSKey"}


def test_no_password_is_the_default(evaluate):
    assert evaluate() == evaluate(DBMasterPassword="")


@pytest.mark.parametrize(("environment", "protected"), [("Production", True), ("Staging", False)])
def test_production_is_protected_from_deletion(evaluate, environment, protected):
    cluster = evaluate(Environment=environment)["AuroraDBCluster"]
    assert cluster["DeletionProtection"] is protected


def test_the_database_is_in_its_own_subnets(properties):
    assert properties["DBSubnetGroup"]["SubnetIds"] == ["DatabaseSubnet1", "DatabaseSubnet2"]
    assert properties["AuroraDBCluster"]["DBSubnetGroupName"] == "DBSubnetGroup"
    assert properties["AuroraDBCluster"]["VpcSecurityGroupIds"] == ["DatabaseSecurityGroup"]


def test_backups_reach_back_35_days(cluster):
    assert cluster["BackupRetentionPeriod"] == 35


def test_iam_may_sign_in_and_errors_are_exported(cluster):
    assert cluster["EnableIAMDatabaseAuthentication"] is True
    assert "error" in cluster["EnableCloudwatchLogsExports"]


def test_the_primary_is_made_first_and_so_becomes_the_writer(resources):
    depends = resources["StandbyDBInstance"]["DependsOn"]
    assert depends in ("PrimaryDBInstance", ["PrimaryDBInstance"])


def test_the_instances_are_in_the_zones_of_the_database_subnets(properties):
    zones = [properties[title]["AvailabilityZone"] for title in INSTANCES]
    assert zones == [properties[f"DatabaseSubnet{n}"]["AvailabilityZone"] for n in (1, 2)]
    assert len(set(zones)) == 2


def test_the_primary_is_first_and_the_standby_second_in_line(properties):
    assert [properties[title]["PromotionTier"] for title in INSTANCES] == [0, 1]


@pytest.mark.parametrize("title", INSTANCES)
def test_an_instance_keeps_the_chosen_minor_version(properties, title):
    assert properties[title]["AutoMinorVersionUpgrade"] is False


@pytest.mark.parametrize("title", INSTANCES)
def test_an_instance_is_a_private_member_of_the_cluster(properties, title):
    assert properties[title]["DBClusterIdentifier"] == "AuroraDBCluster"
    assert properties[title]["PubliclyAccessible"] is False
    assert properties[title]["Engine"] == "aurora-mysql"


def test_both_instances_can_carry_the_same_load(properties):
    assert {properties[title]["DBInstanceClass"] for title in INSTANCES} == {"db.r6g.xlarge"}


def test_the_master_user_is_the_deployers_choice(evaluate):
    assert evaluate(DBMasterUsername="root1")["AuroraDBCluster"]["MasterUsername"] == "root1"


def test_backups_end_before_maintenance_begins(cluster):
    assert cluster["PreferredBackupWindow"] == "03:00-04:00"
    assert cluster["PreferredMaintenanceWindow"] == "sun:04:00-sun:05:00"


def test_the_database_keeps_the_sources_name(cluster):
    assert (cluster["DatabaseName"], cluster["EngineMode"]) == ("financedb", "provisioned")

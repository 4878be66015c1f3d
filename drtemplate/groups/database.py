"""Aurora MySQL: one cluster, a writer, and a reader or more, in different zones."""

from troposphere import If, NoValue, Select, Snapshot, Tags, rds

from drtemplate.groups.dns import Dns
from drtemplate.groups.encryption import Encryption
from drtemplate.groups.network import Network
from drtemplate.groups.parameters import Parameters
from drtemplate.groups.security_groups import SecurityGroups
from drtemplate.plans import DatabasePlan
from drtemplate.settings import Settings
from drtemplate.template import StackTemplate, bundle, name_tags

ENGINE = "aurora-mysql"
# Days; these are free, and since August 2026 what is called the Standard mode of Database Insights.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_PerfInsights.Enabling.html
INSIGHTS_RETENTION = 7
EXTENDED_SUPPORT = {
    True: "open-source-rds-extended-support",
    False: "open-source-rds-extended-support-disabled",
}


@bundle
class Database:
    """The cluster and its instances; which of them writes changes with every failover."""

    cluster: rds.DBCluster
    primary: rds.DBInstance
    readers: tuple[rds.DBInstance, ...]

    @property
    def standby(self) -> rds.DBInstance:
        """The first reader."""
        return self.readers[0]

    @property
    def instances(self) -> tuple[rds.DBInstance, ...]:
        """All members of the cluster."""
        return self.primary, *self.readers


def add_database(
    template: StackTemplate,
    parameters: Parameters,
    network: Network,
    security_groups: SecurityGroups,
    encryption: Encryption,
    dns: Dns,
    settings: Settings,
) -> Database:
    """Add the cluster, then the primary instance, then the standby and further readers.

    The first instance that exists becomes the writer, so the readers wait for the primary.
    """
    cluster = _add_cluster(
        template, parameters, network, security_groups, encryption, dns, settings
    )
    plan = settings.database
    _, own_window, *windows = plan.maintenance_windows()
    primary = _add_instance(
        template, cluster, plan, network.zones[0], role="Primary", tier=0, window=own_window
    )
    readers = tuple(
        _add_instance(
            template,
            cluster,
            plan,
            network.zones[zone],
            role="Standby" if number == 1 else f"Reader{number}",
            tier=tier,
            window=window,
            DependsOn=primary.title,
        )
        for number, (zone, tier, window) in enumerate(
            zip(plan.zones(), plan.tiers(), windows, strict=True), 1
        )
    )
    return Database(cluster=cluster, primary=primary, readers=readers)


def _add_cluster(
    template: StackTemplate,
    parameters: Parameters,
    network: Network,
    security_groups: SecurityGroups,
    encryption: Encryption,
    dns: Dns,
    settings: Settings,
) -> rds.DBCluster:
    plan = settings.database
    subnets = _add_subnet_group(template, network)
    audit = settings.records.database_audit
    group = _add_cluster_settings(template, audit)
    return template.add_resource(
        rds.DBCluster(
            "AuroraDBCluster",
            # Protected from deletion in Production, so a rollback would stop here: what is likely to
            # fail, a record that is there already above all, comes before.
            DependsOn=[record.title for record in dns.records],
            DeletionPolicy=Snapshot,
            UpdateReplacePolicy=Snapshot,
            Engine=ENGINE,
            EngineMode="provisioned",
            EngineVersion=settings.engine_version,
            EngineLifecycleSupport=EXTENDED_SUPPORT[settings.protection.extended_support],
            **_origin(parameters, settings.protection.snapshot),
            **_master_secret(parameters, encryption),
            DBSubnetGroupName=subnets.ref(),
            DBClusterParameterGroupName=group.ref(),
            VpcSecurityGroupIds=[security_groups.database.ref()],
            BackupRetentionPeriod=plan.backup_retention_days,
            PreferredBackupWindow=plan.backup_window,
            # What a delete leaves beside the final snapshot: the way back to any second of its retention.
            DeleteAutomatedBackups=False,
            CopyTagsToSnapshot=True,
            PreferredMaintenanceWindow=plan.maintenance_windows()[0],
            KmsKeyId=encryption.data.ref(),
            BacktrackWindow=parameters.backtrack_window.ref(),
            EnableIAMDatabaseAuthentication=True,
            EnableCloudwatchLogsExports=["error", "audit"] if audit else ["error"],
            **_insights(plan, encryption),
            DeletionProtection=If(parameters.is_production, True, False),
            Tags=name_tags("aurora-cluster"),
        )
    )


def _add_subnet_group(template: StackTemplate, network: Network) -> rds.DBSubnetGroup:
    return template.add_resource(
        rds.DBSubnetGroup(
            "DBSubnetGroup",
            DBSubnetGroupDescription="Subnet group for Aurora cluster",
            SubnetIds=[subnet.ref() for subnet in network.database_subnets],
            Tags=name_tags("db-subnet-group"),
        )
    )


def _add_cluster_settings(
    template: StackTemplate, audit: tuple[str, ...]
) -> rds.DBClusterParameterGroup:
    """The parameters; the audit log's are dynamic, so the log is turned on without a restart.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Auditing.html
    """
    # Without a binlog recovery is shorter, and backtrack excludes the enhanced one for ever.
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Enhanced.binlog.html
    return template.add_resource(
        rds.DBClusterParameterGroup(
            "DBClusterParameterGroup",
            Description="Cluster parameter group for Aurora MySQL",
            Family="aurora-mysql8.0",
            Parameters={
                "binlog_format": "OFF",
                # A client without TLS is refused.
                "require_secure_transport": "ON",
                **(
                    {"server_audit_logging": 1, "server_audit_events": ",".join(audit)}
                    if audit
                    else {}
                ),
            },
        )
    )


def _origin(parameters: Parameters, snapshot: str) -> dict[str, object]:
    """A new database and its master user, or the snapshot, which has its own of both.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-rds-dbcluster.html
    """
    if parameters.db_master_username is None:
        return {"SnapshotIdentifier": snapshot}
    return {
        "DatabaseName": "financedb",
        "MasterUsername": parameters.db_master_username.ref(),
        "MasterUserPassword": If(
            parameters.has_password, parameters.db_master_password.ref(), NoValue
        ),
        "StorageEncrypted": True,
    }


def _master_secret(parameters: Parameters, encryption: Encryption) -> dict[str, object]:
    """The password of the parameter, or without one a secret that RDS keeps and rotates.

    ``ManageMasterUserPassword`` is a plain false, not absent, with a password: only so does an
    update hand a managed secret back.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html
    """
    has_password = parameters.has_password
    return {
        "ManageMasterUserPassword": If(has_password, False, True),
        "MasterUserSecret": If(
            has_password, NoValue, rds.MasterUserSecret(KmsKeyId=encryption.data.ref())
        ),
    }


def _insights(plan: DatabasePlan, encryption: Encryption) -> dict[str, object]:
    """The load is shown, under the data key; RDS refuses it for the smallest classes."""
    if not plan.has_insights:
        return {"PerformanceInsightsEnabled": False}
    return {
        "PerformanceInsightsEnabled": True,
        "PerformanceInsightsKmsKeyId": encryption.data.get_att("Arn"),
        "PerformanceInsightsRetentionPeriod": INSIGHTS_RETENTION,
    }


def _add_instance(
    template: StackTemplate,
    cluster: rds.DBCluster,
    plan: DatabasePlan,
    zone: Select | str,
    *,
    role: str,
    tier: int,
    window: str,
    **depends: str,
) -> rds.DBInstance:
    return template.add_resource(
        rds.DBInstance(
            f"{role}DBInstance",
            **depends,
            DBInstanceClass=plan.instance_class,
            DBClusterIdentifier=cluster.ref(),
            Engine=ENGINE,
            AvailabilityZone=zone,
            PromotionTier=tier,
            # The minor version is chosen here and reviewed, not moved by a maintenance window.
            AutoMinorVersionUpgrade=False,
            PubliclyAccessible=False,
            PreferredMaintenanceWindow=window,
            Tags=name_tags(f"{role.lower()}-db") + Tags(Role=role),
        )
    )

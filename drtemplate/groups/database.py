"""Aurora MySQL: one cluster, a writer and a reader in different zones."""

from troposphere import If, NoValue, Snapshot, Tags, rds

from drtemplate.groups.encryption import Encryption
from drtemplate.groups.network import Network, availability_zone
from drtemplate.groups.parameters import Parameters
from drtemplate.groups.security_groups import SecurityGroups
from drtemplate.template import StackTemplate, bundle, name_tags

ENGINE = "aurora-mysql"


@bundle
class Database:
    """The cluster and its instances; which of them writes changes with every failover."""

    cluster: rds.DBCluster
    primary: rds.DBInstance
    standby: rds.DBInstance

    @property
    def instances(self) -> tuple[rds.DBInstance, rds.DBInstance]:
        """All members of the cluster."""
        return self.primary, self.standby


def add_database(
    template: StackTemplate,
    parameters: Parameters,
    network: Network,
    security_groups: SecurityGroups,
    encryption: Encryption,
    engine_version: str,
) -> Database:
    """Add the cluster, then the primary instance, then the standby.

    The first instance that exists becomes the writer, so the standby waits for the primary.
    """
    cluster = _add_cluster(
        template, parameters, network, security_groups, encryption, engine_version
    )
    primary = _add_instance(template, cluster, zone=0, role="Primary")
    standby = _add_instance(template, cluster, zone=1, role="Standby", DependsOn=primary.title)
    return Database(cluster=cluster, primary=primary, standby=standby)


def _add_cluster(
    template: StackTemplate,
    parameters: Parameters,
    network: Network,
    security_groups: SecurityGroups,
    encryption: Encryption,
    engine_version: str,
) -> rds.DBCluster:
    subnets = _add_subnet_group(template, network)
    settings = _add_cluster_settings(template)
    return template.add_resource(
        rds.DBCluster(
            "AuroraDBCluster",
            DeletionPolicy=Snapshot,
            UpdateReplacePolicy=Snapshot,
            Engine=ENGINE,
            EngineMode="provisioned",
            EngineVersion=engine_version,
            DatabaseName="financedb",
            **_master_user(parameters, encryption),
            DBSubnetGroupName=subnets.ref(),
            DBClusterParameterGroupName=settings.ref(),
            VpcSecurityGroupIds=[security_groups.database.ref()],
            BackupRetentionPeriod=35,
            PreferredBackupWindow="03:00-04:00",
            PreferredMaintenanceWindow="sun:04:00-sun:05:00",
            StorageEncrypted=True,
            KmsKeyId=encryption.data.ref(),
            BacktrackWindow=parameters.backtrack_window.ref(),
            EnableIAMDatabaseAuthentication=True,
            EnableCloudwatchLogsExports=["error"],
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


def _add_cluster_settings(template: StackTemplate) -> rds.DBClusterParameterGroup:
    # Without a binlog recovery is shorter, and backtrack excludes the enhanced one for ever.
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Enhanced.binlog.html
    return template.add_resource(
        rds.DBClusterParameterGroup(
            "DBClusterParameterGroup",
            Description="Cluster parameter group for Aurora MySQL",
            Family="aurora-mysql8.0",
            Parameters={"binlog_format": "OFF", "innodb_flush_log_at_trx_commit": 1},
        )
    )


def _master_user(parameters: Parameters, encryption: Encryption) -> dict[str, object]:
    """The password of the parameter, or without one a secret that RDS keeps and rotates.

    ``ManageMasterUserPassword`` is a plain false, not absent, with a password: only so does an
    update hand a managed secret back.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBCluster.html
    """
    has_password = parameters.has_password
    return {
        "MasterUsername": parameters.db_master_username.ref(),
        "MasterUserPassword": If(has_password, parameters.db_master_password.ref(), NoValue),
        "ManageMasterUserPassword": If(has_password, False, True),
        "MasterUserSecret": If(
            has_password, NoValue, rds.MasterUserSecret(KmsKeyId=encryption.data.ref())
        ),
    }


def _add_instance(
    template: StackTemplate, cluster: rds.DBCluster, zone: int, role: str, **depends: str
) -> rds.DBInstance:
    return template.add_resource(
        rds.DBInstance(
            f"{role}DBInstance",
            **depends,
            DBInstanceClass="db.r6g.xlarge",
            DBClusterIdentifier=cluster.ref(),
            Engine=ENGINE,
            AvailabilityZone=availability_zone(zone),
            PromotionTier=zone,
            # The minor version is chosen here and reviewed, not moved by a maintenance window.
            AutoMinorVersionUpgrade=False,
            PubliclyAccessible=False,
            Tags=name_tags(f"{role.lower()}-db") + Tags(Role=role),
        )
    )

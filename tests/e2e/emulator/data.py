"""Types that hold data: keys, buckets, Aurora, tables."""

import re
from typing import Any

from emulator.kinds import Kind, Refused, Resource, call, document
from emulator.network import constant, ident, physical_name, prop

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def renamed(node: Any, names: dict[str, str]) -> Any:
    """The value with keys, at any depth, as the API calls them."""
    if isinstance(node, list):
        return [renamed(one, names) for one in node]
    if isinstance(node, dict):
        return {names.get(key, key): renamed(value, names) for key, value in node.items()}
    return node


def lifecycle(configuration: dict[str, Any]) -> dict[str, Any]:
    """Flat lifecycle rules as S3 takes them."""
    rules = []
    for rule in configuration.get("Rules", ()):
        made = {"Filter": {"Prefix": ""}} | renamed(rule, {"Id": "ID"})
        if "ExpirationInDays" in made:
            made["Expiration"] = {"Days": made.pop("ExpirationInDays")}
        rules.append(made)
    return configuration | {"Rules": rules}


def bucket_check(resource: Resource) -> None:
    """S3's naming rule, and its lower bound for days."""
    name = resource.properties.get("BucketName", "a-name")
    if not BUCKET_NAME.fullmatch(name):
        raise Refused(
            f"Bucket name {name} should not contain uppercase characters, or is ill-formed"
        )
    rules = resource.properties.get("LifecycleConfiguration", {}).get("Rules", ())
    if any(int(rule.get("ExpirationInDays", 1)) < 1 for rule in rules):
        raise Refused("'Days' for Expiration action must be a positive integer")


def location(resource: Resource) -> dict[str, str] | None:
    """us-east-1 is the place without a name."""
    region = resource.stack.region
    return None if region == "us-east-1" else {"LocationConstraint": region}


KEY = Kind(
    type="AWS::KMS::Key",
    service="kms",
    create=call("create_key", "Description KeyPolicy>Policy"),
    identity="KeyMetadata.KeyId",
    then=(call("enable_key_rotation", "EnableKeyRotation>?", KeyId=ident),),
    attributes={"Arn": "KeyMetadata.Arn", "KeyId": "KeyMetadata.KeyId"},
    delete=(call("schedule_key_deletion", KeyId=ident),),
    convert={"KeyPolicy": document},
)

ALIAS = Kind(
    type="AWS::KMS::Alias",
    service="kms",
    create=call("create_alias", "AliasName TargetKeyId"),
    identity=prop("AliasName"),
    delete=(call("delete_alias", AliasName=ident),),
)

LIFECYCLE = call(
    "put_bucket_lifecycle_configuration",
    "LifecycleConfiguration",
    Bucket=ident,
)

BUCKET = Kind(
    type="AWS::S3::Bucket",
    service="s3",
    create=call("create_bucket", "BucketName>Bucket", CreateBucketConfiguration=location),
    identity=prop("BucketName"),
    then=(
        call(
            "put_bucket_encryption",
            "BucketEncryption>ServerSideEncryptionConfiguration",
            Bucket=ident,
        ),
        call("put_bucket_versioning", "VersioningConfiguration", Bucket=ident),
        LIFECYCLE,
        call("put_public_access_block", "PublicAccessBlockConfiguration", Bucket=ident),
        call("put_bucket_tagging", "Tags>Tagging.TagSet", Bucket=ident),
    ),
    attributes={"Arn": lambda r: f"arn:aws:s3:::{r.physical_id}"},
    update=(LIFECYCLE,),
    refresh=True,
    delete=(call("delete_bucket", Bucket=ident),),
    convert={
        "LifecycleConfiguration": lifecycle,
        "BucketEncryption": lambda value: renamed(
            value,
            {
                "ServerSideEncryptionConfiguration": "Rules",
                "ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault",
            },
        ),
    },
    check=bucket_check,
)

BUCKET_POLICY = Kind(
    type="AWS::S3::BucketPolicy",
    service="s3",
    create=call("put_bucket_policy", "Bucket PolicyDocument>Policy"),
    identity=prop("Bucket"),
    delete=(call("delete_bucket_policy", Bucket=ident),),
    convert={"PolicyDocument": document},
)

SUBNET_GROUP = Kind(
    type="AWS::RDS::DBSubnetGroup",
    service="rds",
    create=call(
        "create_db_subnet_group",
        "DBSubnetGroupDescription SubnetIds Tags",
        DBSubnetGroupName=physical_name(255, lower=True),
    ),
    identity="DBSubnetGroup.DBSubnetGroupName",
    delete=(call("delete_db_subnet_group", DBSubnetGroupName=ident),),
)

PARAMETER_GROUP = Kind(
    type="AWS::RDS::DBClusterParameterGroup",
    service="rds",
    create=call(
        "create_db_cluster_parameter_group",
        "Description Family>DBParameterGroupFamily Tags",
        DBClusterParameterGroupName=physical_name(255, lower=True),
    ),
    identity="DBClusterParameterGroup.DBClusterParameterGroupName",
    then=(
        call("modify_db_cluster_parameter_group", "Parameters", DBClusterParameterGroupName=ident),
    ),
    delete=(call("delete_db_cluster_parameter_group", DBClusterParameterGroupName=ident),),
    convert={
        "Parameters": lambda values: [
            {"ParameterName": k, "ParameterValue": v, "ApplyMethod": "pending-reboot"}
            for k, v in values.items()
        ]
    },
)

CLUSTER = Kind(
    type="AWS::RDS::DBCluster",
    service="rds",
    create=call(
        "create_db_cluster",
        "Engine EngineMode EngineVersion DatabaseName MasterUsername MasterUserPassword"
        " ManageMasterUserPassword MasterUserSecret>MasterUserSecretKmsKeyId DBSubnetGroupName"
        " DBClusterParameterGroupName VpcSecurityGroupIds BackupRetentionPeriod"
        " PreferredBackupWindow PreferredMaintenanceWindow StorageEncrypted KmsKeyId"
        " BacktrackWindow EnableIAMDatabaseAuthentication EnableCloudwatchLogsExports"
        " DeletionProtection Tags",
        DBClusterIdentifier=physical_name(63, lower=True),
    ),
    identity="DBCluster.DBClusterIdentifier",
    waiter=("db_cluster_available", "DBClusterIdentifier"),
    read=call("describe_db_clusters", DBClusterIdentifier=ident),
    attributes={
        "DBClusterArn": "DBClusters[0].DBClusterArn",
        "Endpoint.Address": "DBClusters[0].Endpoint",
        "Endpoint.Port": "DBClusters[0].Port",
        "ReadEndpoint.Address": "DBClusters[0].ReaderEndpoint",
        "MasterUserSecret.SecretArn": "DBClusters[0].MasterUserSecret.SecretArn",
    },
    update=(
        call(
            "modify_db_cluster",
            "MasterUserPassword ManageMasterUserPassword BackupRetentionPeriod"
            " MasterUserSecret>MasterUserSecretKmsKeyId BacktrackWindow DeletionProtection",
            DBClusterIdentifier=ident,
        ),
    ),
    delete=(
        call(
            "delete_db_cluster",
            DBClusterIdentifier=ident,
            SkipFinalSnapshot=lambda r: r.policy != "Snapshot",
            FinalDBSnapshotIdentifier=lambda r: (
                f"{r.physical_id}-snapshot" if r.policy == "Snapshot" else None
            ),
        ),
    ),
    convert={
        # Only its key can be given; anything else is refused as a value that is no text.
        "MasterUserSecret": lambda s: s["KmsKeyId"] if s.keys() == {"KmsKeyId"} else s,
    },
)

INSTANCE = Kind(
    type="AWS::RDS::DBInstance",
    service="rds",
    create=call(
        "create_db_instance",
        "DBInstanceClass DBClusterIdentifier Engine EngineVersion AvailabilityZone PromotionTier"
        " AutoMinorVersionUpgrade PubliclyAccessible Tags",
        DBInstanceIdentifier=physical_name(63, lower=True),
    ),
    identity="DBInstance.DBInstanceIdentifier",
    waiter=("db_instance_available", "DBInstanceIdentifier"),
    read=call("describe_db_instances", DBInstanceIdentifier=ident),
    attributes={
        "DBInstanceArn": "DBInstances[0].DBInstanceArn",
        "Endpoint.Address": "DBInstances[0].Endpoint.Address",
    },
    delete=(
        call("delete_db_instance", DBInstanceIdentifier=ident, SkipFinalSnapshot=constant(True)),
    ),
)

TABLE = Kind(
    type="AWS::DynamoDB::Table",
    service="dynamodb",
    create=call(
        "create_table",
        "TableName AttributeDefinitions KeySchema GlobalSecondaryIndexes BillingMode"
        " SSESpecification DeletionProtectionEnabled Tags",
    ),
    identity="TableDescription.TableName",
    then=(
        call("update_time_to_live", "TimeToLiveSpecification", TableName=ident),
        call("update_continuous_backups", "PointInTimeRecoverySpecification", TableName=ident),
    ),
    read=call("describe_table", TableName=ident),
    attributes={"Arn": "Table.TableArn"},
    update=(call("update_table", "DeletionProtectionEnabled", TableName=ident),),
    delete=(call("delete_table", TableName=ident),),
    convert={"SSESpecification": lambda value: renamed(value, {"SSEEnabled": "Enabled"})},
    ignore=frozenset({"ContributorInsightsSpecification"}),
)

KINDS = (
    KEY,
    ALIAS,
    BUCKET,
    BUCKET_POLICY,
    SUBNET_GROUP,
    PARAMETER_GROUP,
    CLUSTER,
    INSTANCE,
    TABLE,
)

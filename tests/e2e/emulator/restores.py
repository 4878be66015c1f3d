"""Ways back to data that moto 5.2.5 does not have: from a snapshot, and from what a deleted table leaves."""

from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Backup, Table
from moto.rds.models import DBCluster, RDSBackend

DELETE_TABLE = DynamoDBBackend.delete_table


def _restore_cluster(backend: RDSBackend, snapshot: str, asked: dict[str, Any]) -> DBCluster:
    """moto takes all attributes of the old cluster, and fails if RDS kept its password."""
    (found,) = backend.describe_db_cluster_snapshots(None, snapshot)
    kept = {
        name: getattr(found.cluster, name)
        for name in ("database_name", "master_username", "kms_key_id", "storage_encrypted")
    }
    asked = {name: value for name, value in asked.items() if value is not None}
    return backend.create_db_cluster(kept | {"master_user_password": "in the snapshot"} | asked)


def _delete_table(backend: DynamoDBBackend, name: str) -> Table:
    """A table that can be restored to any second leaves a backup.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html
    """
    table = DELETE_TABLE(backend, name)
    recovery = table.continuous_backups["PointInTimeRecoveryDescription"]
    if recovery["PointInTimeRecoveryStatus"] == "ENABLED":
        title = f"{table.name}$DeletedTableBackup"
        left = Backup(backend.account_id, backend.region_name, title, table, type_="SYSTEM")
        backend.backups[left.arn] = left
    return table


def mend_restores() -> None:
    """Let clusters be restored, and deleted tables leave a backup."""
    RDSBackend.restore_db_cluster_from_snapshot = _restore_cluster
    DynamoDBBackend.delete_table = _delete_table

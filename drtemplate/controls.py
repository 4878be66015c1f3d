"""Controls that cost money, or change who can reach what or for how long: off until a setting asks.

``docs/security.md`` says what each does, and what it needs of the account.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from drtemplate.errors import SettingsError

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}")
_VAULT = re.compile(r"arn:aws[a-z-]*:backup:[a-z0-9-]+:\d{12}:backup-vault:[\w-]{2,50}")
# A snapshot is named by its identifier, or across accounts by its ARN.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-rds-dbcluster.html
_SNAPSHOT = re.compile(r"(arn:aws[a-z-]*:rds:[a-z0-9-]+:\d{12}:cluster-snapshot:)?[\w:-]{1,255}")
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Auditing.html
AUDIT_EVENTS = ("CONNECT", "QUERY", "QUERY_DCL", "QUERY_DDL", "QUERY_DML", "TABLE")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
LOCK_MODES = ("GOVERNANCE", "COMPLIANCE")
# What each protocol of a subscription calls its endpoint.
# https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
ENDPOINTS = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "https": re.compile(r"https://[^\s@]+"),
    "lambda": re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w:-]+"),
}
# A vault's lock can be lifted during the first days, and never after.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
LEAST_GRACE = 3  # days
# Days; a century is the most that S3 and AWS Backup take.
LONGEST = 36_500
DEFAULT_RETENTION = (
    2555  # days: seven years; the floor is no higher, or the default would be refused
)
RECORDS_RETENTION = 365  # days


def _refuse(name: str, value: object, wanted: str) -> SettingsError:
    return SettingsError(f"settings: {name} {value!r} is not {wanted}")


def _check_flags(part: object, names: Collection[str]) -> None:
    for name in names:
        if not isinstance(getattr(part, name), bool):
            raise _refuse(name, getattr(part, name), "true or false")


def _check_days(name: str, value: object, least: int, most: int = LONGEST) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _refuse(name, value, f"a whole number of days from {least} to {most}")


def _check_text(name: str, value: object, pattern: re.Pattern[str], wanted: str) -> None:
    if not isinstance(value, str) or (value and not pattern.fullmatch(value)):
        raise _refuse(name, value, wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backups:
    """A plan of AWS Backup for the cluster, both tables and both buckets, once a day.

    Attributes:
        retention_days: how long a recovery point is kept, here and in the copy.
        copy_to: ARN of a vault in another region or another account, or empty.
        lock: nobody, the root user included, deletes a recovery point before its time.
        lock_grace_days: days in which the lock itself can still be lifted.

    Raises:
        SettingsError: a value is out of range, or a grace is given without a lock.
    """

    retention_days: int = 35
    copy_to: str = ""
    lock: bool = False
    lock_grace_days: int = LEAST_GRACE

    def __post_init__(self) -> None:
        _check_flags(self, ["lock"])
        _check_days("backups.retention_days", self.retention_days, 1)
        _check_days("backups.lock_grace_days", self.lock_grace_days, LEAST_GRACE)
        _check_text("backups.copy_to", self.copy_to, _VAULT, "the ARN of a backup vault")
        if self.lock_grace_days != LEAST_GRACE and not self.lock:
            raise SettingsError(
                "settings: backups.lock_grace_days does nothing without backups.lock; set lock too"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What keeps data from being lost.

    Attributes:
        retention_floor_days: the least that DataRetentionDays may be; 2555 are seven years.
        object_lock: GOVERNANCE or COMPLIANCE: no version of an artifact is deleted before
            DataRetentionDays are over; in the latter not by the root user either. Empty: no lock.
        key_deletion_role: ARN of the only role that may disable or delete a key; empty: whoever
            IAM lets.
        snapshot: the cluster snapshot to make the cluster from. A live cluster is replaced when it
            is set, changed or taken away; so it stays as long as the stack does.
        extended_support: past the end of an engine version's standard support, pay for it rather
            than have the major version upgraded. https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/extended-support.html
        backups: AWS Backup, or None.

    Raises:
        SettingsError: a value is out of range.
    """

    retention_floor_days: int = 1
    object_lock: str = ""
    key_deletion_role: str = ""
    snapshot: str = ""
    extended_support: bool = True
    backups: Backups | None = None

    def __post_init__(self) -> None:
        _check_flags(self, ["extended_support"])
        _check_days("retention_floor_days", self.retention_floor_days, 1, DEFAULT_RETENTION)
        if self.object_lock not in ("", *LOCK_MODES):
            raise _refuse(
                "object_lock", self.object_lock, f"empty or one of {', '.join(LOCK_MODES)}"
            )
        _check_text("key_deletion_role", self.key_deletion_role, _ROLE, "the ARN of an IAM role")
        _check_text("snapshot", self.snapshot, _SNAPSHOT, "a cluster snapshot's identifier or ARN")
        if self.backups is not None and not isinstance(self.backups, Backups):
            raise _refuse("backups", self.backups, "a plan of backups")


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Who did what on the network, the load balancers, the buckets and in the database.

    The first three go to a bucket of their own, under keys of S3: the services that write there
    cannot use a customer managed key, or only with a grant on it.

    Attributes:
        flow_logs: of the VPC.
        load_balancer_logs: each request to a load balancer.
        bucket_logs: each request to a bucket.
        database_audit: the events that the database writes to its audit log, exported to
            CloudWatch Logs; empty: none.
        retention_days: how long the bucket keeps them.

    Raises:
        SettingsError: an event is not known, or a retention is given for a bucket that is not made.
    """

    flow_logs: bool = False
    load_balancer_logs: bool = False
    bucket_logs: bool = False
    database_audit: tuple[str, ...] = ()
    retention_days: int = RECORDS_RETENTION

    def __post_init__(self) -> None:
        _check_flags(self, ["flow_logs", "load_balancer_logs", "bucket_logs"])
        _check_days("records.retention_days", self.retention_days, 1)
        if set(self.database_audit) - {*AUDIT_EVENTS}:
            raise _refuse("database_audit", self.database_audit, f"of {', '.join(AUDIT_EVENTS)}")
        if self.retention_days != RECORDS_RETENTION and not self.has_bucket:
            raise SettingsError(
                "settings: records.retention_days does nothing without a log that goes to the bucket; "
                "set flow_logs, load_balancer_logs or bucket_logs too"
            )

    @property
    def has_bucket(self) -> bool:
        """Whether there is anything for a bucket of logs."""
        return self.flow_logs or self.load_balancer_logs or self.bucket_logs


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEndpoint:
    """A further reader of the alerts, beside AlertEmail.

    Attributes:
        protocol: ``email``, ``https`` or ``lambda``. Whoever owns a function lets SNS call it.
        endpoint: address, URL or ARN.

    Raises:
        SettingsError: the endpoint is none of its protocol.
    """

    protocol: str
    endpoint: str

    def __post_init__(self) -> None:
        if self.protocol not in ENDPOINTS:
            raise _refuse("alert protocol", self.protocol, f"one of {', '.join(ENDPOINTS)}")
        if not ENDPOINTS[self.protocol].fullmatch(self.endpoint):
            raise _refuse("alert endpoint", self.endpoint, f"an endpoint for {self.protocol}")

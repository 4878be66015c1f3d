"""Controls that cost money, or change who can reach what or for how long: off until a setting asks.

``docs/security.md`` says what each does, and what it needs of the account.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from drtemplate.choices import STRICT, Choice, check, flag

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}")
_VAULT = re.compile(r"arn:aws[a-z-]*:backup:[a-z0-9-]+:\d{12}:backup-vault:[\w-]{2,50}")
# A snapshot is named by its identifier, or across accounts by its ARN.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-rds-dbcluster.html
# RDS's own begin with rds:, those of AWS Backup with awsbackup:
_SNAPSHOT = re.compile(
    r"(arn:aws[a-z-]*:rds:[a-z0-9-]+:\d{12}:cluster-snapshot:)?(rds:|awsbackup:)?[A-Za-z0-9-]{1,255}"
)
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Auditing.html
AUDIT_EVENTS = ("CONNECT", "QUERY", "QUERY_DCL", "QUERY_DDL", "QUERY_DML", "TABLE")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
LOCK_MODES = ("GOVERNANCE", "COMPLIANCE")
CHAT = "slack"
# What each protocol of a subscription calls its endpoint, and what names a channel of a chat.
# https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
# https://docs.aws.amazon.com/chatbot/latest/APIReference/API_CreateSlackChannelConfiguration.html
ENDPOINTS = {
    "email": re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "https": re.compile(r"https://[^\s@]+"),
    "lambda": re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[\w:-]+"),
    CHAT: re.compile(r"[0-9A-Z]{1,255}/[A-Za-z0-9]{1,255}"),
}
# A vault's lock can be lifted during the first days, and never after.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
LEAST_GRACE = 3  # days
# Days; a century is the most that S3 and AWS Backup take.
LONGEST = 36_500
DEFAULT_RETENTION = 2555  # days: seven years
RECORDS_RETENTION = 365  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Backups:
    """A plan of AWS Backup for the cluster, both tables and both buckets, once a day.

    Raises:
        SettingsError: a value is out of range, or a grace is given without a lock.
    """

    __pydantic_config__: ClassVar = STRICT

    retention_days: Annotated[
        int,
        Choice(
            meaning="how long a recovery point is kept, here and in the copy",
            unit="days",
            least=1,
            most=LONGEST,
        ),
    ] = 35
    copy_to: Annotated[
        str,
        Choice(
            meaning="a vault in another region or another account, to which each recovery point is copied",
            pattern=_VAULT,
            empty=True,
            wanted="the ARN of a backup vault",
        ),
    ] = ""
    lock: Annotated[
        bool, flag("nobody, the root user included, deletes a recovery point before its time")
    ] = False
    lock_grace_days: Annotated[
        int,
        Choice(
            meaning="in which the lock itself can still be lifted",
            unit="days",
            least=LEAST_GRACE,
            most=LONGEST,
        ),
    ] = LEAST_GRACE

    def __post_init__(self) -> None:
        check(self, self._relations)

    def _relations(self) -> Iterator[str]:
        if self.lock_grace_days != LEAST_GRACE and not self.lock:
            yield "backups.lock_grace_days does nothing without backups.lock; set lock too"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """What keeps data from being lost.

    Raises:
        SettingsError: a value is out of range.
    """

    __pydantic_config__: ClassVar = STRICT

    retention_days: Annotated[
        int,
        Choice(
            meaning="the default of the parameter DataRetentionDays; 2555 are seven years",
            unit="days",
            least=1,
            most=LONGEST,
        ),
    ] = DEFAULT_RETENTION
    retention_floor_days: Annotated[
        int,
        Choice(
            meaning="the least that DataRetentionDays may be",
            unit="days",
            least=1,
            most=LONGEST,
        ),
    ] = 1
    object_lock: Annotated[
        str,
        Choice(
            meaning="no version of an artifact is deleted before DataRetentionDays are over; in "
            "COMPLIANCE not by the root user either",
            allowed=("", *LOCK_MODES),
        ),
    ] = ""
    key_deletion_role: Annotated[
        str,
        Choice(
            meaning="the only role that may disable or delete a key; empty: whoever IAM lets",
            pattern=_ROLE,
            empty=True,
            wanted="the ARN of an IAM role",
        ),
    ] = ""
    snapshot: Annotated[
        str,
        Choice(
            meaning="the cluster snapshot to make the cluster from. A live cluster is replaced when it "
            "is set, changed or taken away; so it stays as long as the stack does",
            pattern=_SNAPSHOT,
            empty=True,
            wanted="a cluster snapshot's identifier or ARN",
        ),
    ] = ""
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/extended-support.html
    extended_support: Annotated[
        bool,
        flag(
            "past the end of an engine version's standard support, pay for it rather than have the "
            "major version upgraded"
        ),
    ] = True
    backups: Backups | None = None

    def __post_init__(self) -> None:
        check(self, self._relations)

    def _relations(self) -> Iterator[str]:
        if self.backups is not None and not isinstance(self.backups, Backups):
            yield f"backups {self.backups!r} is not a plan of backups"
        if self.retention_floor_days > self.retention_days:
            yield (
                f"retention_floor_days {self.retention_floor_days} is more than the default, "
                f"retention_days {self.retention_days}; lower it, or raise the other"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Who did what on the network, the load balancers, the buckets and in the database.

    The first three go to a bucket of their own, under keys of S3: the services that write there
    cannot use a customer managed key, or only with a grant on it.

    Raises:
        SettingsError: an event is not known, or a retention is given for a bucket that is not made.
    """

    __pydantic_config__: ClassVar = STRICT

    flow_logs: Annotated[bool, flag("logs of the VPC's connections")] = False
    load_balancer_logs: Annotated[bool, flag("each request to a load balancer")] = False
    bucket_logs: Annotated[bool, flag("each request to a bucket")] = False
    database_audit: Annotated[
        tuple[str, ...],
        Choice(
            meaning="the events that the database writes to its audit log, exported to CloudWatch Logs",
            allowed=AUDIT_EVENTS,
            many=True,
        ),
    ] = ()
    retention_days: Annotated[
        int,
        Choice(
            meaning="how long the bucket keeps the logs",
            unit="days",
            least=1,
            most=LONGEST,
        ),
    ] = RECORDS_RETENTION

    def __post_init__(self) -> None:
        check(self, self._relations)

    def _relations(self) -> Iterator[str]:
        if len(set(self.database_audit)) < len(self.database_audit):
            yield "records.database_audit has an event twice; keep it once"
        if self.retention_days != RECORDS_RETENTION and not self.has_bucket:
            yield (
                "records.retention_days does nothing without a log that goes to the bucket; "
                "set flow_logs, load_balancer_logs or bucket_logs too"
            )

    @property
    def has_bucket(self) -> bool:
        """Whether there is anything for a bucket of logs."""
        return self.flow_logs or self.load_balancer_logs or self.bucket_logs


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEndpoint:
    """A further reader of the alerts, beside AlertEmail.

    Raises:
        SettingsError: the endpoint is none of its protocol.
    """

    __pydantic_config__: ClassVar = STRICT

    protocol: Annotated[
        str,
        Choice(
            meaning="how the reader is told; whoever owns a function lets SNS call it, and a chat's workspace "
            "is authorised once in the console of Amazon Q Developer in chat applications, and a channel hears "
            "one stack of the account",
            allowed=tuple(ENDPOINTS),
        ),
    ]
    endpoint: Annotated[
        str,
        Choice(
            meaning="address, URL, ARN of a function, or a workspace's id, a slash and a channel's id, as the "
            "protocol has it",
            pattern=re.compile(r"\S{1,2048}"),
            wanted="an address, a URL, an ARN or WORKSPACE/CHANNEL",
        ),
    ]

    def __post_init__(self) -> None:
        check(self, self._relations)

    def _relations(self) -> Iterator[str]:
        if not ENDPOINTS[self.protocol].fullmatch(self.endpoint):
            yield f"alert endpoint {self.endpoint!r} is not an endpoint for {self.protocol}"

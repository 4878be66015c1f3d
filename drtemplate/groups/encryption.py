"""The two customer managed keys, and who besides the account may use them.

One is for data; the other for what must go on telling when that one is lost: alerts, the state of the
failover and the logs. Only the second names services.
"""

from awacs import kms as kms_actions
from awacs.aws import (
    ArnLike,
    ArnNotEquals,
    AWSPrincipal,
    Bool,
    Condition,
    Deny,
    Everybody,
    PolicyDocument,
    Principal,
    StringEquals,
)
from troposphere import AccountId, RetainExceptOnCreate, Sub, kms

from drtemplate.groups.policies import Statement, allow, document, service
from drtemplate.template import ExistingResource, StackTemplate, bundle


@bundle
class Encryption:
    """The keys: ``data`` of database, buckets and sessions, ``operations`` of all else."""

    data: kms.Key | ExistingResource
    operations: kms.Key

    @property
    def keys(self) -> tuple[kms.Key | ExistingResource, kms.Key]:
        """Both."""
        return self.data, self.operations


def add_encryption(
    template: StackTemplate, deletion_role: str = "", existing: str = "", copies: str = ""
) -> Encryption:
    """Add both keys with their aliases. They outlive the stack, as what they encrypt does.

    With a ``deletion_role`` nobody else may disable or delete them, whatever IAM says. With the ARN of
    an ``existing`` key, that one is used for data. The account of the vault for ``copies``, by its
    ARN, may use the key of the data.
    """
    kept = [_keep_deletion_to(deletion_role)] if deletion_role else []
    shared = _share_with_the_copies(copies) if copies else []
    return Encryption(
        data=ExistingResource(existing, Arn=existing)
        if existing
        else _add_key(
            template,
            "KMSKey",
            "key",
            "Customer managed KMS key for encryption",
            document(_account_statement(), *kept, *shared),
        ),
        operations=_add_key(
            template,
            "OperationsKey",
            # No stack's data key can have this alias: it would end in -key.
            "operations",
            "Alerts, failover state and logs",
            document(_account_statement(), *kept, *_service_statements()),
        ),
    )


def _add_key(
    template: StackTemplate, title: str, suffix: str, description: str, policy: PolicyDocument
) -> kms.Key:
    key = template.add_resource(
        kms.Key(
            title,
            DeletionPolicy=RetainExceptOnCreate,
            UpdateReplacePolicy="Retain",
            Description=description,
            EnableKeyRotation=True,
            KeyPolicy=policy,
        )
    )
    template.add_resource(
        kms.Alias(
            f"{title}Alias",
            AliasName=Sub(f"alias/${{AWS::StackName}}-{suffix}"),
            TargetKeyId=key.ref(),
        )
    )
    return key


def _account_statement() -> Statement:
    """The account's own IAM decides. RDS, S3, DynamoDB and SNS act in the name of their callers."""
    return allow(
        "Enable IAM User Permissions",
        [kms_actions.Action("*")],
        ["*"],
        principal=AWSPrincipal(Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")),
    )


def _keep_deletion_to(role: str) -> Statement:
    """Whoever may put another key policy can still lift this; CloudTrail has who did."""
    return Statement(
        Sid="Keep deletion to one role",
        Effect=Deny,
        Principal=Principal(Everybody),
        Action=[kms_actions.DisableKey, kms_actions.ScheduleKeyDeletion],
        Resource=["*"],
        Condition=Condition(ArnNotEquals("aws:PrincipalArn", role)),
    )


def _share_with_the_copies(vault: str) -> list[Statement]:
    """A snapshot of Aurora stays under the cluster's key, which whoever copies it must be able to use.

    In the stack's own account this adds nothing. Not the service-linked role that copies: a policy that
    names a role is refused while there is none.
    https://aws.amazon.com/blogs/storage/how-encryption-works-in-aws-backup/
    https://repost.aws/knowledge-center/backup-troubleshoot-cross-account-copy
    """
    _, partition, _, _, account, *_ = vault.split(":")
    who = AWSPrincipal(f"arn:{partition}:iam::{account}:root")
    return [
        allow(
            "Allow the account of the copies to use the key",
            [
                kms_actions.DescribeKey,
                kms_actions.Encrypt,
                kms_actions.Decrypt,
                kms_actions.Action("ReEncrypt*"),
                kms_actions.Action("GenerateDataKey*"),
            ],
            ["*"],
            principal=who,
        ),
        allow(
            "Allow the account of the copies to let services use the key",
            [kms_actions.CreateGrant, kms_actions.ListGrants, kms_actions.RevokeGrant],
            ["*"],
            principal=who,
            condition=Condition(Bool("kms:GrantIsForAWSResource", True)),
        ),
    ]


def _service_statements() -> list[Statement]:
    """CloudWatch Logs, and the two services that publish to the topic.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    here = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
    # RDS names the groups of a cluster by the name that it has made up for it.
    log_groups = [Sub(f"{here}/aws/lambda/${{AWS::StackName}}-*"), Sub(f"{here}/aws/rds/cluster/*")]
    encrypt_messages = [kms_actions.Decrypt, kms_actions.Action("GenerateDataKey*")]
    return [
        allow(
            "Allow CloudWatch Logs to encrypt the logs",
            [
                kms_actions.Encrypt,
                kms_actions.Decrypt,
                kms_actions.Action("ReEncrypt*"),
                kms_actions.Action("GenerateDataKey*"),
                kms_actions.Action("Describe*"),
            ],
            ["*"],
            principal=service(Sub("logs.${AWS::Region}.amazonaws.com")),
            condition=Condition(ArnLike("kms:EncryptionContext:aws:logs:arn", log_groups)),
        ),
        allow(
            "Allow CloudWatch to encrypt alarms",
            encrypt_messages,
            ["*"],
            principal=service("cloudwatch.amazonaws.com"),
            condition=Condition(StringEquals("aws:SourceAccount", AccountId)),
        ),
        # EventBridge sends no source keys on this path: a condition would drop every event.
        allow(
            "Allow EventBridge to encrypt events",
            encrypt_messages,
            ["*"],
            principal=service("events.amazonaws.com"),
        ),
    ]

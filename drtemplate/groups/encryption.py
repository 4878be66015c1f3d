"""The two customer managed keys, and who besides the account may use them.

One is for data; the other for what must go on telling when that one is lost: alerts, the state of the
failover and the logs. Only the second names services.
"""

from awacs import kms as kms_actions
from awacs.aws import ArnLike, AWSPrincipal, Condition, PolicyDocument, StringEquals
from troposphere import AccountId, RetainExceptOnCreate, Sub, kms

from drtemplate.groups.policies import Statement, allow, document, service
from drtemplate.template import StackTemplate, bundle


@bundle
class Encryption:
    """The keys: ``data`` of database, buckets and sessions, ``operations`` of all else."""

    data: kms.Key
    operations: kms.Key

    @property
    def keys(self) -> tuple[kms.Key, kms.Key]:
        """Both."""
        return self.data, self.operations


def add_encryption(template: StackTemplate) -> Encryption:
    """Add both keys with their aliases. They outlive the stack, as what they encrypt does."""
    return Encryption(
        data=_add_key(
            template,
            "KMSKey",
            "key",
            "Customer managed KMS key for encryption",
            document(_account_statement()),
        ),
        operations=_add_key(
            template,
            "OperationsKey",
            # No stack's data key can have this alias: it would end in -key.
            "operations",
            "Alerts, failover state and logs",
            operations_key_policy(),
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


def operations_key_policy() -> PolicyDocument:
    """The account through IAM; CloudWatch Logs; and the two services that publish to the topic.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    log_groups = Sub(
        "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}"
        ":log-group:/aws/lambda/${AWS::StackName}-*"
    )
    encrypt_messages = [kms_actions.Decrypt, kms_actions.Action("GenerateDataKey*")]
    return document(
        _account_statement(),
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
            "Allow EventBridge to encrypt database events",
            encrypt_messages,
            ["*"],
            principal=service("events.amazonaws.com"),
        ),
    )

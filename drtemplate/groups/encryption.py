"""The customer managed key, and who besides the account may use it."""

from awacs import kms as kms_actions
from awacs.aws import ArnLike, AWSPrincipal, Condition, PolicyDocument, StringEquals
from troposphere import AccountId, RetainExceptOnCreate, Sub, kms

from drtemplate.groups.policies import allow, document, service
from drtemplate.template import StackTemplate, bundle


@bundle
class Encryption:
    """The key under which the stack keeps its data, messages and logs."""

    key: kms.Key


def add_encryption(template: StackTemplate) -> Encryption:
    """Add the key and its alias. The key outlives the stack: snapshots are unreadable without it."""
    key = template.add_resource(
        kms.Key(
            "KMSKey",
            DeletionPolicy=RetainExceptOnCreate,
            UpdateReplacePolicy="Retain",
            Description="Customer managed KMS key for encryption",
            EnableKeyRotation=True,
            KeyPolicy=key_policy(),
        )
    )
    template.add_resource(
        kms.Alias(
            "KMSKeyAlias", AliasName=Sub("alias/${AWS::StackName}-key"), TargetKeyId=key.ref()
        )
    )
    return Encryption(key=key)


def key_policy() -> PolicyDocument:
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
        allow(
            "Enable IAM User Permissions",
            [kms_actions.Action("*")],
            ["*"],
            principal=AWSPrincipal(Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")),
        ),
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

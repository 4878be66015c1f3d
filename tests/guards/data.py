"""Data is encrypted by our keys, outlives its stack, and no secret is shown."""

from typing import Any

from mutation import GONE

from drtemplate.cloudformation.reading import of_type, value_at
from guards.shared import mentions

DATA_KEY = [{"Ref": "KMSKey"}, {"Fn::GetAtt": ["KMSKey", "Arn"]}]
OPERATIONS_KEY = [{"Ref": "OperationsKey"}, {"Fn::GetAtt": ["OperationsKey", "Arn"]}]
# It tells that a key is lost, so it is under none.
WITHOUT_KEY = {"KeyLossTopic"}
# Where a type says that it encrypts, and with which key. CloudWatch Logs takes an ARN only, and so
# does S3 for other accounts and for services.
S3_RULE = ("BucketEncryption", "ServerSideEncryptionConfiguration", 0)
ENCRYPTION = {
    "AWS::S3::Bucket": [
        ((*S3_RULE, "ServerSideEncryptionByDefault", "SSEAlgorithm"), ["aws:kms"]),
        ((*S3_RULE, "ServerSideEncryptionByDefault", "KMSMasterKeyID"), DATA_KEY[1:]),
    ],
    "AWS::DynamoDB::Table": [
        (("SSESpecification", "SSEEnabled"), [True]),
        (("SSESpecification", "SSEType"), ["KMS"]),
        (("SSESpecification", "KMSMasterKeyId"), DATA_KEY + OPERATIONS_KEY),
    ],
    "AWS::SNS::Topic": [(("KmsMasterKeyId",), OPERATIONS_KEY)],
    "AWS::SQS::Queue": [(("KmsMasterKeyId",), OPERATIONS_KEY)],
    "AWS::RDS::DBCluster": [(("StorageEncrypted",), [True]), (("KmsKeyId",), DATA_KEY)],
    "AWS::Logs::LogGroup": [(("KmsKeyId",), OPERATIONS_KEY[1:])],
}
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
POLICY_PAIRS = {
    (None, None),
    ("Retain", "Retain"),
    ("RetainExceptOnCreate", "Retain"),
    ("Snapshot", "Snapshot"),
    ("Delete", "Delete"),
}
REQUIRED_POLICIES = {
    "AWS::KMS::Key": "RetainExceptOnCreate",
    "AWS::S3::Bucket": "RetainExceptOnCreate",
    "AWS::DynamoDB::Table": "RetainExceptOnCreate",
    "AWS::RDS::DBCluster": "Snapshot",
    # A member of a cluster has no data of its own.
    "AWS::RDS::DBInstance": None,
}


def find_unencrypted(template: dict[str, Any]) -> list[str]:
    return [
        f"{title}: {'.'.join(map(str, path))} is {value_at(properties, *path)!r}"
        for type_, rules in ENCRYPTION.items()
        for title, properties in of_type(template, type_)
        for path, allowed in rules
        if title not in WITHOUT_KEY and value_at(properties, *path) not in allowed
    ]


def find_unpaired_policies(template: dict[str, Any]) -> list[str]:
    pairs = {
        title: (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
        for title, resource in template["Resources"].items()
    }
    return [f"{title}: {pair}" for title, pair in pairs.items() if pair not in POLICY_PAIRS]


def find_wrong_deletion_policies(template: dict[str, Any]) -> list[str]:
    return [
        f"{title}: DeletionPolicy is {resource.get('DeletionPolicy')}"
        for title, resource in template["Resources"].items()
        if resource["Type"] in REQUIRED_POLICIES
        and resource.get("DeletionPolicy") != REQUIRED_POLICIES[resource["Type"]]
    ]


def find_shown_secrets(template: dict[str, Any]) -> list[str]:
    secrets = [name for name, facts in template["Parameters"].items() if facts.get("NoEcho")]
    return [
        f"{title}: shows {secret}"
        for secret in secrets
        for title, output in template["Outputs"].items()
        if mentions(output, secret)
    ]


MUTATIONS = [
    *[
        (find_unencrypted, (title, "Properties", *path), value)
        for title, path, value in [
            ("ApplicationArtifactsBucket", ("BucketEncryption",), GONE),
            (
                "ConfigurationBucket",
                (*S3_RULE, "ServerSideEncryptionByDefault"),
                {"SSEAlgorithm": "AES256"},
            ),
            ("SessionStateTable", ("SSESpecification", "SSEEnabled"), False),
            ("FailoverStateTable", ("SSESpecification", "KMSMasterKeyId"), GONE),
            ("AlertTopic", ("KmsMasterKeyId",), "alias/aws/sns"),
            ("AuroraDBCluster", ("StorageEncrypted",), False),
            ("AuroraDBCluster", ("KmsKeyId",), GONE),
            ("FailoverLogGroup", ("KmsKeyId",), GONE),
            ("HealthMonitorLogGroup", ("KmsKeyId",), OPERATIONS_KEY[0]),
        ]
    ],
    (find_unpaired_policies, ("KMSKey", "UpdateReplacePolicy"), GONE),
    (find_unpaired_policies, ("AuroraDBCluster", "UpdateReplacePolicy"), "Delete"),
    (find_unpaired_policies, ("KMSKey", "DeletionPolicy"), GONE),
    (find_unpaired_policies, ("VPC", "DeletionPolicy"), "Retain"),
    (find_wrong_deletion_policies, ("KMSKey", "DeletionPolicy"), "Retain"),
    (find_wrong_deletion_policies, ("ConfigurationBucket", "DeletionPolicy"), GONE),
    (find_wrong_deletion_policies, ("SessionStateTable", "DeletionPolicy"), "Delete"),
    (find_wrong_deletion_policies, ("AuroraDBCluster", "DeletionPolicy"), "Retain"),
    (find_wrong_deletion_policies, ("StandbyDBInstance", "DeletionPolicy"), "Snapshot"),
    *[
        (find_shown_secrets, ("Outputs", "Password"), {"Value": value})
        for value in (
            {"Ref": "DBMasterPassword"},
            {"Fn::Sub": "mysql://admin:${DBMasterPassword}@host"},
            {"Fn::If": ["HasPassword", {"Fn::Join": ["", [{"Ref": "DBMasterPassword"}]]}, ""]},
        )
    ],
]

"""The two buckets: encrypted, versioned, private, reached over TLS only."""

from awacs import s3 as s3_actions
from awacs.aws import Bool, Condition, Deny, Everybody, Principal
from troposphere import RetainExceptOnCreate, Sub, s3

from drtemplate.controls import Protection
from drtemplate.groups.encryption import Encryption
from drtemplate.groups.parameters import Parameters
from drtemplate.groups.policies import Statement, document
from drtemplate.template import StackTemplate, bundle, name_tags

# The parts of an upload that was broken off are paid for, and no listing shows them.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html
_UPLOADS = s3.LifecycleRule(
    Id="BrokenUploadsRule",
    Status="Enabled",
    AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=7),
)


@bundle
class Storage:
    """The buckets for what is deployed and for how it is configured."""

    artifacts: s3.Bucket
    configuration: s3.Bucket


def add_storage(
    template: StackTemplate,
    parameters: Parameters,
    encryption: Encryption,
    protection: Protection,
    **logging: object,
) -> Storage:
    """Add both buckets; only the artifacts expire.

    ``logging`` are the properties by which requests to a bucket are logged.
    """
    # On a versioned bucket an expired object lives on as a noncurrent version, so both clocks run
    # for the retention. https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
    retention = s3.LifecycleRule(
        Id="RetentionRule",
        Status="Enabled",
        ExpirationInDays=parameters.data_retention_days.ref(),
        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(
            NoncurrentDays=parameters.data_retention_days.ref()
        ),
    )
    return Storage(
        artifacts=_add_bucket(
            template,
            encryption,
            "ApplicationArtifactsBucket",
            "artifacts",
            [retention],
            **_lock(parameters, protection),
            **logging,
        ),
        configuration=_add_bucket(
            template, encryption, "ConfigurationBucket", "config", [], **logging
        ),
    )


def _add_bucket(
    template: StackTemplate,
    encryption: Encryption,
    title: str,
    suffix: str,
    rules: list[s3.LifecycleRule],
    **more: object,
) -> s3.Bucket:
    bucket = template.add_resource(
        s3.Bucket(
            title,
            DeletionPolicy=RetainExceptOnCreate,
            UpdateReplacePolicy="Retain",
            BucketName=template.global_name(f"-{suffix}-${{AWS::AccountId}}"),
            BucketEncryption=s3.BucketEncryption(
                ServerSideEncryptionConfiguration=[
                    s3.ServerSideEncryptionRule(
                        BucketKeyEnabled=True,
                        # By its ARN: for another account and for services S3 takes nothing else.
                        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionByDefault.html
                        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(
                            SSEAlgorithm="aws:kms", KMSMasterKeyID=encryption.data.get_att("Arn")
                        ),
                    )
                ]
            ),
            VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
            LifecycleConfiguration=s3.LifecycleConfiguration(Rules=[*rules, _UPLOADS]),
            **more,
            PublicAccessBlockConfiguration=private(),
            Tags=name_tags(suffix),
        )
    )
    template.add_resource(
        s3.BucketPolicy(
            f"{title}Policy",
            # A bucket that outlives the stack keeps its policy.
            DeletionPolicy=RetainExceptOnCreate,
            UpdateReplacePolicy="Retain",
            Bucket=bucket.ref(),
            PolicyDocument=document(tls_only(bucket)),
        )
    )
    return bucket


def _lock(parameters: Parameters, protection: Protection) -> dict[str, object]:
    """Nothing written is deleted before its retention is over.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
    """
    if not protection.object_lock:
        return {}
    return {
        "ObjectLockEnabled": True,
        "ObjectLockConfiguration": s3.ObjectLockConfiguration(
            ObjectLockEnabled="Enabled",
            Rule=s3.ObjectLockRule(
                DefaultRetention=s3.DefaultRetention(
                    Mode=protection.object_lock, Days=parameters.data_retention_days.ref()
                )
            ),
        ),
    }


def private() -> s3.PublicAccessBlockConfiguration:
    """A bucket that cannot become public."""
    return s3.PublicAccessBlockConfiguration(
        BlockPublicAcls=True,
        BlockPublicPolicy=True,
        IgnorePublicAcls=True,
        RestrictPublicBuckets=True,
    )


def tls_only(bucket: s3.Bucket) -> Statement:
    """Refuse every request to the bucket that does not come over TLS."""
    return Statement(
        Sid="RefuseRequestsWithoutTLS",
        Effect=Deny,
        Principal=Principal(Everybody),
        Action=[s3_actions.Action("*")],
        Resource=[bucket.get_att("Arn"), Sub(f"${{{bucket.title}.Arn}}/*")],
        Condition=Condition(Bool("aws:SecureTransport", False)),
    )

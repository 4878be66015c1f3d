"""The two buckets: encrypted, versioned, private, reached over TLS only."""

from awacs import s3 as s3_actions
from awacs.aws import Bool, Condition, Deny, Everybody, PolicyDocument, Principal
from troposphere import RetainExceptOnCreate, Sub, s3

from drtemplate.groups.encryption import Encryption
from drtemplate.groups.parameters import Parameters
from drtemplate.groups.policies import Statement, document
from drtemplate.template import StackTemplate, bundle, name_tags, stack_name


@bundle
class Storage:
    """The buckets for what is deployed and for how it is configured."""

    artifacts: s3.Bucket
    configuration: s3.Bucket


def add_storage(template: StackTemplate, parameters: Parameters, encryption: Encryption) -> Storage:
    """Add both buckets; only the artifacts expire."""
    # On a versioned bucket an expired object lives on as a noncurrent version, so both clocks run
    # for the retention. https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
    retention = s3.LifecycleConfiguration(
        Rules=[
            s3.LifecycleRule(
                Id="RetentionRule",
                Status="Enabled",
                ExpirationInDays=parameters.data_retention_days.ref(),
                NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(
                    NoncurrentDays=parameters.data_retention_days.ref()
                ),
            )
        ]
    )
    return Storage(
        artifacts=_add_bucket(
            template,
            encryption,
            "ApplicationArtifactsBucket",
            "artifacts",
            LifecycleConfiguration=retention,
        ),
        configuration=_add_bucket(template, encryption, "ConfigurationBucket", "config"),
    )


def _add_bucket(
    template: StackTemplate, encryption: Encryption, title: str, suffix: str, **lifecycle: object
) -> s3.Bucket:
    bucket = template.add_resource(
        s3.Bucket(
            title,
            DeletionPolicy=RetainExceptOnCreate,
            UpdateReplacePolicy="Retain",
            BucketName=stack_name(f"-{suffix}-${{AWS::AccountId}}"),
            BucketEncryption=s3.BucketEncryption(
                ServerSideEncryptionConfiguration=[
                    s3.ServerSideEncryptionRule(
                        BucketKeyEnabled=True,
                        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(
                            SSEAlgorithm="aws:kms", KMSMasterKeyID=encryption.data.ref()
                        ),
                    )
                ]
            ),
            VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
            **lifecycle,
            PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
                BlockPublicAcls=True,
                BlockPublicPolicy=True,
                IgnorePublicAcls=True,
                RestrictPublicBuckets=True,
            ),
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
            PolicyDocument=tls_only_policy(bucket),
        )
    )
    return bucket


def tls_only_policy(bucket: s3.Bucket) -> PolicyDocument:
    """Refuse every request to the bucket that does not come over TLS."""
    return document(
        Statement(
            Sid="RefuseRequestsWithoutTLS",
            Effect=Deny,
            Principal=Principal(Everybody),
            Action=[s3_actions.Action("*")],
            Resource=[bucket.get_att("Arn"), Sub(f"${{{bucket.title}.Arn}}/*")],
            Condition=Condition(Bool("aws:SecureTransport", False)),
        )
    )

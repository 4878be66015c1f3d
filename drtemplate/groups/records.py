"""The bucket for logs of the network, the load balancers and the other buckets; made if a setting asks.

Under keys of S3, not the stack's: load balancers and S3 cannot write logs under a customer managed key.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
"""

from collections.abc import Iterator

from awacs import s3 as s3_actions
from awacs.aws import Condition, PolicyDocument, StringEquals
from troposphere import AccountId, RetainExceptOnCreate, Sub, ec2, s3

from drtemplate.controls import Records
from drtemplate.groups.network import Network
from drtemplate.groups.policies import Statement, allow, document, service
from drtemplate.groups.storage import private, tls_only
from drtemplate.template import ExistingResource, StackTemplate, bundle, name_tags, titles

OWN = {"aws:SourceAccount": AccountId}


@bundle
class LogBucket:
    """The bucket, the policy, if it is ours, without which no service may write, and what is wanted."""

    records: Records
    bucket: s3.Bucket | ExistingResource
    policies: tuple[s3.BucketPolicy, ...]


def add_records(
    template: StackTemplate, network: Network, records: Records, existing: str = ""
) -> LogBucket | None:
    """Add the bucket, its policy and the flow log, as far as they are wanted.

    With the name of an ``existing`` bucket, that one is used, and its policy is not ours.
    """
    if not records.has_bucket:
        return None
    if existing:
        arn = f"arn:${{AWS::Partition}}:s3:::{existing}"
        bucket = ExistingResource(existing, Arn=arn)
        _add_flow_log(template, network, records, Sub(arn))
        return LogBucket(records=records, bucket=bucket, policies=())
    bucket = _add_bucket(template, records)
    policy = template.add_resource(
        s3.BucketPolicy(
            "LogBucketPolicy",
            DeletionPolicy=RetainExceptOnCreate,
            UpdateReplacePolicy="Retain",
            Bucket=bucket.ref(),
            PolicyDocument=_writers(bucket, records),
        )
    )
    _add_flow_log(template, network, records, bucket.get_att("Arn"), DependsOn=policy.title)
    return LogBucket(records=records, bucket=bucket, policies=(policy,))


def _add_bucket(template: StackTemplate, records: Records) -> s3.Bucket:
    return template.add_resource(
        s3.Bucket(
            "LogBucket",
            DeletionPolicy=RetainExceptOnCreate,
            UpdateReplacePolicy="Retain",
            BucketName=template.global_name("-logs-${AWS::AccountId}"),
            BucketEncryption=s3.BucketEncryption(
                ServerSideEncryptionConfiguration=[
                    s3.ServerSideEncryptionRule(
                        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(
                            SSEAlgorithm="AES256"
                        )
                    )
                ]
            ),
            VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
            LifecycleConfiguration=s3.LifecycleConfiguration(
                Rules=[
                    s3.LifecycleRule(
                        Id="RetentionRule",
                        Status="Enabled",
                        ExpirationInDays=records.retention_days,
                        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(
                            NoncurrentDays=1
                        ),
                    )
                ]
            ),
            PublicAccessBlockConfiguration=private(),
            Tags=name_tags("logs"),
        )
    )


def _add_flow_log(
    template: StackTemplate, network: Network, records: Records, bucket: object, **depends: str
) -> None:
    if records.flow_logs:
        template.add_resource(
            ec2.FlowLog(
                "VPCFlowLog",
                **depends,
                ResourceId=network.vpc.ref(),
                ResourceType="VPC",
                TrafficType="ALL",
                LogDestinationType="s3",
                LogDestination=bucket,
                Tags=name_tags("flow-log"),
            )
        )


def bucket_logging(logs: LogBucket | None) -> dict[str, object]:
    """The properties by which requests to a bucket are logged; none if nobody wants it."""
    if logs is None or not logs.records.bucket_logs:
        return {}
    return {
        **({"DependsOn": titles(*logs.policies)[0]} if logs.policies else {}),
        "LoggingConfiguration": s3.LoggingConfiguration(
            DestinationBucketName=logs.bucket.ref(), LogFilePrefix="buckets/"
        ),
    }


def load_balancer_logging(logs: LogBucket | None) -> tuple[list[str], dict[str, object]]:
    """What a load balancer waits for, and the attributes by which requests to it are logged."""
    if logs is None or not logs.records.load_balancer_logs:
        return [], {}
    return titles(*logs.policies), {
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": logs.bucket.ref(),
        "access_logs.s3.prefix": "load-balancers",
    }


def _writers(bucket: s3.Bucket, records: Records) -> PolicyDocument:
    """TLS only, and the services whose logs are wanted, for this account."""
    return document(tls_only(bucket), *_statements(bucket, records))


def _statements(bucket: s3.Bucket, records: Records) -> Iterator[Statement]:
    if records.flow_logs:
        # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-permissions.html
        yield _write("LetFlowLogsIn", "delivery.logs.amazonaws.com", "AWSLogs/${AWS::AccountId}")
        yield allow(
            "LetFlowLogsLook",
            [s3_actions.GetBucketAcl, s3_actions.ListBucket],
            [bucket.get_att("Arn")],
            principal=service("delivery.logs.amazonaws.com"),
            condition=Condition(StringEquals(OWN)),
        )
    if records.load_balancer_logs:
        # The service sends no account; the path has it. Its name is that of every region now, the
        # accounts of the older regions are not needed any more.
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
        yield allow(
            "LetLoadBalancersIn",
            [s3_actions.PutObject],
            [Sub("${LogBucket.Arn}/load-balancers/AWSLogs/${AWS::AccountId}/*")],
            principal=service("logdelivery.elasticloadbalancing.amazonaws.com"),
        )
    if records.bucket_logs:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
        yield _write("LetBucketsIn", "logging.s3.amazonaws.com", "buckets")


def _write(sid: str, who: str, folder: str) -> Statement:
    return allow(
        sid,
        [s3_actions.PutObject],
        [Sub(f"${{LogBucket.Arn}}/{folder}/*")],
        principal=service(who),
        condition=Condition(StringEquals(OWN)),
    )

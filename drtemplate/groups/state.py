"""The DynamoDB tables: user sessions, and the state of the failover."""

from troposphere import If, RetainExceptOnCreate, dynamodb, kms

from drtemplate.groups.dns import Dns
from drtemplate.groups.encryption import Encryption
from drtemplate.groups.parameters import Parameters
from drtemplate.template import StackTemplate, bundle, name_tags, stack_name


@bundle
class State:
    """Both tables; items expire at ``ExpiresAt``, epoch seconds."""

    sessions: dynamodb.Table
    failover: dynamodb.Table


def add_state(
    template: StackTemplate, parameters: Parameters, encryption: Encryption, dns: Dns
) -> State:
    """Add both tables."""
    # As the cluster: protected in Production, so what is likely to fail comes before.
    first = [record.title for record in dns.records]
    sessions = _add_table(
        template,
        parameters,
        encryption.data,
        "SessionStateTable",
        "sessions",
        DependsOn=first,
        attributes=("SessionId", "UserId"),
        GlobalSecondaryIndexes=[
            dynamodb.GlobalSecondaryIndex(
                IndexName="UserIdIndex",
                KeySchema=[dynamodb.KeySchema(AttributeName="UserId", KeyType="HASH")],
                Projection=dynamodb.Projection(ProjectionType="ALL"),
            )
        ],
        # It would show keys, here the sessions', in plain text, whatever key the table is under.
        # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateContributorInsights.html
        ContributorInsightsSpecification=dynamodb.ContributorInsightsSpecification(Enabled=False),
    )
    failover = _add_table(
        template,
        parameters,
        encryption.operations,
        "FailoverStateTable",
        "failover-state",
        DependsOn=first,
        attributes=("StateKey",),
    )
    return State(sessions=sessions, failover=failover)


def _add_table(
    template: StackTemplate,
    parameters: Parameters,
    key: kms.Key,
    title: str,
    suffix: str,
    *,
    attributes: tuple[str, ...],
    **more: object,
) -> dynamodb.Table:
    """Add a table whose first attribute is the key."""
    return template.add_resource(
        dynamodb.Table(
            title,
            DeletionPolicy=RetainExceptOnCreate,
            UpdateReplacePolicy="Retain",
            TableName=stack_name(f"-{suffix}"),
            AttributeDefinitions=[
                dynamodb.AttributeDefinition(AttributeName=name, AttributeType="S")
                for name in attributes
            ],
            KeySchema=[dynamodb.KeySchema(AttributeName=attributes[0], KeyType="HASH")],
            **more,
            BillingMode="PAY_PER_REQUEST",
            SSESpecification=dynamodb.SSESpecification(
                SSEEnabled=True, SSEType="KMS", KMSMasterKeyId=key.ref()
            ),
            PointInTimeRecoverySpecification=dynamodb.PointInTimeRecoverySpecification(
                PointInTimeRecoveryEnabled=True
            ),
            TimeToLiveSpecification=dynamodb.TimeToLiveSpecification(
                AttributeName="ExpiresAt", Enabled=True
            ),
            DeletionProtectionEnabled=If(parameters.is_production, True, False),
            Tags=name_tags(suffix),
        )
    )

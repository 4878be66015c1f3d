"""Gateway endpoints: S3 and DynamoDB without a NAT gateway in between."""

from awacs import dynamodb as dynamodb_actions
from awacs import s3 as s3_actions
from awacs.aws import Action, Condition, Everybody, PolicyDocument, Principal, StringEquals
from troposphere import AccountId, Join, Region, Split, Sub, ec2

from drtemplate.groups.network import Network
from drtemplate.groups.policies import Statement, allow, document
from drtemplate.template import StackTemplate, name_tags


def add_endpoints(template: StackTemplate, network: Network) -> None:
    """Add both endpoints to the route tables of all zones."""
    for title, service, policy in (
        (
            "S3Endpoint",
            "s3",
            document(
                _own_principals(s3_actions.Action("*")),
                _public_objects(),
                _cloudformation_answers(),
            ),
        ),
        ("DynamoDBEndpoint", "dynamodb", document(_own_principals(dynamodb_actions.Action("*")))),
    ):
        _add_endpoint(template, network, title, service, policy)


def _add_endpoint(
    template: StackTemplate, network: Network, title: str, service: str, policy: PolicyDocument
) -> None:
    template.add_resource(
        ec2.VPCEndpoint(
            title,
            VpcId=network.vpc.ref(),
            ServiceName=Sub(f"com.amazonaws.${{AWS::Region}}.{service}"),
            RouteTableIds=[table.ref() for table in network.private_route_tables],
            PolicyDocument=policy,
            Tags=name_tags(title),
        )
    )


def _own_principals(action: Action) -> Statement:
    """Principals of this account, who may do what IAM lets them; foreign credentials get nothing.

    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    """
    return allow(
        "LetThisAccountThrough",
        [action],
        ["*"],
        principal=Principal(Everybody),
        condition=Condition(StringEquals("aws:PrincipalAccount", AccountId)),
    )


def _public_objects() -> Statement:
    # Packages of an operating system and layers of images come from S3, without credentials of this
    # account. https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    return allow("LetPackagesIn", [s3_actions.GetObject], ["*"], principal=Principal(Everybody))


def _cloudformation_answers() -> Statement:
    # Wait conditions and custom resources are answered by an address that CloudFormation has signed, in
    # buckets of its own. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-vpce-bucketnames.html
    plain_region = Join("", Split("-", Region))
    bucket = "arn:${AWS::Partition}:s3:::cloudformation"
    return allow(
        "LetCloudFormationBeAnswered",
        [s3_actions.PutObject],
        [
            Sub(f"{bucket}-waitcondition-${{AWS::Region}}/*"),
            Sub(f"{bucket}-custom-resource-response-${{Here}}/*", Here=plain_region),
        ],
        principal=Principal(Everybody),
    )

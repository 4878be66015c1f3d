"""Gateway endpoints: S3 and DynamoDB without a NAT gateway in between."""

from troposphere import Sub, ec2

from drtemplate.groups.network import Network
from drtemplate.template import StackTemplate, name_tags


def add_endpoints(template: StackTemplate, network: Network) -> None:
    """Add both endpoints to the route tables of all zones."""
    for title, service in (("S3Endpoint", "s3"), ("DynamoDBEndpoint", "dynamodb")):
        template.add_resource(
            ec2.VPCEndpoint(
                title,
                VpcId=network.vpc.ref(),
                ServiceName=Sub(f"com.amazonaws.${{AWS::Region}}.{service}"),
                RouteTableIds=[table.ref() for table in network.private_route_tables],
                Tags=name_tags(title),
            )
        )

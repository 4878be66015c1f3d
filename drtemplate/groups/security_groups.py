"""Who may talk to whom: clients to load balancers, these to servers, servers to the database.

Ingress names groups. Egress names the subnets in which the other side stands: two groups that name each
other would be a circle, which CloudFormation does not know.
"""

from troposphere import ec2

from drtemplate.groups.network import ANYWHERE, HTTP, HTTPS, MYSQL, Network
from drtemplate.settings import Settings
from drtemplate.template import StackTemplate, bundle, name_tags


@bundle
class SecurityGroups:
    """One security group per tier. The user's servers join ``application``."""

    load_balancers: ec2.SecurityGroup
    application: ec2.SecurityGroup
    database: ec2.SecurityGroup
    functions: ec2.SecurityGroup


def add_security_groups(
    template: StackTemplate, network: Network, settings: Settings
) -> SecurityGroups:
    """Add the four security groups."""
    to_database = [
        _tcp(MYSQL, "MySQL to the database", CidrIp=block) for block in settings.addresses.database
    ]
    to_services = _tcp(HTTPS, "HTTPS to AWS and the internet", CidrIp=ANYWHERE)
    load_balancers = _add_group(
        template,
        network,
        "ALBSecurityGroup",
        "Security group for Application Load Balancer",
        "ALB-SG",
        ingress=[
            _tcp(HTTPS, "HTTPS from clients and health checkers", CidrIp=ANYWHERE),
            _tcp(HTTP, "HTTP from clients, to be redirected", CidrIp=ANYWHERE),
        ],
        egress=[
            _tcp(HTTP, "HTTP to the servers", CidrIp=block) for block in settings.addresses.private
        ],
    )
    application = _add_group(
        template,
        network,
        "AppSecurityGroup",
        "Security group for application servers",
        "App-SG",
        ingress=[
            _tcp(HTTP, "HTTP from the load balancers", SourceSecurityGroupId=load_balancers.ref())
        ],
        egress=[to_services, *to_database] if settings.close_application_egress else [_OPEN],
    )
    functions = _add_group(
        template,
        network,
        "LambdaSecurityGroup",
        "Security group for Lambda functions",
        "Lambda-SG",
        egress=[to_services, *to_database],
    )
    database = _add_group(
        template,
        network,
        "DatabaseSecurityGroup",
        "Security group for Aurora database",
        "DB-SG",
        ingress=[
            _tcp(MYSQL, "MySQL from the servers", SourceSecurityGroupId=application.ref()),
            _tcp(MYSQL, "MySQL from the health monitor", SourceSecurityGroupId=functions.ref()),
        ],
        egress=[_NOWHERE],
    )
    return SecurityGroups(
        load_balancers=load_balancers,
        application=application,
        database=database,
        functions=functions,
    )


def _add_group(
    template: StackTemplate,
    network: Network,
    title: str,
    description: str,
    suffix: str,
    *,
    ingress: list[ec2.SecurityGroupRule] | None = None,
    egress: list[ec2.SecurityGroupRule],
) -> ec2.SecurityGroup:
    return template.add_resource(
        ec2.SecurityGroup(
            title,
            GroupDescription=description,
            VpcId=network.vpc.ref(),
            **({"SecurityGroupIngress": ingress} if ingress else {}),
            SecurityGroupEgress=egress,
            Tags=name_tags(suffix),
        )
    )


def _tcp(port: int, description: str, **other: object) -> ec2.SecurityGroupRule:
    return ec2.SecurityGroupRule(
        IpProtocol="tcp", FromPort=port, ToPort=port, Description=description, **other
    )


# What servers of an organisation need is not known here.
_OPEN = ec2.SecurityGroupRule(
    IpProtocol="-1", CidrIp=ANYWHERE, Description="Whatever the servers need"
)
# A group without any egress rule gets AWS's own, which lets everything out.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-securitygroup.html
_NOWHERE = ec2.SecurityGroupRule(
    IpProtocol="-1", CidrIp="127.0.0.1/32", Description="Nothing: the database calls nobody"
)

"""Who may talk to whom: clients to load balancers, these to servers, servers to the database."""

from troposphere import ec2

from drtemplate.groups.network import ANYWHERE, HTTP, HTTPS, MYSQL, Network
from drtemplate.template import StackTemplate, bundle, name_tags


@bundle
class SecurityGroups:
    """One security group per tier. The user's servers join ``application``."""

    load_balancers: ec2.SecurityGroup
    application: ec2.SecurityGroup
    database: ec2.SecurityGroup
    functions: ec2.SecurityGroup


def add_security_groups(template: StackTemplate, network: Network) -> SecurityGroups:
    """Add the four security groups."""
    load_balancers = template.add_resource(
        ec2.SecurityGroup(
            "ALBSecurityGroup",
            GroupDescription="Security group for Application Load Balancer",
            VpcId=network.vpc.ref(),
            SecurityGroupIngress=[_tcp(HTTPS, CidrIp=ANYWHERE), _tcp(HTTP, CidrIp=ANYWHERE)],
            Tags=name_tags("ALB-SG"),
        )
    )
    application = template.add_resource(
        ec2.SecurityGroup(
            "AppSecurityGroup",
            GroupDescription="Security group for application servers",
            VpcId=network.vpc.ref(),
            SecurityGroupIngress=[_tcp(HTTP, SourceSecurityGroupId=load_balancers.ref())],
            Tags=name_tags("App-SG"),
        )
    )
    functions = ec2.SecurityGroup(
        "LambdaSecurityGroup",
        GroupDescription="Security group for Lambda functions",
        VpcId=network.vpc.ref(),
        Tags=name_tags("Lambda-SG"),
    )
    database = template.add_resource(
        ec2.SecurityGroup(
            "DatabaseSecurityGroup",
            GroupDescription="Security group for Aurora database",
            VpcId=network.vpc.ref(),
            SecurityGroupIngress=[
                _tcp(MYSQL, SourceSecurityGroupId=application.ref()),
                _tcp(MYSQL, SourceSecurityGroupId=functions.ref()),
            ],
            Tags=name_tags("DB-SG"),
        )
    )
    template.add_resource(functions)
    return SecurityGroups(
        load_balancers=load_balancers,
        application=application,
        database=database,
        functions=functions,
    )


def _tcp(port: int, **source: object) -> ec2.SecurityGroupRule:
    return ec2.SecurityGroupRule(IpProtocol="tcp", FromPort=port, ToPort=port, **source)

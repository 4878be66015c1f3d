"""The VPC, its three tiers of subnets in two zones, and the way out of each zone."""

from troposphere import GetAZs, Select, ec2

from drtemplate import plans
from drtemplate.plans import AddressPlan
from drtemplate.settings import Settings
from drtemplate.template import ExistingResource, StackTemplate, bundle, name_tags

ANYWHERE = "0.0.0.0/0"
HTTP, HTTPS, MYSQL = 80, 443, 3306  # ports


@bundle
class Network:
    """What the other groups may use of the network; the tuples go by zone.

    ``public_ways_out`` and ``private_ways_out`` exist to be depended on: what sits in a subnet can
    talk to the world only when these are there.
    """

    zones: tuple[Select | str, ...]
    vpc: ec2.VPC | ExistingResource
    public_subnets: tuple[ec2.Subnet | ExistingResource, ...]
    private_subnets: tuple[ec2.Subnet | ExistingResource, ...]
    database_subnets: tuple[ec2.Subnet | ExistingResource, ...]
    private_route_tables: tuple[ec2.RouteTable | ExistingResource, ...]
    public_ways_out: tuple[ec2.Route, ...]
    private_ways_out: tuple[ec2.Route | ec2.SubnetRouteTableAssociation, ...]


def add_network(template: StackTemplate, settings: Settings) -> Network:
    """Add the VPC and all that routes in it, or take what is there already."""
    # By name, or by position in the order of Fn::GetAZs.
    zones = settings.zones or tuple(Select(zone, GetAZs("")) for zone in range(plans.ZONES))
    if settings.existing.vpc:
        return _existing_network(settings.existing, zones)
    return _add_network(template, settings.addresses, zones)


def _existing_network(existing: plans.Existing, zones: tuple[Select | str, ...]) -> Network:
    return Network(
        zones=zones,
        vpc=ExistingResource(existing.vpc),
        public_subnets=tuple(map(ExistingResource, existing.public_subnets)),
        private_subnets=tuple(map(ExistingResource, existing.private_subnets)),
        database_subnets=tuple(map(ExistingResource, existing.database_subnets)),
        private_route_tables=tuple(map(ExistingResource, existing.private_route_tables)),
        public_ways_out=(),
        private_ways_out=(),
    )


def _add_network(
    template: StackTemplate, addresses: AddressPlan, zones: tuple[Select | str, ...]
) -> Network:
    """One NAT gateway per zone."""
    vpc = template.add_resource(
        ec2.VPC(
            "VPC",
            CidrBlock=addresses.vpc,
            EnableDnsHostnames=True,
            EnableDnsSupport=True,
            Tags=name_tags("VPC"),
        )
    )
    gateway = template.add_resource(ec2.InternetGateway("InternetGateway", Tags=name_tags("IGW")))
    attachment = template.add_resource(
        ec2.VPCGatewayAttachment("AttachGateway", VpcId=vpc.ref(), InternetGatewayId=gateway.ref())
    )
    public = _add_subnets(template, vpc, "PublicSubnet", addresses.public, zones, public=True)
    private = _add_subnets(template, vpc, "PrivateSubnet", addresses.private, zones)
    database = _add_subnets(template, vpc, "DatabaseSubnet", addresses.database, zones)
    internet_route = _add_public_routing(template, vpc, gateway, attachment, public)
    _add_database_routing(template, vpc, database)
    tables, ways_out = _add_private_routing(template, vpc, attachment, public, private)
    return Network(
        zones=zones,
        vpc=vpc,
        public_subnets=public,
        private_subnets=private,
        database_subnets=database,
        private_route_tables=tables,
        public_ways_out=(internet_route,),
        private_ways_out=ways_out,
    )


def _add_subnets(
    template: StackTemplate,
    vpc: ec2.VPC,
    title: str,
    blocks: tuple[str, ...],
    zones: tuple[Select | str, ...],
    public: bool = False,
) -> tuple[ec2.Subnet, ...]:
    return tuple(
        template.add_resource(
            ec2.Subnet(
                f"{title}{zone + 1}",
                VpcId=vpc.ref(),
                CidrBlock=block,
                AvailabilityZone=zones[zone],
                # Load balancers and NAT gateways bring addresses of their own.
                **({"MapPublicIpOnLaunch": False} if public else {}),
                Tags=name_tags(f"{title}{zone + 1}"),
            )
        )
        for zone, block in enumerate(blocks)
    )


def _add_public_routing(
    template: StackTemplate,
    vpc: ec2.VPC,
    gateway: ec2.InternetGateway,
    attachment: ec2.VPCGatewayAttachment,
    subnets: tuple[ec2.Subnet, ...],
) -> ec2.Route:
    table = template.add_resource(
        ec2.RouteTable("PublicRouteTable", VpcId=vpc.ref(), Tags=name_tags("PublicRoutes"))
    )
    route = template.add_resource(
        ec2.Route(
            "PublicRoute",
            DependsOn=attachment.title,
            RouteTableId=table.ref(),
            DestinationCidrBlock=ANYWHERE,
            GatewayId=gateway.ref(),
        )
    )
    for number, subnet in enumerate(subnets, 1):
        template.add_resource(
            ec2.SubnetRouteTableAssociation(
                f"PublicSubnetRouteTableAssociation{number}",
                SubnetId=subnet.ref(),
                RouteTableId=table.ref(),
            )
        )
    return route


def _add_database_routing(
    template: StackTemplate, vpc: ec2.VPC, subnets: tuple[ec2.Subnet, ...]
) -> None:
    """A table without a route out, whatever becomes of the VPC's main one."""
    table = template.add_resource(
        ec2.RouteTable("DatabaseRouteTable", VpcId=vpc.ref(), Tags=name_tags("DatabaseRoutes"))
    )
    for number, subnet in enumerate(subnets, 1):
        template.add_resource(
            ec2.SubnetRouteTableAssociation(
                f"DatabaseSubnetRouteTableAssociation{number}",
                SubnetId=subnet.ref(),
                RouteTableId=table.ref(),
            )
        )


def _add_nat_gateway(
    template: StackTemplate,
    attachment: ec2.VPCGatewayAttachment,
    subnet: ec2.Subnet,
    number: int,
) -> ec2.NatGateway:
    address = template.add_resource(
        ec2.EIP(
            f"EIP{number}",
            DependsOn=attachment.title,
            Domain="vpc",
            Tags=name_tags(f"EIP{number}"),
        )
    )
    return template.add_resource(
        ec2.NatGateway(
            f"NATGateway{number}",
            AllocationId=address.get_att("AllocationId"),
            SubnetId=subnet.ref(),
            Tags=name_tags(f"NATGateway{number}"),
        )
    )


def _add_private_routing(
    template: StackTemplate,
    vpc: ec2.VPC,
    attachment: ec2.VPCGatewayAttachment,
    public: tuple[ec2.Subnet, ...],
    private: tuple[ec2.Subnet, ...],
) -> tuple[tuple[ec2.RouteTable, ...], tuple[ec2.Route | ec2.SubnetRouteTableAssociation, ...]]:
    tables: list[ec2.RouteTable] = []
    ways_out: list[ec2.Route | ec2.SubnetRouteTableAssociation] = []
    for number, (outside, inside) in enumerate(zip(public, private, strict=True), 1):
        # The source's ids of the first zone have no number, and an id that changed would replace
        # what it stands for; the names in the console are numbered alike.
        suffix = "" if number == 1 else str(number)
        nat = _add_nat_gateway(template, attachment, outside, number)
        table = template.add_resource(
            ec2.RouteTable(
                f"PrivateRouteTable{suffix}",
                VpcId=vpc.ref(),
                Tags=name_tags(f"PrivateRoutes{number}"),
            )
        )
        route = template.add_resource(
            ec2.Route(
                f"PrivateRoute{suffix}",
                RouteTableId=table.ref(),
                DestinationCidrBlock=ANYWHERE,
                NatGatewayId=nat.ref(),
            )
        )
        association = template.add_resource(
            ec2.SubnetRouteTableAssociation(
                f"PrivateSubnetRouteTableAssociation{number}",
                SubnetId=inside.ref(),
                RouteTableId=table.ref(),
            )
        )
        tables.append(table)
        ways_out += [route, association]
    return tuple(tables), tuple(ways_out)

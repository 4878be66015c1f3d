"""EC2's types: the VPC, its routes and its security groups."""

from typing import Any

from emulator.kinds import Kind, Resource, Source, call


def ident(resource: Resource) -> Any:
    """The physical id, as a parameter."""
    return resource.physical_id


def ident_list(resource: Resource) -> list[Any]:
    """The physical id, as a list of one."""
    return [resource.physical_id]


def prop(name: str) -> Source:
    """The value of a property, as a parameter of another call."""
    return lambda resource: resource.properties.get(name)


def attribute(name: str) -> Source:
    """The value of an attribute, as a parameter."""
    return lambda resource: resource.attributes.get(name)


def either(*parts: Source) -> Source:
    """A physical id of several parts, joined by ``|`` as CloudFormation does."""
    return lambda resource: "|".join(str(part(resource)) for part in parts)


def constant(value: Any) -> Source:
    """A parameter that is always the same."""
    return lambda _: value


def physical_name(limit: int = 64, lower: bool = False) -> Source:
    """A generated name of at most ``limit`` characters."""
    return lambda r: r.name(limit).lower() if lower else r.name(limit)


def tagged(resource_type: str) -> dict[str, Any]:
    """EC2 takes tags with the type of the resource."""
    return {"Tags": lambda tags: [{"ResourceType": resource_type, "Tags": tags}]}


def permission(rule: dict[str, Any]) -> dict[str, Any]:
    """A flat ingress rule as EC2's IpPermissions; what it does not know stays and is refused."""
    rest = dict(rule)
    result: dict[str, Any] = {}
    described = {"Description": rest.pop("Description")} if "Description" in rest else {}
    for name, target, field in (
        ("CidrIp", "IpRanges", "CidrIp"),
        ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
        ("SourceSecurityGroupId", "UserIdGroupPairs", "GroupId"),
    ):
        if name in rest:
            result[target] = [{field: rest.pop(name)} | described]
    return rest | result


VPC = Kind(
    type="AWS::EC2::VPC",
    service="ec2",
    create=call("create_vpc", "CidrBlock InstanceTenancy Tags>TagSpecifications"),
    identity="Vpc.VpcId",
    then=(
        call("modify_vpc_attribute", "EnableDnsSupport>EnableDnsSupport.Value", VpcId=ident),
        call("modify_vpc_attribute", "EnableDnsHostnames>EnableDnsHostnames.Value", VpcId=ident),
    ),
    attributes={"VpcId": "Vpc.VpcId", "CidrBlock": "Vpc.CidrBlock"},
    delete=(call("delete_vpc", VpcId=ident),),
    convert=tagged("vpc"),
)

INTERNET_GATEWAY = Kind(
    type="AWS::EC2::InternetGateway",
    service="ec2",
    create=call("create_internet_gateway", "Tags>TagSpecifications"),
    identity="InternetGateway.InternetGatewayId",
    attributes={"InternetGatewayId": "InternetGateway.InternetGatewayId"},
    delete=(call("delete_internet_gateway", InternetGatewayId=ident),),
    convert=tagged("internet-gateway"),
)

ATTACHMENT = Kind(
    type="AWS::EC2::VPCGatewayAttachment",
    service="ec2",
    create=call("attach_internet_gateway", "VpcId InternetGatewayId"),
    identity=either(constant("IGW"), prop("VpcId")),
    delete=(
        call(
            "detach_internet_gateway",
            VpcId=prop("VpcId"),
            InternetGatewayId=prop("InternetGatewayId"),
        ),
    ),
)

SUBNET = Kind(
    type="AWS::EC2::Subnet",
    service="ec2",
    create=call("create_subnet", "VpcId CidrBlock AvailabilityZone Tags>TagSpecifications"),
    identity="Subnet.SubnetId",
    then=(
        call(
            "modify_subnet_attribute",
            "MapPublicIpOnLaunch>MapPublicIpOnLaunch.Value",
            SubnetId=ident,
        ),
    ),
    attributes={"SubnetId": "Subnet.SubnetId", "AvailabilityZone": "Subnet.AvailabilityZone"},
    delete=(call("delete_subnet", SubnetId=ident),),
    convert=tagged("subnet"),
)

ROUTE_TABLE = Kind(
    type="AWS::EC2::RouteTable",
    service="ec2",
    create=call("create_route_table", "VpcId Tags>TagSpecifications"),
    identity="RouteTable.RouteTableId",
    attributes={"RouteTableId": "RouteTable.RouteTableId"},
    delete=(call("delete_route_table", RouteTableId=ident),),
    convert=tagged("route-table"),
)

ROUTE = Kind(
    type="AWS::EC2::Route",
    service="ec2",
    create=call("create_route", "RouteTableId DestinationCidrBlock GatewayId NatGatewayId"),
    identity=either(prop("RouteTableId"), prop("DestinationCidrBlock")),
    delete=(
        call(
            "delete_route",
            RouteTableId=prop("RouteTableId"),
            DestinationCidrBlock=prop("DestinationCidrBlock"),
        ),
    ),
)

ASSOCIATION = Kind(
    type="AWS::EC2::SubnetRouteTableAssociation",
    service="ec2",
    create=call("associate_route_table", "SubnetId RouteTableId"),
    identity="AssociationId",
    attributes={"Id": "AssociationId"},
    delete=(call("disassociate_route_table", AssociationId=ident),),
)

ELASTIC_IP = Kind(
    type="AWS::EC2::EIP",
    service="ec2",
    create=call("allocate_address", "Domain Tags>TagSpecifications"),
    identity="PublicIp",
    attributes={"AllocationId": "AllocationId", "PublicIp": "PublicIp"},
    delete=(call("release_address", AllocationId=lambda r: r.response["AllocationId"]),),
    convert=tagged("elastic-ip"),
)

NAT_GATEWAY = Kind(
    type="AWS::EC2::NatGateway",
    service="ec2",
    create=call("create_nat_gateway", "AllocationId SubnetId Tags>TagSpecifications"),
    identity="NatGateway.NatGatewayId",
    attributes={"NatGatewayId": "NatGateway.NatGatewayId"},
    delete=(call("delete_nat_gateway", NatGatewayId=ident),),
    convert=tagged("natgateway"),
)

SECURITY_GROUP = Kind(
    type="AWS::EC2::SecurityGroup",
    service="ec2",
    create=call(
        "create_security_group",
        "GroupDescription>Description VpcId Tags>TagSpecifications",
        GroupName=physical_name(255),
    ),
    identity="GroupId",
    then=(
        call(
            "authorize_security_group_ingress", "SecurityGroupIngress>IpPermissions", GroupId=ident
        ),
    ),
    attributes={"GroupId": "GroupId", "VpcId": prop("VpcId")},
    delete=(call("delete_security_group", GroupId=ident),),
    convert=tagged("security-group")
    | {"SecurityGroupIngress": lambda rules: [permission(rule) for rule in rules]},
)

ENDPOINT = Kind(
    type="AWS::EC2::VPCEndpoint",
    service="ec2",
    create=call(
        "create_vpc_endpoint",
        "VpcId ServiceName RouteTableIds",
        VpcEndpointType=constant("Gateway"),
    ),
    identity="VpcEndpoint.VpcEndpointId",
    attributes={"Id": "VpcEndpoint.VpcEndpointId"},
    delete=(call("delete_vpc_endpoints", VpcEndpointIds=ident_list),),
)

KINDS = (
    VPC,
    INTERNET_GATEWAY,
    ATTACHMENT,
    SUBNET,
    ROUTE_TABLE,
    ROUTE,
    ASSOCIATION,
    ELASTIC_IP,
    NAT_GATEWAY,
    SECURITY_GROUP,
    ENDPOINT,
)

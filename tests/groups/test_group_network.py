import pytest

from drtemplate.cloudformation.references import needs

TIERS = ("Public", "Private", "Database")


def of_type(resources, properties, type_):
    return {title: properties[title] for title in resources if resources[title]["Type"] == type_}


@pytest.fixture
def tables_of_subnets(resources, properties):
    associations = of_type(resources, properties, "AWS::EC2::SubnetRouteTableAssociation").values()
    tables = {one["SubnetId"]: one["RouteTableId"] for one in associations}
    assert len(tables) == len(associations)
    return tables


@pytest.fixture
def default_routes(resources, properties):
    routes = of_type(resources, properties, "AWS::EC2::Route").values()
    return {
        one["RouteTableId"]: one for one in routes if one["DestinationCidrBlock"] == "0.0.0.0/0"
    }


@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_has_one_subnet_in_each_of_two_zones(properties, tier):
    zones = [properties[f"{tier}Subnet{number}"]["AvailabilityZone"] for number in (1, 2)]
    assert zones == ["zone-0", "zone-1"]


def test_every_subnet_is_in_the_vpc(resources, properties):
    subnets = of_type(resources, properties, "AWS::EC2::Subnet")
    assert len(subnets) == 6
    assert {subnet["VpcId"] for subnet in subnets.values()} == {"VPC"}


def test_names_in_the_vpc_resolve(properties):
    assert properties["VPC"]["EnableDnsSupport"] is True
    assert properties["VPC"]["EnableDnsHostnames"] is True


@pytest.mark.parametrize("subnet", ["PublicSubnet1", "PublicSubnet2"])
def test_a_public_subnet_reaches_the_internet(tables_of_subnets, default_routes, subnet):
    assert default_routes[tables_of_subnets[subnet]]["GatewayId"] == "InternetGateway"


@pytest.mark.parametrize("subnet", ["PrivateSubnet1", "PrivateSubnet2"])
def test_a_private_subnet_leaves_through_the_nat_of_its_zone(
    properties, tables_of_subnets, default_routes, subnet
):
    nat = default_routes[tables_of_subnets[subnet]]["NatGatewayId"]
    outside = properties[nat]["SubnetId"]
    assert outside.startswith("PublicSubnet")
    assert properties[outside]["AvailabilityZone"] == properties[subnet]["AvailabilityZone"]


@pytest.mark.parametrize("subnet", ["DatabaseSubnet1", "DatabaseSubnet2"])
def test_a_database_subnet_has_no_way_out(tables_of_subnets, default_routes, subnet):
    assert tables_of_subnets.get(subnet) not in default_routes


def test_each_nat_has_its_own_address(resources, properties):
    gateways = of_type(resources, properties, "AWS::EC2::NatGateway").values()
    addresses = {gateway["AllocationId"] for gateway in gateways}
    assert addresses == {"EIP1.AllocationId", "EIP2.AllocationId"}


@pytest.mark.parametrize("title", ["PublicRoute", "EIP1", "EIP2", "NATGateway1", "NATGateway2"])
def test_what_needs_the_internet_waits_for_the_gateway(resources, title):
    assert "AttachGateway" in needs(resources, title)


def test_no_subnet_gives_public_addresses_away(resources, properties):
    subnets = of_type(resources, properties, "AWS::EC2::Subnet")
    assert not any(subnet.get("MapPublicIpOnLaunch") for subnet in subnets.values())


def test_the_database_subnets_have_a_table_of_their_own_without_a_way_out(resources, properties):
    associations = of_type(resources, properties, "AWS::EC2::SubnetRouteTableAssociation").values()
    tables = {one["SubnetId"]: one["RouteTableId"] for one in associations}
    own = {tables[f"DatabaseSubnet{number}"] for number in (1, 2)}
    assert own == {"DatabaseRouteTable"}
    routes = of_type(resources, properties, "AWS::EC2::Route").values()
    assert not [one for one in routes if one["RouteTableId"] in own]


def test_every_route_table_is_in_the_vpc(resources, properties):
    tables = of_type(resources, properties, "AWS::EC2::RouteTable")
    assert len(tables) >= 3
    assert {table["VpcId"] for table in tables.values()} == {"VPC"}


def test_the_gateway_is_attached_to_the_vpc(properties):
    attachment = properties["AttachGateway"]
    assert attachment == {"VpcId": "VPC", "InternetGatewayId": "InternetGateway"}


@pytest.mark.parametrize("title", ["EIP1", "EIP2"])
def test_an_address_is_for_a_vpc(properties, title):
    assert properties[title]["Domain"] == "vpc"

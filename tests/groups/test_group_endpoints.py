import pytest

from drtemplate.cloudformation.policies import matches_wildcard

ENDPOINTS = {"S3Endpoint": "s3", "DynamoDBEndpoint": "dynamodb"}


@pytest.mark.parametrize(("title", "service"), ENDPOINTS.items())
def test_an_endpoint_is_for_its_service_in_this_region(properties, title, service):
    assert properties[title]["ServiceName"] == f"com.amazonaws.xx-test-1.{service}"
    assert properties[title]["VpcId"] == "VPC"


@pytest.mark.parametrize("title", ENDPOINTS)
def test_an_endpoint_serves_the_private_subnets_of_both_zones(properties, title):
    tables = {
        properties[f"PrivateSubnetRouteTableAssociation{number}"]["RouteTableId"]
        for number in (1, 2)
    }
    assert len(tables) == 2
    assert set(properties[title]["RouteTableIds"]) == tables


@pytest.mark.parametrize("title", ENDPOINTS)
def test_an_endpoint_is_a_gateway(properties, title):
    assert properties[title].get("VpcEndpointType", "Gateway") == "Gateway"


def let_through(properties, title):
    """Action pattern -> whether only this account's principals may."""
    statements = properties[title]["PolicyDocument"]["Statement"]
    own = {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}
    assert all(one["Effect"] == "Allow" for one in statements)
    return {action: one.get("Condition") == own for one in statements for action in one["Action"]}


@pytest.mark.parametrize(("title", "service"), ENDPOINTS.items())
def test_credentials_from_elsewhere_carry_nothing_out(properties, title, service):
    found = let_through(properties, title)
    assert found[f"{service}:*"] is True
    foreign = [action for action, own in found.items() if not own]
    assert not any(matches_wildcard(one, f"{service}:PutObject") for one in foreign)
    assert foreign == (["s3:GetObject"] if service == "s3" else [])

import pytest

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

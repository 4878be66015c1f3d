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


def foreign_statements(properties, title):
    """Action and resource of what not only this account's principals may; the one that they may is first."""
    own, *others = properties[title]["PolicyDocument"]["Statement"]
    assert all(one["Effect"] == "Allow" for one in (own, *others))
    assert own["Action"] == [f"{ENDPOINTS[title]}:*"]
    assert own["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}
    return {(*one["Action"], *one["Resource"]) for one in others}


def test_credentials_from_elsewhere_only_read_and_answer_cloudformation(properties):
    answers = "arn:aws-test:s3:::cloudformation"
    assert foreign_statements(properties, "DynamoDBEndpoint") == set()
    assert foreign_statements(properties, "S3Endpoint") == {
        ("s3:GetObject", "*"),
        (
            "s3:PutObject",
            f"{answers}-waitcondition-xx-test-1/*",
            f"{answers}-custom-resource-response-xxtest1/*",
        ),
    }

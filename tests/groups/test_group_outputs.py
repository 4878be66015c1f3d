import pytest


def test_the_read_endpoint_is_the_clusters(outputs):
    value = outputs["DatabaseReadEndpoint"]["Value"]
    assert value == "AuroraDBCluster.ReadEndpoint.Address"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PrimaryTargetGroupArn", "PrimaryTargetGroup"),
        ("StandbyTargetGroupArn", "StandbyTargetGroup"),
        ("ApplicationSubnetIds", "PrivateSubnet1,PrivateSubnet2"),
        ("ApplicationSecurityGroupId", "AppSecurityGroup"),
    ],
)
def test_the_outputs_say_where_to_attach_servers(outputs, name, value):
    assert outputs[name]["Value"] == value


def test_attached_servers_reach_the_database(outputs, properties):
    group = outputs["ApplicationSecurityGroupId"]["Value"]
    rules = properties["DatabaseSecurityGroup"]["SecurityGroupIngress"]
    assert group in {rule["SourceSecurityGroupId"] for rule in rules}


def test_every_output_is_a_text(outputs):
    assert [name for name, output in outputs.items() if not isinstance(output["Value"], str)] == []

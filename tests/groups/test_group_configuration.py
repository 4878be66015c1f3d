import json

import pytest

SOURCE_KEYS = {
    "primary_endpoint",
    "standby_endpoint",
    "rto_seconds",
    "rpo_seconds",
    "auto_failover_enabled",
    "health_check_interval",
}
PARAMETERS = {
    "FailoverConfigParameter": "/dr-test/failover/config",
    "DatabaseEndpointParameter": "/dr-test/database/endpoint",
}


@pytest.fixture
def config(properties):
    return json.loads(properties["FailoverConfigParameter"]["Value"])


def test_the_failover_configuration_is_json_with_the_sources_keys(config):
    assert config.keys() >= SOURCE_KEYS


def test_the_endpoints_are_those_of_the_load_balancers(config):
    assert config["primary_endpoint"] == "PrimaryALB.DNSName"
    assert config["standby_endpoint"] == "StandbyALB.DNSName"


def test_the_objectives_are_the_sources(config):
    assert (config["rto_seconds"], config["rpo_seconds"]) == (30, 1)


def test_a_component_rests_for_an_hour_after_it_has_moved(config):
    assert config["cooldown_seconds"] == 3600


def test_the_configuration_fits_into_a_standard_parameter(properties):
    value = properties["FailoverConfigParameter"]["Value"]
    longest_load_balancer_name = 255
    assert len(value.encode()) + 2 * longest_load_balancer_name <= 4096


@pytest.mark.parametrize("title", PARAMETERS)
def test_a_parameter_is_a_plain_string(properties, title):
    """CloudFormation cannot make a SecureString."""
    assert properties[title]["Type"] == "String"


@pytest.mark.parametrize(("title", "name"), PARAMETERS.items())
def test_a_parameter_is_named_after_the_stack(properties, title, name):
    assert properties[title]["Name"] == name


def test_the_database_endpoint_is_that_of_the_writer(properties):
    assert properties["DatabaseEndpointParameter"]["Value"] == "AuroraDBCluster.Endpoint.Address"


@pytest.mark.parametrize("environment", ["Production", "Staging"])
def test_a_parameter_is_tagged_with_the_environment(evaluate, environment):
    stack = evaluate(Environment=environment)
    assert all(stack[title]["Tags"] == {"Environment": environment} for title in PARAMETERS)

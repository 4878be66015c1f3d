import pytest

SIDES = {"Primary": "PRIMARY", "Standby": "SECONDARY"}


@pytest.mark.parametrize("side", SIDES)
def test_a_health_check_asks_its_load_balancer_over_tls(properties, side):
    config = properties[f"{side}HealthCheck"]["HealthCheckConfig"]
    assert (config["Type"], config["Port"]) == ("HTTPS", 443)
    assert config["FullyQualifiedDomainName"] == f"{side}ALB.DNSName"
    assert config["ResourcePath"] == "/health"


@pytest.mark.parametrize("side", SIDES)
def test_a_health_check_fails_after_two_lost_answers(properties, side):
    config = properties[f"{side}HealthCheck"]["HealthCheckConfig"]
    assert config["FailureThreshold"] == 2
    assert config["RequestInterval"] == 10


@pytest.mark.parametrize("side", SIDES)
def test_a_health_check_has_its_settings_in_the_config_alone(properties, side):
    assert properties[f"{side}HealthCheck"].keys() == {"HealthCheckConfig", "HealthCheckTags"}


@pytest.mark.parametrize(("side", "failover"), SIDES.items())
def test_a_record_follows_its_own_sides_health(properties, side, failover):
    record = properties[f"{side}Record"]
    assert record["Failover"] == failover
    assert record["HealthCheckId"] == f"{side}HealthCheck"
    assert record["AliasTarget"] == {
        "HostedZoneId": f"{side}ALB.CanonicalHostedZoneID",
        "DNSName": f"{side}ALB.DNSName",
        "EvaluateTargetHealth": True,
    }


def test_both_records_answer_for_the_domain(evaluate):
    stack = evaluate(DomainName="pay.example.com", HostedZoneId="ZPAY")
    for side in SIDES:
        record = stack[f"{side}Record"]
        assert (record["Name"], record["HostedZoneId"]) == ("pay.example.com", "ZPAY")
        assert record["Type"] == "A"


def test_the_records_are_told_apart(properties):
    assert {properties[f"{side}Record"]["SetIdentifier"] for side in SIDES} == set(SIDES)


@pytest.mark.parametrize("side", SIDES)
def test_an_alias_has_no_ttl(properties, side):
    assert "TTL" not in properties[f"{side}Record"]

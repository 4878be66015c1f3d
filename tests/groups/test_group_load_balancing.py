import pytest

SIDES = ["Primary", "Standby"]


@pytest.fixture(params=SIDES)
def side(request):
    return request.param


@pytest.fixture
def listeners(resources, properties, side):
    """The side's listeners by port."""
    found = [
        properties[title]
        for title, resource in resources.items()
        if resource["Type"] == "AWS::ElasticLoadBalancingV2::Listener"
        and properties[title]["LoadBalancerArn"] == f"{side}ALB"
    ]
    by_port = {listener["Port"]: listener for listener in found}
    assert len(by_port) == len(found)
    return by_port


def test_a_load_balancer_waits_for_the_way_to_the_internet(resources, side):
    assert "PublicRoute" in resources[f"{side}ALB"]["DependsOn"]


def test_a_load_balancer_faces_the_internet_in_both_zones(properties, side):
    balancer = properties[f"{side}ALB"]
    assert balancer["Scheme"] == "internet-facing"
    assert balancer["Subnets"] == ["PublicSubnet1", "PublicSubnet2"]
    assert balancer["SecurityGroups"] == ["ALBSecurityGroup"]


def test_a_side_listens_where_its_health_check_looks(properties, listeners, side):
    check = properties[f"{side}HealthCheck"]["HealthCheckConfig"]
    assert listeners[check["Port"]]["Protocol"] == check["Type"]


def test_https_is_served_with_the_stacks_certificate(listeners):
    listener = listeners[443]
    assert listener["Protocol"] == "HTTPS"
    assert listener["Certificates"] == [{"CertificateArn": "Certificate"}]


def test_https_takes_tls_1_2_at_least(listeners):
    assert listeners[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"


def test_https_is_forwarded_to_the_sides_own_targets(listeners, side):
    (action,) = listeners[443]["DefaultActions"]
    assert action == {"Type": "forward", "TargetGroupArn": f"{side}TargetGroup"}


def test_http_is_sent_to_https_and_nowhere_else(listeners):
    (action,) = listeners[80]["DefaultActions"]
    redirect = action["RedirectConfig"]
    assert action["Type"] == "redirect"
    assert (redirect["Protocol"], redirect["Port"]) == ("HTTPS", "443")
    assert redirect["StatusCode"] == "HTTP_301"
    assert not redirect.keys() & {"Host", "Path", "Query"}


def test_a_health_check_ends_before_the_next_begins(properties, side):
    group = properties[f"{side}TargetGroup"]
    assert group["HealthCheckTimeoutSeconds"] < group["HealthCheckIntervalSeconds"]


def test_a_dead_target_is_noticed_within_ten_seconds(properties, side):
    group = properties[f"{side}TargetGroup"]
    assert group["HealthCheckIntervalSeconds"] * group["UnhealthyThresholdCount"] <= 10
    assert group["UnhealthyThresholdCount"] >= 2


def test_targets_are_asked_for_their_health_over_http(properties, side):
    group = properties[f"{side}TargetGroup"]
    assert group["HealthCheckEnabled"] is True
    assert (group["HealthCheckPath"], group["Protocol"], group["Port"]) == ("/health", "HTTP", 80)


def test_the_certificate_is_for_the_domain_and_validated_in_its_zone(evaluate):
    chosen = {"DomainName": "pay.example.com", "HostedZoneId": "ZPAY"}
    certificate = evaluate(**chosen)["Certificate"]
    assert certificate["DomainName"] == "pay.example.com"
    assert certificate["ValidationMethod"] == "DNS"
    assert certificate["DomainValidationOptions"] == [chosen]


def test_a_target_group_is_in_the_vpc(properties, side):
    assert properties[f"{side}TargetGroup"]["VpcId"] == "VPC"


def test_a_load_balancer_speaks_http(properties, listeners, side):
    assert properties[f"{side}ALB"]["Type"] == "application"
    assert listeners[80]["Protocol"] == "HTTP"


@pytest.mark.parametrize("side", ["Primary", "Standby"])
@pytest.mark.parametrize(
    ("environment", "protected"), [("Production", "true"), ("Staging", "false")]
)
def test_production_is_protected_and_odd_headers_are_dropped(
    evaluate, side, environment, protected
):
    attributes = evaluate(Environment=environment)[f"{side}ALB"]["LoadBalancerAttributes"]
    assert {one["Key"]: one["Value"] for one in attributes} == {
        "deletion_protection.enabled": protected,
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }


def test_what_is_protected_is_made_after_what_may_fail(resources):
    """A rollback stops at the first resource that is protected from deletion."""
    for title in ("AuroraDBCluster", "SessionStateTable", "FailoverStateTable"):
        assert {"PrimaryRecord", "StandbyRecord"} <= set(resources[title]["DependsOn"])
    for title in ("PrimaryALB", "StandbyALB"):
        assert "Certificate" in resources[title]["DependsOn"]

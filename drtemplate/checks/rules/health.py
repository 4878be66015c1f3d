"""Health checks that can never pass: no listener, no way in, or no time to answer."""

from collections.abc import Iterator

from drtemplate.checks.findings import Finding
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import (
    Properties,
    Template,
    branches,
    list_of,
    number_of,
    of_type,
    properties_of,
    target_of,
)

LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
# Type of the health check -> its port where none is given, and the listeners that answer it.
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
ANSWERED = {
    "HTTP": (80, ("HTTP",)),
    "HTTP_STR_MATCH": (80, ("HTTP",)),
    "HTTPS": (443, ("HTTPS", "TLS")),
    "HTTPS_STR_MATCH": (443, ("HTTPS", "TLS")),
    "TCP": (None, ("HTTP", "HTTPS", "TCP", "TLS", "TCP_UDP")),
}
# Seconds between two checks of a target, and for one answer, where the template says none.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
INTERVAL = 30.0
TIMEOUT = {"HTTP": 6.0, "GENEVE": 5.0}
OTHER_TIMEOUT = 10.0


def check_health(template: Template) -> Iterator[Finding]:
    """Health checks of Route 53 and of target groups that the template dooms to fail."""
    for title, properties in of_type(template, "AWS::Route53::HealthCheck"):
        config = properties.get("HealthCheckConfig", {})
        balancer = target_of(config.get("FullyQualifiedDomainName"))[0]
        facts = properties_of(template, balancer, LOAD_BALANCER)
        if balancer and facts is not None and text_of(config.get("Type")) in ANSWERED:
            yield from _health_check(template, title, config, balancer, facts)
    for title, properties in of_type(template, "AWS::ElasticLoadBalancingV2::TargetGroup"):
        yield from _target_group(title, properties)


def _health_check(
    template: Template, title: str, config: Properties, balancer: str, facts: Properties
) -> Iterator[Finding]:
    where = f"Resources.{title}.Properties.HealthCheckConfig"
    kind = text_of(config.get("Type")) or ""
    default, protocols = ANSWERED[kind]
    port = number_of(config.get("Port", default))
    if port is None:
        return
    if not any(
        number_of(one.get("Port")) == port and text_of(one.get("Protocol")) in protocols
        for _, one in of_type(template, "AWS::ElasticLoadBalancingV2::Listener")
        if target_of(one.get("LoadBalancerArn"))[0] == balancer
    ):
        yield Finding(
            where,
            "health-check-listener",
            f"asks {balancer} for {kind} on port {port:.0f}, where no listener answers; add one, "
            "or ask where there is one",
        )
    if text_of(facts.get("Scheme")) == "internal":
        yield Finding(
            where,
            "health-check-way-in",
            f"comes from the internet, and {balancer} is internal; make it internet-facing",
        )
    elif not _let_in(template, facts, port):
        yield Finding(
            where,
            "health-check-way-in",
            f"comes from the internet, and no security group of {balancer} lets 0.0.0.0/0 in on "
            f"port {port:.0f}; add a rule",
        )


def _let_in(template: Template, balancer: Properties, port: float) -> bool:
    """Whether some security group lets everybody in, or one is not the template's to know."""
    groups = [target_of(one)[0] for one in list_of(balancer.get("SecurityGroups"))]
    known = [properties_of(template, one, "AWS::EC2::SecurityGroup") for one in groups]
    rules = [rule for one in known if one for rule in list_of(one.get("SecurityGroupIngress"))]
    rules += [
        rule
        for _, rule in of_type(template, "AWS::EC2::SecurityGroupIngress")
        if target_of(rule.get("GroupId"))[0] in groups
    ]
    return not known or None in known or any(_covers(rule, port) for rule in rules)


def _covers(rule: Properties, port: float) -> bool:
    protocol = text_of(rule.get("IpProtocol"))
    first, last = number_of(rule.get("FromPort")), number_of(rule.get("ToPort"))
    return (
        text_of(rule.get("CidrIp")) == "0.0.0.0/0"
        and protocol in ("tcp", "6", "-1")
        and (protocol == "-1" or (first is not None and first <= port <= (last or first)))
    )


def _target_group(title: str, properties: Properties) -> Iterator[Finding]:
    # Elastic Load Balancing refuses a time-out that is not below the interval.
    protocol = text_of(properties.get("HealthCheckProtocol") or properties.get("Protocol"))
    for given in branches(properties.get("HealthCheckIntervalSeconds", INTERVAL)):
        for allowed in branches(
            properties.get("HealthCheckTimeoutSeconds", TIMEOUT.get(str(protocol), OTHER_TIMEOUT))
        ):
            interval, timeout = number_of(given), number_of(allowed)
            if interval is not None and timeout is not None and timeout >= interval:
                yield Finding(
                    f"Resources.{title}.Properties.HealthCheckTimeoutSeconds",
                    "target-timeout",
                    f"{timeout:.0f} s is not below the interval of {interval:.0f} s; shorten it",
                )

"""Health checks that can never pass: no listener, no way in, or no time to answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from cfnlint.rules import RuleMatch

from drtemplate.checks.rules.rule import TemplateRule, at_property
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import (
    Properties,
    Template,
    branches,
    list_of,
    mapping_of,
    mappings_of,
    number_of,
    of_type,
    properties_of,
    target_of,
)

ANYWHERE = "0.0.0.0/0"
LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
# Type of the health check -> its port where none is given, and the listeners that answer it: a
# Network Load Balancer hands TCP on, so whatever stands behind it may speak any protocol.
# https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
ANSWERED = {
    "HTTP": (80, ("HTTP", "TCP", "TCP_UDP")),
    "HTTP_STR_MATCH": (80, ("HTTP", "TCP", "TCP_UDP")),
    "HTTPS": (443, ("HTTPS", "TLS", "TCP", "TCP_UDP")),
    "HTTPS_STR_MATCH": (443, ("HTTPS", "TLS", "TCP", "TCP_UDP")),
    "TCP": (None, ("HTTP", "HTTPS", "TCP", "TLS", "TCP_UDP")),
}
# Seconds between two checks of a target, and for one answer, where the template says none.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
INTERVAL = 30.0
TIMEOUT = {"HTTP": 6.0, "GENEVE": 5.0}
OTHER_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Check:
    """A health check of Route 53 on a load balancer of the template.

    Attributes:
        title: its logical id.
        kind: its type, as ``HTTPS``.
        port: which it asks.
        balancer: the load balancer's logical id.
        facts: the load balancer's properties.
    """

    title: str
    kind: str
    port: float
    balancer: str
    facts: Properties


def _checks(template: Template) -> Iterator[Check]:
    for title, properties in of_type(template, "AWS::Route53::HealthCheck"):
        config = mapping_of(properties.get("HealthCheckConfig"))
        balancer = target_of(config.get("FullyQualifiedDomainName"))[0]
        facts = properties_of(template, balancer, LOAD_BALANCER)
        kind = text_of(config.get("Type")) or ""
        if balancer and facts is not None and kind in ANSWERED:
            port = number_of(config.get("Port", ANSWERED[kind][0]))
            if port is not None:
                yield Check(title, kind, port, balancer, facts)


class HealthCheckListener(TemplateRule):
    """A health check of a port on which nothing answers its protocol."""

    id = "E9201"
    shortdesc = "A listener answers the health check's protocol on its port"
    description = (
        "Otherwise the check fails from the first minute, and DNS fails over with it, or never can."
    )
    source_url = (
        "https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html"
    )
    tags = ["route53", "elb"]
    example = ("Resources.PrimaryHealthCheck.Properties.HealthCheckConfig.Port", 444)

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each check that no listener answers."""
        for check in _checks(template):
            listeners = [
                listener
                for _, listener in of_type(template, "AWS::ElasticLoadBalancingV2::Listener")
                if target_of(listener.get("LoadBalancerArn"))[0] == check.balancer
            ]
            # Without any, another stack makes them.
            if listeners and not any(_answers(listener, check) for listener in listeners):
                yield at_property(
                    check.title,
                    "HealthCheckConfig",
                    message=f"{check.title} asks {check.balancer} for {check.kind} on port "
                    f"{check.port:.0f}, where no listener answers; add one, or ask where there is one",
                )


def _answers(listener: Properties, check: Check) -> bool:
    """Whether the listener answers the check, or may if a parameter decides."""
    if not listener.keys() >= {"Port", "Protocol"}:
        return False
    port, protocol = number_of(listener["Port"]), text_of(listener["Protocol"])
    is_known = protocol is not None and "${" not in protocol
    return port in (None, check.port) and (not is_known or protocol in ANSWERED[check.kind][1])


class HealthCheckWayIn(TemplateRule):
    """A health check that cannot reach its load balancer."""

    id = "E9202"
    shortdesc = "The internet's health checkers reach the load balancer"
    description = (
        "Route 53 asks from the internet: an internal load balancer or a security group without an "
        "open rule on the port never answers it."
    )
    source_url = (
        "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/route-53-ip-addresses.html"
    )
    tags = ["route53", "elb", "network"]
    example = ("Resources.PrimaryALB.Properties.Scheme", "internal")

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each check that is kept out."""
        for check in _checks(template):
            if text_of(check.facts.get("Scheme")) == "internal":
                reason = f"{check.balancer} is internal; make it internet-facing"
            elif not _let_in(template, check.facts, check.port):
                reason = (
                    f"no security group of {check.balancer} lets {ANYWHERE} in on port "
                    f"{check.port:.0f}; add a rule"
                )
            else:
                continue
            yield at_property(
                check.title,
                "HealthCheckConfig",
                message=f"{check.title} comes from the internet, and {reason}",
            )


def _let_in(template: Template, balancer: Properties, port: float) -> bool:
    """Whether some security group lets everybody in, or one is not the template's to know."""
    groups = [target_of(group)[0] for group in list_of(balancer.get("SecurityGroups"))]
    known = [properties_of(template, group, "AWS::EC2::SecurityGroup") for group in groups]
    rules = [
        rule for group in known if group for rule in mappings_of(group.get("SecurityGroupIngress"))
    ]
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
        _may_hold_checkers(rule)
        and protocol in ("tcp", "6", "-1")
        and (protocol == "-1" or (first is not None and first <= port <= (last or first)))
    )


def _may_hold_checkers(rule: Properties) -> bool:
    """Whether the rule's source may have Route 53's checkers, whose public ranges change."""
    if "SourcePrefixListId" in rule:
        return True
    source = text_of(rule.get("CidrIp")) or ""
    try:
        return source == ANYWHERE or not ip_network(source, strict=False).is_private
    except ValueError:
        return "${" in source


class TargetTimeout(TemplateRule):
    """A target's health check that may take as long as the pause between two."""

    id = "E9203"
    shortdesc = "A target group's time-out is below its interval"
    description = (
        "Elastic Load Balancing refuses the group otherwise, also where the default of one "
        "meets a given value of the other."
    )
    source_url = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html"
    tags = ["elb"]
    example = ("Resources.PrimaryTargetGroup.Properties.HealthCheckTimeoutSeconds", 5)

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each pair of values that does not fit, on whatever condition."""
        for title, group in of_type(template, "AWS::ElasticLoadBalancingV2::TargetGroup"):
            protocol = text_of(group.get("HealthCheckProtocol") or group.get("Protocol"))
            default = TIMEOUT.get(str(protocol), OTHER_TIMEOUT)
            for given in branches(group.get("HealthCheckIntervalSeconds", INTERVAL)):
                for allowed in branches(group.get("HealthCheckTimeoutSeconds", default)):
                    interval, timeout = number_of(given), number_of(allowed)
                    if interval is not None and timeout is not None and timeout >= interval:
                        yield at_property(
                            title,
                            "HealthCheckTimeoutSeconds",
                            message=f"the time-out of {timeout:.0f} s is not below the interval of "
                            f"{interval:.0f} s; shorten it",
                        )

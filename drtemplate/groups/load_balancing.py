"""The primary and the standby side: load balancer, target group and listeners of each."""

from troposphere import If, Tags, certificatemanager
from troposphere import elasticloadbalancingv2 as elb

from drtemplate.groups.network import HTTP, HTTPS, Network
from drtemplate.groups.parameters import Parameters
from drtemplate.groups.records import LogBucket, load_balancer_logging
from drtemplate.groups.security_groups import SecurityGroups
from drtemplate.plans.automation import Automation
from drtemplate.settings import Settings
from drtemplate.template import (
    ExistingResource,
    StackTemplate,
    bundle,
    name_tags,
    stack_name,
    titles,
)

# What AWS recommends: TLS 1.3, or 1.2 with forward secrecy and authenticated ciphers only; clients that
# know post-quantum key exchange use it, the others need not.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"


@bundle
class Side:
    """One side of the pair. Servers are attached to the target group by the user."""

    name: str
    load_balancer: elb.LoadBalancer
    target_group: elb.TargetGroup


@bundle
class LoadBalancing:
    """Both sides, and the certificate that both show."""

    certificate: certificatemanager.Certificate | ExistingResource
    primary: Side
    standby: Side


def add_load_balancing(
    template: StackTemplate,
    parameters: Parameters,
    network: Network,
    security_groups: SecurityGroups,
    logs: LogBucket | None,
    settings: Settings,
) -> LoadBalancing:
    """Add the certificate and both sides, whose requests are logged if there is a bucket for it."""
    existing = settings.existing.certificate
    certificate = ExistingResource(existing) if existing else _add_certificate(template, parameters)
    primary, standby = (
        _add_side(template, name, parameters, network, security_groups, certificate, logs, settings)
        for name in ("Primary", "Standby")
    )
    return LoadBalancing(certificate=certificate, primary=primary, standby=standby)


def _add_certificate(
    template: StackTemplate, parameters: Parameters
) -> certificatemanager.Certificate:
    return template.add_resource(
        certificatemanager.Certificate(
            "Certificate",
            DomainName=parameters.domain_name.ref(),
            ValidationMethod="DNS",
            DomainValidationOptions=[
                certificatemanager.DomainValidationOption(
                    DomainName=parameters.domain_name.ref(),
                    HostedZoneId=parameters.hosted_zone_id.ref(),
                )
            ],
        )
    )


def _add_side(
    template: StackTemplate,
    name: str,
    parameters: Parameters,
    network: Network,
    security_groups: SecurityGroups,
    certificate: certificatemanager.Certificate | ExistingResource,
    logs: LogBucket | None,
    settings: Settings,
) -> Side:
    suffix = f"{name.lower()}-alb"
    needed, logging = load_balancer_logging(logs)
    load_balancer = template.add_resource(
        elb.LoadBalancer(
            f"{name}ALB",
            # An internet-facing load balancer needs the gateway to be attached, and to stay so; and a
            # certificate that is not to be had fails before anything is protected from deletion.
            **_depends([*titles(*network.public_ways_out, certificate), *needed]),
            Name=stack_name(f"-{suffix}"),
            Type="application",
            Scheme="internet-facing",
            SecurityGroups=[security_groups.load_balancers.ref()],
            Subnets=[subnet.ref() for subnet in network.public_subnets],
            LoadBalancerAttributes=[
                elb.LoadBalancerAttributes(Key=key, Value=value)
                for key, value in (_attributes(parameters) | logging).items()
            ],
            Tags=name_tags(suffix) + Tags(Environment=name),
        )
    )
    target_group = _add_target_group(template, name, network, settings.automation)
    _add_listeners(template, name, load_balancer, target_group, certificate)
    return Side(name=name, load_balancer=load_balancer, target_group=target_group)


def _add_target_group(
    template: StackTemplate, name: str, network: Network, automation: Automation
) -> elb.TargetGroup:
    return template.add_resource(
        elb.TargetGroup(
            f"{name}TargetGroup",
            Name=stack_name(f"-{name.lower()}-tg"),
            Port=HTTP,
            Protocol="HTTP",
            VpcId=network.vpc.ref(),
            HealthCheckEnabled=True,
            HealthCheckPath="/health",
            # Two checks, 5 s apart, are the fastest that a load balancer offers; the timeout must
            # be shorter than the interval.
            # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
            HealthCheckIntervalSeconds=automation.target_interval_seconds,
            HealthCheckTimeoutSeconds=4,
            HealthyThresholdCount=automation.target_failures,
            UnhealthyThresholdCount=automation.target_failures,
            Tags=name_tags(f"{name.lower()}-tg"),
        )
    )


def _depends(titles: list[str]) -> dict[str, list[str]]:
    return {"DependsOn": titles} if titles else {}


def _attributes(parameters: Parameters) -> dict[str, object]:
    return {
        "deletion_protection.enabled": If(parameters.is_production, "true", "false"),
        # A header that servers read differently is a way round what stands before them.
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }


def _add_listeners(
    template: StackTemplate,
    name: str,
    load_balancer: elb.LoadBalancer,
    target_group: elb.TargetGroup,
    certificate: certificatemanager.Certificate | ExistingResource,
) -> None:
    template.add_resource(
        elb.Listener(
            f"{name}Listener",
            LoadBalancerArn=load_balancer.ref(),
            Port=HTTP,
            Protocol="HTTP",
            DefaultActions=[
                elb.Action(
                    Type="redirect",
                    RedirectConfig=elb.RedirectConfig(
                        Protocol="HTTPS", Port=str(HTTPS), StatusCode="HTTP_301"
                    ),
                )
            ],
        )
    )
    template.add_resource(
        elb.Listener(
            f"{name}HTTPSListener",
            LoadBalancerArn=load_balancer.ref(),
            Port=HTTPS,
            Protocol="HTTPS",
            SslPolicy=TLS_POLICY,
            Certificates=[elb.Certificate(CertificateArn=certificate.ref())],
            DefaultActions=[elb.Action(Type="forward", TargetGroupArn=target_group.ref())],
        )
    )

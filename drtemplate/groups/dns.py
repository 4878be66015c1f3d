"""Route 53: a health check and a failover record for each side."""

from troposphere import route53

from drtemplate.groups.load_balancing import LoadBalancing, Side
from drtemplate.groups.network import HTTPS
from drtemplate.groups.parameters import Parameters
from drtemplate.template import StackTemplate, bundle, name_tags


@bundle
class Dns:
    """The health checks that decide which side clients are sent to, and the records."""

    primary_health_check: route53.HealthCheck
    standby_health_check: route53.HealthCheck
    records: tuple[route53.RecordSetType, route53.RecordSetType]


def add_dns(
    template: StackTemplate, parameters: Parameters, sides: LoadBalancing, failures: int
) -> Dns:
    """Add both health checks, which turn after so many ``failures``, then both records."""
    primary = _add_health_check(template, sides.primary, failures)
    standby = _add_health_check(template, sides.standby, failures)
    records = (
        _add_record(template, parameters, sides.primary, primary, "PRIMARY"),
        _add_record(template, parameters, sides.standby, standby, "SECONDARY"),
    )
    return Dns(primary_health_check=primary, standby_health_check=standby, records=records)


def _add_health_check(template: StackTemplate, side: Side, failures: int) -> route53.HealthCheck:
    return template.add_resource(
        route53.HealthCheck(
            f"{side.name}HealthCheck",
            HealthCheckConfig=route53.HealthCheckConfig(
                Type="HTTPS",
                ResourcePath="/health",
                FullyQualifiedDomainName=side.load_balancer.get_att("DNSName"),
                Port=HTTPS,
                RequestInterval=10,
                # 2 x 10 s: one lost answer is no outage, and the 30 seconds leave no room for 3.
                FailureThreshold=failures,
            ),
            HealthCheckTags=name_tags(f"{side.name.lower()}-health"),
        )
    )


def _add_record(
    template: StackTemplate,
    parameters: Parameters,
    side: Side,
    health_check: route53.HealthCheck,
    failover: str,
) -> route53.RecordSetType:
    return template.add_resource(
        route53.RecordSetType(
            f"{side.name}Record",
            HostedZoneId=parameters.hosted_zone_id.ref(),
            Name=parameters.domain_name.ref(),
            Type="A",
            SetIdentifier=side.name,
            Failover=failover,
            HealthCheckId=health_check.ref(),
            AliasTarget=route53.AliasTarget(
                HostedZoneId=side.load_balancer.get_att("CanonicalHostedZoneID"),
                DNSName=side.load_balancer.get_att("DNSName"),
                EvaluateTargetHealth=True,
            ),
        )
    )

"""What operators and applications read from Parameter Store."""

import json

from troposphere import Sub, ssm

from drtemplate.groups.database import Database
from drtemplate.groups.load_balancing import LoadBalancing
from drtemplate.groups.parameters import Parameters
from drtemplate.template import StackTemplate, bundle, variable

RTO = 30  # seconds that a run may take before an alarm says so
# Seconds, but for the count of failures. The handlers' own defaults are the same, and
# docs/runbook.md says what each is for and in which range it is heeded.
TIMINGS = {
    "probe_interval_seconds": 5,
    "consecutive_failures": 2,
    "database_grace_seconds": 20,
    "application_grace_seconds": 30,
    "cooldown_seconds": 3600,
}


@bundle
class Configuration:
    """The parameters in Parameter Store."""

    failover: ssm.Parameter


def add_configuration(
    template: StackTemplate, parameters: Parameters, sides: LoadBalancing, database: Database
) -> Configuration:
    """Add the failover configuration and the database endpoint."""
    config = {
        "primary_endpoint": variable(sides.primary.load_balancer, "DNSName"),
        "standby_endpoint": variable(sides.standby.load_balancer, "DNSName"),
        "rto_seconds": RTO,
        "rpo_seconds": 1,
        "auto_failover_enabled": True,
        "health_check_interval": 60,
        "auto_failover": variable(parameters.auto_failover),
        **TIMINGS,
    }
    failover = template.add_resource(
        ssm.Parameter(
            "FailoverConfigParameter",
            Name=Sub("/${AWS::StackName}/failover/config"),
            Type="String",
            Value=Sub(json.dumps(config, indent=2) + "\n"),
            Description="Failover configuration parameters",
            Tags={"Environment": parameters.environment.ref()},
        )
    )
    template.add_resource(
        ssm.Parameter(
            "DatabaseEndpointParameter",
            Name=Sub("/${AWS::StackName}/database/endpoint"),
            Type="String",
            Value=database.cluster.get_att("Endpoint.Address"),
            Description="Database cluster endpoint",
            Tags={"Environment": parameters.environment.ref()},
        )
    )
    return Configuration(failover=failover)

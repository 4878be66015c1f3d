"""What operators and applications read from Parameter Store."""

import json
from dataclasses import fields

from troposphere import Sub, ssm

from drtemplate.groups.database import Database
from drtemplate.groups.handlers import SETTINGS
from drtemplate.groups.load_balancing import LoadBalancing
from drtemplate.groups.parameters import Parameters
from drtemplate.plans import Automation
from drtemplate.template import StackTemplate, bundle, variable


@bundle
class Configuration:
    """The parameters in Parameter Store."""

    failover: ssm.Parameter


def add_configuration(
    template: StackTemplate,
    parameters: Parameters,
    sides: LoadBalancing,
    database: Database,
    automation: Automation,
) -> Configuration:
    """Add the failover configuration and the database endpoint."""
    decided = {
        "primary_endpoint": variable(sides.primary.load_balancer, "DNSName"),
        "standby_endpoint": variable(sides.standby.load_balancer, "DNSName"),
        "auto_failover": variable(parameters.auto_failover),
    }
    chosen = {one.name: getattr(automation, one.name) for one in fields(automation)} | decided
    config = {key: chosen.get(key, setting.default) for key, setting in SETTINGS.items()}
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

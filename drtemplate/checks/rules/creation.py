"""What CloudFormation cannot make, or makes in an order that works only sometimes."""

import re
from collections.abc import Iterator
from typing import Any

from cfnlint.rules import RuleMatch

from drtemplate.checks.rules.rule import TemplateRule, at_property, at_resource
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import (
    Properties,
    Template,
    branches,
    mapping_of,
    of_type,
    properties_of,
    section,
    target_of,
)
from drtemplate.cloudformation.references import needs, references

PUBLIC = "internet-facing"
GATEWAY = "AWS::EC2::VPCGatewayAttachment"


class SecureStringDeclared(TemplateRule):
    """A parameter of Parameter Store that CloudFormation cannot encrypt."""

    id = "E9701"
    shortdesc = "No AWS::SSM::Parameter is a SecureString"
    description = (
        "CloudFormation makes String and StringList; a SecureString only its own API makes."
    )
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ssm-parameter.html"
    tags = ["ssm"]
    example = ("Resources.DatabaseEndpointParameter.Properties.Type", "SecureString")

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each parameter that is one, on whatever condition."""
        for title, properties in of_type(template, "AWS::SSM::Parameter"):
            for kind in branches(properties.get("Type")):
                if text_of(kind) == "SecureString":
                    yield at_property(
                        title,
                        "Type",
                        message=f"CloudFormation cannot make {title} a SecureString; use String for "
                        "what is no secret, and Secrets Manager for what is",
                    )


class MappingMissing(TemplateRule):
    """A look-up in a mapping that the template does not have."""

    id = "E9702"
    shortdesc = "Fn::FindInMap names a mapping of the template"
    description = (
        "cfn-lint's E1011 says so only where the property's schema limits its values; CloudFormation "
        "refuses the template everywhere."
    )
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-findinmap.html"
    tags = ["functions", "mappings"]
    example = (
        "Resources.DatabaseEndpointParameter.Properties.Value",
        {"Fn::FindInMap": ["Nothing", "a", "b"]},
    )

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each look-up that finds nothing."""
        mappings = mapping_of(template.get("Mappings"))
        for reference in references(template):
            if reference.kind == "mapping" and reference.name not in mappings:
                steps = re.findall(r"[^.\[\]]+", reference.path)
                path = [int(step) if step.isdecimal() else step for step in steps]
                yield RuleMatch(path, f"no mapping is called {reference.name!r}; declare it")


class GatewayOrder(TemplateRule):
    """Something public that does not wait for the internet gateway, nor outlives it."""

    id = "E9703"
    shortdesc = "What is public depends on the internet gateway's attachment"
    description = (
        "An address, a NAT gateway, a route or a load balancer on the internet fails if it is made "
        "before the gateway is attached, and keeps the gateway from being detached. Nothing in its "
        "properties orders them, so DependsOn must."
    )
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html"
    tags = ["network", "dependson"]
    example = ("Resources.EIP2.DependsOn", "VPC")

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each public resource that may come too early."""
        attachments = {title for title, _ in of_type(template, GATEWAY)}
        resources = dict(section(template, "Resources"))
        for title, resource in resources.items() if attachments else ():
            if _is_public(
                template, resource.get("Type"), mapping_of(resource.get("Properties"))
            ) and not attachments & needs(resources, title):
                yield at_resource(
                    title,
                    f"{title} may be made before the internet gateway is attached, which fails; add "
                    "a DependsOn",
                )


def _is_public(template: Template, kind: Any, properties: Properties) -> bool:
    """Whether the resource certainly uses the internet gateway."""
    if kind == "AWS::ElasticLoadBalancingV2::LoadBalancer":
        return text_of(properties.get("Scheme", PUBLIC)) == PUBLIC
    if kind == "AWS::EC2::Route":
        gateway = target_of(properties.get("GatewayId"))[0]
        return properties_of(template, gateway, "AWS::EC2::InternetGateway") is not None
    if kind == "AWS::EC2::NatGateway":
        return text_of(properties.get("ConnectivityType", "public")) == "public"
    return bool(kind == "AWS::EC2::EIP")

"""What CloudFormation cannot make, or makes in an order that works only sometimes."""

from collections.abc import Iterator

from drtemplate.checks.findings import Finding
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import Properties, Template, branches, of_type
from drtemplate.cloudformation.references import needs, references

GATEWAY = "AWS::EC2::VPCGatewayAttachment"


def check_creation(template: Template) -> Iterator[Finding]:
    """What only another API makes, mappings that are not there, and what must wait for another."""
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ssm-parameter.html
    for title, properties in of_type(template, "AWS::SSM::Parameter"):
        for kind in branches(properties.get("Type")):
            if text_of(kind) == "SecureString":
                yield Finding(
                    f"Resources.{title}.Properties.Type",
                    "secure-string",
                    "CloudFormation cannot make a SecureString; use String for what is no secret, "
                    "and Secrets Manager for what is",
                )
    # cfn-lint's E1011 says so only where the property's schema limits its values.
    for one in references(template):
        if one.kind == "mapping" and one.name not in template.get("Mappings", {}):
            yield Finding(one.path, "dangling", f"no mapping is called {one.name!r}")
    yield from _gateways(template)


def _gateways(template: Template) -> Iterator[Finding]:
    """The internet gateway must be attached before anything public, and detached after it."""
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html
    attachments = {title for title, _ in of_type(template, GATEWAY)}
    if not attachments:
        return
    for title, resource in template.get("Resources", {}).items():
        public = _is_public(resource.get("Type"), resource.get("Properties", {}))
        if public and not attachments & needs(template["Resources"], title):
            yield Finding(
                f"Resources.{title}",
                "gateway-order",
                "may be made before the internet gateway is attached, which fails; add a DependsOn",
            )


def _is_public(kind: str, properties: Properties) -> bool:
    if kind == "AWS::ElasticLoadBalancingV2::LoadBalancer":
        return text_of(properties.get("Scheme")) != "internal"
    if kind == "AWS::EC2::Route":
        return "GatewayId" in properties
    return kind in ("AWS::EC2::EIP", "AWS::EC2::NatGateway")

"""The template's values as a deployed stack would have them: references, attributes, conditions."""

from collections.abc import Mapping
from typing import Any

from drtemplate.cloudformation.intrinsics import Evaluator
from drtemplate.cloudformation.lookups import Concrete

REGION, ACCOUNT, STACK = "us-east-1", "123456789012", "drill"
ZONES = tuple(REGION + letter for letter in "abc")
# What a deployer must give; the values only have to be possible ones.
GIVEN = {
    "DomainName": "drill.example.com",
    "HostedZoneId": "Z0123456789DRILL",
    "AlertEmail": "drill@example.com",
}
PSEUDO = {
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::StackName": STACK,
    "AWS::Partition": "aws",
    "AWS::URLSuffix": "amazonaws.com",
}
# The property that names a resource, where Ref gives that name.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html
NAMED = {
    "AWS::Lambda::Function": "FunctionName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::SSM::Parameter": "Name",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
    "AWS::Events::Rule": "Name",
    "AWS::Logs::LogGroup": "LogGroupName",
}
# Where Ref gives an ARN.
ARNS = {
    "AWS::SNS::Topic": "sns",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "elasticloadbalancing",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "elasticloadbalancing",
}
# The attributes that are ARNs by which policies name a resource; ``{}`` is what Ref gives.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
_HERE = f"{REGION}:{ACCOUNT}"
ARN_ATTRIBUTES = {
    ("AWS::DynamoDB::Table", "Arn"): f"arn:aws:dynamodb:{_HERE}:table/{{}}",
    ("AWS::Events::Rule", "Arn"): f"arn:aws:events:{_HERE}:rule/{{}}",
    ("AWS::IAM::Role", "Arn"): f"arn:aws:iam::{ACCOUNT}:role/{{}}",
    ("AWS::KMS::Key", "Arn"): f"arn:aws:kms:{_HERE}:key/{{}}",
    ("AWS::Lambda::Function", "Arn"): f"arn:aws:lambda:{_HERE}:function:{{}}",
    ("AWS::Logs::LogGroup", "Arn"): f"arn:aws:logs:{_HERE}:log-group:{{}}:*",
    ("AWS::RDS::DBCluster", "DBClusterArn"): f"arn:aws:rds:{_HERE}:cluster:{{}}",
    ("AWS::RDS::DBInstance", "DBInstanceArn"): f"arn:aws:rds:{_HERE}:db:{{}}",
    ("AWS::S3::Bucket", "Arn"): "arn:aws:s3:::{}",
}


class Resolver:
    """Resolves intrinsics of one template; a made-up physical id stands for each resource.

    Args:
        template: in long form.
        parameters: values that differ from the defaults.
    """

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        self.resources: Mapping[str, Any] = template["Resources"]
        declared = template.get("Parameters", {})
        defaults = {name: str(one.get("Default", "")) for name, one in declared.items()}
        self.value = Evaluator(
            Concrete(
                names={**PSEUDO, **defaults, **GIVEN, **parameters},
                resource=self._resource,
                zones=ZONES,
                conditions=template.get("Conditions", {}),
                mappings=template.get("Mappings", {}),
            )
        )

    def properties(self, logical: str) -> dict[str, Any]:
        """A resource's resolved properties."""
        found = self.value(self.resources[logical].get("Properties", {}))
        assert isinstance(found, dict)
        return found

    def ref(self, logical: str) -> Any:
        """What Ref gives for a resource."""
        kind = self._kind(logical)
        if service := ARNS.get(kind):
            return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{logical}"
        if key := NAMED.get(kind):
            given = self.resources[logical].get("Properties", {}).get(key)
            return self.value(given) if given is not None else f"{STACK}-{logical}"
        # The template gives the DB instances no identifier, so that RDS makes one up, in lower case.
        return logical.lower() if kind == "AWS::RDS::DBInstance" else logical

    def attribute(self, logical: str, attribute: str) -> str:
        """What GetAtt gives."""
        if form := ARN_ATTRIBUTES.get((self._kind(logical), attribute)):
            return form.format(self.ref(logical))
        if attribute.endswith("Address"):
            return f"{logical}.{attribute}.rds.amazonaws.com".lower()
        return f"{logical}.{attribute}"

    def _resource(self, logical: str, attribute: str | None) -> Any:
        return self.ref(logical) if attribute is None else self.attribute(logical, attribute)

    def _kind(self, logical: str) -> str:
        return str(self.resources.get(logical, {}).get("Type", ""))

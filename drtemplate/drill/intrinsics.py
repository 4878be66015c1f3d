"""The template's values as a deployed stack would have them: references, attributes, conditions."""

import re
from collections.abc import Mapping
from typing import Any

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
    "AWS::NoValue": None,
}
# The property that names a resource, where Ref gives that name.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-template-resource-type-ref.html
NAMED = {
    "AWS::Lambda::Function": "FunctionName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::SSM::Parameter": "Name",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
}
# Where Ref gives an ARN.
ARNS = {
    "AWS::SNS::Topic": "sns",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "elasticloadbalancing",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "elasticloadbalancing",
}
_VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")


class Resolver:
    """Resolves intrinsics of one template; a made-up physical id stands for each resource.

    Args:
        template: in long form.
        parameters: values that differ from the defaults.
    """

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        self.resources: Mapping[str, Any] = template["Resources"]
        self.mappings: Mapping[str, Any] = template.get("Mappings", {})
        declared = template.get("Parameters", {})
        defaults = {name: str(one.get("Default", "")) for name, one in declared.items()}
        self.parameters = {**defaults, **GIVEN, **parameters}
        self.conditions: Mapping[str, Any] = template.get("Conditions", {})

    def value(self, node: Any) -> Any:
        """The node with every intrinsic in it resolved; what has no value is left out."""
        if isinstance(node, list):
            items = [self.value(item) for item in node]
            return [item for item in items if item is not None]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name == "Ref":
                return self.ref(argument)
            if name.startswith("Fn::") or name == "Condition":
                return self._function(name, argument)
        values = {key: self.value(item) for key, item in node.items()}
        return {key: item for key, item in values.items() if item is not None}

    def properties(self, logical: str) -> dict[str, Any]:
        """A resource's resolved properties."""
        found = self.value(self.resources[logical].get("Properties", {}))
        assert isinstance(found, dict)
        return found

    def ref(self, name: str) -> Any:
        """What Ref gives."""
        if name in PSEUDO:
            return PSEUDO[name]
        if name not in self.resources:
            return self.parameters.get(name, name)
        kind = self.resources[name]["Type"]
        if service := ARNS.get(kind):
            return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}"
        if key := NAMED.get(kind):
            given = self.resources[name].get("Properties", {}).get(key)
            return self.value(given) if given is not None else f"{STACK}-{name}"
        return name

    def attribute(self, logical: str, attribute: str) -> str:
        """What GetAtt gives."""
        if attribute == "Arn" and self._kind(logical) == "AWS::Lambda::Function":
            return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.ref(logical)}"
        if attribute.endswith("Address"):
            return f"{logical}.{attribute}.rds.amazonaws.com".lower()
        return f"{logical}.{attribute}"

    def _kind(self, logical: str) -> str:
        return str(self.resources.get(logical, {}).get("Type", ""))

    def _function(self, name: str, argument: Any) -> Any:
        match name, argument:
            case "Fn::GetAtt", [logical, attribute]:
                return self.attribute(logical, self.value(attribute))
            case "Fn::GetAtt", str():
                return self.attribute(*argument.split(".", 1))
            case "Fn::Sub", [text, values]:
                return self._sub(text, self.value(values))
            case "Fn::Sub", str():
                return self._sub(argument, {})
            case "Fn::Select", [index, items]:
                return self.value(items)[int(self.value(index))]
            case "Fn::Join", [between, items]:
                return between.join(str(item) for item in self.value(items))
            case "Fn::GetAZs", _:
                return list(ZONES)
            case "Fn::If", [condition, yes, no]:
                return self.value(yes if self._holds(condition) else no)
            case "Fn::FindInMap", [mapping, first, second]:
                keys = [self.value(key) for key in (mapping, first, second)]
                return self.mappings[keys[0]][keys[1]][keys[2]]
        return {name: self.value(argument)}

    def _sub(self, text: str, values: Mapping[str, Any]) -> str:
        def replace(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in values:
                return str(values[name])
            if "." in name:
                return self.attribute(*name.split(".", 1))
            return str(self.ref(name))

        return _VARIABLE.sub(replace, text)

    def _holds(self, name: str) -> bool:
        return self._test(self.conditions[name])

    def _test(self, node: Any) -> bool:
        match node:
            case {"Fn::Equals": [one, other]}:
                return bool(self.value(one) == self.value(other))
            case {"Fn::Not": [one]}:
                return not self._test(one)
            case {"Fn::And": list(parts)}:
                return all(self._test(part) for part in parts)
            case {"Fn::Or": list(parts)}:
                return any(self._test(part) for part in parts)
            case {"Condition": name}:
                return self._holds(name)
        return False

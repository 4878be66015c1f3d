"""Reads what a template grants: the roles of its functions, and who may use what is deployed."""

from collections.abc import Iterator
from typing import Any

from drtemplate.cloudformation.policies import Statement, statements
from drtemplate.world.physical import ACCOUNT, REGION, Resolver
from drtemplate.world.roles import Grants

_LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
_INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
# Managed policies for what Lambda itself does, by ARN: the actions that each allows on everything.
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaENIManagementAccess.html,
# .../AWSLambdaBasicExecutionRole.html, .../AWSLambdaVPCAccessExecutionRole.html
MANAGED = {
    f"arn:aws:iam::aws:policy/service-role/{name}": actions
    for name, actions in {
        "AWSLambdaBasicExecutionRole": _LOGS,
        "AWSLambdaENIManagementAccess": _INTERFACES,
        "AWSLambdaVPCAccessExecutionRole": (
            *_LOGS,
            *_INTERFACES[:2],
            "ec2:DescribeSubnets",
            *_INTERFACES[2:],
        ),
    }.items()
}
# Property, by type, that names the key by which a resource is encrypted, and its ARN's attribute.
# An SNS topic's ARN is what Ref gives.
_KEYS = {
    "AWS::DynamoDB::Table": (("SSESpecification", "KMSMasterKeyId"), "Arn"),
    "AWS::SNS::Topic": (("KmsMasterKeyId",), None),
}


def read_grants(resolver: Resolver) -> Grants:
    """The functions' roles by the functions' logical ids, and the policies of the resources.

    Raises:
        ValueError: a policy has an element, or a role a managed policy, that is not known here.
    """
    taken = {
        resolver.properties(name).get("Role") for name in _of(resolver, "AWS::Lambda::Function")
    }
    roles = {
        resolver.attribute(name, "Arn"): _statements(resolver.properties(name))
        for name in _of(resolver, "AWS::IAM::Role")
        if resolver.attribute(name, "Arn") in taken
    }
    keys = {
        resolver.ref(name): resolver.attribute(name, "Arn")
        for name in _of(resolver, "AWS::KMS::Key")
    }
    return Grants(
        region=REGION,
        account=ACCOUNT,
        roles={
            name: roles.get(resolver.properties(name).get("Role", ""), ())
            for name in _of(resolver, "AWS::Lambda::Function")
        },
        keys=_encrypted(resolver, keys),
        key_policies={
            resolver.attribute(name, "Arn"): statements(resolver.properties(name)["KeyPolicy"])
            for name in _of(resolver, "AWS::KMS::Key")
        },
        resource_policies=_resource_policies(resolver),
    )


def _of(resolver: Resolver, kind: str) -> list[str]:
    return [name for name, one in resolver.resources.items() if one["Type"] == kind]


def _statements(role: dict[str, Any]) -> tuple[Statement, ...]:
    attached = role.get("ManagedPolicyArns", ())
    unknown = set(attached) - MANAGED.keys()
    if unknown:
        raise ValueError(f"managed policies that are not known here: {sorted(unknown)}")
    documents = (policy["PolicyDocument"] for policy in role.get("Policies", ()))
    inline = tuple(one for document in documents for one in statements(document))
    managed = (
        Statement(effect="Allow", actions=MANAGED[arn], resources=("*",)) for arn in attached
    )
    return (*inline, *managed)


def _resource_policies(resolver: Resolver) -> dict[str, tuple[Statement, ...]]:
    """ARN of each function and topic -> who may call it."""
    found: dict[str, tuple[Statement, ...]] = {}
    for target, statement in _permissions(resolver):
        found[target] = (*found.get(target, ()), statement)
    for name in _of(resolver, "AWS::SNS::TopicPolicy"):
        properties = resolver.properties(name)
        for topic in properties["Topics"]:
            found[topic] = statements(properties["PolicyDocument"])
    return found


def _permissions(resolver: Resolver) -> Iterator[tuple[str, Statement]]:
    """Each AWS::Lambda::Permission as the statement that Lambda makes of it.

    https://docs.aws.amazon.com/lambda/latest/dg/permissions-function-services.html
    """
    arns = {
        resolver.ref(name): resolver.attribute(name, "Arn")
        for name in _of(resolver, "AWS::Lambda::Function")
    }
    for name in _of(resolver, "AWS::Lambda::Permission"):
        one = resolver.properties(name)
        target = arns.get(one["FunctionName"], one["FunctionName"])
        conditions = [
            (operator, key, (str(one[given]),))
            for given, operator, key in (
                ("SourceArn", "ArnLike", "aws:sourcearn"),
                ("SourceAccount", "StringEquals", "aws:sourceaccount"),
            )
            if given in one
        ]
        yield (
            target,
            Statement(
                effect="Allow",
                actions=(one["Action"],),
                resources=(target,),
                conditions=tuple(conditions),
                principals=(("Service", one["Principal"]),),
            ),
        )


def _encrypted(resolver: Resolver, keys: dict[str, str]) -> dict[str, str]:
    """ARN of each table and topic -> ARN of its key."""
    found = {}
    for kind, (path, attribute) in _KEYS.items():
        for name in _of(resolver, kind):
            value: Any = resolver.properties(name)
            for step in path:
                value = value.get(step, {})
            arn = resolver.attribute(name, attribute) if attribute else resolver.ref(name)
            if isinstance(value, str):
                found[arn] = keys.get(value, value)
    return found

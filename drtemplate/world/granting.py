"""Reads what a template grants: the roles of its functions, and who may use its keys."""

from typing import Any

from drtemplate.cloudformation.policies import Statement, statements
from drtemplate.world.physical import ACCOUNT, REGION, Resolver
from drtemplate.world.roles import Grants

# Managed policies for Lambda itself, which allow nothing of what code in a world can call.
# https://docs.aws.amazon.com/lambda/latest/dg/permissions-executionrole-update.html
LAMBDAS_OWN = {
    f"arn:aws:iam::aws:policy/service-role/{name}"
    for name in (
        "AWSLambdaBasicExecutionRole",
        "AWSLambdaENIManagementAccess",
        "AWSLambdaVPCAccessExecutionRole",
    )
}
# Property, by type, that names the key by which a resource is encrypted, and its ARN's attribute.
# An SNS topic's ARN is what Ref gives.
_KEYS = {
    "AWS::DynamoDB::Table": (("SSESpecification", "KMSMasterKeyId"), "Arn"),
    "AWS::SNS::Topic": (("KmsMasterKeyId",), None),
}


def read_grants(resolver: Resolver) -> Grants:
    """The functions' roles by the functions' logical ids, and the keys.

    Raises:
        ValueError: a policy has an element, or a role a managed policy, that is not known here.
    """
    roles = {
        resolver.attribute(name, "Arn"): _statements(resolver.properties(name))
        for name in _of(resolver, "AWS::IAM::Role")
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
    )


def _of(resolver: Resolver, kind: str) -> list[str]:
    return [name for name, one in resolver.resources.items() if one["Type"] == kind]


def _statements(role: dict[str, Any]) -> tuple[Statement, ...]:
    unknown = set(role.get("ManagedPolicyArns", ())) - LAMBDAS_OWN
    if unknown:
        raise ValueError(f"managed policies that are not known here: {sorted(unknown)}")
    documents = (policy["PolicyDocument"] for policy in role.get("Policies", ()))
    return tuple(one for document in documents for one in statements(document))


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

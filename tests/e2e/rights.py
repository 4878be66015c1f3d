"""Who may do what in an account, as its services tell it."""

import json
from collections.abc import Iterator
from typing import Any

from services import Deployed

from drtemplate.cloudformation.policies import Statement, statements
from drtemplate.groups.handlers import HANDLERS
from drtemplate.world.roles import Grants


class Rights:
    """The roles of the functions, and the policies of functions, topics and keys."""

    def __init__(self, of: Deployed) -> None:
        self.of, self.ids, self.client = of, of.ids, of.aws.client

    def grants(self) -> Grants:
        keys, lambdas = dict(self.keys()), self.client("lambda")
        kms, sns = self.client("kms"), self.client("sns")
        facts = {
            one: lambdas.get_function_configuration(FunctionName=self.ids[one]) for one in HANDLERS
        }
        policies = {
            one["FunctionArn"]: or_nothing(lambdas, "get_policy", one["FunctionName"]).get("Policy")
            for one in facts.values()
        }
        for topic in self.topics():
            policies[topic] = sns.get_topic_attributes(TopicArn=topic)["Attributes"].get("Policy")
        return Grants(
            region=self.of.aws.region,
            account=self.of.aws.number,
            roles={logical: self.role(one["Role"]) for logical, one in facts.items()},
            keys=keys,
            key_policies={
                key: read(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
                for key in set(keys.values())
            },
            resource_policies={arn: read(one) for arn, one in policies.items() if one},
        )

    def keys(self) -> Iterator[tuple[str, str]]:
        """ARN of each table and topic, and of the key that encrypts it."""
        kms, dynamodb, sns = map(self.client, ("kms", "dynamodb", "sns"))
        found = {}
        for name in dynamodb.list_tables()["TableNames"]:
            if name in self.ids.values():
                table = dynamodb.describe_table(TableName=name)["Table"]
                found[table["TableArn"]] = table.get("SSEDescription", {}).get("KMSMasterKeyArn")
        for topic in self.topics():
            attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
            found[topic] = attributes.get("KmsMasterKeyId")
        for arn, key in found.items():
            if key:
                yield arn, kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]

    def topics(self) -> list[str]:
        """The stack's topics."""
        found = self.client("sns").list_topics()["Topics"]
        return [one["TopicArn"] for one in found if one["TopicArn"] in self.ids.values()]

    def role(self, arn: str) -> tuple[Statement, ...]:
        """The statements of a role that Lambda may assume, inline and managed."""
        iam, name = self.client("iam"), arn.rpartition("/")[2]
        (trust,) = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}, trust
        found = [
            iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"]
            for one in iam.list_role_policies(RoleName=name)["PolicyNames"]
        ]
        for one in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            policy = iam.get_policy(PolicyArn=one["PolicyArn"])["Policy"]
            version = iam.get_policy_version(
                PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"]
            )
            found.append(version["PolicyVersion"]["Document"])
        return tuple(statement for one in found for statement in read(one))


def read(policy: Any) -> tuple[Statement, ...]:
    return statements(json.loads(policy) if isinstance(policy, str) else policy)


def or_nothing(client: Any, operation: str, function: str, **given: str) -> dict[str, Any]:
    """What Lambda says of a function, or nothing where there is nothing."""
    try:
        return dict(getattr(client, operation)(FunctionName=function, **given))
    except client.exceptions.ResourceNotFoundException:
        return {}

"""What the stack has deployed, read through the services' own APIs."""

import base64
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from account import Account
from moto.awslambda.models import lambda_backends

from drtemplate.cloudformation.policies import Statement, statements

# Lambda's defaults for asynchronous invocations: two retries, six hours.
# https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html
RETRIES, MAXIMUM_AGE = 2, 21_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A Lambda function as deployed.

    Attributes:
        code: The source text of its handler's module.
        timeout: Seconds.
        retries: Further attempts at an asynchronous invocation that failed.
        maximum_age: Seconds for which an asynchronous event may wait.
        on_failure: ARN of the failure destination, or None.
        policy: Its resource-based policy: who may invoke it.
        in_vpc: Whether Lambda makes network interfaces for it.
    """

    name: str
    arn: str
    handler: str
    code: str
    environment: Mapping[str, str]
    timeout: int
    role: str
    log_group: str
    in_vpc: bool
    retries: int
    maximum_age: int
    on_failure: str | None
    policy: tuple[Statement, ...]


class Deployment:
    """The deployed stack.

    Attributes:
        ids: Logical id -> physical id.
        functions: ARN -> Function.
        endpoint: The cluster's writer endpoint.
        keys: ARN of a table or topic -> ARN of the key that encrypts it.
        key_policies: ARN of a key -> the statements of its policy.
        topic_policies: ARN of a topic -> the statements of its policy.
        targets: Name of a rule -> its targets.
        alarms, composites: The alarms of the stack, as DescribeAlarms gives them.
        roles: ARN of each role of a function -> its statements, as they stood when last read.
    """

    def __init__(self, account: Account, stack: str) -> None:
        self.account, self.stack = account, stack
        self.ids = account.physical_ids(stack)
        names = [one["FunctionName"] for one in self._of_stack("FunctionName")]
        self.functions = {one.arn: one for one in map(self._function, names)}
        self.keys: dict[str, str] = {}
        self.topic_policies: dict[str, tuple[Statement, ...]] = {}
        self._read_tables()
        self._read_topics()
        kms = account.client("kms")
        self.key_policies = {
            arn: statements(
                _document(kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"])
            )
            for arn in set(self.keys.values())
        }
        cluster = account.client("rds").describe_db_clusters(
            DBClusterIdentifier=self.ids["AuroraDBCluster"]
        )
        self.endpoint = str(cluster["DBClusters"][0]["Endpoint"])
        self._read_triggers()
        self.read_roles()

    def arn(self, logical_id: str) -> str:
        """The ARN of one of the stack's functions."""
        (found,) = (one.arn for one in self.functions.values() if one.name == self.ids[logical_id])
        return found

    def read_roles(self) -> None:
        """Read the roles as they stand now."""
        self.roles = {one.role: self.role(one.role) for one in self.functions.values()}

    def role(self, arn: str) -> tuple[Statement, ...]:
        """The statements of a role that Lambda may assume, inline and managed.

        Raises:
            AssertionError: Its trust policy does not let Lambda in.
        """
        iam, name = self.account.client("iam"), arn.rpartition("/")[2]
        trust = _document(iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"])
        assert _trusts(trust, "lambda.amazonaws.com"), f"Lambda may not assume {arn}"
        found = [statements(_document(one)) for one in self._inline(iam, name)]
        for one in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            version = iam.get_policy(PolicyArn=one["PolicyArn"])["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=one["PolicyArn"], VersionId=version)
            found.append(statements(_document(document["PolicyVersion"]["Document"])))
        return tuple(statement for policy in found for statement in policy)

    @staticmethod
    def _inline(iam: Any, name: str) -> Iterator[Any]:
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            yield iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]

    def _of_stack(self, key: str) -> Iterator[dict[str, Any]]:
        ours = set(self.ids.values())
        found = self.account.client("lambda").list_functions()["Functions"]
        return (one for one in found if one[key] in ours)

    def _function(self, name: str) -> Function:
        client = self.account.client("lambda")
        facts = client.get_function(FunctionName=name)["Configuration"]
        asynchronous = _or_nothing(client.get_function_event_invoke_config, name)
        on_failure = asynchronous.get("DestinationConfig", {}).get("OnFailure", {})
        policy = _or_nothing(client.get_policy, name)
        return Function(
            name=name,
            arn=facts["FunctionArn"],
            handler=facts["Handler"],
            code=self._code(facts),
            environment=facts["Environment"]["Variables"],
            timeout=facts["Timeout"],
            role=facts["Role"],
            log_group=facts.get("LoggingConfig", {}).get("LogGroup", f"/aws/lambda/{name}"),
            in_vpc=bool(facts.get("VpcConfig", {}).get("SubnetIds")),
            retries=asynchronous.get("MaximumRetryAttempts", RETRIES),
            maximum_age=asynchronous.get("MaximumEventAgeInSeconds", MAXIMUM_AGE),
            on_failure=on_failure.get("Destination"),
            policy=statements(_document(policy["Policy"])) if policy else (),
        )

    def _code(self, facts: Mapping[str, Any]) -> str:
        """The handler's module out of the deployed archive.

        The address that GetFunction gives is Amazon's, so the bytes come from the emulator's store;
        they are those of which the API tells the hash.
        """
        stored = lambda_backends[self.account.number][self.account.region]
        archive = stored.get_function(facts["FunctionName"]).code_bytes
        digest = base64.b64encode(hashlib.sha256(archive).digest()).decode()
        assert digest == facts["CodeSha256"], "another archive than the deployed one"
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return opened.read(facts["Handler"].partition(".")[0] + ".py").decode()

    def _read_tables(self) -> None:
        dynamodb = self.account.client("dynamodb")
        for name in dynamodb.list_tables()["TableNames"]:
            table = dynamodb.describe_table(TableName=name)["Table"]
            if key := table.get("SSEDescription", {}).get("KMSMasterKeyArn"):
                self.keys[table["TableArn"]] = self._key(key)

    def _read_topics(self) -> None:
        sns = self.account.client("sns")
        for topic in sns.list_topics()["Topics"]:
            arn = topic["TopicArn"]
            facts = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
            self.topic_policies[arn] = statements(_document(facts["Policy"]))
            if key := facts.get("KmsMasterKeyId"):
                self.keys[arn] = self._key(key)

    def _key(self, key: str) -> str:
        """A key's ARN; the services take its id or an alias too."""
        return str(self.account.client("kms").describe_key(KeyId=key)["KeyMetadata"]["Arn"])

    def _read_triggers(self) -> None:
        ours = set(self.ids.values())
        events, cloudwatch = self.account.client("events"), self.account.client("cloudwatch")
        self.targets = {
            one["Name"]: tuple(events.list_targets_by_rule(Rule=one["Name"])["Targets"])
            for one in events.list_rules()["Rules"]
            if one["Name"] in ours
        }
        kinds = ["MetricAlarm", "CompositeAlarm"]
        found = cloudwatch.describe_alarms(AlarmTypes=kinds, MaxRecords=100)
        self.alarms = [one for one in found["MetricAlarms"] if one["AlarmName"] in ours]
        self.composites = [one for one in found["CompositeAlarms"] if one["AlarmName"] in ours]


def _trusts(document: Mapping[str, Any], service: str) -> bool:
    return any(
        one["Effect"] == "Allow"
        and one["Principal"].get("Service") in (service, [service])
        and "sts:AssumeRole" in one["Action"]
        for one in document["Statement"]
    )


def _document(given: Any) -> dict[str, Any]:
    return dict(json.loads(given)) if isinstance(given, str) else dict(given)


def _or_nothing(operation: Any, name: str) -> dict[str, Any]:
    try:
        return dict(operation(FunctionName=name))
    except operation.__self__.exceptions.ResourceNotFoundException:
        return {}

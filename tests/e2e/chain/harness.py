"""The session's part of the chain runs: the deployment loaded once, a fresh world per scenario."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from account import Account

from chain.attachment import Attachment
from chain.deployment import Deployment
from chain.gate import Use
from chain.runtime import Host, load
from chain.world import Call, World

# Each scenario has a virtual day of its own, so that none sees the samples of another.
START, DAY = 1_800_000_000.0 // 86_400 * 86_400, 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of a scenario, read back from the account where the account knows it.

    Attributes:
        answers: The decoded bodies of the orchestrator's answers.
        failures: (function, error) of the invocations that failed.
        state: The state item.
        audits: StateKey of every other item.
        mails: (subject, message) of each message that subscribers of the topic got.
        alarms: (seconds, name without the stack's) of the alarms that went off.
        writer: The logical id of the instance that is the writer at the end.
        latched: The primary's health check is disabled and inverted.
        violations: What a policy denied.
    """

    answers: tuple[dict[str, Any], ...]
    failures: tuple[tuple[str, str], ...]
    state: Mapping[str, Any]
    audits: tuple[str, ...]
    mails: tuple[tuple[str, str], ...]
    alarms: tuple[tuple[float, str], ...]
    writer: str
    latched: bool
    calls: tuple[Call, ...]
    uses: tuple[Use, ...]
    violations: tuple[str, ...]
    overlaid: frozenset[tuple[str, str]]

    def count(self, operation: str) -> int:
        """How often the code called it."""
        return sum(call.operation == operation for call in self.calls)

    def first(self, operation: str) -> float:
        """When the code first called it, in seconds since the beginning."""
        return next(call.when for call in self.calls if call.operation == operation)

    def subjects(self) -> list[str]:
        """The subjects of the mails, in order."""
        return [subject for subject, _ in self.mails]


class Harness:
    """A deployed stack with an application attached and a subscriber that the tests can read."""

    def __init__(self, account: Account, stack: str) -> None:
        self.client = cache(account.client)
        self.deployment = Deployment(account, stack)
        self.host = Host()
        self.loaded: dict[str, Callable[..., Any]] = {}
        for arn in self.deployment.functions:
            self._load(arn)
        self.worlds = 0
        name = self.deployment.ids["FailoverConfigParameter"]
        self.restore: list[Callable[[], object]] = []
        self.last: Run | None = None
        self.configuration = self.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]

    def run(self, seconds: float, script: Callable[[World], object]) -> Run:
        """Run a scenario from the state that a new deployment has, with healthy targets."""
        self._reset()
        self.worlds += 1
        self.host.world = world = World(
            self.deployment, self.loaded, self.client, START + self.worlds * DAY
        )
        script(world)
        world.run(seconds)
        self.last = self._result(world)
        return self.last

    def configure(self, **values: object) -> None:
        """Change the configuration in Parameter Store, until the next scenario."""
        self._put_configuration(json.dumps(json.loads(self.configuration) | values))
        self.restore.append(lambda: self._put_configuration(self.configuration))

    def detach(self, side: str) -> None:
        """Take the side's target out of service, until the next scenario."""
        self.attachment.deregister(side)
        self.restore.append(lambda: self.attachment.register(side))

    def schedule(self, enabled: bool) -> None:
        """Enable or disable the monitor's schedule, the latter until the next scenario."""
        events, rule = self.client("events"), self.deployment.ids["HealthCheckScheduleRule"]
        (events.enable_rule if enabled else events.disable_rule)(Name=rule)
        if not enabled:
            self.restore.append(lambda: self.schedule(True))

    @contextmanager
    def altered(self, logical_id: str, **values: Any) -> Iterator[None]:
        """Let a function be deployed otherwise for the time of the block."""
        functions, arn = self.deployment.functions, self.deployment.arn(logical_id)
        before = functions[arn], self.loaded[arn]
        try:
            functions[arn] = replace(functions[arn], **values)
            if values.keys() & {"code", "environment", "role"}:
                self._load(arn)
            yield
        finally:
            functions[arn], self.loaded[arn] = before

    def _load(self, arn: str) -> None:
        function = self.deployment.functions[arn]
        self.loaded[arn] = load(function, self.deployment.account, self.host)

    def policies(self, logical_id: str) -> dict[str, dict[str, Any]]:
        """Name -> document of the role's inline policies."""
        iam, name = self.client("iam"), self.deployment.ids[logical_id]
        return {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }

    def managed(self, logical_id: str) -> list[str]:
        """The ARNs of the policies attached to the role."""
        name = self.deployment.ids[logical_id]
        found = self.client("iam").list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        return [one["PolicyArn"] for one in found]

    @contextmanager
    def inline(self, logical_id: str, changed: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
        """Let inline policies of a role be others for the time of the block."""
        before = self.policies(logical_id)
        try:
            self._put_policies(logical_id, changed)
            yield
        finally:
            self._put_policies(logical_id, before)

    @contextmanager
    def without_managed(self, logical_id: str, arn: str) -> Iterator[None]:
        """Take a managed policy away for the time of the block."""
        iam, name = self.client("iam"), self.deployment.ids[logical_id]
        try:
            iam.detach_role_policy(RoleName=name, PolicyArn=arn)
            self.deployment.read_roles()
            yield
        finally:
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
            self.deployment.read_roles()

    def open(self) -> None:
        """Attach what the scenarios need."""
        self.last = None
        self.attachment = Attachment(self.deployment, self.client)

    def close(self) -> None:
        """Leave the account as it was found."""
        self._reset()
        self.attachment.close()

    def _put_policies(self, logical_id: str, changed: Mapping[str, Mapping[str, Any]]) -> None:
        name = self.deployment.ids[logical_id]
        for policy, document in changed.items():
            self.client("iam").put_role_policy(
                RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document)
            )
        self.deployment.read_roles()

    def _put_configuration(self, value: str) -> None:
        self.client("ssm").put_parameter(
            Name=self.deployment.ids["FailoverConfigParameter"], Value=value, Overwrite=True
        )

    def _reset(self) -> None:
        """The state of a new deployment with an application attached; undo what the last run did."""
        last, self.last, ids = self.last, None, self.deployment.ids
        while self.restore:
            self.restore.pop()()
        if last is None or last.state or last.audits:
            table = self._table()
            for item in table.scan()["Items"]:
                table.delete_item(Key={"StateKey": item["StateKey"]})
        if self._writer() != "PrimaryDBInstance":
            self.client("rds").failover_db_cluster(
                DBClusterIdentifier=ids["AuroraDBCluster"],
                TargetDBInstanceIdentifier=ids["PrimaryDBInstance"],
            )
        if last is None or last.latched:
            self.client("route53").update_health_check(
                HealthCheckId=ids["PrimaryHealthCheck"], Disabled=False, Inverted=False
            )
        if last is None:
            list(self.attachment.mails())

    def _result(self, world: World) -> Run:
        ids = self.deployment.ids
        items = {item["StateKey"]: item for item in self._table().scan()["Items"]}
        health = self.client("route53").get_health_check(HealthCheckId=ids["PrimaryHealthCheck"])
        flags = [
            health["HealthCheck"]["HealthCheckConfig"][key] for key in ("Disabled", "Inverted")
        ]
        assert flags in ([True, True], [False, False]), f"half latched: {flags}"
        orchestrator = ids["FailoverOrchestratorFunction"]
        prefix = f"{self.deployment.stack}-"
        return Run(
            answers=tuple(
                json.loads(answer["body"])
                for name, answer in world.functions.answers
                if name == orchestrator and isinstance(answer, dict) and "body" in answer
            ),
            failures=tuple(world.functions.failures),
            state=items.pop("FAILOVER_STATUS", {}),
            audits=tuple(sorted(items)),
            mails=tuple(self.attachment.mails()),
            alarms=tuple(
                (when, name.removeprefix(prefix)) for when, name in world.triggers.alarmed
            ),
            writer=self._writer(),
            latched=flags[0],
            calls=tuple(world.calls),
            uses=world.uses(),
            violations=tuple(dict.fromkeys(world.gate.violations)),
            overlaid=frozenset(world.overlaid),
        )

    def _table(self) -> Any:
        account = self.deployment.account
        resource = self.resource = getattr(self, "resource", None) or account.session.resource(
            "dynamodb", endpoint_url=account.url
        )
        return resource.Table(self.deployment.ids["FailoverStateTable"])

    def _writer(self) -> str:
        cluster = self.deployment.ids["AuroraDBCluster"]
        (found,) = self.client("rds").describe_db_clusters(DBClusterIdentifier=cluster)[
            "DBClusters"
        ]
        (writer,) = (
            one["DBInstanceIdentifier"]
            for one in found["DBClusterMembers"]
            if one["IsClusterWriter"]
        )
        return next(
            logical for logical, physical in self.deployment.ids.items() if physical == writer
        )

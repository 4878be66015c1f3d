"""What the emulator does not do as AWS does it. Everything else is answered by the account."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

# (service, operation) -> why the account's own answer would not do.
OVERLAY = {
    ("cloudwatch", "PutMetricData"): "the account would stamp the samples with its own clock",
    ("elbv2", "DescribeTargetHealth"): "a registered target of the account is never unhealthy",
    ("lambda", "Invoke"): "the account runs code only in containers",
    ("rds", "DescribeDBClusters"): "the account's cluster is always available",
    ("rds", "DescribeDBInstances"): "the account's instances stay available",
    ("rds", "FailoverDBCluster"): "the account promotes at once, AWS later",
}
Account = Callable[..., Any]


def failed(client: Any, operation: str, code: str, message: str = "injected") -> ClientError:
    """The error as the service's client raises it."""
    response = {"Error": {"Code": code, "Message": message}}
    return client.exceptions.from_code(code)(response, operation)


class Overlay:
    """Aurora's states, the targets' states, and the ways to the other function.

    Attributes:
        status: The cluster's.
        instances: Identifier -> DBInstanceStatus, where it is not what the account says.
        targets: ARN of a target group -> state of all that is registered there.
        promotion: Seconds from the call until the writer moves, and until the cluster is available.
        stalled: Whether a promotion is accepted and then never happens.
    """

    def __init__(self, world: Any) -> None:
        self.world = world
        self.status = "available"
        self.instances: dict[str, str] = {}
        self.targets: dict[str, str] = {}
        self.promotion = (12.0, 18.0)
        self.stalled = False

    def answer(
        self, client: Any, operation: str, params: Mapping[str, Any], account: Account
    ) -> Any:
        """Answer a call of ``OVERLAY``; ``account`` asks the account, with changed parameters."""
        shape = client.meta.service_model.operation_model(operation).input_shape
        report = ParamValidator().validate(params, shape)
        assert not report.has_errors(), report.generate_report()
        name = f"{client.meta.service_model.service_name}_{operation}".lower()
        return getattr(self, name)(client, params, account)

    def cloudwatch_putmetricdata(self, client: Any, params: Any, account: Account) -> Any:
        now = self.world.clock.now
        for one in params["MetricData"]:
            dimensions = {each["Name"]: each["Value"] for each in one["Dimensions"]}
            self.world.metrics.add(params["Namespace"], one["MetricName"], dimensions, one["Value"])
        return account(MetricData=[one | {"Timestamp": now} for one in params["MetricData"]])

    def elbv2_describetargethealth(self, client: Any, params: Any, account: Account) -> Any:
        found = account()
        state = self.targets.get(params["TargetGroupArn"])
        for one in found["TargetHealthDescriptions"] if state else ():
            one["TargetHealth"] = {"State": state}
        return found

    def lambda_invoke(self, client: Any, params: Any, account: Account) -> Any:
        function = self.world.functions.find(params["FunctionName"])
        if function is None:
            raise failed(client, "Invoke", "ResourceNotFoundException", params["FunctionName"])
        assert params.get("InvocationType") == "Event", "only asynchronous invocations are run"
        self.world.functions.enqueue(function, json.loads(params["Payload"]))
        return {"StatusCode": 202}

    def rds_describedbclusters(self, client: Any, params: Any, account: Account) -> Any:
        found = account()
        for one in found["DBClusters"]:
            one["Status"] = self.status
        return found

    def rds_describedbinstances(self, client: Any, params: Any, account: Account) -> Any:
        found = account()
        for one in found["DBInstances"]:
            name = one["DBInstanceIdentifier"]
            one["DBInstanceStatus"] = self.instances.get(name, one["DBInstanceStatus"])
        return found

    def rds_failoverdbcluster(self, client: Any, params: Any, account: Account) -> Any:
        if self.status != "available":
            raise failed(client, "FailoverDBCluster", "InvalidDBClusterStateFault", self.status)
        target = params["TargetDBInstanceIdentifier"]
        if target not in self.world.readers():
            raise failed(client, "FailoverDBCluster", "DBInstanceNotFound", target)
        self.fail_over(target)
        return {"DBCluster": {"Status": self.status}}

    def fail_over(self, target: str) -> None:
        """Begin a failover, whoever asked for it, and tell EventBridge of it."""
        self.status = "failing-over"
        # "Started cross AZ failover" and "completed failover": USER_Events.Messages of the guide.
        self.world.rds_event("RDS-EVENT-0073")
        if self.stalled:
            return
        promoted, available = self.promotion
        self.world.clock.at(promoted, lambda: self.world.promote(target))
        self.world.clock.at(available, self.settle)

    def settle(self) -> None:
        """The cluster is available again, and the old writer is a reader."""
        self.status = "available"
        self.instances.clear()
        self.world.rds_event("RDS-EVENT-0071")

"""The API operations that handlers call, answered by the mechanisms."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from drtemplate.drill.assumptions import Draw
from drtemplate.drill.aurora import Refused
from drtemplate.drill.cloudwatch_api import CloudWatchApi
from drtemplate.drill.intrinsics import ACCOUNT, REGION
from drtemplate.errors import DrTemplateError

if TYPE_CHECKING:
    from drtemplate.drill.cloud import Cloud
    from drtemplate.drill.invocation import Invocation

Act = Callable[["Invocation", dict[str, Any]], Any]
# Which timing an operation takes, where it is not a plain read or write.
TIMINGS = {
    ("rds", "FailoverDBCluster"): "api_failover",
    ("route53", "UpdateHealthCheck"): "api_route53",
    ("route53", "GetHealthCheck"): "api_route53",
}
READS = ("Describe", "Get", "List")


class Services(CloudWatchApi):
    """One method per operation, ``<service>_<Operation>``: takes the parameters, gives the answer."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._known: dict[tuple[str, str], tuple[Act, Draw]] = {}

    def operation(self, service: str, operation: str) -> tuple[Act, Draw]:
        """What carries an operation out, and how long that takes.

        Raises:
            DrTemplateError: the drill does not know the operation.
        """
        known = self._known.get((service, operation))
        if known is None:
            act = getattr(self, f"{service}_{operation}", None)
            if act is None:
                raise DrTemplateError(
                    f"a handler calls {service}:{operation}, which the drill's cloud does not know"
                )
            plain = "api_read" if operation.startswith(READS) else "api_write"
            timing = TIMINGS.get((service, operation), plain)
            timing = "api_dynamodb" if service == "dynamodb" else timing
            known = act, self.cloud.assumptions.drawer(timing)
            self._known[service, operation] = known
        return known

    # RDS.

    def rds_DescribeDBClusters(self, _: Invocation, params: dict[str, Any]) -> Any:
        """DescribeDBClusters."""
        aurora = self.cloud.aurora
        if params.get("DBClusterIdentifier", aurora.cluster.name) != aurora.cluster.name:
            raise Refused("DBClusterNotFoundFault")
        members = [
            {
                "DBInstanceIdentifier": node.name,
                "IsClusterWriter": node.name == aurora.writer,
                "DBClusterParameterGroupStatus": "in-sync",
                "PromotionTier": node.tier,
            }
            for node in aurora.nodes.values()
        ]
        cluster = {
            "DBClusterIdentifier": aurora.cluster.name,
            "DBClusterArn": aurora.cluster.arn,
            "Endpoint": aurora.cluster.endpoint,
            "Status": aurora.shown.value,
            "DBClusterMembers": members,
        }
        return {"DBClusters": [cluster]}

    def rds_DescribeDBInstances(self, _: Invocation, params: dict[str, Any]) -> Any:
        """DescribeDBInstances."""
        aurora = self.cloud.aurora
        wanted = params.get("DBInstanceIdentifier")
        if wanted is not None and wanted not in aurora.nodes:
            raise Refused("DBInstanceNotFound")
        instances = [
            {
                "DBInstanceIdentifier": node.name,
                "DBInstanceStatus": node.status,
                "AvailabilityZone": node.zone,
                "DBClusterIdentifier": aurora.cluster.name,
                "PromotionTier": node.tier,
            }
            for node in aurora.nodes.values()
            if wanted in (None, node.name)
        ]
        return {"DBInstances": instances}

    def rds_FailoverDBCluster(self, caller: Invocation, params: dict[str, Any]) -> Any:
        """FailoverDBCluster."""
        self.cloud.facts.before_act(caller, "database", params)
        self.cloud.aurora.fail_over(params.get("TargetDBInstanceIdentifier"))
        self.cloud.facts.acted(caller, "database", params)
        return {"DBCluster": {"Status": self.cloud.aurora.shown.value}}

    # Load balancing.

    def elbv2_DescribeTargetHealth(self, caller: Invocation, params: dict[str, Any]) -> Any:
        """DescribeTargetHealth."""
        for balancer in self.cloud.balancers.values():
            if balancer.side.target_group == params["TargetGroupArn"]:
                states = balancer.states()
                if balancer.side.name == "Primary":
                    bad = "unhealthy" in states and "healthy" not in states
                    caller.probes.append((self.cloud.kernel.now, "application", bad))
                return {"TargetHealthDescriptions": _described(tuple(states))}
        raise Refused("TargetGroupNotFound")

    # Route 53.

    def route53_UpdateHealthCheck(self, caller: Invocation, params: dict[str, Any]) -> Any:
        """UpdateHealthCheck."""
        check = self._check(params["HealthCheckId"])
        self.cloud.facts.before_act(caller, "application", params)
        check.configure(params.get("Disabled"), params.get("Inverted"))
        self.cloud.facts.acted(caller, "application", params)
        return {"HealthCheck": {"Id": params["HealthCheckId"]}}

    def route53_GetHealthCheck(self, _: Invocation, params: dict[str, Any]) -> Any:
        """GetHealthCheck."""
        check = self._check(params["HealthCheckId"])
        config = {"Disabled": check.disabled, "Inverted": check.inverted, "Type": "HTTPS"}
        return {"HealthCheck": {"Id": params["HealthCheckId"], "HealthCheckConfig": config}}

    def _check(self, check_id: str) -> Any:
        for name, side in self.cloud.deployment.sides.items():
            if side.check_id == check_id:
                return self.cloud.checks[name]
        raise Refused("NoSuchHealthCheck")

    # Systems Manager, SNS, Lambda.

    def ssm_GetParameter(self, _: Invocation, params: dict[str, Any]) -> Any:
        """GetParameter."""
        value = self.cloud.deployment.parameters.get(params["Name"])
        if value is None:
            raise Refused("ParameterNotFound")
        return {"Parameter": {"Name": params["Name"], "Type": "String", "Value": value}}

    def sns_Publish(self, caller: Invocation, params: dict[str, Any]) -> Any:
        """Publish."""
        # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
        subject = params.get("Subject", "-")
        if len(subject) > 100 or "\n" in subject or not subject:
            raise Refused("InvalidParameter", "Invalid parameter: Subject")
        record = {"message": params["Message"]}
        self.cloud.publish(params.get("TopicArn", ""), subject, record, caller)
        return {"MessageId": "drill"}

    def lambda_Invoke(self, caller: Invocation, params: dict[str, Any]) -> Any:
        """Invoke."""
        functions = self.cloud.functions
        if params["FunctionName"] not in functions.by_name:
            raise Refused("ResourceNotFoundException", "Function not found")
        if params.get("InvocationType", "RequestResponse") != "Event":
            raise DrTemplateError("a handler invokes Lambda and waits; a drill knows only Event")
        payload = params.get("Payload", b"{}")
        call = self.cloud.facts.called(caller, functions.by_name[params["FunctionName"]].logical)
        functions.send(params["FunctionName"], json.loads(payload), "monitor", call)
        return {"StatusCode": 202}

    # DynamoDB.

    def dynamodb_GetItem(self, _: Invocation, params: dict[str, Any]) -> Any:
        """GetItem."""
        self._table(params)
        return self.cloud.table.get(params)

    def dynamodb_PutItem(self, caller: Invocation, params: dict[str, Any]) -> Any:
        """PutItem."""
        self._table(params)
        answer = self.cloud.table.put(params, caller)
        self.cloud.facts.wrote(caller, params["Item"])
        return answer

    def dynamodb_UpdateItem(self, caller: Invocation, params: dict[str, Any]) -> Any:
        """UpdateItem."""
        self._table(params)
        answer = self.cloud.table.update(params, caller)
        self.cloud.facts.wrote(caller, self.cloud.table.items[params["Key"]["StateKey"]["S"]])
        return answer

    def dynamodb_DeleteItem(self, caller: Invocation, params: dict[str, Any]) -> Any:
        """DeleteItem."""
        self._table(params)
        return self.cloud.table.delete(params, caller)

    def _table(self, params: dict[str, Any]) -> None:
        if params["TableName"] != self.cloud.deployment.table:
            raise Refused("ResourceNotFoundException", "Requested resource not found")


@functools.cache
def _described(states: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"Target": {"Id": f"i-{number:017x}", "Port": 80}, "TargetHealth": {"State": state}}
        for number, state in enumerate(states)
    ]


def rds_event(kind: str, message: str, cluster: str, arn: str, when: str) -> dict[str, Any]:
    """An event as RDS gives it to EventBridge.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-cloudwatch-events.sample.html
    """
    return {
        "version": "0",
        "id": f"{kind}-{when}",
        "detail-type": "RDS DB Cluster Event",
        "source": "aws.rds",
        "account": ACCOUNT,
        "time": when,
        "region": REGION,
        "resources": [arn],
        "detail": {
            "EventCategories": ["failover"],
            "SourceType": "CLUSTER",
            "SourceArn": arn,
            "Date": when,
            "Message": message,
            "SourceIdentifier": cluster,
            "EventID": kind,
        },
    }

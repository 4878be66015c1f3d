"""The API operations that handlers call, answered by the mechanisms."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from drtemplate.drill.assumptions import Draw
from drtemplate.drill.aurora import Refused
from drtemplate.drill.intrinsics import ACCOUNT, REGION
from drtemplate.drill.metrics import reduce_values
from drtemplate.errors import DrTemplateError

if TYPE_CHECKING:
    from drtemplate.drill.cloud import Cloud
    from drtemplate.drill.functions import Invocation

Act = Callable[["Invocation", dict[str, Any]], Any]
# Which timing an operation takes, where it is not a plain read or write.
TIMINGS = {
    ("rds", "FailoverDBCluster"): "api_failover",
    ("route53", "UpdateHealthCheck"): "api_route53",
    ("route53", "GetHealthCheck"): "api_route53",
}
READS = ("Describe", "Get", "List")


class Services:
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
            "Status": aurora.status.value,
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
        return {"DBCluster": {"Status": self.cloud.aurora.status.value}}

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

    def sns_Publish(self, _: Invocation, params: dict[str, Any]) -> Any:
        """Publish."""
        # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
        subject = params.get("Subject", "-")
        if len(subject) > 100 or "\n" in subject or not subject:
            raise Refused("InvalidParameter", "Invalid parameter: Subject")
        self.cloud.publish(params.get("TopicArn", ""), subject, {"message": params["Message"]})
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

    # CloudWatch.

    def cloudwatch_PutMetricData(self, _: Invocation, params: dict[str, Any]) -> Any:
        """PutMetricData."""
        cloud, now = self.cloud, self.cloud.kernel.now
        visible = now + cloud.metric_delay(cloud.network.random)
        cloud.facts.puts += 1
        for one in params["MetricData"]:
            dimensions = one.get("Dimensions", ())
            key = (
                params["Namespace"],
                one["MetricName"],
                frozenset((dimension["Name"], dimension["Value"]) for dimension in dimensions),
            )
            cloud.metrics.put(key, now, one["Value"], visible)
        return {}

    def cloudwatch_GetMetricStatistics(self, _: Invocation, params: dict[str, Any]) -> Any:
        """GetMetricStatistics."""
        key = (
            params["Namespace"],
            params["MetricName"],
            frozenset((one["Name"], one["Value"]) for one in params.get("Dimensions", ())),
        )
        period = params["Period"]
        points = [
            {"Timestamp": self.cloud.date(at)}
            | {name: reduce_values(values, name) for name in params["Statistics"]}
            for at, values in self._bins(key, params["StartTime"], params["EndTime"], period)
        ]
        return {"Label": params["MetricName"], "Datapoints": points}

    def cloudwatch_GetMetricData(self, _: Invocation, params: dict[str, Any]) -> Any:
        """GetMetricData."""
        results = []
        for query in params["MetricDataQueries"]:
            stat = query["MetricStat"]
            metric = stat["Metric"]
            key = (
                metric["Namespace"],
                metric["MetricName"],
                frozenset((one["Name"], one["Value"]) for one in metric.get("Dimensions", ())),
            )
            found = self._bins(key, params["StartTime"], params["EndTime"], stat["Period"])
            found = found if params.get("ScanBy") == "TimestampAscending" else found[::-1]
            results.append(
                {
                    "Id": query["Id"],
                    "Label": metric["MetricName"],
                    "Timestamps": [self.cloud.date(at) for at, _ in found],
                    "Values": [reduce_values(values, stat["Stat"]) for _, values in found],
                    "StatusCode": "Complete",
                }
            )
        return {"MetricDataResults": results}

    def _bins(
        self, key: Any, start: Any, end: Any, period: float
    ) -> list[tuple[float, list[float]]]:
        """Readable values by the start of their period, oldest first."""
        now = self.cloud.kernel.now
        bins: dict[float, list[float]] = {}
        for at, value in self.cloud.metrics.values(
            key, self._virtual(start), self._virtual(end), now
        ):
            bins.setdefault(at // period * period, []).append(value)
        return sorted(bins.items())

    def _virtual(self, when: Any) -> float:
        """A date or epoch seconds, as botocore takes either, as virtual seconds."""
        if isinstance(when, datetime):
            aware = when if when.tzinfo else when.replace(tzinfo=UTC)
            return aware.timestamp() - self.cloud.epoch
        return float(when) - self.cloud.epoch


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

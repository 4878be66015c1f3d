"""RDS's API operations."""

from typing import Any

from drtemplate.world.aws.aurora import Aurora
from drtemplate.world.aws.refusal import Refused
from drtemplate.world.invocation import Invocation


class Rds:
    """What is seen of the cluster, and its failover."""

    def __init__(self, aurora: Aurora) -> None:
        self.aurora = aurora

    def DescribeDBClusters(self, _: Invocation, params: dict[str, Any]) -> dict[str, Any]:
        """The cluster, its status and its members."""
        aurora = self.aurora
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
            "ReaderEndpoint": aurora.cluster.reader_endpoint,
            "Status": aurora.shown.value,
            "DBClusterMembers": members,
        }
        return {"DBClusters": [cluster]}

    def DescribeDBInstances(self, _: Invocation, params: dict[str, Any]) -> dict[str, Any]:
        """One instance, or all."""
        aurora = self.aurora
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

    def FailoverDBCluster(self, _: Invocation, params: dict[str, Any]) -> dict[str, Any]:
        """Begin a failover."""
        if params.get("DBClusterIdentifier") != self.aurora.cluster.name:
            raise Refused("DBClusterNotFoundFault")
        self.aurora.fail_over(params.get("TargetDBInstanceIdentifier"))
        return {"DBCluster": {"Status": self.aurora.shown.value}}


def failover_event(kind: str, message: str, cluster: str, arn: str, when: str) -> dict[str, Any]:
    """An event as RDS gives it to EventBridge.

    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-cloudwatch-events.sample.html
    """
    region, account = arn.split(":")[3:5]
    return {
        "version": "0",
        "id": f"{kind}-{when}",
        "detail-type": "RDS DB Cluster Event",
        "source": "aws.rds",
        "account": account,
        "time": when,
        "region": region,
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

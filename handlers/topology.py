"""Who writes, who reads, and in which state AWS shows the cluster and its instances."""

from typing import NamedTuple


class Topology(NamedTuple):
    """The cluster as DescribeDBClusters shows it.

    Attributes:
        writer: None unless exactly one member is listed as writer.
        readers: the lowest promotion tier first, as Aurora itself would choose.
        status: the cluster's.
    """

    writer: str | None
    readers: tuple
    status: str

    @property
    def members(self):
        """All instances."""
        return (self.writer, *self.readers) if self.writer else self.readers

    @property
    def failing_over(self):
        """Whether Aurora is at it."""
        return self.status == "failing-over"


def read_topology(rds, cluster):
    """Ask RDS.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBClusterMember.html
    """
    found = rds.describe_db_clusters(DBClusterIdentifier=cluster)["DBClusters"][0]
    members = sorted(found["DBClusterMembers"], key=lambda member: member.get("PromotionTier", 1))
    names = {True: [], False: []}
    for member in members:
        names[bool(member["IsClusterWriter"])].append(member["DBInstanceIdentifier"])
    writers = names[True]
    if len(writers) == 1:
        return Topology(writers[0], tuple(names[False]), found["Status"])
    return Topology(None, (*writers, *names[False]), found["Status"])


def read_instance_status(rds, instance):
    """The status of a DB instance."""
    found = rds.describe_db_instances(DBInstanceIdentifier=instance)
    return found["DBInstances"][0]["DBInstanceStatus"]

"""What people do to a cluster by hand, while no failover is wanted: each shows in a status of its own.

https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/accessing-monitoring.html has the statuses of
instances, https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Status.html those of clusters.
"""

from drtemplate.world.aws.aurora import AVAILABLE, Aurora, Node
from drtemplate.world.aws.network import Network


class Hands:
    """A person at the console.

    Args:
        aurora: the cluster.
        network: the ways to it.
    """

    def __init__(self, aurora: Aurora, network: Network) -> None:
        self.aurora = aurora
        self.network = network

    def reboot(self, name: str, seconds: float) -> None:
        """Reboot an instance; a reader goes on reading, and nothing fails over.

        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-reboot-db-instance.html
        """
        aurora = self.aurora
        aurora.journal.note("operator", f"reboots {name}")
        self._halt(aurora.nodes[name], "refused", "rebooting", seconds)

    def upgrade(self, seconds: float) -> None:
        """Upgrade the engine in place: the cluster is away for so long.

        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Upgrading.Procedure.html
        """
        self._work("upgrading", seconds)

    def backtrack(self, seconds: float) -> None:
        """Set the cluster back in time, which closes all connections.

        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Managing.Backtrack.html
        """
        self._work("backtracking", seconds)

    def stop(self, seconds: float) -> None:
        """Stop the cluster, which takes so long; it stays so until it is started.

        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-cluster-stop-start.html
        """
        self._work("stopping", None)
        self.aurora.clock.at(seconds, self._show, "stopped")

    def start(self, seconds: float) -> None:
        """Start a stopped cluster, which takes so long."""
        self._work("starting", seconds)

    def remove(self, name: str) -> None:
        """Delete an instance: it is no member any more, and its endpoint has no address.

        Raises:
            ValueError: it writes.
        """
        aurora = self.aurora
        if name == aurora.writer:
            raise ValueError(f"{name} writes")
        node = aurora.nodes.pop(name)
        node.turn += 1
        self.network.forget(name)
        aurora.journal.note("operator", f"deletes {name}")

    def _work(self, status: str, seconds: float | None) -> None:
        self.aurora.journal.note("operator", f"has the cluster {status}")
        for node in self.aurora.nodes.values():
            self._halt(node, "refused", status, seconds)
        self.aurora.show(status)
        if seconds is not None:
            self.aurora.clock.at(seconds, self._done, status)

    def _halt(self, node: Node, mode: str, status: str, seconds: float | None) -> None:
        aurora = self.aurora
        node.mode, node.status = mode, status
        node.turn += 1
        if node.name == aurora.writer:
            aurora.writing.set(aurora.clock.now, False)
        if seconds is not None:
            aurora.clock.at(seconds, aurora.up, node, node.turn)

    def _show(self, status: str) -> None:
        for node in self.aurora.nodes.values():
            node.status = status
        self.aurora.show(status)

    def _done(self, status: str) -> None:
        if self.aurora.status.value == status:
            self.aurora.show(AVAILABLE)

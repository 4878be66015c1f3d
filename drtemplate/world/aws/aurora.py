"""An Aurora cluster: who writes, what AWS shows of it, how it fails over by itself or on request.

Rules: a lost writer is replaced by the available reader of the lowest promotion tier; one that only
crashes its engine comes back in place (``ALTER SYSTEM CRASH`` causes no failover); without a reader the
writer is made anew. Both instances restart in a failover, so their uptime begins at 0.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html
"""

from collections.abc import Callable
from dataclasses import dataclass

from drtemplate.world.aws.refusal import Refused
from drtemplate.world.clock import Clock
from drtemplate.world.deployment import Cluster
from drtemplate.world.history import History
from drtemplate.world.journal import Journal
from drtemplate.world.timings import Timings

# A day and more, so that no uptime looks like a restart.
OLD = 90_000.0
AVAILABLE, FAILING_OVER = "available", "failing-over"
# Statuses of a cluster that takes no failover: it must be available.
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverDBCluster.html
BUSY = frozenset(
    (
        FAILING_OVER,
        "creating",
        "deleting",
        "backtracking",
        "upgrading",
        "stopping",
        "stopped",
        "starting",
    )
)


@dataclass(slots=True)
class Node:
    """A DB instance.

    Attributes:
        mode: what a connection meets: ``up``, ``refused``, ``silent`` (no host), ``hung`` (no packet),
            ``closed`` (before a packet), ``blocked`` (an error packet: too many failed connections).
        status: what DescribeDBInstances shows.
        started: virtual time at which its engine began.
        turn: rises with each change, so that an overtaken plan does nothing.
    """

    name: str
    zone: str
    tier: int
    mode: str = "up"
    status: str = AVAILABLE
    started: float = -OLD
    turn: int = 0


class Aurora:
    """The cluster.

    Attributes:
        sees: whether Aurora's own failure detection works.
        stalled: whether a failover that has begun never ends.
        rolls_back: how many of the next failovers are given up, so that the same instance writes on.
        given_up: when a failover was given up.
        lost: zones without power.
        status: the state in which the cluster is, and which decides what it takes.
        shown: the status that DescribeDBClusters gives; a failover shows in it a moment later.
        writing: whether the cluster takes writes.
        endpoint: the instance that the cluster endpoint's name gives.
        emit: called with the id and text of each RDS event.
    """

    def __init__(self, clock: Clock, cluster: Cluster, timings: Timings, journal: Journal) -> None:
        self.clock = clock
        self.cluster = cluster
        self.timings = timings
        self.journal = journal
        self.random = clock.random("aurora")
        self.showing = clock.random("aurora status")
        self.nodes = {one.name: Node(one.name, one.zone, one.tier) for one in cluster.instances}
        self.writer = cluster.instances[0].name
        self.status: History[str] = History(AVAILABLE)
        self.shown: History[str] = History(AVAILABLE)
        self.writing: History[bool] = History(True)
        self.writers: History[str] = History(self.writer)
        self.endpoint: History[str] = History(self.writer)
        self.sees = True
        self.stalled = False
        self.rolls_back = 0
        self.given_up: list[float] = []
        self.lost: set[str] = set()
        self.emit: Callable[[str, str], None] = lambda *_: None

    def _in(self, timing: str, action: Callable[..., None], *arguments: object) -> None:
        self.clock.at(self.timings.draw(timing, self.random), action, *arguments)

    def show(self, status: str) -> None:
        """The cluster is in a state, and DescribeDBClusters shows it."""
        self.status.set(self.clock.now, status)
        if self.shown.set(self.clock.now, status):
            self.journal.note("Aurora", f"cluster {status}")

    def _show_failover(self) -> None:
        if self.status.value == FAILING_OVER:
            self.show(FAILING_OVER)

    # What happens to it.

    def stop(self, name: str, mode: str, status: str = "rebooting") -> None:
        """An instance stops serving; Aurora notices, if it sees."""
        node = self.nodes[name]
        node.mode = mode
        node.turn += 1
        self.journal.note("Aurora", f"{self._role(name)} {name} {mode}")
        if name == self.writer:
            self.writing.set(self.clock.now, False)
        if self.sees:
            self._in("aurora_status_delay", self._shown, node, node.turn, status)
            self._in("aurora_detection", self._noticed, node, node.turn)

    def restart_engine(self) -> None:
        """The writer's engine crashes and comes back in place, which is no reason to fail over."""
        node = self.nodes[self.writer]
        node.mode = "refused"
        node.turn += 1
        self.writing.set(self.clock.now, False)
        self.journal.note("Aurora", f"engine of writer {node.name} crashed")
        self._in("aurora_engine_restart", self.up, node, node.turn)

    def pause(self, seconds: float) -> None:
        """The writer stalls, and goes on."""
        node = self.nodes[self.writer]
        node.mode = "hung"
        node.turn += 1
        self.writing.set(self.clock.now, False)
        self.journal.note("Aurora", f"writer {node.name} stalls for {seconds:.1f} s")
        self.clock.at(seconds, self._resume, node, node.turn)

    def _resume(self, node: Node, turn: int) -> None:
        if node.turn == turn:
            started = node.started
            self.up(node, turn)
            node.started = started

    def _role(self, name: str) -> str:
        return "writer" if name == self.writer else "reader"

    def _shown(self, node: Node, turn: int, status: str) -> None:
        if node.turn == turn:
            node.status = status

    def up(self, node: Node, turn: int) -> None:
        """An instance serves again, unless something else has befallen it since that turn."""
        if node.turn != turn:
            return
        if node.zone in self.lost:
            return
        node.mode, node.status, node.started = "up", AVAILABLE, self.clock.now
        node.turn += 1
        if node.name == self.writer:
            self.writing.set(self.clock.now, True)
        self.journal.note("Aurora", f"{self._role(node.name)} {node.name} up")

    def _noticed(self, node: Node, turn: int) -> None:
        """Aurora's own reaction to an instance that it finds dead."""
        if node.turn != turn or not self.sees:
            return
        if node.name != self.writer:
            self._in("aurora_restart", self.up, node, turn)
        elif self.status.value != FAILING_OVER:
            target = self._candidate()
            if target:
                self.journal.note("Aurora", "sees the writer dead, fails over by itself")
                self._begin(target)
            else:
                self._in("aurora_without_reader", self.up, node, turn)

    def _candidate(self) -> Node | None:
        ready = [one for one in self.nodes.values() if one.mode == "up" and one.name != self.writer]
        return min(ready, key=lambda one: one.tier, default=None)

    # A failover, its own or on request.

    def fail_over(self, target: str | None) -> None:
        """FailoverDBCluster.

        Raises:
            Refused: the cluster or the target is in no state for it.
                https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverDBCluster.html
        """
        if self.status.value in BUSY:
            raise Refused("InvalidDBClusterStateFault", f"the cluster is {self.status.value}")
        if target is not None and target not in self.nodes:
            raise Refused("DBInstanceNotFound", f"no instance {target}")
        node = self.nodes[target] if target else self._candidate()
        if node is None or node.name == self.writer or node.mode != "up":
            raise Refused("InvalidDBInstanceState", "no instance to promote is available")
        self._begin(node)

    def _begin(self, target: Node) -> None:
        old = self.nodes[self.writer]
        self.status.set(self.clock.now, FAILING_OVER)
        delay = self.timings.draw("aurora_status_shown", self.showing)
        self.clock.at(delay, self._show_failover)
        self.writing.set(self.clock.now, False)
        lived = old.mode == "up"
        if lived:
            old.mode = "refused"
        old.turn += 1
        kind = "RDS-EVENT-0072" if old.zone == target.zone else "RDS-EVENT-0073"
        self.emit(kind, "Started failover")
        if self.rolls_back:
            self.rolls_back -= 1
            self._in("aurora_promotion", self._give_up, old, lived)
        elif not self.stalled:
            self._in("aurora_promotion", self._promoted, old, target, target.turn, lived)

    def _give_up(self, old: Node, lived: bool) -> None:
        """The failover is rolled back: who wrote before is the writer still, as alive as it was."""
        self.given_up.append(self.clock.now)
        self.show(AVAILABLE)
        self.journal.note("Aurora", f"gives the failover up, {old.name} stays the writer")
        self.emit("RDS-EVENT-0069", "Cluster failover failed")
        if lived:
            self.up(old, old.turn)

    def _promoted(self, old: Node, target: Node, turn: int, lived: bool) -> None:
        if target.turn != turn or target.mode != "up":
            self._give_up(old, lived)
            return
        now = self.clock.now
        self.writer = target.name
        target.started = now
        target.turn += 1
        old.status = "rebooting"
        self.writers.set(now, target.name)
        self.writing.set(now, True)
        self.journal.note("Aurora", f"{target.name} writes")
        self._in("aurora_endpoint_update", self._named, target.name)
        self._in("aurora_settle", self._settled)
        self._in("aurora_restart", self.up, old, old.turn)

    def _named(self, name: str) -> None:
        self.endpoint.set(self.clock.now, name)

    def _settled(self) -> None:
        self.show(AVAILABLE)
        self.emit("RDS-EVENT-0071", "Completed failover to DB instance: " + self.writer)

    # What others see of it.

    def reader(self) -> str:
        """Where the reader endpoint leads: to an available reader; to the writer if there is none.

        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.Endpoints.html
        """
        ready = [one.name for one in self.nodes.values() if one.mode == "up"]
        return next((name for name in ready if name != self.writer), self.writer)

    def uptime(self, name: str) -> float | None:
        """Seconds since the engine began, as its metric; None while nothing comes of it.

        That a hung instance sends none is our assumption; the way by the alarms rests on it.
        """
        node = self.nodes[name]
        return self.clock.now - node.started if node.mode == "up" else None

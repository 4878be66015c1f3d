"""A load balancer: its nodes, their addresses in DNS, its targets, and what it shows of them.

A target turns after the configured number of probes in a row.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
In each of its zones a load balancer has a node, and each node sends to the targets of all zones.
https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html
The address of a zone that is lost is removed from DNS; if all of them are, DNS gives all.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health.html
"""

from collections.abc import Callable

from drtemplate.world.aws.prober import Prober, Reply
from drtemplate.world.clock import Clock
from drtemplate.world.deployment import Side
from drtemplate.world.history import History
from drtemplate.world.journal import Journal
from drtemplate.world.timings import Timings


class Target:
    """A server: in its zone, answering or not, and as shown."""

    def __init__(self, zone: str, prober: Prober) -> None:
        self.zone = zone
        self.prober = prober
        self.reply = Reply.GOOD
        self.state = "healthy"


class Balancer:
    """One side: a load balancer, and a node and a target of it in each zone.

    Attributes:
        alive: whether the load balancer as a whole works.
        nodes: the zones in which a node answers.
        addresses: the zones whose node's address DNS gives.
        split: whether some of these addresses answer and some do not.
        serving: whether a request that reaches such a node is answered.
        shown_dead: whether AWS shows at least one target unhealthy and none healthy.
        shown_good: whether AWS shows a healthy target, which an alias evaluates.
        changed: called when anything of this changes.
    """

    def __init__(
        self,
        clock: Clock,
        side: Side,
        zones: tuple[str, ...],
        timings: Timings,
        journal: Journal,
    ) -> None:
        self.clock = clock
        self.side = side
        self.timings = timings
        self.journal = journal
        self.random = clock.random(f"targets {side.name}")
        self.zones = frozenset(zones)
        self.targets = [self._target(zone) for zone in zones]
        self.alive = True
        self.lost: set[str] = set()
        self.withdrawn: set[str] = set()
        self.nodes: History[frozenset[str]] = History(self.zones)
        self.addresses: History[frozenset[str]] = History(self.zones)
        self.split = False
        good = bool(zones)
        self.serving: History[bool] = History(good)
        self.shown_dead: History[bool] = History(False)
        self.shown_good: History[bool] = History(good)
        self.changed: Callable[[], None] = lambda: None

    def _target(self, zone: str) -> Target:
        side = self.side
        prober = Prober(
            self.clock,
            interval=side.interval,
            timeout=side.timeout,
            down_after=side.unhealthy_after,
            up_after=side.healthy_after,
            phase=self.random.uniform(0, side.interval),
            look=lambda: self._look(target),
            turned=lambda good: self._turned(target, good),
        )
        target = Target(zone, prober)
        return target

    def _look(self, target: Target) -> Reply:
        if self.nodes.value:
            return target.reply
        # Without a node nobody probes, so nothing turns.
        return Reply.GOOD if target.prober.healthy else Reply.REFUSED

    def _turned(self, target: Target, good: bool) -> None:
        delay = self.timings.draw("target_state_delay", self.random)
        self.clock.at(delay, self._show, target, "healthy" if good else "unhealthy")

    def _show(self, target: Target, state: str) -> None:
        target.state = state
        self.journal.note("load balancer", f"{self.side.name} target in {target.zone} {state}")
        self.update()

    def set_targets(self, reply: Reply, zone: str | None = None) -> None:
        """Let the targets (of a zone) answer like that from now on."""
        for target in self.targets:
            if zone in (None, target.zone):
                target.reply = reply
                target.prober.wake()
        self.journal.note("servers", f"{self.side.name} targets {zone or ''} {reply.value}")
        self.update()

    def set_alive(self, alive: bool) -> None:
        """The load balancer itself goes away, or comes back."""
        self.alive = alive
        self.journal.note("load balancer", f"{self.side.name} {'back' if alive else 'dead'}")
        self._nodes_changed()
        self.update()

    def lose_zone(self, zone: str) -> None:
        """A zone's node and targets are gone; a while later DNS no longer gives its address."""
        if zone not in self.zones - self.lost:
            return
        self.lost.add(zone)
        self.journal.note("load balancer", f"{self.side.name} node in {zone} lost")
        self._nodes_changed()
        random = self.clock.random(f"node {self.side.name} {zone}")
        delay = self.timings.draw("elb_node_withdrawal", random)
        self.clock.at(delay, self._withdraw, zone)
        self.set_targets(Reply.SILENT, zone)

    def _withdraw(self, zone: str) -> None:
        self.withdrawn.add(zone)
        left = self.zones - self.withdrawn
        what = f"address in {zone} withdrawn from DNS" if left else "addresses all given again"
        self.journal.note("load balancer", f"{self.side.name} {what}")
        self.addresses.set(self.clock.now, left or self.zones)
        self._nodes_changed()
        self.update()

    def _nodes_changed(self) -> None:
        self.nodes.set(self.clock.now, self.zones - self.lost if self.alive else frozenset())
        self.split = bool(self.nodes.value) and self.nodes.value != self.addresses.value
        # Targets may have changed while nobody looked.
        for target in self.targets:
            target.prober.wake()

    def show(self, *states: str) -> None:
        """Have as many targets as states, which AWS shows in these until one changes."""
        zones = sorted(self.zones)
        self.targets[:] = [self._target(zones[at % len(zones)]) for at in range(len(states))]
        for target, state in zip(self.targets, states, strict=True):
            target.state = state
        self.update()

    def empty(self) -> None:
        """Nothing is registered."""
        self.targets.clear()
        self.serving = History(False)
        self.shown_good = History(False)

    def update(self) -> None:
        """Recompute what follows from the targets."""
        now, states = self.clock.now, self.states()
        answers = any(target.reply is Reply.GOOD for target in self.targets)
        self.serving.set(now, bool(self.nodes.value) and answers)
        self.shown_dead.set(now, "unhealthy" in states and "healthy" not in states)
        self.shown_good.set(now, "healthy" in states)
        self.changed()

    def states(self) -> list[str]:
        """As DescribeTargetHealth shows them."""
        return [target.state for target in self.targets]

"""A load balancer's targets: what they are, and what the load balancer shows of them.

A target turns after the configured number of probes in a row.
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from collections.abc import Callable

from drtemplate.drill.assumptions import Assumptions
from drtemplate.drill.deployment import Side
from drtemplate.drill.history import History
from drtemplate.drill.journal import Journal
from drtemplate.drill.kernel import Kernel
from drtemplate.drill.prober import Prober, Reply


class Target:
    """A server: in its zone, answering or not, and as shown."""

    def __init__(self, zone: str, prober: Prober) -> None:
        self.zone = zone
        self.prober = prober
        self.reply = Reply.GOOD
        self.state = "healthy"


class Balancer:
    """One side: a load balancer and its targets, one in each zone.

    Attributes:
        alive: whether the load balancer itself answers.
        serving: whether a request through it is answered.
        shown_dead: whether AWS shows at least one target unhealthy and none healthy.
        shown_good: whether AWS shows a healthy target, which an alias evaluates.
        changed: called when anything of this changes.
    """

    def __init__(
        self,
        kernel: Kernel,
        side: Side,
        zones: tuple[str, ...],
        assumptions: Assumptions,
        journal: Journal,
    ) -> None:
        self.kernel = kernel
        self.side = side
        self.assumptions = assumptions
        self.journal = journal
        self.random = kernel.random(f"targets {side.name}")
        self.targets = [self._target(zone) for zone in zones]
        self.alive = True
        good = bool(zones)
        self.serving: History[bool] = History(good)
        self.shown_dead: History[bool] = History(False)
        self.shown_good: History[bool] = History(good)
        self.changed: Callable[[], None] = lambda: None

    def _target(self, zone: str) -> Target:
        side = self.side
        prober = Prober(
            self.kernel,
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
        if self.alive:
            return target.reply
        # A dead load balancer probes nothing, so nothing turns.
        return Reply.GOOD if target.prober.healthy else Reply.REFUSED

    def _turned(self, target: Target, good: bool) -> None:
        delay = self.assumptions.draw("target_state_delay", self.random)
        self.kernel.at(delay, self._show, target, "healthy" if good else "unhealthy")

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
        self.update()

    def empty(self) -> None:
        """Nothing is registered."""
        self.targets.clear()
        self.serving = History(False)
        self.shown_good = History(False)

    def update(self) -> None:
        """Recompute what follows from the targets."""
        now, states = self.kernel.now, self.states()
        answers = any(target.reply is Reply.GOOD for target in self.targets)
        self.serving.set(now, self.alive and answers)
        self.shown_dead.set(now, "unhealthy" in states and "healthy" not in states)
        self.shown_good.set(now, "healthy" in states)
        self.changed()

    def states(self) -> list[str]:
        """As DescribeTargetHealth shows them."""
        return [target.state for target in self.targets]

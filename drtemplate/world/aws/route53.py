"""Route 53: checkers around the world, health checks, and a pair of failover records.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from drtemplate.world.aws.balancers import Balancer
from drtemplate.world.aws.prober import Prober, Reply
from drtemplate.world.clock import Clock
from drtemplate.world.deployment import Side
from drtemplate.world.history import History
from drtemplate.world.journal import Journal
from drtemplate.world.timings import Timings

# "About 15" in public descriptions; AWS's page gives no number.
CHECKERS = 15
# Healthy if more than this share of the checkers says so.
SHARE = 0.18
# An HTTP(S) check must connect within 4 s.
CONNECT = 4.0


def is_healthy(reports: int, checkers: int, disabled: bool, inverted: bool) -> bool:
    """What a health check makes of its checkers' reports.

    A disabled one stops looking and is healthy, an inverted one says the opposite; so both together
    are unhealthy. https://docs.aws.amazon.com/Route53/latest/APIReference/API_UpdateHealthCheck.html
    """
    good = disabled or reports > SHARE * checkers
    return good is not inverted


def answer(primary: bool, standby: bool) -> str:
    """Which record a failover pair gives: the primary too if both are unhealthy.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html
    """
    return "Primary" if primary or not standby else "Standby"


class HealthCheck:
    """The health check of one side.

    Attributes:
        healthy: as Route 53 sees it.
        disabled, inverted: as the checkers know it, a while after AWS has accepted the change.
        accepted: both, as AWS has accepted them.
        inversion: when it was inverted.
    """

    def __init__(self, clock: Clock, side: Side, balancer: Balancer, timings: Timings) -> None:
        self.clock = clock
        self.balancer = balancer
        self.timings = timings
        self.random = clock.random(f"checkers {side.name}")
        self.choice = clock.random(f"addresses {side.name}").choice
        self.inversion: History[bool] = History(False)
        self.disabled = False
        self.accepted = (False, False)
        self.reports = CHECKERS
        self.healthy: History[bool] = History(True)
        self.checkers = [
            Prober(
                clock,
                interval=side.check_interval,
                timeout=CONNECT,
                down_after=side.check_threshold,
                up_after=side.check_threshold,
                phase=self.random.uniform(0, side.check_interval),
                look=self._look,
                turned=self._turned,
            )
            for _ in range(CHECKERS)
        ]

    @property
    def inverted(self) -> bool:
        """Whether it says the opposite of its checkers."""
        return self.inversion.value

    def _look(self) -> Reply:
        # It asks DNS for each probe, and probes one of the addresses.
        # https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
        balancer = self.balancer
        nodes = balancer.nodes.value
        if not nodes or (balancer.split and self._address() not in nodes):
            return Reply.SILENT
        # Without a server the load balancer answers 502 or 503 at once.
        return Reply.GOOD if balancer.serving.value else Reply.REFUSED

    def _address(self) -> str:
        """The zone of one of the addresses that DNS gives."""
        return self.choice(sorted(self.balancer.addresses.value))

    def _turned(self, good: bool) -> None:
        self.reports += 1 if good else -1
        self.update()

    def wake(self) -> None:
        """The endpoint may have changed."""
        for checker in self.checkers:
            checker.restless = self.balancer.split
            checker.wake()

    def start_unhealthy(self) -> None:
        """All checkers have long found it dead."""
        for checker in self.checkers:
            checker.healthy = False
        self.reports = 0
        self.healthy = History(is_healthy(0, CHECKERS, self.disabled, self.inverted))

    def configure(self, disabled: bool | None, inverted: bool | None) -> None:
        """UpdateHealthCheck; what is not given stays."""
        self.accepted = (
            self.accepted[0] if disabled is None else disabled,
            self.accepted[1] if inverted is None else inverted,
        )
        delay = self.timings.draw("route53_update", self.random)
        self.clock.at(delay, self._configured, disabled, inverted)

    def _configured(self, disabled: bool | None, inverted: bool | None) -> None:
        self.disabled = self.disabled if disabled is None else disabled
        self.inversion.set(self.clock.now, self.inverted if inverted is None else inverted)
        self.update()

    def update(self) -> None:
        """Recompute the state."""
        state = is_healthy(self.reports, CHECKERS, self.disabled, self.inverted)
        if self.healthy.set(self.clock.now, state):
            self.balancer.changed()


class FailoverRecords:
    """The primary and the standby record of the application's name.

    Attributes:
        side: whose address the DNS servers give.
    """

    def __init__(
        self,
        clock: Clock,
        checks: dict[str, HealthCheck],
        balancers: dict[str, Balancer],
        timings: Timings,
        journal: Journal,
    ) -> None:
        self.clock = clock
        self.checks = checks
        self.balancers = balancers
        self.timings = timings
        self.journal = journal
        self.random = clock.random("records")
        self.side: History[str] = History(self._choice())
        self.wanted = self.side.value

    def _choice(self) -> str:
        # With EvaluateTargetHealth both the check and the load balancer's targets must be good.
        # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-failover-alias.html
        good = {
            name: check.healthy.value and self.balancers[name].shown_good.value
            for name, check in self.checks.items()
        }
        return answer(good["Primary"], good["Standby"])

    def update(self) -> None:
        """Something that decides has changed; the servers learn of it a little later."""
        wanted = self._choice()
        if wanted != self.wanted:
            self.wanted = wanted
            self.clock.at(self.timings.draw("route53_evaluation", self.random), self._give, wanted)

    def _give(self, side: str) -> None:
        # A later change may have been quicker; it is the one that stays.
        if side == self.wanted and self.side.set(self.clock.now, side):
            self.journal.note("Route 53", f"answers {side}")

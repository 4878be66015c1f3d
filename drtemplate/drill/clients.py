"""What clients see: when one that keeps DNS answers, and one that asks each time, is served again."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor

from drtemplate.world.history import History, changes
from drtemplate.world.world import World


@dataclass(frozen=True, slots=True)
class Cache:
    """Answers are kept for ``ttl`` seconds and refreshed at ``phase``; 0 asks each time."""

    ttl: float
    phase: float

    def asked(self, at: float) -> float:
        """When the answer in use at that time was fetched."""
        if self.ttl <= 0:
            return at
        # A refresh at this very instant counts, whatever the last bit of the division says.
        return self.phase + floor((at - self.phase) / self.ttl + 1e-9) * self.ttl

    def refreshed(self, times: Iterable[float]) -> list[float]:
        """The first refresh at or after each of the times."""
        if self.ttl <= 0:
            return []
        return [at + (self.phase - at) % self.ttl for at in times]


def served_again(world: World, zero: float, end: float) -> tuple[float | None, float | None]:
    """Seconds from ``zero`` until a client with and one without DNS cache is served for good.

    0 if it always is; None if it is not served at ``end``. Between the servers and the database stands
    the cluster endpoint's name, which they keep for its TTL.

    DNS gives the addresses of all of a load balancer's nodes, and which of them to use is the client's
    choice: https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html
    This one takes one address of an answer and tries no other until it asks DNS again. Browsers and curl
    go on to the next address when one is silent, others do not, and a promise must hold for those too.
    Which address it takes is chance, so it counts as unserved while its answer holds a dead node's
    address: without a cache every other request fails until the address is withdrawn, and with one all
    do until the first refresh after that.
    """
    random = world.clock.random("client")
    ttl = world.timings.draw("route53_alias_ttl", random)
    endpoint_ttl = world.timings.draw("aurora_endpoint_ttl", random)
    alias = Cache(ttl, random.uniform(0, ttl))
    endpoint = Cache(endpoint_ttl, random.uniform(0, endpoint_ttl))
    histories: list[History[str] | History[bool] | History[frozenset[str]]] = [
        world.records.side,
        world.aurora.writing,
        world.aurora.endpoint,
    ]
    for balancer in world.balancers.values():
        histories += (balancer.serving, balancer.nodes, balancer.addresses)
    steps = changes(histories, zero)
    times = sorted(at for at in {*steps, *endpoint.refreshed(steps)} if at <= end)
    uncached = _served_from(world, times, Cache(0.0, 0.0), endpoint)
    times = sorted(at for at in {*times, *alias.refreshed(steps)} if at <= end)
    cached = _served_from(world, times, alias, endpoint)
    return _after(zero, cached), _after(zero, uncached)


def _after(zero: float, at: float | None) -> float | None:
    return None if at is None else at - zero


def _served_from(world: World, times: list[float], alias: Cache, endpoint: Cache) -> float | None:
    """The first of the times from which on the client is served at all of them."""
    since: float | None = None
    for at in times:
        asked = alias.asked(at)
        balancer = world.balancers[world.records.side.before(asked)]
        served = (
            balancer.serving.before(at)
            and balancer.addresses.before(asked) <= balancer.nodes.before(at)
            and world.aurora.writing.before(at)
            and world.aurora.endpoint.before(endpoint.asked(at)) == world.aurora.writers.before(at)
        )
        if not served:
            since = None
        elif since is None:
            since = at
    return since

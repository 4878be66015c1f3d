"""What a scenario lets happen, as small functions on the cloud."""

from collections.abc import Callable
from random import Random
from typing import Any

from drtemplate.drill.aurora import FAILING_OVER
from drtemplate.drill.cloud import EPOCH, Cloud
from drtemplate.drill.facts import Act, Write
from drtemplate.drill.network import ERROR, SILENT
from drtemplate.drill.prober import Prober, Reply
from drtemplate.groups.handlers import MONITOR

Fault = Callable[[Cloud], None]
HOUR, DAY = 3600.0, 86_400.0
# Shares of connections, calls and probes that are lost in a usual week.
LOST_CONNECTIONS, FAILED_CALLS, LOST_PROBES = 2e-4, 2e-4, 2e-4


def writer_stops(mode: str, *, seen: bool) -> Fault:
    """The writer's instance stops serving; Aurora itself finds out, or does not."""

    def fault(cloud: Cloud) -> None:
        cloud.aurora.sees = seen
        cloud.aurora.stop(cloud.aurora.writer, mode)

    return fault


def reader_stops(cloud: Cloud) -> None:
    """The first reader's instance dies."""
    cloud.aurora.stop(_reader(cloud), "refused")


def no_reader(cloud: Cloud) -> None:
    """No reader is available for the whole run."""
    node = cloud.aurora.nodes[_reader(cloud)]
    node.mode, node.status = "refused", "rebooting"
    node.turn += 1


def _reader(cloud: Cloud) -> str:
    return next(name for name in cloud.aurora.nodes if name != cloud.aurora.writer)


def engine_crashes(cloud: Cloud) -> None:
    """The writer's engine crashes and comes back in place."""
    cloud.aurora.restart_engine()


def failover_never_ends(cloud: Cloud) -> None:
    """Aurora accepts, and does not get through."""
    cloud.aurora.stalled = True


def servers_die(side: str = "Primary", reply: Reply = Reply.REFUSED) -> Fault:
    """All servers of a side answer errors or nothing."""

    def fault(cloud: Cloud) -> None:
        cloud.balancers[side].set_targets(reply)

    return fault


def nothing_registered(cloud: Cloud) -> None:
    """Day 0: both target groups are empty, and always were."""
    for name, balancer in cloud.balancers.items():
        balancer.empty()
        cloud.checks[name].start_unhealthy()


def balancer_dies(cloud: Cloud) -> None:
    """The primary load balancer answers nobody."""
    cloud.balancers["Primary"].set_alive(False)


def nat_lost(cloud: Cloud) -> None:
    """The NAT gateway of the first zone forwards nothing."""
    zone = cloud.deployment.functions[MONITOR].zones[0]
    cloud.network.lost_nats.add(zone)
    cloud.journal.note("network", f"NAT gateway of {zone} lost")


def zone_lost(cloud: Cloud) -> None:
    """Power is lost in the writer's zone, and with it all that runs there, on both sides."""
    aurora = cloud.aurora
    zone = aurora.nodes[aurora.writer].zone
    cloud.journal.note("network", f"zone {zone} lost")
    aurora.lost.add(zone)
    for node in aurora.nodes.values():
        if node.zone == zone:
            aurora.stop(node.name, "silent")
    for balancer in cloud.balancers.values():
        balancer.lose_zone(zone)
    cloud.network.lost_nats.add(zone)
    cloud.functions.lose_zone(zone)


def cut(seconds: float) -> Fault:
    """Nothing leaves or reaches the functions in the VPC for a while."""

    def fault(cloud: Cloud) -> None:
        cloud.network.cut = cloud.kernel.now + seconds
        cloud.journal.note("network", f"cut for {seconds:g} s")

    return fault


def service_down(service: str) -> Fault:
    """A service's API answers errors in half of the runs, and nothing in the other half."""

    def fault(cloud: Cloud) -> None:
        kind = cloud.random.choice((ERROR, SILENT))
        cloud.network.outages[service] = kind
        cloud.journal.note(service, f"down: {kind}")

    return fault


def service_back(service: str) -> Fault:
    """A service's API that was down answers again."""

    def fault(cloud: Cloud) -> None:
        del cloud.network.outages[service]
        cloud.journal.note(service, "back")

    return fault


def throttled(share: float) -> Fault:
    """A share of all API calls is throttled."""

    def fault(cloud: Cloud) -> None:
        cloud.network.throttled = share

    return fault


def status(shown: str, timing: str | None = None, seconds: float = 200.0) -> Fault:
    """The cluster is shown in a status while it serves."""

    def fault(cloud: Cloud) -> None:
        took = cloud.assumptions.draw(timing, cloud.random) if timing else seconds
        cloud.aurora.show(shown)
        cloud.kernel.at(took, _available, cloud)

    return fault


def _available(cloud: Cloud) -> None:
    if cloud.aurora.status.value != FAILING_OVER:
        cloud.aurora.show("available")


def engine_pauses(cloud: Cloud) -> None:
    """A patch without downtime stalls the writer for seconds."""
    cloud.aurora.pause(cloud.assumptions.draw("maintenance_pause", cloud.random))


def lag(milliseconds: float | None) -> Fault:
    """The reader reports this lag, or none any more."""

    def fault(cloud: Cloud) -> None:
        cloud.lag = milliseconds

    return fault


def monitor_broken(cloud: Cloud) -> None:
    """No run of the monitor starts."""
    cloud.functions.broken.add(MONITOR)


def delivered_twice(cloud: Cloud) -> None:
    """Lambda delivers each asynchronous event twice, as it may."""
    cloud.functions.duplicate = 1


def killed_after_act(cloud: Cloud) -> None:
    """The orchestrator's host is lost within seconds after AWS has accepted its promotion."""
    delay = cloud.random.uniform(0, 8)

    def acted(act: Act) -> None:
        if act.component == "database" and not cloud.killed:
            cloud.killed.add(act.caller)
            cloud.kernel.at(delay, cloud.functions.kill, act.caller)

    cloud.on_act.append(acted)


def killed_before_act(cloud: Cloud) -> None:
    """The orchestrator's host is lost when it has the lease, and before it acts."""

    def wrote(write: Write) -> None:
        if write.status == "IN_PROGRESS" and not cloud.killed:
            cloud.killed.add(write.caller)
            cloud.kernel.at(0.0, cloud.functions.kill, write.caller)

    cloud.on_write.append(wrote)


def operator(within: float = 0.0, **event: Any) -> Fault:
    """A person sends the orchestrator an event, at once or within some seconds."""

    def fault(cloud: Cloud) -> None:
        cloud.kernel.at(cloud.random.uniform(0, within), cloud.operator, dict(event))

    return fault


def usual_noise(cloud: Cloud) -> None:
    """Single lost packets, probes and calls, and the windows of the template, as in any week."""
    cloud.network.loss = LOST_CONNECTIONS
    cloud.network.flaky = FAILED_CALLS
    for balancer in cloud.balancers.values():
        for target in balancer.targets:
            _lose_probes(cloud, target.prober)
    for check in cloud.checks.values():
        for checker in check.checkers:
            _lose_probes(cloud, checker)
    _windows(cloud)


def _lose_probes(cloud: Cloud, prober: Prober) -> None:
    at = cloud.random.expovariate(LOST_PROBES / prober.interval)
    while at < HOUR:
        prober.lose(at)
        at += prober.interval + cloud.random.expovariate(LOST_PROBES / prober.interval)


def _windows(cloud: Cloud) -> None:
    """The day's backup, and the week's maintenance, if they begin in this part of the week."""
    now = cloud.epoch - EPOCH
    begin, end = cloud.deployment.cluster.backup
    day = now // DAY
    at = day * DAY + Random(f"backup {day}").uniform(begin, end)
    if 0 <= at - now < HOUR:
        cloud.kernel.at(at - now, status("backing-up", "backup_duration"), cloud)
    begin, end = cloud.deployment.cluster.maintenance
    at = Random("maintenance").uniform(begin, end)
    if 0 <= at - now < HOUR:
        cloud.kernel.at(at - now, status("maintenance"), cloud)
        cloud.kernel.at(at - now + 30, engine_pauses, cloud)

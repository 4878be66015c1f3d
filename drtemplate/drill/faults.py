"""What a scenario lets happen, as small functions on a trial."""

from collections.abc import Callable
from typing import Any

from drtemplate.drill.facts import Act, Write
from drtemplate.drill.trial import Trial
from drtemplate.groups.handlers import MONITOR, OBSERVERS, ORCHESTRATOR
from drtemplate.world.aws.aurora import FAILING_OVER
from drtemplate.world.aws.network import ERROR, SILENT
from drtemplate.world.aws.prober import Reply
from drtemplate.world.invocation import Invocation
from drtemplate.world.world import World

Fault = Callable[[Trial], None]
# Within as many of its calls the orchestrator has made a whole run.
MOST_CALLS = 40


def writer_stops(mode: str, *, seen: bool) -> Fault:
    """The writer's instance stops serving; Aurora itself finds out, or does not."""

    def fault(trial: Trial) -> None:
        world = trial.world
        world.aurora.sees = seen
        world.aurora.stop(world.aurora.writer, mode)

    return fault


def reader_stops(trial: Trial) -> None:
    """The first reader's instance dies."""
    trial.world.aurora.stop(reader(trial.world), "refused")


def no_reader(trial: Trial) -> None:
    """No reader, however many there are, is available for the whole run."""
    aurora = trial.world.aurora
    for name, node in aurora.nodes.items():
        if name != aurora.writer:
            node.mode, node.status = "refused", "rebooting"
            node.turn += 1


def reader(world: World) -> str:
    """The first instance that does not write."""
    return next(name for name in world.aurora.nodes if name != world.aurora.writer)


def engine_crashes(trial: Trial) -> None:
    """The writer's engine crashes and comes back in place."""
    trial.world.aurora.restart_engine()


def failover_never_ends(trial: Trial) -> None:
    """Aurora accepts, and does not get through."""
    trial.world.aurora.stalled = True


def servers_die(side: str = "Primary", reply: Reply = Reply.REFUSED) -> Fault:
    """All servers of a side answer errors or nothing."""

    def fault(trial: Trial) -> None:
        trial.world.balancers[side].set_targets(reply)

    return fault


def nothing_registered(trial: Trial) -> None:
    """Day 0: both target groups are empty, and always were."""
    for name, balancer in trial.world.balancers.items():
        balancer.empty()
        trial.world.checks[name].start_unhealthy()


def balancer_dies(trial: Trial) -> None:
    """The primary load balancer answers nobody."""
    trial.world.balancers["Primary"].set_alive(False)


def nat_lost(trial: Trial) -> None:
    """The NAT gateway of the first zone forwards nothing."""
    world = trial.world
    zone = world.deployment.functions[MONITOR].zones[0]
    world.network.lost_nats.add(zone)
    world.journal.note("network", f"NAT gateway of {zone} lost")


def zone_lost(trial: Trial) -> None:
    """Power is lost in the writer's zone, and with it all that runs there, on both sides."""
    world = trial.world
    aurora = world.aurora
    zone = aurora.nodes[aurora.writer].zone
    world.journal.note("network", f"zone {zone} lost")
    aurora.lost.add(zone)
    for node in aurora.nodes.values():
        if node.zone == zone:
            aurora.stop(node.name, "silent")
    for balancer in world.balancers.values():
        balancer.lose_zone(zone)
    world.network.lost_nats.add(zone)
    world.functions.lose_zone(zone)


def cut(seconds: float) -> Fault:
    """Nothing leaves or reaches the functions in the VPC for a while."""

    def fault(trial: Trial) -> None:
        world = trial.world
        world.network.cut = world.clock.now + seconds
        world.journal.note("network", f"cut for {seconds:g} s")

    return fault


def service_down(service: str) -> Fault:
    """A service's API answers errors in half of the runs, and nothing in the other half."""

    def fault(trial: Trial) -> None:
        world = trial.world
        kind = world.random.choice((ERROR, SILENT))
        world.network.outages[service] = kind
        world.journal.note(service, f"down: {kind}")

    return fault


def service_back(service: str) -> Fault:
    """A service's API that was down answers again."""

    def fault(trial: Trial) -> None:
        del trial.world.network.outages[service]
        trial.world.journal.note(service, "back")

    return fault


def throttled(share: float) -> Fault:
    """A share of all API calls is throttled."""

    def fault(trial: Trial) -> None:
        trial.world.network.throttled = share

    return fault


def status(shown: str, timing: str | None = None, seconds: float = 200.0) -> Fault:
    """The cluster is shown in a status while it serves."""

    def fault(trial: Trial) -> None:
        world = trial.world
        took = world.timings.draw(timing, world.random) if timing else seconds
        world.aurora.show(shown)
        world.clock.at(took, _available, trial.world)

    return fault


def _available(world: World) -> None:
    if world.aurora.status.value != FAILING_OVER:
        world.aurora.show("available")


def engine_pauses(trial: Trial) -> None:
    """A patch without downtime stalls the writer for seconds."""
    world = trial.world
    world.aurora.pause(world.timings.draw("maintenance_pause", world.random))


def lag(milliseconds: float | None) -> Fault:
    """The reader reports this lag, or none any more."""

    def fault(trial: Trial) -> None:
        trial.world.vended.lag = milliseconds

    return fault


def monitor_broken(trial: Trial) -> None:
    """No run of an observer starts."""
    trial.world.functions.broken.update(OBSERVERS)


def observer_broken(trial: Trial) -> None:
    """No run of the first zone's observer starts."""
    trial.world.functions.broken.add(MONITOR)


def delivered_twice(within: float = 0.0) -> Fault:
    """Lambda delivers each asynchronous event twice, as it may; the second one within some seconds."""

    def fault(trial: Trial) -> None:
        trial.world.functions.duplicate, trial.world.functions.apart = 1, within

    return fault


def killed_after_act(trial: Trial) -> None:
    """The orchestrator's host is lost within seconds after AWS has accepted its promotion."""
    delay = trial.world.random.uniform(0, 8)

    def acted(act: Act) -> None:
        if act.component == "database" and not trial.facts.killed:
            trial.facts.killed.add(act.caller)
            trial.world.clock.at(delay, trial.world.functions.kill, act.caller)

    trial.facts.on_act.append(acted)


def killed_before_act(trial: Trial) -> None:
    """The orchestrator's host is lost when it has the lease, and before it acts."""

    def wrote(write: Write) -> None:
        if write.status == "IN_PROGRESS" and not trial.facts.killed:
            trial.facts.killed.add(write.caller)
            trial.world.clock.at(0.0, trial.world.functions.kill, write.caller)

    trial.facts.on_write.append(wrote)


def killed_at_any_call(trial: Trial) -> None:
    """The host of a run of the orchestrator is lost at one of its API calls after the fault, whichever."""
    facts, left = trial.facts, trial.world.random.randint(1, MOST_CALLS)

    def called(caller: Invocation) -> None:
        nonlocal left
        if (
            caller.function.logical != ORCHESTRATOR
            or trial.world.clock.now < trial.world.journal.zero
        ):
            return
        left -= 1
        if left == 0:
            facts.killed.add(caller)
            trial.world.clock.at(0.0, trial.world.functions.kill, caller)

    facts.on_call.append(called)


def operator(within: float = 0.0, **event: Any) -> Fault:
    """A person sends the orchestrator an event, at once or within some seconds."""

    def fault(trial: Trial) -> None:
        world = trial.world
        world.clock.at(world.random.uniform(0, within), world.send, ORCHESTRATOR, dict(event))

    return fault

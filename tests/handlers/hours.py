"""An hour of a deployed stack, and what may happen in it."""

from collections import Counter
from dataclasses import replace
from functools import cache, partial

from simulated import RENDERED, TIMINGS
from watching import HANDS, Watcher

from drtemplate.drill.session import with_handlers
from drtemplate.groups.handlers import MONITOR, MONITOR_2, OBSERVERS, ORCHESTRATOR
from drtemplate.plans import DatabasePlan
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build
from drtemplate.world.api.failures import Lost
from drtemplate.world.aws.prober import Reply
from drtemplate.world.clock import Killed, current_owner
from drtemplate.world.physical import ZONES
from drtemplate.world.reading import read_deployment
from drtemplate.world.world import World

FIXED = TIMINGS.fixed(
    aurora_detection=7,
    aurora_status_delay=5,
    aurora_status_shown=1,
    aurora_promotion=12,
    aurora_settle=2,
    aurora_endpoint_update=1,
    aurora_restart=20,
    aurora_without_reader=200,
    aurora_engine_restart=8,
    rds_event_delay=20,
    custom_metric_delay=0.5,
    lambda_sandbox=0.3,
    schedule_delay=1,
    alarm_delay=5,
)
# Seconds before the first happening, in which the sweep has seen the stack; and after all is mended.
BEFORE, AFTER = 75, 300
SWEEP = next(rule.arn for rule in RENDERED.rules if rule.inputs)
ZONE = dict(zip(OBSERVERS, ZONES, strict=False))
FAILOVER = {"trigger_failover": True, "reason": ["by hand"]}
EVENTS = {
    "failover": FAILOVER,
    "forced": FAILOVER | {"force": True},
    "database": FAILOVER | {"components": ["database"]},
    "application": FAILOVER | {"components": ["application"]},
    "dry run": FAILOVER | {"dry_run": True},
    "fail back": {"action": "failback"},
    "fail back of the database": {"action": "failback", "components": ["database"]},
    "fail back, forced": {"action": "failback", "force": True},
    "ticket": FAILOVER | {"attempt_id": "ticket"},
    "fail back of the ticket": {"action": "failback", "attempt_id": "ticket"},
    "status": {"action": "status"},
    "nothing": {"trigger_failover": False},
    "odd": {"trigger_failover": "true", "votes": {"database": False}},
}
SWITCHES = {
    "ON": '"ON"', "OFF": '"OFF"', "DRY_RUN": '"DRY_RUN"',
    "odd off": '"disabled"', "odd": '"ARMED"', "broken": '"ON" "',
}  # fmt: skip


@cache
def deployed(readers, code=None):
    """The stack with so many readers; ``code`` has other code by function, as pairs."""
    settings = Settings(database=DatabasePlan(readers=readers))
    made = read_deployment(build(settings).to_dict(), "")
    if code:
        made = with_handlers(made, settings.handlers)
    for logical, package in code or ():
        made = made.with_function(logical, code=package.package())
    return made


class Hour(World):
    """The stack, and what befalls it. Each happening says how long it excuses whom: see `Watcher`."""

    def __init__(self, readers, cooldown, code=None):
        deployment = deployed(readers, code).configured(cooldown_seconds=cooldown)
        super().__init__(deployment, FIXED, "1", Watcher(cooldown), recorded=False)
        self.watch = self.witness
        self.watch.begin(self)
        self.heard = []
        self.faulty = []
        self.walls = set()
        self.rollbacks = 0
        self.functions._take = partial(self._take, self.functions._take)
        self.network.connect = partial(self._connect, self.network.connect)
        self.aurora._begin = partial(self._begin, self.aurora._begin)
        self.faults["*", "*"] = None  # so that each call is asked about
        self.api.failure = self._failure
        self.run(BEFORE)

    # How faults get in.

    def _take(self, take, message, tries):
        if message.function.logical == ORCHESTRATOR:
            self.heard.append(message)
        take(message, tries)

    def _connect(self, connect, host, timeout, zone):
        if (zone, self.network.instance(host)) in self.walls:
            self.clock.wait(timeout)
            raise TimeoutError("timed out")
        return connect(host, timeout, zone)

    def _begin(self, begin, target):
        old = self.aurora.nodes[self.aurora.writer]
        mode = old.mode
        rolls_back = self.rollbacks > 0 and not self.aurora.stalled
        if not rolls_back:
            begin(target)
            return
        self.rollbacks -= 1
        self.aurora.stalled = True
        begin(target)
        self.aurora.stalled = False
        self.clock.at(15, self._give_up, old, mode, old.turn)

    def _give_up(self, old, mode, turn):
        self.aurora.show("available")
        self.aurora.emit("RDS-EVENT-0069", "Cluster failover failed")
        self.watch.given_up()
        if old.turn == turn:
            old.mode = mode
            if mode == "up":
                self.aurora.up(old, turn)

    def _failure(self, _service, operation, _params):
        """The first of the faults that are there says what it does to this call."""
        for fault in list(self.faulty):
            found = fault(current_owner(), operation)
            if found is not None:
                return found
        return None

    def _for(self, seconds, end, *arguments):
        self.clock.at(seconds, end, *arguments)

    def node(self):
        return self.aurora.nodes[self.aurora.writer]

    # The database.

    def dies(self, mode, seen):
        """The writer's instance stops; Aurora sees it, or does not."""
        self.aurora.sees = seen
        if self.aurora.shown.value not in HANDS:
            self.watch.handled(0)
            self.aurora.stop(self.aurora.writer, mode)

    def revives(self):
        """A dead instance comes back."""
        for node in self.aurora.nodes.values():
            if node.mode != "up" and self.aurora.status.value == "available":
                self.aurora.up(node, node.turn)

    def stalls(self, seconds):
        self.aurora.pause(seconds)

    def crashes(self):
        self.aurora.restart_engine()

    def reader_dies(self, seen):
        """What has the lowest tier of the readers dies; unseen, RDS goes on showing it as available."""
        self.aurora.sees = seen
        reader = self.aurora._candidate()
        if reader:
            self.watch.excuse(60)
            self.aurora.stop(reader.name, "refused")

    def aurora_moves(self):
        """Aurora, or somebody by the console, fails over behind the automation's back."""
        free = self.aurora.status.value == "available" and self.aurora.shown.value not in HANDS
        if free and self.aurora._candidate():
            self.watch.excuse(30)
            self.aurora.fail_over(None)

    def rolls_back(self):
        """The next failover does not get through."""
        self.rollbacks = 1

    def rebooted(self):
        """Somebody reboots the writer."""
        node = self.node()
        if node.mode == "up" and self.aurora.status.value == "available":
            self.watch.handled(40)
            node.mode, node.status = "refused", "rebooting"
            node.turn += 1
            self.aurora.writing.set(self.clock.now, False)
            self._for(40, self.aurora.up, node, node.turn)

    def in_hands(self, status, seconds):
        """Somebody works on the cluster; all connections close."""
        if self.aurora.status.value != "available" or any(
            node.mode != "up" for node in self.aurora.nodes.values()
        ):
            return
        self.watch.excuse(seconds)
        self.watch.handled(seconds)
        self.aurora.shown.set(self.clock.now, status)
        writer = self.node()
        writer.mode, writer.status = "refused", status
        writer.turn += 1
        self.aurora.writing.set(self.clock.now, False)
        self._for(seconds, self._hands_off, writer, writer.turn, status)

    def _hands_off(self, node, turn, status):
        if self.aurora.shown.value == status:
            self.aurora.show("available")
        self.aurora.up(node, turn)

    def lags(self, seconds):
        """From now on Aurora is quick, and the cluster endpoint's name lags behind."""
        self.aurora.timings = self.timings.fixed(
            aurora_promotion=3, aurora_restart=60, aurora_endpoint_update=seconds
        )

    def events_late(self, seconds):
        self.timings = self.timings.fixed(rds_event_delay=seconds)

    # Observers and paths.

    def observer_lost(self, which, seconds):
        """Its runs end, and none begins."""
        self.watch.blind(which, seconds + 70)
        for run in self.functions.of(which):
            self.functions.kill(run)
        self.functions.broken.add(which)
        self._for(seconds, self.functions.broken.discard, which)

    def observer_frozen(self, which, seconds):
        self.watch.blind(which, seconds + 10)
        for run in self.functions.of(which):
            self.freeze(run)
            self._for(seconds, self.thaw, run)

    def observer_unheard(self, which, operation, seconds):
        """What an observer says, or asks AWS, is lost."""
        if operation != "DescribeDBClusters":
            self.watch.blind(which, seconds + 5)
        end = self.clock.now + seconds

        def fault(run, asked):
            lost = run.function.logical == which and self.clock.now < end
            return Lost.REQUEST if lost and asked == operation else None

        self.faulty.append(fault)

    def cut(self, which, seconds):
        """The subnet of an observer is cut off."""
        self.watch.blind(which, seconds + 10)
        self.partition(ZONE[which])
        self._for(seconds, self.repair, ZONE[which])

    def walled(self, which, seconds):
        """An observer's way to the present writer alone is shut, as by an edited security group."""
        for one in OBSERVERS if which == "both" else (which,):
            self.watch.blind(one, seconds + 10)
            wall = ZONE[one], self.aurora.writer
            self.walls.add(wall)
            self._for(seconds, self.walls.discard, wall)

    def walled_off(self, seconds):
        """The observers' way to all members is shut."""
        self.watch.unreached(seconds)
        for observer in OBSERVERS:
            self.watch.blind(observer, seconds + 10)
            for node in self.aurora.nodes:
                self.walls.add((ZONE[observer], node))
                self._for(seconds, self.walls.discard, (ZONE[observer], node))

    def lossy(self, share, seconds):
        """A share of the connections meets silence."""
        for one in OBSERVERS:
            self.watch.blind(one, seconds + 10)
        self.network.loss = share
        self._for(seconds, setattr, self.network, "loss", 0.0)

    # AWS's services, the runs of the orchestrator, and what starts them.

    def outage(self, service, kind, seconds):
        self.watch.excuse(seconds)
        self.watch.silent(service, seconds)
        self.network.outages[service] = kind
        self._for(seconds, self.network.outages.pop, service, None)

    def run_lost(self, nth, after):
        """The next run that makes so many calls is lost at the last of them: before or after it took effect."""
        self.watch.excuse(120)
        self._at_call(nth, None, after, Killed)

    def run_lost_at(self, operation, after):
        """The next run that makes this call is lost at it."""
        self.watch.excuse(120)
        self._at_call(1, operation, after, Killed)

    def run_stands(self, nth, seconds):
        """The next run that makes so many calls stands still there."""
        self.watch.excuse(seconds)
        self._at_call(nth, None, False, partial(self._stand, seconds))

    def run_stands_at(self, operation, seconds, nth=1):
        self.watch.excuse(seconds)
        self._at_call(nth, operation, False, partial(self._stand, seconds))

    def _stand(self, seconds, operation):
        self.watch.stood(current_owner(), operation, seconds)
        self.clock.wait(seconds)

    def answer_lost(self, operation, loss, seconds):
        """For a while what the orchestrator asks for, or the answer, is lost."""
        self.watch.excuse(seconds + 30)
        self.watch.garbled(operation)
        end = self.clock.now + seconds

        def fault(run, asked):
            own = run.function.logical == ORCHESTRATOR and self.clock.now < end
            return Lost[loss] if own and asked == operation else None

        self.faulty.append(fault)

    def _at_call(self, nth, operation, after, what):
        seen = Counter()

        def fault(run, asked):
            if run.function.logical != ORCHESTRATOR or operation not in (None, asked):
                return None
            if run.event == {"action": "sweep"} and operation is None and nth > 12:
                return None
            seen[run] += 1
            # While another fault lets this run stand still, this one may befall another run.
            if seen[run] < nth or fault not in self.faulty:
                return None
            self.faulty.remove(fault)
            if what is not Killed:
                return what(asked)
            self.watch.lost(run)
            if not after:
                return Killed
            self.watch.kill_after = run
            return None

        self.faulty.append(fault)

    def twice(self, seconds):
        """Each event is delivered twice."""
        self.functions.duplicate = 1
        self._for(seconds, setattr, self.functions, "duplicate", 0)

    def again(self, back):
        """An earlier event is delivered again."""
        asked = [one for one in self.heard if '"sweep"' not in one.text]
        if len(asked) > back:
            message = replace(asked[-1 - back], sent=self.clock.now)
            self.functions._take(message, 0)

    def sweeps_lost(self, seconds):
        self.watch.excuse(seconds)
        self.watch.unswept(seconds)
        self.bus.disabled.add(SWEEP)
        self._for(seconds, self.bus.disabled.discard, SWEEP)

    def skewed(self, seconds, other):
        """The clocks of all sandboxes are off."""
        if self.watch.skewed:
            return  # a clock that is off stays so
        self.watch.skewed = self.clock.skewed = True
        for logical, off in ((ORCHESTRATOR, seconds), (MONITOR, other), (MONITOR_2, -other)):
            self.functions.skews[logical] = [off] * 1000
            for environment in self.functions.environments[logical]:
                environment.skew = off

    # People, and the application.

    def switched(self, how):
        self.watch.switched(how)
        text = self.deployment.parameters[self.deployment.configuration]
        before = '"auto_failover": "ON"'
        assert before in text
        self.parameters[self.deployment.configuration] = text.replace(
            before, f'"auto_failover": {SWITCHES[how]}'
        )

    def asked(self, name, again):
        """A person asks, perhaps several times in a row."""
        for number in range(1 + again):
            self._for(5 * number, self.send, ORCHESTRATOR, EVENTS[name])

    def asked_naming(self):
        """A person names the writer; so the run goes on even without the table."""
        event = EVENTS["forced"] | {"components": ["database"]}
        self.send(ORCHESTRATOR, event | {"expected_writer": self.aurora.writer})

    def servers(self, side, reply, seconds):
        """The servers of a side answer errors, or not at all."""
        self.balancers[side].set_targets(Reply[reply])
        self._for(seconds, self.balancers[side].set_targets, Reply.GOOD)

    # The end.

    def mend(self):
        """All is well again, but for what the automation itself has to end."""
        self.faulty.clear()
        self.network.outages.clear()
        self.network.loss = 0.0
        self.network.partitioned.clear()
        self.walls.clear()
        self.functions.broken.clear()
        self.functions.duplicate = 0
        self.bus.disabled.clear()
        self.rollbacks = 0
        for run in self.functions.running:
            self.thaw(run)
        self.aurora.sees = True
        if self.aurora.shown.value in HANDS:
            self.aurora.show("available")
        self.revives()
        for balancer in self.balancers.values():
            balancer.set_targets(Reply.GOOD)
        self.watch.mended()

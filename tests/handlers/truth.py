"""What is true in a simulated account, which no handler knows, and whom what befalls it excuses."""

from datetime import datetime

from simulated import LEASE, START

from drtemplate.groups.handlers import OBSERVERS
from drtemplate.world.aws.aurora import FAILING_OVER
from drtemplate.world.witness import Witness

HANDS = frozenset("backtracking upgrading stopping stopped starting".split())
# Seconds: alive for so long a writer is healthy, within which an observer has spoken of it; how long an
# act may follow what it rests on; by when a dead writer is replaced, and in the cooldown; of rule 7.
HEALTHY, HEARD = 10, 25
BUDGET, LATER, RULE_7 = 180, 420, 110
# Seconds in which a lost latch is made again.
SAME = 310
# Seconds around an outage of the table in which a run may tell what it cannot note.
NOTED = 15
# AWS's own metrics come once a minute, and may miss a shorter life.
SAMPLED = 60


def seconds(text):
    """Virtual seconds of a time in an item."""
    return datetime.fromisoformat(text).timestamp() - START


class Truth(Witness):
    """The writer and both sides as they are, since when, and what must be forgiven.

    Attributes:
        alive, since: whether the writer lives, and from when that holds.
        dead_from: when it died last after a life that AWS's metrics can show.
        home: where the writer was before the first move since the last completed fail back.
        moves: seconds of what starts the cooldown.
        acts: accepted promotions.
        excused: until when the automation owes nothing.
    """

    def __init__(self, cooldown):
        self.cooldown = cooldown
        self.excused = 0.0
        self.blinded = []  # (observer, from, until)
        self.unreadable = []  # (from, until) of CloudWatch
        self.handled_from = self.handled_until = float("-inf")
        self.unreached_from, self.unreached_until = float("inf"), float("-inf")
        self.unswept_until = float("-inf")
        self.stood_at = set()  # (run, operation): where a run has stood still
        self.late = set()  # runs that stood still for longer than their lease
        self.garble = set()
        self.killed = set()
        self.skewed = False
        self.armed = [(float("-inf"), "ON")]
        self.ssm, self.table_lost = [], []  # (from, until)
        self.lost_at = []  # seconds of failovers that were lost
        self.acts = []  # accepted promotions
        self.moves = []  # seconds of what starts the cooldown
        self.home = None

    def begin(self, world):
        self.world = world
        self.alive, self.since, self.writer = True, float("-inf"), world.aurora.writer
        self.dead_from = float("inf")
        self.sides = {name: (True, float("-inf")) for name in world.balancers}
        self._tick()

    @property
    def now(self):
        return self.world.clock.now

    # Excuses.

    def excuse(self, seconds):
        self.excused = max(self.excused, self.now + seconds)

    def blind(self, observer, seconds):
        self.blinded.append((observer, self.now, self.now + seconds))
        until = {one: self._blind_until(one) for one in OBSERVERS}
        # With both gone the alarms are left, and rule 7's own time begins anew.
        self.excuse(max(0.0, min(until.values()) - self.now))

    def _blind_until(self, observer):
        return max((end for one, _, end in self.blinded if one == observer), default=float("-inf"))

    def silent(self, service, seconds):
        if service == "cloudwatch":
            self.unreadable.append((self.now, self.now + seconds))
        if service == "ssm":
            self.ssm.append((self.now, self.now + seconds))
        if service == "dynamodb":
            self.table_lost.append((self.now, self.now + seconds))

    def handled(self, seconds):
        if self.handled_until < self.now:
            self.handled_from = self.now
        self.handled_until = self.now + seconds

    def unreached(self, seconds):
        if self.unreached_until < self.now:
            self.unreached_from = self.now
        self.unreached_until = max(self.unreached_until, self.now + seconds)

    def unswept(self, seconds):
        self.unswept_until = max(self.unswept_until, self.now + seconds)

    def stood(self, run, operation, seconds):
        self.stood_at.add((run, operation))
        if seconds >= LEASE:
            self.late.add(run)

    def garbled(self, operation):
        self.garble.add(operation)

    def lost(self, run):
        self.killed.add(run)
        if run.event.get("action") != "failback":
            self.lost_at.append(self.now)

    def switched(self, how):
        means = {"odd off": "OFF", "broken": None, "odd": None}.get(how, how)
        if means is None:
            # What does not fit leaves what held before, if the sweep has seen that.
            means = self.armed[-1][1] if self.now - self.armed[-1][0] > 130 else "?"
        self.armed.append((self.now, means))

    def mended(self):
        self.excuse(60)

    # What is true.

    def _tick(self):
        world, now = self.world, self.now
        aurora = world.aurora
        node = aurora.nodes[aurora.writer]
        alive = node.mode == "up" and aurora.status.value != FAILING_OVER
        if (alive, aurora.writer) != (self.alive, self.writer):
            if aurora.writer != self.writer:
                self._moved(self.writer)
                self.dead_from = now
            elif self.alive and self.now - self.since >= SAMPLED:
                self.dead_from = now
            self.alive, self.since, self.writer = alive, now, aurora.writer
        for name, balancer in world.balancers.items():
            good = balancer.shown_good.value
            if good != self.sides[name][0]:
                self.sides[name] = (good, now)
        self.ticked()
        world.clock.at(1, self._tick)

    def ticked(self):
        """Each second, for who judges."""

    def _moved(self, old):
        self.home = self.home or old
        if not any(self.now - one["at"] < 60 for one in self.acts):
            self.moves.append(self.now)
            self.excuse(60)

    def healthy(self):
        """Whether the writer has been alive for long enough to be known so."""
        return self.alive and self.now - self.since >= HEALTHY

    def witnessed(self):
        """Whether the word of an observer was to be had."""
        sooner = self.now - HEARD
        if any(start < self.now and end > sooner for start, end in self.unreadable):
            return False
        return any(
            not any(
                one == name and start < self.now and end > sooner
                for one, start, end in self.blinded
            )
            for name in OBSERVERS
        )

    def catch_up(self):
        aurora = self.world.aurora
        alive = aurora.nodes[aurora.writer].mode == "up" and aurora.status.value != FAILING_OVER
        if not alive and self.alive:
            if self.now - self.since >= SAMPLED:
                self.dead_from = self.now
            self.alive, self.since = False, self.now

    def changes(self):
        history = self.world.aurora.writers
        return list(zip(history.times, history.values, strict=True))

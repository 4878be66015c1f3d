"""Whatever happens, in whatever order: the invariants of section "what runs" hold."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import (
    APPLICATION,
    COOLDOWN,
    DATABASE,
    DEPLOYMENT,
    FAILBACK,
    MANUAL,
    READER,
    START,
    STATE,
    TARGETS_ALARM,
    VOTED,
    WARM,
    WRITER,
    Heard,
    Trial,
    alarm,
    rds_event,
)

from drtemplate.groups.handlers import HANDLERS, ORCHESTRATOR
from drtemplate.settings import PROJECT
from drtemplate.world.api.failures import Lost
from drtemplate.world.clock import Killed, current_owner

PROPERTY = settings(max_examples=250, deadline=None, derandomize=True, database=None)
FROZEN = 60  # seconds a run stands still: longer than its lease
# The transitions of the state; a status may stay.
EDGES = {
    (None, "FAILED"),
    (None, "IN_PROGRESS"),
    ("IDLE", "IN_PROGRESS"),
    ("IN_PROGRESS", "COMPLETED"),
    ("IN_PROGRESS", "FAILED"),
    ("IN_PROGRESS", "FAILED_BACK"),
    ("COMPLETED", "IN_PROGRESS"),
    ("FAILED", "IN_PROGRESS"),
    ("FAILED", "COMPLETED"),
    ("FAILED_BACK", "IN_PROGRESS"),
}
FORCED = MANUAL | {"force": True}
EVENTS = {
    "both dead": VOTED | {"components": ["database", "application"]},
    "database dead": VOTED | DATABASE,
    "the other is dead": VOTED | DATABASE | {"writer": READER},
    "application dead": VOTED | APPLICATION,
    "by hand": MANUAL,
    "by hand, forced": FORCED | DATABASE,
    "blind": FORCED | {"expected_writer": WRITER},
    "fail back": FAILBACK,
    "fail back, forced": FAILBACK | {"force": True},
    "status": {"action": "status"},
    "dry run": MANUAL | {"dry_run": True},
    "writer alarm": alarm("stack-writer"),
    "targets alarm": alarm(TARGETS_ALARM),
    "RDS done": rds_event("0071"),
    "nothing": {},
    "text": {"trigger_failover": "true", "votes": {"database": False}},
}
CALLS = [
    ("dynamodb", "GetItem"),
    ("dynamodb", "PutItem"),
    ("rds", "DescribeDBClusters"),
    ("rds", "DescribeDBInstances"),
    ("rds", "FailoverDBCluster"),
    ("route53", "UpdateHealthCheck"),
    ("sns", "Publish"),
    ("ssm", "GetParameter"),
    ("cloudwatch", "PutMetricData"),
    ("cloudwatch", "GetMetricStatistics"),
    ("elbv2", "DescribeTargetHealth"),
]
FAILURES = ["ThrottlingException", "AccessDenied", Lost.REQUEST, Lost.ANSWER]

send = st.tuples(
    st.just("send"),
    st.sampled_from(sorted(EVENTS)),
    st.integers(0, 3),  # of which attempt
)
steps = st.one_of(
    send,
    send,
    st.tuples(st.just("wait"), st.sampled_from([1, 15, 47, 250, 3590, 4000])),
    st.tuples(st.just("fail"), st.sampled_from(CALLS), st.sampled_from(FAILURES)),
    st.tuples(st.just("mend")),
    st.tuples(st.just("writer"), st.sampled_from(["moves", "stalls", "goes on"])),
    st.tuples(st.just("monitor"), st.sampled_from(["lives", "dies", "is cut off"])),
    st.tuples(st.just("instance"), st.sampled_from(["sends", "silent"])),
    st.tuples(st.just("reader"), st.sampled_from(["available", "rebooting"])),
    st.tuples(st.just("targets"), st.sampled_from(["Primary", "Standby"]), st.booleans()),
    # At one of its calls a run is interrupted by another event, or frozen until its lease is over
    # and another event has come, or killed.
    st.tuples(
        st.sampled_from(["meanwhile", "freeze", "kill"]),
        st.sampled_from(CALLS),
        st.sampled_from([1, 2, 3, 15, 30]),
        st.sampled_from(sorted(EVENTS)),
    ),
)


class Watcher(Heard):
    """Notes what no run may ever do."""

    def __init__(self):
        super().__init__()
        self.broken = []
        self.promotions = []  # time and run of each

    def before(self, caller, service, operation, params):
        if operation == "PutItem" and params["Item"]["StateKey"] == STATE:
            self.old = dict(caller.host.state)
        if operation == "FailoverDBCluster":
            self.promoting(caller.host, caller)

    def after(self, caller, service, operation, params, answer):
        super().after(caller, service, operation, params, answer)
        if operation == "PutItem" and params["Item"]["StateKey"] == STATE:
            self.wrote(caller.host, params["Item"])
        if operation == "FailoverDBCluster":
            self.promotions.append((caller.host.clock.now, caller))

    def wrote(self, world, new):
        old = self.old
        edge = old.get("Status"), new["Status"]
        if edge not in EDGES and edge[0] != edge[1]:
            self.broken.append(f"no edge {edge}")
        if not new["FencingToken"] > old.get("FencingToken", 0):
            self.broken.append("the token did not rise")
        live = old.get("Status") == "IN_PROGRESS" and old["LeaseExpires"] >= world.epoch_now
        if live and old["Owner"] != new["Owner"]:
            self.broken.append("a live lease was taken")

    def promoting(self, world, run):
        event, lease = run.event, world.state
        blind = event.get("force") is True and "expected_writer" in event and world.faults
        held = lease.get("Owner") == run.request_id and lease["Status"] == "IN_PROGRESS"
        if not blind and not (held and lease["LeaseExpires"] >= world.epoch_now):
            self.broken.append("promoted without the lease")
        alarmed = "alarmData" in event
        wanted = (
            event.get("trigger_failover") is True or alarmed or event.get("action") == "failback"
        )
        if not wanted or event.get("dry_run"):
            self.broken.append(f"promoted, unasked by {event}")
        if alarmed and not world.witnessed:
            self.broken.append("promoted on an alarm without a second witness")
        for when, by in self.promotions:
            if by is run:
                self.broken.append("promoted twice in one run")
            if (alarmed or "votes" in event) and world.clock.now - when < COOLDOWN - 1:
                self.broken.append("promoted again within the cooldown")

    def ended(self, run):
        world = run.host
        lease = world.state
        left = lease.get("Owner") == run.request_id and lease["Status"] == "IN_PROGRESS"
        if left and not world.faults and not isinstance(run.error, Killed):
            self.broken.append("ended and left IN_PROGRESS")


class Watched(Trial):
    """The account, what a monitor and AWS's metrics say in it, and who watches the runs."""

    def __init__(self, code=None):
        deployment = DEPLOYMENT.with_function(ORCHESTRATOR, code=code) if code else DEPLOYMENT
        super().__init__(deployment, witness=Watcher())
        self.health = 1.0  # what the monitor puts, None while it is dead
        self.quiet = False  # whether the writer's metrics are withheld
        self.frozen = False
        self.run(WARM)
        self._tick()

    def _tick(self):
        """The monitor's metrics, every five seconds."""
        if self.health is not None:
            self.measured(self.health, age=0)
        self.at(5, self._tick)

    @property
    def epoch_now(self):
        return START + self.clock.now

    @property
    def witnessed(self):
        return self.health == 0.0 or (self.health is None and self.quiet)

    def follow(self, steps):
        for step in steps:
            match step:
                case "send", name, attempt:
                    self.send(self.event(name, attempt))
                case "wait", seconds:
                    self.wait(seconds)
                case "fail", call, failure:
                    self.faults[call] = failure
                case ("mend",):
                    self.faults.clear()
                case "monitor", what:
                    self.health = {"lives": 1.0, "dies": None, "is cut off": 0.0}[what]
                    self.wait(40)
                case "instance", what:
                    self.quiet = what == "silent"
                    self.vended.withheld.clear()
                    self.silent(*([self.writer] if self.quiet else []))
                    self.wait(300)
                case "reader", status:
                    self.other().status = status
                case "writer", what:
                    self.writer_does(what)
                case "targets", side, healthy:
                    self.balancers[side].show("healthy" if healthy else "unhealthy")
                case how, call, nth, name:
                    self.on(*call, self.interruption(how, call, name), nth)

    @staticmethod
    def event(name, attempt):
        return EVENTS[name] | {"attempt_id": f"attempt {attempt}", "time": "2099-01-01"}

    def other(self):
        return self.aurora.nodes[READER if self.writer == WRITER else WRITER]

    def writer_does(self, what):
        self.aurora.stalled = what == "stalls"
        if self.aurora.status.value != "available":
            self.aurora.show("available")
        if what == "moves":
            self.aurora.fail_over(self.other().name)
            self.wait(20)

    def interruption(self, how, call, name):
        """What happens once, at one of these calls."""

        def fault(_):
            if how == "kill":
                return Killed
            # No fence can stop a run that freezes between looking at it and the act itself.
            if how == "freeze" and call != ("rds", "FailoverDBCluster"):
                self.frozen = True
                self.clock.wait(FROZEN)
            self.look_at_the_lease(current_owner())
            self.meanwhile(self.event(name, 9))
            return None

        return fault

    def look_at_the_lease(self, run):
        """Who runs without a break and without a fault has not lost its lease meanwhile."""
        lease = self.state
        held = lease.get("Owner") == run.request_id and lease["Status"] == "IN_PROGRESS"
        if held and not (self.frozen or self.faults) and lease["LeaseExpires"] < self.epoch_now:
            self.witness.broken.append("ran on without its lease")


def holds_after(steps, code=None):
    world = Watched(code)
    world.follow(steps)
    # Every lease ends, and the next event of any kind says so.
    world.faults.clear()
    world.wait(4000)
    world.send({})
    assert world.state.get("Status") != "IN_PROGRESS"
    assert not world.witness.broken
    world.close()


@given(st.lists(steps, min_size=1, max_size=14))
@PROPERTY
def test_the_orchestrators_invariants(steps):
    holds_after(steps)


# Which sequence, as a search found it, shows that a guard is there: old code, new code, steps.
GUARDS = {
    "the condition of a write": (
        "ConditionExpression=token.not_exists() if held is None else token.eq(held),",
        "",
        [
            ("freeze", ("route53", "UpdateHealthCheck"), 1, "RDS done"),
            ("send", "application dead", 0),
        ],
    ),
    "the fence": (
        "        save(state)\n        try:\n            rds",
        "        try:\n            rds",
        [("freeze", ("rds", "DescribeDBInstances"), 1, "nothing"), ("send", "both dead", 0)],
    ),
    "the cooldown": (
        'if number(state.get(f"{name}_at", 0)) <= cold',
        "if True",
        [("send", "blind", 0), ("send", "by hand", 1), ("send", "both dead", 0)],
    ),
    "a live lease": (
        'if state["Status"] == "IN_PROGRESS":\n        raise',
        "if False:\n        raise",
        [
            ("meanwhile", ("rds", "DescribeDBInstances"), 1, "by hand, forced"),
            ("send", "both dead", 0),
        ],
    ),
    "the end of a lease": (
        'number(state.get("LeaseExpires")) < time()',
        "False",
        [("kill", ("rds", "DescribeDBClusters"), 1, "status"), ("send", "both dead", 0)],
    ),
    "the owner of an unanswered write": (
        'key in ("FencingToken", "Owner")',
        'key in ("FencingToken",)',
        [("freeze", ("route53", "UpdateHealthCheck"), 1, "RDS done"), ("send", "fail back", 0)],
    ),
    "the rising token": (
        "int(number(held)) + 1",
        "int(number(held))",
        [("send", "both dead", 0)],
    ),
    "the second witness": ("if not dead():", "if False:", [("send", "writer alarm", 0)]),
    "the instance, while the monitor is dead": (
        "silent == [writer]",
        "True",
        [("monitor", "dies"), ("send", "writer alarm", 0)],
    ),
    "the monitor, while it sees life": (
        "        if 1 in health:\n            break\n",
        "",
        [("instance", "silent"), ("send", "writer alarm", 0)],
    ),
    "the renewal of a lease": (
        'if state["LeaseExpires"] < time() + LEASE / 2:',
        "if False:",
        [
            ("writer", "stalls"),
            ("meanwhile", ("rds", "DescribeDBClusters"), 29, "by hand, forced"),
            ("send", "both dead", 0),
        ],
    ),
    "what is true": (
        'event.get("trigger_failover") is True',
        'event.get("trigger_failover")',
        [("send", "text", 0)],
    ),
    "a dry run": ("        if dry:\n", "        if False:\n", [("send", "dry run", 0)]),
    "the last write": ("    safe(save, state, **end)\n", "", [("send", "by hand", 0)]),
}


@pytest.mark.parametrize("guard", GUARDS)
def test_without_a_guard_an_invariant_breaks(guard):
    old, new, steps = GUARDS[guard]
    source = (PROJECT / "handlers" / HANDLERS[ORCHESTRATOR]).read_text("utf-8")
    assert source.count(old) == 1
    holds_after(steps, source)
    with pytest.raises(AssertionError):
        holds_after(steps, source.replace(old, new))


ALIVE = st.sampled_from(["up", "refused", "nameless"])
SHOWN = st.sampled_from(["healthy", "unhealthy", "initial"])


@given(st.lists(st.tuples(ALIVE, SHOWN), min_size=1, max_size=14))
@PROPERTY
def test_the_monitor_votes_only_for_what_it_has_seen(ticks):
    world = Trial()
    for number, (_, state) in enumerate([*ticks, ("up", "healthy")]):
        world.at(max(0, 5 * number - 1), world.balancers["Primary"].show, state)
    dead = [mode == "refused" for mode, _ in ticks]
    for call in world.watch(*(mode for mode, _ in ticks), "up"):
        assert call["components"]
        assert all(call["votes"][name] is False for name in call["components"])
        assert "database" not in call["components"] or (True, True) in pairwise(dead)
        assert "application" not in call["components"] or "unhealthy" in {
            state for _, state in ticks
        }
    world.close()

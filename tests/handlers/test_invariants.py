"""Whatever happens, in whatever order: the invariants of section "what runs" hold."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from world import READER, WRITER, Killed, World

from drtemplate.settings import PROJECT

PROPERTY = settings(max_examples=250, deadline=None, derandomize=True, database=None)
PRIMARY, STANDBY = "PrimaryTargetGroup", "StandbyTargetGroup"
COOLDOWN = 3600  # seconds, as deployed
ANSWER_LOST = "AnswerLost"  # the call is carried out, and its answer never arrives

EVENTS = {
    "both dead": {
        "trigger_failover": True,
        "votes": {"database": False, "application": False},
        "components": ["database", "application"],
        "writer": WRITER,
    },
    "database dead": {
        "trigger_failover": True,
        "votes": {"database": False},
        "components": ["database"],
        "writer": WRITER,
    },
    "the other is dead": {
        "trigger_failover": True,
        "votes": {"database": False},
        "components": ["database"],
        "writer": READER,
    },
    "application dead": {
        "trigger_failover": True,
        "votes": {"application": False},
        "components": ["application"],
    },
    "by hand": {"trigger_failover": True, "reason": "patching"},
    "by hand, forced": {"trigger_failover": True, "force": True, "components": ["database"]},
    "blind": {"trigger_failover": True, "force": True, "expected_writer": WRITER},
    "fail back": {"action": "failback"},
    "fail back, forced": {"action": "failback", "force": True},
    "status": {"action": "status"},
    "dry run": {"trigger_failover": True, "dry_run": True},
    "writer alarm": {"alarmData": {"alarmName": "stack-writer"}},
    "targets alarm": {"alarmData": {"alarmName": "stack-alb-unhealthy-targets"}},
    "RDS done": {"source": "aws.rds", "detail": {"EventID": "RDS-EVENT-0071"}},
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
FAILURES = ["ThrottlingException", "AccessDenied", TimeoutError("no answer"), ANSWER_LOST]

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
    st.tuples(st.just("writer"), st.sampled_from(["dies", "lives", "moves", "stalls"])),
    st.tuples(st.just("monitor"), st.sampled_from(["dies", "is cut off"])),
    st.tuples(st.just("instance"), st.sampled_from(["sends", "silent", "failed"])),
    st.tuples(st.just("reader"), st.sampled_from(["available", "rebooting", "failed"])),
    st.tuples(st.just("targets"), st.sampled_from([PRIMARY, STANDBY]), st.booleans()),
    # At one of its calls a run is interrupted by another event, or frozen until its lease is over
    # and another event has come, or killed.
    st.tuples(
        st.sampled_from(["meanwhile", "freeze", "kill"]),
        st.sampled_from(CALLS),
        st.sampled_from([1, 2, 3, 15, 30]),
        st.sampled_from(sorted(EVENTS)),
    ),
)


class Watched(World):
    """The world, and a witness that notes what no run may ever do."""

    def __init__(self, source=None):
        super().__init__()
        self.orchestrator = self.load("FailoverOrchestratorFunction", source)
        self.edges = {
            (was, status)
            for was, ends in self.orchestrator.EDGES.items()
            for status in [was, *ends.split()]
        } | {(None, "FAILED"), (None, "IN_PROGRESS")}
        self.running = []  # (request id, event) of the invocations under way
        self.promotions = []  # (time, request id, whether it was automatic)
        self.broken = []
        self.frozen = False

    def look_at_the_lease(self):
        """Who runs without a break and without a fault has not lost its lease meanwhile."""
        state = self.state
        mine = self.running and state.get("Owner") == self.running[-1][0]
        held = mine and state["Status"] == "IN_PROGRESS" and not (self.frozen or self.faults)
        if held and state["LeaseExpires"] < self.clock.now:
            self.broken.append("ran on without its lease")

    def send(self, name, attempt):
        event = EVENTS[name] | {"attempt_id": f"attempt {attempt}", "time": "2099-01-01"}
        self.running.append((f"request-{self.requests + 1}", event))
        try:
            _, error = self.invoke(self.orchestrator, event)
        finally:
            owner, _ = self.running.pop()
        if isinstance(error, Killed):
            return
        state = self.state
        if not self.faults and state.get("Owner") == owner and state["Status"] == "IN_PROGRESS":
            self.broken.append(f"{name}: ended and left IN_PROGRESS")

    def serve(self, client, operation, params):
        key = (client.meta.service_model.service_name, operation)
        if self.faults.get(key) != ANSWER_LOST:
            return super().serve(client, operation, params)
        del self.faults[key]
        super().serve(client, operation, params)
        self.faults[key] = ANSWER_LOST
        raise TimeoutError("no answer")

    def promote(self, name):
        super().promote(name)
        self.health = [1.0]

    def dynamodb_putitem(self, client, Item, **named):
        before = dict(self.state)
        answer = super().dynamodb_putitem(client, Item, **named)
        if Item["StateKey"] == "FAILOVER_STATUS":
            edge = before.get("Status"), Item["Status"]
            if edge not in self.edges:
                self.broken.append(f"no edge {edge}")
            if not Item["FencingToken"] > before.get("FencingToken", 0):
                self.broken.append("the token did not rise")
            live = (
                before.get("Status") == "IN_PROGRESS" and before["LeaseExpires"] >= self.clock.now
            )
            if live and before["Owner"] != Item["Owner"]:
                self.broken.append("a live lease was taken")
        return answer

    def rds_failoverdbcluster(self, client, **named):
        before = self.writer
        answer = super().rds_failoverdbcluster(client, **named)
        owner, event = self.running[-1]
        blind = event.get("force") is True and "expected_writer" in event and self.faults
        lease = self.state
        held = lease.get("Owner") == owner and lease["Status"] == "IN_PROGRESS"
        if not blind and not (held and lease["LeaseExpires"] >= self.clock.now):
            self.broken.append("promoted without the lease")
        automatic = "votes" in event or "alarmData" in event
        unasked = event.get("trigger_failover") is not True and not (
            "alarmData" in event or event.get("action") == "failback"
        )
        if unasked or event.get("dry_run"):
            self.broken.append(f"promoted, unasked by {event}")
        bad = before in self.silent
        if "alarmData" in event and (1.0 in self.health or not (self.health or bad)):
            self.broken.append("promoted on an alarm without a second witness")
        for when, by, _ in self.promotions:
            if by == owner:
                self.broken.append("promoted twice in one run")
            if automatic and self.clock.now - when < COOLDOWN - 1:
                self.broken.append("promoted again within the cooldown")
        self.promotions.append((self.clock.now, owner, automatic))
        return answer


def follow(world, steps):
    for step in steps:
        match step:
            case "send", name, attempt:
                world.send(name, attempt)
            case "wait", seconds:
                world.clock.advance(seconds)
            case "fail", call, failure:
                world.faults[call] = failure
            case ("mend",):
                world.faults.clear()
            case "writer", what:
                change_writer(world, what)
            case "monitor", what:
                world.health = [] if what == "dies" else [0.0]
            case "instance", "failed":
                world.instances[world.writer] = "failed"
            case "instance", what:
                world.silent = {world.writer} if what == "silent" else set()
            case "reader", status:
                other = READER if world.writer == WRITER else WRITER
                world.instances[other] = status
            case "targets", group, healthy:
                world.targets[group] = ["healthy" if healthy else "unhealthy"]
            case ("meanwhile" | "freeze" | "kill") as how, call, nth, name:
                world.faults[call] = interruption(world, how, call, nth, name)


def change_writer(world, what):
    world.alive = what != "dies" and (world.alive or what == "lives")
    world.stalled = what == "stalls"
    world.health = [1.0 if world.alive else 0.0]
    if what == "moves":
        world.promote(READER if world.writer == WRITER else WRITER)


def interruption(world, how, call, nth, name):
    """What happens once, at the n-th of these calls."""
    seen = 0

    def fault(params):
        nonlocal seen
        seen += 1
        if seen != nth:
            return
        world.faults.pop(call, None)
        if how == "kill":
            raise Killed
        clock, deadline = world.clock, world.clock.deadline
        # No fence can stop a run that freezes between looking at it and the act itself.
        if how == "freeze" and call != ("rds", "FailoverDBCluster"):
            world.frozen = True
            clock.deadline = float("inf")
            clock.advance(400)
        world.look_at_the_lease()
        world.send(name, 9)
        clock.deadline = max(deadline, clock.now + 60)

    return fault


def holds_after(steps, source=None):
    world = Watched(source)
    follow(world, steps)
    assert not world.broken
    # Every lease ends, and the next event of any kind says so.
    world.faults.clear()
    world.clock.advance(4000)
    world.send("nothing", 0)
    assert world.state.get("Status") != "IN_PROGRESS"
    assert not world.broken


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
    source = (PROJECT / "handlers" / "failover_orchestrator.py").read_text("utf-8")
    assert source.count(old) == 1
    holds_after(steps, source)
    with pytest.raises(AssertionError):
        holds_after(steps, source.replace(old, new))


@given(
    ticks=st.lists(
        st.tuples(
            st.sampled_from([True, False, None]),
            st.sampled_from(["healthy", "unhealthy", "initial", None]),
        ),
        min_size=1,
        max_size=14,
    )
)
@PROPERTY
def test_the_monitor_votes_only_for_what_it_has_seen(ticks):
    world = World()
    monitor = world.load("HealthMonitorFunction")
    left = iter(ticks)
    now = [None, None]

    def database():
        now[:] = next(left, (True, "healthy"))
        if now[0] is None:
            raise OSError("unknown")
        return now[0]

    def application(client, TargetGroupArn):
        if now[1] is None:
            raise TimeoutError
        return {"TargetHealthDescriptions": [{"TargetHealth": {"State": now[1]}}]}

    monitor.database = database
    world.elbv2_describetargethealth = application
    world.invoke(monitor, {})
    missed = [number for number, (alive, _) in enumerate(ticks) if alive is False]
    in_a_row = any(number + 1 in missed for number in missed)
    unhealthy = any(state == "unhealthy" for _, state in ticks)
    for _, call in world.invoked:
        assert call["components"]
        assert all(call["votes"][name] is False for name in call["components"])
        assert in_a_row or "database" not in call["components"]
        assert unhealthy or "application" not in call["components"]

"""The deployed handlers in the simulated account: fixed timings, and what tests say and look at."""

import itertools
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drtemplate.drill.session import with_handlers
from drtemplate.groups.handlers import MONITOR, ORCHESTRATOR
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build
from drtemplate.world.api.state import as_stored
from drtemplate.world.clock import EPOCH, Killed
from drtemplate.world.reading import read_deployment
from drtemplate.world.timings import load_timings
from drtemplate.world.witness import Witness
from drtemplate.world.world import World

# As rendered now; the same from the folder; and with nothing that starts a function by itself.
RENDERED = read_deployment(build(Settings()).to_dict(), "")
FOLDER = with_handlers(RENDERED, Settings().handlers)
# What these tests run: HANDLERS=folder takes the modules as they stand, with their own tracebacks.
WHOLE = {"bundle": RENDERED, "folder": FOLDER}[os.environ.get("HANDLERS", "bundle")]
DEPLOYMENT = WHOLE.untriggered()
WRITER, READER = (one.name for one in WHOLE.cluster.instances)
TARGETS_ALARM, WRITER_ALARM = (
    next(one.name for one in WHOLE.alarms if one.name.endswith(end))
    for end in ("-targets", "-writer")
)
STATE, START = "FAILOVER_STATUS", EPOCH
COOLDOWN, LEASE, TIMEOUT = 3600, 45, 300  # seconds, as deployed
LATENCY = 0.05  # seconds an API call takes
TIMINGS = load_timings().all_fixed(
    0.0,
    **dict.fromkeys(
        ("api_read", "api_write", "api_dynamodb", "api_failover", "api_route53"), LATENCY
    ),
    aurora_promotion=12.0,
    aurora_settle=6.0,
    lambda_queue=0.2,
    lambda_keep_warm=1e6,
    metric_delay=60.0,
    tcp_retransmit=1.0,
)
# Of the whole account, beside those.
CHAIN = {
    "alarm_delay": 1.0,
    "aurora_detection": 3.0,
    "aurora_restart": 20.0,
    "custom_metric_delay": 1.0,
    "rds_event_delay": 30.0,
}
# Metrics of AWS are there after two minutes, and the first minute is over.
WARM = 180.0

MANUAL = {"trigger_failover": True, "reason": ["drill"]}
# As an observer says it, ten seconds into an outage of both.
VOTED = MANUAL | {
    "votes": {"database": False, "alb_targets": False},
    "observer": "zone-1",
    "writer": WRITER,
    "writer_row_age_seconds": 10.0,
}
DATABASE, APPLICATION = ({"components": [name]} for name in ("database", "application"))
FAILBACK, SWEEP, STATUS = ({"action": name} for name in ("failback", "sweep", "status"))


def alarm(name: str = WRITER_ALARM, **more: Any) -> dict[str, Any]:
    """What an alarm hands to its Lambda action."""
    state = {"value": "ALARM", "timestamp": "2026-01-05T07:59:00.000+0000"}
    data = {"alarmName": name, "state": state}
    return {"source": "aws.cloudwatch", "time": "2026-01-05T08:00:00Z", "alarmData": data, **more}


def rds_event(number: str, time: Any = "2099-01-01T00:00:00Z") -> dict[str, Any]:
    """An event of the cluster."""
    return {"source": "aws.rds", "time": time, "detail": {"EventID": f"RDS-EVENT-{number}"}}


@dataclass(frozen=True)
class Reply:
    """An answer of the orchestrator; ``outcome`` is RAISED or KILLED where it gave none."""

    outcome: str
    code: int | None
    body: Mapping[str, Any]
    error: BaseException | None


def reply_of(answer: Any, error: BaseException | None) -> Reply:
    """The answer in parts."""
    if answer is None:
        return Reply("KILLED" if isinstance(error, Killed) else "RAISED", None, {}, error)
    body = json.loads(answer["body"])
    return Reply(body["outcome"], answer["statusCode"], body, None)


class Heard(Witness):
    """Keeps the asynchronous calls that Lambda has accepted: time and event."""

    def __init__(self):
        self.invoked = []

    def after(self, caller, service, operation, params, answer):
        if operation == "Invoke":
            self.invoked.append((caller.host.clock.now, json.loads(params["Payload"])))


class Trial(World):
    """The world, with the orchestrator's words for what is in it."""

    def __init__(self, deployment=DEPLOYMENT, *, witness=None, roles=None, **timings):
        super().__init__(deployment, TIMINGS.fixed(**timings), "1", witness or Heard(), roles)

    # What is there.

    @property
    def state(self):
        return self.table.items.get(STATE, {})

    @property
    def writer(self):
        return self.aurora.writer

    @property
    def latched(self):
        check = self.checks["Primary"]
        assert check.disabled == check.inverted
        return check.disabled

    @property
    def acted(self):
        """How many promotions and how many changes of a health check were asked for."""
        return self.count("FailoverDBCluster"), self.count("UpdateHealthCheck")

    @property
    def subjects(self):
        return [one.subject for one in self.messages]

    def first_line(self):
        """The first line of the last message."""
        return self.messages[-1].text.splitlines()[0]

    def items(self, kind="RUN"):
        return [one for key, one in self.table.items.items() if key.startswith(f"{kind}#")]

    def asked(self, operation):
        """The parameters of every call of an operation."""
        return [one.params for one in self.calls if one.operation == operation]

    def count(self, operation):
        return len(self.asked(operation))

    def promoted(self):
        return [params["TargetDBInstanceIdentifier"] for params in self.asked("FailoverDBCluster")]

    def put_metrics(self, name):
        """The values of a metric that a function has put."""
        data = [one for params in self.asked("PutMetricData") for one in params["MetricData"]]
        return [one["Value"] for one in data if one["MetricName"] == name]

    # What happens.

    def send(self, event, **more):
        """Let the orchestrator answer an event."""
        return reply_of(*self.call(ORCHESTRATOR, {**event, **more} if more else event))

    def meanwhile(self, event):
        """Within a fault: let another run begin and end, while the calling one stands still."""
        other = self.functions.invoke(ORCHESTRATOR, event, "operator")
        while other.ended is None:
            self.clock.wait(1.0)
        return reply_of(other.answer, other.error)

    def send_later(self, delay, event):
        """Let an event come while something else is going on."""
        self.at(delay, self.functions.invoke, ORCHESTRATOR, event, "operator")

    def wait(self, seconds):
        self.run(self.clock.now + seconds)

    def at(self, delay, action, *arguments):
        self.clock.at(delay, action, *arguments)

    def on(self, service, operation, action, nth=1):
        """Let something befall one call of an operation: the n-th from now."""
        key, seen = (service, operation), itertools.count(1)

        def fault(params):
            if next(seen) != nth:
                return None
            self.faults.pop(key, None)
            again = callable(action) and not isinstance(action, type)
            return action(params) if again else action

        self.faults[key] = fault

    def slow(self, seconds, failure=None):
        """A fault: a call takes so long, and then fails or not."""

        def fault(_):
            self.clock.wait(seconds)
            return failure

        return fault

    def put_state(self, **values):
        """As another run left the state item, or a hand."""
        old = {"StateKey": STATE, "Status": "IN_PROGRESS", "AttemptId": "other", "Owner": "other"}
        lease = {"FencingToken": 7, "LeaseExpires": int(START + self.clock.now) + 60}
        self.table.items[STATE] = as_stored(
            {**old, **lease, "StartTime": "2026-01-04T23:00:00Z", **values}
        )

    def promotion(self, seconds, settles=6.0):
        """How long promotions take from now on, and the cluster thereafter."""
        timings = self.timings.fixed(aurora_promotion=seconds, aurora_settle=settles)
        self.aurora.timings = timings

    def end_stall(self):
        """A promotion that stalled is given up by Aurora."""
        self.aurora.stalled = False
        self.aurora.show("available")

    def replace_writer(self):
        """Aurora fails over by itself, and is done."""
        self.aurora.fail_over(None)
        self.wait(20)

    def word(self, value, age=1.0, observer="zone-2", name="DatabaseHealth"):
        """An observer has put a value of its own so many seconds ago."""
        at, own = self.clock.now - age, {("StackName", "drill"), ("Observer", observer)}
        self.metrics.put(("DRSystem", name, frozenset(own)), at, value, at)

    def agree(self, seconds=200, **dead):
        """Both observers have had the writer dead and a member alive for so long."""
        for age in range(0, seconds, 5):
            for observer in ("zone-1", "zone-2"):
                value = dead.get(observer.replace("-", ""), 1.0)
                self.word(value, float(age), observer, "WriterDead")

    def silent(self, *instances):
        """Instances of which CloudWatch hears nothing any more."""
        wanted = {frozenset({("DBInstanceIdentifier", name)}) for name in instances}
        self.vended.withhold(1e6, lambda key: key[2] in wanted)

    def blind(self, zone, *instances):
        """What runs in a zone does not reach these instances any more."""
        connect, network = self.network.connect, self.network

        def lost(host, timeout, where):
            if where == zone and network.instance(host) in instances:
                self.clock.wait(timeout)
                raise TimeoutError("timed out")
            return connect(host, timeout, where)

        network.connect = lost

    def see(self):
        """The network is as it was."""
        self.network.__dict__.pop("connect", None)

    def closed(self, seconds, status, *instances):
        """Connections of instances close while AWS shows a status, and then all is as before."""
        nodes = [self.aurora.nodes[name] for name in instances]
        for node in nodes:
            node.mode, node.status = "refused", status
            self.at(seconds, setattr, node, "mode", "up")
            self.at(seconds + 10, setattr, node, "status", "available")

    def kill_writer(self, at):
        """Its host dies."""
        self.at(at - self.clock.now, lambda: self.aurora.stop(self.writer, "silent", "failed"))

    def lose(self, event, service, operation, nth=1):
        """A run that is lost at the n-th call of an operation; its lease is over then."""
        self.on(service, operation, Killed, nth)
        assert self.send(event).outcome == "KILLED"
        self.faults.clear()
        self.wait(LEASE + 20)

    def told(self):
        """What the automation has told; the alarms tell of themselves."""
        pairs = zip(self.subjects, self.messages, strict=True)
        return [subject.removeprefix("drill: ") for subject, one in pairs if one.caller]

    def lines(self, **fields):
        """The log's lines that carry these fields."""
        found = [json.loads(line) for line in self.log if line.startswith("{")]
        return [one for one in found if fields.items() <= one.items()]

    def watch(self, script, observer=MONITOR):
        """One run of an observer, while the writer's port answers so from these seconds on.

        Args:
            script: seconds -> mode of the DB instance, or "nameless".
        """
        self.functions.broken.add(ORCHESTRATOR)  # only what is called for is of interest
        for second, mode in script.items():
            self.at(max(0, second - 0.5), self._answer, mode)
        self.begun = self.clock.now
        self.answer, self.error = self.call(observer, {})
        return [event for _, event in self.witness.invoked]

    def _answer(self, mode):
        nameless = mode == "nameless"
        self.network.nameless = {self.deployment.cluster.endpoint} if nameless else set()
        self.aurora.nodes[WRITER].mode = "up" if nameless else mode

    def delays(self):
        """When the monitor called, in whole seconds from its beginning."""
        return [round(when - self.begun) for when, _ in self.witness.invoked]


def deployed(**timings: Any) -> Trial:
    """The whole account, in which Aurora itself does nothing about a lost writer."""
    world = Trial(WHOLE, **{**CHAIN, **timings})
    world.aurora.sees = False
    return world

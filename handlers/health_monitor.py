"""The observer: watches the primary side from one zone and calls for a failover; it never acts.

A run starts every minute and looks for 120 seconds, so that whatever begins is seen to its end by one
that began before it. Two observers, one to a zone, do so: a lost subnet or path blinds only one of them.
"""

import json
from os import environ
from time import monotonic, sleep, time

import boto3
from botocore.config import Config

from .configuration import parse_configuration
from .log import attempt, begin_log, log
from .probes import is_alive
from .rows import BAD, COMPONENT, GOOD, UNKNOWN, Rows, judge_database
from .targets import read_targets, targets_dead
from .topology import read_topology

# One try of at most 1 + 1 seconds a call; the next look is the second.
ONCE = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})
elbv2, rds = (boto3.client(name, config=ONCE) for name in ("elbv2", "rds"))
TWICE = ONCE.merge(Config(retries={"total_max_attempts": 2}))
ssm, functions = (boto3.client(name, config=TWICE) for name in ("ssm", "lambda"))
# Metrics must not delay a decision by more than a second.
QUICK = Config(connect_timeout=0.4, read_timeout=0.6, retries={"total_max_attempts": 1})
cloudwatch = boto3.client("cloudwatch", config=QUICK)
# Seconds: how long a run looks, until the next look after a bad one, and how often a call is repeated.
RUN, SOON, REPEAT = 120, 2, 15


def handler(_event, context):
    """Look until the next run has taken over.

    Returns:
        The last verdict on each signal: good, bad or unknown.
    """
    begin_log(function="observer", observer=environ["OBSERVER"], request=context.aws_request_id)
    return Observer(monotonic()).watch()


class Observer:
    """One run: what it has seen, and what it has asked for.

    Args:
        begun: by the monotonic clock, as all of a run's seconds: the wall clock may be set meanwhile, and no
            row is older for it.
    """

    def __init__(self, begun):
        self.begun = begun
        self.epoch = time() - begun
        self.configuration = parse_configuration(attempt(read_parameter), USABLE or None)
        if not self.configuration.faults:
            USABLE.update(self.configuration.stored())
        self.members = json.loads(environ["MEMBER_ENDPOINTS"])
        self.rows = Rows()
        self.verdicts = {}
        self.calls = {}

    def watch(self):
        """Look, publish, call; again and again."""
        while True:
            now = monotonic()
            before = dict(self.verdicts)
            self.look(now)
            for signal, verdict in self.verdicts.items():
                if verdict != before.get(signal, GOOD):
                    log("LOOK", signal=signal, verdict=verdict)
            attempt(self.call, now)
            interval = self.configuration.values["probe_interval_seconds"]
            soon = min(SOON, interval) if self.verdicts["database"] == BAD else interval
            pause = max(0, now + soon - monotonic())
            if monotonic() + pause >= self.begun + RUN:
                return self.verdicts
            sleep(pause)

    def look(self, now):
        """Look at both signals; what the cluster endpoint says is published at once."""
        cluster = attempt(is_alive, environ["DATABASE"])
        attempt(self.publish, cluster)
        writer, members = None, {}
        if cluster is False:
            topology = attempt(read_topology, rds, environ["CLUSTER_ID"])
            writer = topology and topology.writer
            members = self.probe_members(writer)
        row = self.rows.rows.get("database")
        verdict = judge_database(cluster, members, writer or (row and row.writer))
        if cluster is False and verdict == GOOD:
            # Clients do not get there yet, but nobody need replace this writer: the other observer's
            # call is to know of it.
            attempt(put_metrics, [("DatabaseHealth", 1, OWN)])
        dead = any(alive is False for alive in members.values())
        self.rows.look("database", verdict, now, writer, holds=dead)
        states = attempt(read_targets, elbv2, environ["PRIMARY_TARGETS"])
        targets = UNKNOWN
        if states is not None:
            targets = BAD if targets_dead(states) else GOOD if "healthy" in states else UNKNOWN
        self.rows.look("alb_targets", targets, now)
        self.verdicts = {"database": verdict, "alb_targets": targets}

    def probe_members(self, writer):
        """Whether the members' own endpoints answer: others until one does, then the writer's."""
        found = {}
        endpoints = {instance: host for host, instance in self.members.items()}
        others = [instance for instance in endpoints if instance != writer]
        for instance in others:
            found[instance] = attempt(is_alive, endpoints[instance])
            if found[instance] and writer in endpoints:
                break
        if writer in endpoints:
            found[writer] = attempt(is_alive, endpoints[writer])
        return found

    def publish(self, cluster):
        """What is known, at one-second resolution: to all, and as this observer's own word."""
        data = [("Heartbeat", 1, OWN)]
        if not self.configuration.faults:  # else the sweep says what holds
            data.append(("AutomationArmed", self.configuration.arming == "ON", STACK))
        if cluster is not None:
            data += [("DatabaseHealth", cluster, STACK), ("DatabaseHealth", cluster, OWN)]
        # The whole verdict takes longer, so it goes with the next look's.
        verdict = self.verdicts.get("database", UNKNOWN)
        if verdict != UNKNOWN:
            data.append(("WriterDead", verdict == BAD, OWN))
        put_metrics(data)

    def call(self, now):
        """Call the orchestrator while signals stand, every 15 s under one name."""
        signals = self.rows.standing(self.configuration.values)
        if not signals:
            return
        rows = [self.rows.rows[signal] for signal in signals]
        first = min(row.first for row in rows)
        detected = round(self.epoch + first, 3)
        name = f"{environ['OBSERVER']}#{'+'.join(signals)}#{detected:.3f}"
        if name in self.calls and now - self.calls[name] < REPEAT:
            return
        database = self.rows.rows.get("database")
        names_writer = database and "database" in signals
        # A row's age and not its date alone: clocks differ.
        ages = {"row_age_seconds": round(monotonic() - first, 3)}
        if names_writer:
            ages["writer_row_age_seconds"] = round(monotonic() - database.first, 3)
        event = {
            "trigger_failover": True,
            "reason": [f"{signal} is bad" for signal in signals],
            "votes": {signal: VOTES[verdict] for signal, verdict in self.verdicts.items()},
            "components": [COMPONENT[signal] for signal in signals],
            "detected_at": detected,
            **ages,
            "observer": environ["OBSERVER"],
            "writer": database.writer if names_writer else None,
            "attempt_id": name,
        }
        functions.invoke(
            FunctionName=environ["FAILOVER_FUNCTION"],
            InvocationType="Event",
            Payload=json.dumps(event),
        )
        self.calls[name] = now
        log("CALL", attempt=name, components=event["components"], writer=event["writer"])


# The last usable configuration that this execution environment has read.
USABLE = {}
VOTES = {GOOD: True, BAD: False, UNKNOWN: None}
STACK = [{"Name": "StackName", "Value": environ["STACK_NAME"]}]
OWN = [*STACK, {"Name": "Observer", "Value": environ["OBSERVER"]}]


def put_metrics(data):
    """Publish (name, value, dimensions) at one-second resolution."""
    cloudwatch.put_metric_data(
        Namespace="DRSystem",
        MetricData=[
            {
                "MetricName": name,
                "Value": float(value),
                "StorageResolution": 1,
                "Dimensions": dimensions,
            }
            for name, value, dimensions in data
        ],
    )


def read_parameter():
    """The configuration's text."""
    return ssm.get_parameter(Name=environ["CONFIG"])["Parameter"]["Value"]

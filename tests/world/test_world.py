"""The world's interface: calls, messages, items, and the verbs by which things go wrong."""

import json
import re

import pytest
from botocore.exceptions import EndpointConnectionError

from drtemplate.errors import DrTemplateError
from drtemplate.groups.handlers import MONITOR, OBSERVERS, ORCHESTRATOR
from drtemplate.settings import PROJECT
from drtemplate.world.api.failures import Lost, Slow
from drtemplate.world.clock import Killed
from drtemplate.world.witness import Witness

FAILOVER = {"trigger_failover": True}
STATE = "FAILOVER_STATUS"


@pytest.fixture
def quiet(deployment, made_world):
    """A world in which nothing runs unless it is called; with other code of the orchestrator if given."""

    def make(body=None, *, witness=None, reserved=None, **seconds):
        stack = deployment.untriggered()
        if body:
            lines = "\n ".join(["def handler(event, context):", *body.strip().splitlines()])
            stack = stack.with_function(ORCHESTRATOR, code=HEAD + lines, reserved=reserved)
        return made_world("quiet", witness, stack=stack, **seconds)

    return make


HEAD = """
import os, socket, time
import boto3
from botocore.config import Config
from datetime import UTC, datetime
config = Config(connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 2})
rds = boto3.client("rds", config=config)
table = boto3.resource("dynamodb", config=config).Table(os.environ["FAILOVER_STATE_TABLE"])
cluster = os.environ["CLUSTER_ID"]

"""
FAIL_OVER = """
try:
  rds.failover_db_cluster(DBClusterIdentifier=cluster)
except Exception as error:
  return repr(error), time.time()
return "accepted", time.time()"""


def test_a_failover_from_the_call_to_the_message(quiet):
    world = quiet(aurora_promotion=12, aurora_settle=3)
    writer, reader = world.aurora.nodes
    answer, error = world.call(ORCHESTRATOR, FAILOVER)
    assert (answer["statusCode"], error) == (200, None)
    assert (world.aurora.writer, world.records.side.value) == (reader, "Standby")
    assert world.table.items[STATE]["Status"] == "COMPLETED"
    assert world.table.items[STATE]["PreviousWriter"] == writer
    (message,) = (one for one in world.messages if one.caller)
    assert message.subject == "drill: COMPLETED"
    operations = [one.operation for one in world.calls]
    assert operations.count("FailoverDBCluster") == operations.count("UpdateHealthCheck") == 1
    (act,) = (one for one in world.calls if one.operation == "FailoverDBCluster")
    assert (act.function, act.params["TargetDBInstanceIdentifier"]) == (ORCHESTRATOR, reader)


def test_a_function_that_is_called_ends_as_it_ends(quiet):
    answer, error = quiet("raise KeyError('x')").call(ORCHESTRATOR, {})
    assert (answer, type(error)) == (None, KeyError)
    answer, error = quiet("time.sleep(1e6)").call(ORCHESTRATOR, {})
    assert (answer, type(error)) == (None, Killed)


def test_what_the_world_does_not_know_is_no_answer(quiet):
    with pytest.raises(DrTemplateError, match="rds:DeleteDBCluster"):
        quiet("rds.delete_db_cluster(DBClusterIdentifier=cluster)").call(ORCHESTRATOR, {})


def test_what_is_printed_is_kept(quiet):
    world = quiet("print('a', 1)")
    world.call(ORCHESTRATOR, {})
    assert world.log == ["a 1"]


# Faults of calls.


@pytest.mark.parametrize("key", [("rds", "FailoverDBCluster"), ("rds", "*"), ("*", "*")])
def test_a_code_is_how_a_call_ends_without_effect_or_retry(quiet, key):
    world = quiet(FAIL_OVER)
    world.faults[key] = "Throttling"
    (answer, _), _ = world.call(ORCHESTRATOR, {})
    assert "(Throttling)" in answer
    assert len(world.calls) == 1
    assert world.aurora.status.value == "available"
    world.faults.clear()
    (answer, _), _ = world.call(ORCHESTRATOR, {})
    assert answer == "accepted"


def test_an_exception_and_a_callable(quiet):
    world = quiet(FAIL_OVER)
    world.faults["rds", "*"] = EndpointConnectionError(endpoint_url="x")
    assert "EndpointConnectionError" in world.call(ORCHESTRATOR, {})[0][0]
    seen = []
    world.faults["rds", "*"] = lambda params: (
        seen.append(params) or ("InternalFailure" if len(seen) < 2 else None)
    )
    answers = [world.call(ORCHESTRATOR, {})[0][0].split("(")[-1][:15] for _ in range(2)]
    assert answers == ["InternalFailure", "accepted"]
    assert seen[0]["DBClusterIdentifier"] == "AuroraDBCluster"


@pytest.mark.parametrize(
    ("fault", "ends", "seconds", "accepted"),
    [
        (None, "accepted", 0.1, True),
        (Slow(2.5), "accepted", 2.5, True),
        # It has been done at the first attempt, so that the second one finds it done.
        (Slow(9), "InvalidDBClusterStateFault", 6, True),
        (Lost.ANSWER, "InvalidDBClusterStateFault", 3.1, True),
        (Lost.REQUEST, "ReadTimeoutError", 6, False),
    ],
)
def test_a_call_is_slow_or_lost_before_or_after_it_took_effect(
    quiet, fault, ends, seconds, accepted
):
    world = quiet(FAIL_OVER, api_failover=0.1, aurora_promotion=100)
    if fault:
        world.faults["rds", "FailoverDBCluster"] = fault
    (answer, at), _ = world.call(ORCHESTRATOR, {})
    began = world.clock.epoch + 0.2 + 0.1 * (1769 / 1024 - 1)
    assert ends in answer
    # Between two attempts botocore pauses for less than a second.
    assert -1e-6 <= at - began - seconds < 1
    assert (world.aurora.status.value == "failing-over") is accepted


# Requests that are held.


def test_a_held_request_takes_effect_when_it_is_released(quiet):
    world = quiet(FAIL_OVER, aurora_promotion=100)
    world.hold("rds", "FailoverDBCluster")
    world.clock.at(2, world.release, "rds", "FailoverDBCluster")
    (answer, at), _ = world.call(ORCHESTRATOR, {})
    assert answer == "accepted"
    assert at - world.clock.epoch == pytest.approx(2, abs=1e-3)


def test_a_request_that_is_released_too_late_takes_effect_all_the_same(quiet):
    body = FAIL_OVER.replace("rds.", "once.")
    once = (
        "once = boto3.client('rds', config=config.merge(Config(retries={'total_max_attempts': 1})))"
    )
    world = quiet(once + body, aurora_promotion=100)
    world.hold("rds", "FailoverDBCluster")
    (answer, _), _ = world.call(ORCHESTRATOR, {})
    assert "ReadTimeoutError" in answer
    assert world.aurora.status.value == "available"
    world.release("rds", "FailoverDBCluster")
    assert world.aurora.status.value == "failing-over"
    assert world.call(ORCHESTRATOR, {})[0][0].startswith("InvalidDBClusterStateFault")


# Hosts.


def test_a_partition_cuts_one_subnet_and_no_other(deployment, world):
    (zone,), (other,) = (deployment.functions[one].zones for one in OBSERVERS)
    world.partition(zone)
    network, function = world.network, deployment.functions[MONITOR]
    assert [network.path("rds", function, one) for one in (zone, other)] == ["silent", "fine"]
    assert network.path("dynamodb", function, zone) == "silent"
    world.repair(zone)
    assert network.path("rds", function, zone) == "fine"


CONNECT = """
found = []
for host in event["hosts"]:
  try:
    with socket.create_connection((host, 3306), 2) as one:
      found.append(len(one.recv(4)))
  except OSError as error:
    found.append(type(error).__name__)
return found"""


def test_every_endpoint_of_the_database_leads_somewhere(quiet):
    class Probes(Witness):
        def __init__(self):
            self.seen = []

        def probed(self, caller, host, good):
            self.seen.append((host.partition(".")[0], good))

    probes = Probes()
    world = quiet(CONNECT, witness=probes)
    cluster = world.deployment.cluster
    hosts = [cluster.endpoint, cluster.reader_endpoint, *(i.endpoint for i in cluster.instances)]
    assert world.call(ORCHESTRATOR, {"hosts": hosts})[0] == [4, 4, 4, 4]
    writer, reader = world.aurora.nodes
    world.aurora.sees = False
    world.aurora.stop(writer, "refused")
    refused = "ConnectionRefusedError"
    assert world.call(ORCHESTRATOR, {"hosts": hosts})[0] == [refused, 4, refused, 4]
    world.aurora.stop(reader, "silent")
    # Without a reader, the reader endpoint leads to the writer.
    assert world.call(ORCHESTRATOR, {"hosts": hosts})[0] == [
        refused,
        refused,
        refused,
        "TimeoutError",
    ]
    assert world.call(ORCHESTRATOR, {"hosts": ["example.com"]})[0] == ["gaierror"]
    assert len(probes.seen) == 12
    # One closes the connection, the other one sends an error; then DNS has lost a name.
    world.aurora.nodes[writer].mode, world.aurora.nodes[reader].mode = "closed", "blocked"
    assert world.call(ORCHESTRATOR, {"hosts": hosts[2:]})[0] == [0, 4]
    assert [good for _, good in probes.seen[12:]] == [False, True]
    world.network.nameless.add(hosts[0])
    assert world.call(ORCHESTRATOR, {"hosts": hosts[:1]})[0] == ["gaierror"]


def test_a_person_configures_this_world_alone(quiet):
    world = quiet("return event")
    name, given = world.deployment.configuration, dict(world.deployment.parameters)
    world.configure(auto_failover="OFF")
    assert json.loads(world.parameters[name]) == json.loads(given[name]) | {"auto_failover": "OFF"}
    assert world.deployment.parameters == given


def test_a_partitioned_host_reaches_no_database(deployment, made_world):
    lines = ["import socket", "def handler(event, context):", *CONNECT.strip().splitlines()]
    code = "\n".join(lines[:2]) + "\n " + "\n ".join(lines[2:])
    stack = deployment.untriggered().with_function(MONITOR, code=code)
    world = made_world("cut", stack=stack)
    for zone in deployment.functions[MONITOR].zones:
        world.partition(zone)
    answer, _ = world.call(MONITOR, {"hosts": [stack.cluster.endpoint]})
    assert answer == ["TimeoutError"]


# Sandboxes.


@pytest.fixture
def frozen(quiet):
    """Run a body that is frozen after a second; gives its world and how it ended."""

    def run(body, until):
        world, ended = quiet(body), []
        world.witness.ended = ended.append
        world.send(ORCHESTRATOR, {})
        world.clock.at(1.0, lambda: world.freeze(*world.functions.running))
        world.clock.at(until, lambda: world.thaw(*world.functions.running))
        world.run(until=until + 100)
        return world, ended[0]

    return run


def test_a_frozen_sandbox_goes_on_where_it_was(frozen):
    body = "time.sleep(1)\nhalf = time.time()\ntime.sleep(1)\nreturn half, time.time()"
    world, run = frozen(body, until=50)
    half, end = (at - world.clock.epoch for at in run.answer)
    assert (half, end) == (pytest.approx(50), pytest.approx(51))


def test_a_sandbox_that_is_frozen_beyond_its_time_out_is_killed(frozen):
    world, run = frozen("time.sleep(1)\ntable.put_item(Item={'StateKey': 'late'})", until=900)
    assert type(run.error) is Killed
    assert world.table.items == {}


def test_the_clocks_of_two_sandboxes_differ(quiet):
    body = "time.sleep(5)\nnow = datetime.now(UTC).timestamp()\nassert abs(now - time.time()) < 1e-3\nreturn now"
    world = quiet(body)
    ended = []
    world.witness.ended = ended.append
    world.skew(ORCHESTRATOR, 30.0, -4.0)
    for _ in range(3):
        world.send(ORCHESTRATOR, {})
    world.run(until=60)
    ahead = [one.answer - world.clock.epoch - one.ended for one in ended]
    assert ahead == [pytest.approx(one, abs=1e-3) for one in (30, -4, 0)]


def test_each_delivery_of_an_event_has_the_same_request_id(quiet, made_world):
    world = quiet("table.put_item(Item={'StateKey': context.aws_request_id})\nraise ValueError")
    runs = []
    world.witness.ended = runs.append
    world.functions.duplicate = 1
    world.send(ORCHESTRATOR, {})
    world.functions.duplicate = 0
    world.send(ORCHESTRATOR, {})
    world.run(until=100)
    assert [one.request_id for one in runs] == ["request-1", "request-1", "request-2"]
    stack = world.deployment.with_function(ORCHESTRATOR, retries=2, max_age=600)
    retrying = made_world("retries", stack=stack)
    runs.clear()
    retrying.witness.ended = runs.append
    retrying.send(ORCHESTRATOR, {})
    retrying.run(until=400)
    assert [one.request_id for one in runs] == ["request-1"] * 3


def test_the_example_in_the_docs_runs(capsys):
    text = (PROJECT / "docs" / "world.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names = {}
    exec(code, names)
    names["world"].close()
    where, status, *messages = capsys.readouterr().out.splitlines()
    assert where == "standbydbinstance Primary"
    assert status == "COMPLETED"
    assert any(line.endswith("s: drill: COMPLETED") for line in messages)

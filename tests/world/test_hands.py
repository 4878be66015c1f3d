"""What people do to the database and the ways to it, what Aurora gives up, and what a probe leaves behind."""

from dataclasses import replace

import pytest

from drtemplate.drill.session import with_handlers
from drtemplate.groups.handlers import MONITOR
from drtemplate.settings import PROJECT
from drtemplate.world.api.rds import Rds
from drtemplate.world.aws.network import MAX_CONNECT_ERRORS
from drtemplate.world.aws.refusal import Refused
from drtemplate.world.witness import Witness
from drtemplate.world.world import World


def shown(world):
    """The statuses of the cluster, of its writer and of its first reader."""
    rds = Rds(world.aurora)
    found = {
        one["DBInstanceIdentifier"]: one["DBInstanceStatus"]
        for one in rds.DescribeDBInstances(None, {})["DBInstances"]
    }
    return rds.DescribeDBClusters(None, {})["DBClusters"][0]["Status"], *found.values()


@pytest.fixture
def aurora(deployment, fixed):
    """A world in which no function runs."""
    world = World(
        deployment.untriggered(),
        fixed(aurora_promotion=12, aurora_settle=3),
        "hands",
        recorded=False,
    )
    yield world
    world.close()


# By hand.


def test_a_reboot_shows_only_on_its_instance_and_nothing_fails_over(aurora):
    writer = aurora.aurora.writer
    aurora.clock.at(10, aurora.hands.reboot, writer, 40)
    aurora.run(11)
    assert shown(aurora) == ("available", "rebooting", "available")
    assert not aurora.aurora.writing.value
    aurora.run(120)
    assert shown(aurora) == ("available", "available", "available")
    assert aurora.aurora.writing.first(True, 11) == 50
    assert aurora.aurora.writers.values == [writer]
    # Its engine is new.
    assert aurora.aurora.uptime(writer) == 70


@pytest.mark.parametrize(
    ("verb", "status"), [("upgrade", "upgrading"), ("backtrack", "backtracking")]
)
def test_work_on_the_cluster_closes_all_connections_and_takes_no_failover(aurora, verb, status):
    aurora.clock.at(10, getattr(aurora.hands, verb), 100)
    aurora.run(11)
    assert shown(aurora) == (status, status, status)
    assert {node.mode for node in aurora.aurora.nodes.values()} == {"refused"}
    with pytest.raises(Refused) as refusal:
        aurora.aurora.fail_over(None)
    assert refusal.value.code == "InvalidDBClusterStateFault"
    aurora.run(111)
    assert shown(aurora) == ("available", "available", "available")
    assert aurora.aurora.writing.value
    aurora.aurora.fail_over(None)


def test_a_cluster_that_is_stopped_stays_so_until_it_is_started(aurora):
    aurora.hands.stop(60)
    aurora.run(59)
    assert shown(aurora) == ("stopping", "stopping", "stopping")
    aurora.run(10_000)
    assert shown(aurora) == ("stopped", "stopped", "stopped")
    aurora.hands.start(120)
    aurora.run(10_119)
    assert shown(aurora) == ("starting", "starting", "starting")
    aurora.run(10_121)
    assert shown(aurora) == ("available", "available", "available")


def test_a_removed_reader_is_no_member_and_has_no_address(aurora):
    writer, reader = aurora.deployment.cluster.instances
    with pytest.raises(ValueError, match="writes"):
        aurora.hands.remove(writer.name)
    aurora.hands.remove(reader.name)
    assert list(aurora.aurora.nodes) == [writer.name]
    assert not aurora.network.resolves(reader.endpoint)
    assert aurora.network.resolves(writer.endpoint)
    with pytest.raises(Refused, match="no instance"):
        aurora.aurora.fail_over(reader.name)


# A failover that Aurora gives up.


@pytest.mark.parametrize("lives", [True, False])
def test_a_failover_that_is_given_up_leaves_the_writer_as_it_was(aurora, lives):
    events, writer = [], aurora.aurora.writer
    aurora.aurora.emit = lambda kind, _: events.append((round(aurora.clock.now), kind))
    aurora.aurora.rolls_back, aurora.aurora.sees = 1, False
    if not lives:
        aurora.aurora.stop(writer, "hung")
    aurora.clock.at(10, aurora.aurora.fail_over, None)
    aurora.run(11)
    assert shown(aurora)[0] == "failing-over"
    aurora.run(60)
    assert (shown(aurora)[0], aurora.aurora.writer) == ("available", writer)
    assert aurora.aurora.given_up == [22]
    assert aurora.aurora.writing.value is lives
    assert events == [(10, "RDS-EVENT-0073"), (22, "RDS-EVENT-0069")]
    # The next one goes through.
    aurora.aurora.fail_over(None)
    aurora.run(80)
    assert aurora.aurora.writer != writer


# Deliveries.


def test_a_duplicate_comes_within_its_time(deployment, fixed):
    class Runs(Witness):
        def __init__(self):
            self.began = []

        def ended(self, invocation):
            self.began.append((invocation.request_id, invocation.began))

    runs = Runs()
    world = World(deployment.untriggered(), fixed(), "twice", runs)
    world.functions.duplicate, world.functions.apart = 1, 50.0
    world.send("FailoverOrchestratorFunction", {})
    world.run(100)
    world.close()
    (first, at), (second, later) = runs.began
    assert first == second
    assert 1 < later - at < 51


# The probe's way out: an observer's run after run, against a server that counts.


def watched(deployment, fixed, change=lambda code: code):
    """After six minutes of the observers: what the writer's server has counted, says, and how they looked."""

    class Probes(Witness):
        def __init__(self):
            self.good = []

        def probed(self, caller, host, good):
            self.good.append(good)

    deployed = with_handlers(deployment, PROJECT / "handlers")
    functions = {}
    for logical, one in deployed.functions.items():
        modules = dict(one.code.modules)
        if "probes" in modules:
            modules["probes"] = change(modules["probes"])
        functions[logical] = replace(one, code=replace(one.code, modules=modules))
    probes = Probes()
    world = World(replace(deployed, functions=functions), fixed(), "probes", probes, recorded=False)
    world.run(360)
    counted = dict(world.network.interrupted)
    zone = deployment.functions[MONITOR].zones[0]
    host = deployment.cluster.endpoint
    found = []
    world.clock.start(lambda: found.append(world.network.connect(host, 2, zone)), 5, None)
    world.run(362)
    world.close()
    return counted, found, probes.good


def test_the_deployed_probe_is_never_counted_as_an_interrupted_handshake(deployment, fixed):
    counted, state, looks = watched(deployment, fixed)
    assert (counted, state) == ({}, ["up"])
    assert set(looks) == {True}
    # One look each five seconds, of two runs at a time, in two zones; the server's refusal is none.
    assert 200 < len(looks) < 300


HANGS_UP = ("                _end_handshake(connection)\n", "                pass\n")
NO_LOGIN = ("0x00000200 | ", "")  # without the flag of the protocol it is no login


@pytest.mark.parametrize("mutation", [HANGS_UP, NO_LOGIN])
def test_a_probe_that_leaves_in_the_middle_is_blocked_in_the_end(deployment, fixed, mutation):
    def change(code):
        assert code.count(mutation[0]) == 1
        return code.replace(*mutation)

    counted, state, looks = watched(deployment, fixed, change)
    assert min(counted.values()) == MAX_CONNECT_ERRORS
    assert state == ["blocked"]
    # A server that blocks an address lives all the same.
    assert set(looks) == {True}

"""Monitor, alarms and orchestrator together, as deployed, with AWS's timings fixed."""

import itertools

import pytest
from simulated import COOLDOWN, FAILBACK, READER, WHOLE, WRITER, Trial

from drtemplate.groups.handlers import MONITOR

TIMINGS = {
    "alarm_delay": 1.0,
    "aurora_detection": 3.0,
    "aurora_restart": 20.0,
    "custom_metric_delay": 1.0,
    "rds_event_delay": 30.0,
}
GRACE = 20  # seconds, as deployed
ALARMS = [one.name for one in (*WHOLE.alarms, *WHOLE.composites)]
BEGINS = [112.3, 131, 147]  # seconds: in the overlap of two monitors and out of it


def deployed(**timings):
    """The whole account, in which Aurora itself does nothing about a lost writer."""
    world = Trial(WHOLE, **{**TIMINGS, **timings})
    world.aurora.sees = False
    return world


@pytest.fixture
def chain():
    made = deployed()
    yield made
    made.close()


def kill_writer(world, at):
    world.at(at - world.clock.now, lambda: world.aurora.stop(world.writer, "silent"))


def show_application(world, at, *states):
    world.at(at - world.clock.now, world.balancers["Primary"].show, *states)


def untouched(world):
    assert (world.acted, world.latched, world.state) == ((0, 0), False, {})
    assert world.writer == WRITER
    assert told(world) == []


def told(world):
    """What the orchestrator has told; the alarms tell of themselves."""
    subjects = zip(world.subjects, world.messages, strict=True)
    return [subject for subject, message in subjects if message.caller]


# Nothing to do


def reader_in_trouble(world):
    world.aurora.nodes[READER].status = "storage-full"


def status(world):
    world.aurora.show("maintenance")
    world.aurora.nodes[WRITER].status = "modifying"


def day_zero(world):
    for balancer in world.balancers.values():
        balancer.empty()


def service_out(service):
    return lambda world: world.faults.update({(service, "*"): "InternalFailure"})


HARMLESS = {
    "nothing": lambda _: None,
    "a reader in trouble": reader_in_trouble,
    "a status with a living server": status,
    "day zero": day_zero,
    "targets in their beginning": lambda world: world.balancers["Primary"].show("initial"),
    "an application that recovers in time": lambda world: (
        show_application(world, 131, "unhealthy"),
        show_application(world, 150, "healthy"),
    ),
    **{f"{one} is out": service_out(one) for one in ("elbv2", "rds", "ssm", "cloudwatch")},
    **{
        f"a blip of {length} s at {at} s": lambda world, at=at, length=length: world.at(
            at, world.aurora.pause, length
        )
        for at, length in itertools.product(BEGINS, (3, 8))
    },
}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_is_no_incident(chain, what):
    HARMLESS[what](chain)
    chain.run(330)
    assert chain.witness.invoked == []
    untouched(chain)


# The database


@pytest.mark.parametrize("begin", BEGINS)
def test_the_writer_dies_and_is_replaced_once(chain, begin):
    kill_writer(chain, begin)
    chain.run(450)
    assert chain.acted == (1, 0)
    assert (chain.state["PreviousWriter"], chain.state["NewWriter"]) == (WRITER, READER)
    assert chain.state["Status"] == "COMPLETED"
    assert told(chain) == ["COMPLETED"]
    (accepted,) = [one.at for one in chain.calls if one.operation == "FailoverDBCluster"]
    assert accepted - begin <= GRACE + 10 + 12


@pytest.mark.parametrize("begin", BEGINS)
@pytest.mark.parametrize(
    ("timings", "called"),
    [
        ({"aurora_detection": 3.0}, False),
        ({"aurora_detection": 15.0, "aurora_promotion": 30.0}, True),  # still at it after the grace
        ({"aurora_endpoint_update": 20.0, "aurora_restart": 60.0}, True),  # the name stays behind
    ],
)
def test_aurora_replaces_the_writer_by_itself(begin, timings, called):
    world = deployed(**timings)
    world.aurora.sees = True
    kill_writer(world, begin)
    world.run(450)
    assert (world.acted, world.writer) == ((0, 0), READER)
    assert bool(world.witness.invoked) is called
    assert world.state.get("Status", "COMPLETED") == "COMPLETED"
    world.close()


def test_a_promotion_that_stalls_fails_and_is_not_repeated_within_the_cooldown(chain):
    chain.aurora.stalled = True
    kill_writer(chain, 131)
    chain.run(450)
    assert chain.acted == (1, 0)
    assert chain.state["Status"] == "FAILED"
    assert told(chain).count("FAILED") == 1


def test_a_failure_that_stands_for_an_hour_is_told_few_times(chain):
    del chain.aurora.nodes[READER]
    kill_writer(chain, 131)
    chain.run(131 + 3600)
    assert chain.acted == (0, 0)
    assert "no reader" in chain.state["Error"]
    assert len(told(chain)) <= 4


def test_a_monitor_that_is_cut_off_makes_one_promotion_an_hour(chain):
    chain.at(131, setattr, chain.network, "loss", 1.0)
    chain.run(131 + 3600)
    assert chain.acted == (1, 0)
    chain.run(131 + 7200)
    at = [one.at for one in chain.calls if one.operation == "FailoverDBCluster"]
    assert len(at) == 2
    assert at[1] - at[0] >= COOLDOWN
    assert not chain.latched


def test_a_writer_that_dies_again_waits_for_the_end_of_the_cooldown(chain):
    kill_writer(chain, 131)
    kill_writer(chain, 500)
    chain.run(3600)
    assert chain.acted == (1, 0)
    chain.run(4200)
    assert (chain.acted, chain.writer) == ((2, 0), WRITER)


# Alarms, beside the monitor and without it


def test_without_the_monitor_an_alarm_replaces_the_writer(chain):
    chain.functions.broken.add(MONITOR)
    kill_writer(chain, 301)
    chain.run(800)
    assert (chain.acted, chain.writer) == ((1, 0), READER)
    assert chain.state["Reason"] in ALARMS


def test_without_the_monitor_nothing_is_done_after_aurora_has_acted(chain):
    chain.functions.broken.add(MONITOR)
    chain.aurora.sees = True
    kill_writer(chain, 301)
    chain.run(800)
    assert (chain.acted, chain.writer) == ((0, 0), READER)


def test_a_mute_monitor_leaves_it_to_the_alarm(chain):
    chain.faults["lambda", "Invoke"] = "ServiceException"
    kill_writer(chain, 131)
    chain.run(450)
    assert (chain.acted, chain.writer) == ((1, 0), READER)
    assert chain.state["Reason"] in ALARMS


def test_a_lost_call_does_not_lose_the_incident(chain):
    chain.faults["lambda", "Invoke"] = "ServiceException"
    chain.at(160, chain.faults.clear)
    kill_writer(chain, 131)
    chain.run(220)
    assert (chain.acted, chain.writer) == ((1, 0), READER)


# The application, and both


@pytest.mark.parametrize("standby", [["healthy"], []])
def test_an_application_dead_for_an_hour_is_latched_once(chain, standby):
    chain.balancers["Standby"].show(*standby)
    show_application(chain, 131, "unhealthy")
    chain.run(131 + 3600)
    assert (chain.acted, chain.writer) == ((0, len(standby)), WRITER)
    assert chain.latched is bool(standby)
    assert len(told(chain)) <= (5 if standby else 30)


@pytest.mark.parametrize("begin", BEGINS)
def test_both_die(chain, begin):
    kill_writer(chain, begin)
    show_application(chain, begin, "unhealthy")
    chain.run(450)
    assert chain.acted == (1, 1)
    assert (chain.writer, chain.latched) == (READER, True)
    accepted = next(one.at for one in chain.calls if one.operation == "FailoverDBCluster")
    assert accepted - begin <= 25
    assert chain.witness.invoked[0][0] - begin <= 12.5
    assert chain.state["Stages"]["detect"] <= 12
    assert chain.state["Stages"]["decide"] <= 3


def test_both_die_one_after_the_other(chain):
    show_application(chain, 105, "unhealthy")
    kill_writer(chain, 170)
    chain.run(450)
    assert chain.acted == (1, 1)
    assert (chain.writer, chain.latched) == (READER, True)


@pytest.mark.parametrize("offset", [0, 0.2, 2.5])
def test_one_monitor_more_makes_no_failover_more(chain, offset):
    chain.at(130 + offset, chain.functions.invoke, MONITOR, {}, "schedule")
    kill_writer(chain, 131)
    show_application(chain, 131, "unhealthy")
    chain.run(330)
    assert chain.acted == (1, 1)


@pytest.mark.parametrize(
    "given",
    [{"auto_failover": "OFF"}, {"auto_failover": "DRY_RUN"}, {"auto_failover_enabled": False}],
)
def test_disarmed_changes_nothing(chain, given):
    chain.configure(**given)
    kill_writer(chain, 131)
    show_application(chain, 131, "unhealthy")
    chain.run(330)
    assert chain.witness.invoked
    assert (chain.acted, chain.state, chain.writer) == ((0, 0), {}, WRITER)


# Afterwards


def test_fail_back_twice_and_then_nothing(chain):
    kill_writer(chain, 131)
    show_application(chain, 131, "unhealthy")
    show_application(chain, 300, "healthy")
    chain.run(400)
    assert chain.acted == (1, 1)
    assert chain.send(FAILBACK).outcome == "FAILED_BACK"
    chain.run(500)
    chain.send(FAILBACK)
    chain.run(700)
    assert chain.acted[0] == 2
    assert (chain.writer, chain.latched) == (WRITER, False)
    assert chain.state["Status"] == "FAILED_BACK"

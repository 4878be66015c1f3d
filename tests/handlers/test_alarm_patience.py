"""An alarm comes once, so its run waits for what is in its way: a lease, the table, a switch."""

import pytest
from world import READER, TARGETS, alarm


@pytest.fixture
def both_dead(world):
    """The monitor saw no life before it died, and no target is healthy."""
    world.health = [0.0]
    world.targets["PrimaryTargetGroup"] = ["unhealthy"]
    return world


def lease(world, seconds):
    world.items["FAILOVER_STATUS"] = {
        "StateKey": "FAILOVER_STATUS",
        "Status": "IN_PROGRESS",
        "AttemptId": "another",
        "Owner": "another",
        "FencingToken": 7,
        "LeaseExpires": int(world.clock.now) + seconds,
    }


def completed(world, seconds, component):
    """The other run ends after so many seconds, and has moved its part."""
    now = int(world.clock.now)
    state = world.items["FAILOVER_STATUS"]
    end = {"Status": "COMPLETED", "FencingToken": 9, "Owner": "another", f"{component}_at": now}
    world.clock.at(seconds, lambda: world.items.update(FAILOVER_STATUS=state | end))


@pytest.mark.parametrize(
    ("name", "others"), [(TARGETS, "database"), ("stack-writer", "application")]
)
def test_the_second_of_two_alarms_moves_its_part_after_the_first(both_dead, send, name, others):
    world = both_dead
    lease(world, 44)
    completed(world, 25, others)
    begun = world.clock.now
    reply = send(alarm(name))
    assert reply.outcome == "COMPLETED"
    assert (world.latched, world.writer == READER) == (name == TARGETS, name != TARGETS)
    assert world.count("FailoverDBCluster") + world.count("UpdateHealthCheck") == 1
    assert world.clock.now - begun < 65
    assert world.state["FencingToken"] > 9


@pytest.mark.parametrize("seconds", [1, 20, 44, 60])
def test_an_alarm_waits_for_the_end_of_a_lease(both_dead, send, seconds):
    world = both_dead
    lease(world, seconds)
    begun = world.clock.now
    assert send(alarm(TARGETS)).outcome == "COMPLETED"
    assert world.latched
    assert world.state["AttemptId"].startswith(TARGETS)
    assert seconds <= world.clock.now - begun <= seconds + 15


def test_a_lease_that_never_ends_is_refused_and_told_once_within_the_time(both_dead, send):
    world = both_dead
    lease(world, 10_000)
    begun = world.clock.now
    reply = send(alarm(TARGETS))
    assert (reply.outcome, reply.body["message"]) == ("REFUSED", "lease held")
    assert 75 < world.clock.now - begun < 95
    assert [subject for subject, _ in world.published] == ["stack: REFUSED"]
    assert len(world.runs("REFUSED")) == 1
    assert not world.latched


def test_an_alarm_waits_for_the_table(both_dead, send):
    world = both_dead
    world.faults["dynamodb", "*"] = "InternalServerError"
    world.clock.at(50, world.faults.clear)
    assert send(alarm("stack-writer")).outcome == "COMPLETED"
    assert world.writer == READER


def test_an_alarm_that_loses_the_race_for_the_lease_comes_again(both_dead, send, on_call):
    world = both_dead
    on_call("dynamodb", "PutItem", lambda _: "ConditionalCheckFailedException")
    assert send(alarm(TARGETS)).outcome == "COMPLETED"
    assert world.latched


def test_an_alarm_waits_for_its_witness(both_dead, send):
    """What cannot be read now may be read in a minute."""
    world = both_dead
    world.faults["elbv2", "DescribeTargetHealth"] = "Throttling"
    world.clock.at(50, world.faults.clear)
    assert send(alarm(TARGETS)).outcome == "COMPLETED"


def test_a_disarmed_system_stays_so_unless_somebody_arms_it(both_dead, send):
    world = both_dead
    world.configuration |= {"auto_failover": "OFF"}
    assert send(alarm(TARGETS)).outcome == "REFUSED"
    world.clock.at(50, lambda: world.configuration.update(auto_failover="ON"))
    assert send(alarm(TARGETS)).outcome == "COMPLETED"


def test_what_recovers_while_the_alarm_waits_is_let_be(both_dead, send):
    world = both_dead
    lease(world, 44)
    world.clock.at(30, lambda: world.targets.update(PrimaryTargetGroup=["healthy"]))
    assert send(alarm(TARGETS)).outcome == "NOT_REQUIRED"
    assert not world.latched


def test_a_monitors_call_and_a_person_wait_for_nothing(both_dead, send):
    """The monitor calls again in 15 s, and a person wants an answer."""
    world = both_dead
    lease(world, 44)
    begun = world.clock.now
    send({"trigger_failover": True, "votes": {"database": False}, "components": ["database"]})
    assert send({"trigger_failover": True}).outcome == "REFUSED"
    assert world.clock.now - begun < 10

"""Aurora: how a writer is replaced, what is refused meanwhile, and the events that tell of it."""

import pytest

from drtemplate.world.aws.refusal import Refused


def test_a_lost_writer_is_replaced_by_the_reader(made_world):
    world = made_world(aurora_detection=7, aurora_promotion=11, aurora_settle=2, aurora_restart=30)
    aurora = world.aurora
    old, reader = aurora.nodes
    world.clock.at(10, aurora.stop, old, "refused")
    world.run(100)
    assert aurora.status.first("failing-over", 0) == 17
    assert aurora.writers.first(reader, 0) == 28
    assert aurora.endpoint.first(reader, 0) == pytest.approx(28.1)
    assert aurora.status.first("available", 17.5) == 30
    assert aurora.writing.first(False, 0) == 10
    assert aurora.writing.first(True, 10.5) == 28
    # The old one is back as a reader 30 s after the promotion; both have restarted.
    assert aurora.nodes[old].started == 58
    assert aurora.nodes[reader].started == 28
    assert aurora.writer == reader


def test_during_a_failover_another_one_is_refused(world):
    reader = list(world.aurora.nodes)[1]
    world.aurora.fail_over(reader)
    assert world.aurora.status.value == "failing-over"
    with pytest.raises(Refused) as refusal:
        world.aurora.fail_over(reader)
    assert refusal.value.code == "InvalidDBClusterStateFault"


def test_only_an_available_reader_can_be_promoted(world):
    writer, reader = world.aurora.nodes
    for target in (writer, None, reader):
        world.aurora.nodes[reader].mode = "refused"
        with pytest.raises(Refused) as refusal:
            world.aurora.fail_over(target)
        assert refusal.value.code == "InvalidDBInstanceState"
    with pytest.raises(Refused) as refusal:
        world.aurora.fail_over("nobody")
    assert refusal.value.code == "DBInstanceNotFound"
    world.run(50)
    assert world.aurora.writer == writer


def test_an_engine_that_crashes_comes_back_without_a_failover(made_world):
    world = made_world(aurora_engine_restart=8)
    world.clock.at(10, world.aurora.restart_engine)
    world.run(60)
    assert world.aurora.writing.first(True, 10.5) == 18
    assert world.aurora.status.first("failing-over", 0) is None
    assert world.aurora.uptime(world.aurora.writer) == 60 - 18


def test_without_a_reader_the_writer_is_made_anew(made_world):
    world = made_world(aurora_detection=7, aurora_without_reader=200)
    writer, reader = world.aurora.nodes
    world.aurora.nodes[reader].mode = "refused"
    world.aurora.stop(writer, "refused")
    world.run(300)
    assert world.aurora.writer == writer
    assert world.aurora.writing.first(True, 1) == 207


def test_a_blind_or_stalled_aurora_does_nothing(world):
    world.aurora.sees = False
    world.aurora.stop(world.aurora.writer, "hung")
    world.run(100)
    assert world.aurora.status.value == "available"
    world.aurora.stalled = True
    world.aurora.fail_over(None)
    world.run(900)
    assert world.aurora.status.value == "failing-over"


def test_events_tell_of_both_ends_with_the_time_when_they_happened(made_world):
    world = made_world(rds_event_delay=300, aurora_promotion=20)
    seen = []
    world.bus.put = lambda event: seen.append((world.clock.now, event))
    world.clock.at(10, world.aurora.fail_over, None)
    world.run(400)
    assert [(at, one["detail"]["EventID"]) for at, one in seen] == [
        (310, "RDS-EVENT-0073"),
        (pytest.approx(330.1), "RDS-EVENT-0071"),
    ]
    assert seen[0][1]["time"] == "2026-01-05T00:00:10Z"

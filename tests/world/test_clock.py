"""Virtual time: strands that overlap in it, what is killed, and the past."""

import pytest

from drtemplate.world.clock import Clock, Killed
from drtemplate.world.history import History


def test_strands_overlap_in_virtual_time():
    clock, seen = Clock("x"), []

    def work(name, pause):
        for _ in range(3):
            clock.wait(pause)
            seen.append((clock.now, name))

    clock.start(lambda: work("a", 2), 100, None)
    clock.start(lambda: work("b", 3), 100, None)
    clock.run(20)
    # Of two at the same moment, the one that began to wait first goes first.
    assert seen == [(2, "a"), (3, "b"), (4, "a"), (6, "b"), (6, "a"), (9, "b")]


def test_a_lonely_strand_stops_where_the_run_does():
    clock, seen = Clock("x"), []

    def run():
        clock.wait(0)
        while True:
            clock.wait(5)
            seen.append(clock.now)

    clock.at(1, clock.start, run, 12, None)
    clock.run(11)
    assert (clock.now, seen) == (11, [6])
    with pytest.raises(ValueError, match="give a later time"):
        clock.run(10)
    with pytest.raises(Killed):
        clock.run(50)
    assert (clock.now, seen) == (13, [6, 11])


def test_nobody_waits_less_than_no_time():
    clock = Clock("x")
    with pytest.raises(ValueError, match="non-negative"):
        clock.start(lambda: clock.wait(-1), 10, None)
    with pytest.raises(ValueError, match="0 or more"):
        clock.at(-1, print)


def test_a_deadline_kills_what_catches_every_exception():
    clock, seen = Clock("x"), []

    def stubborn():
        try:
            while True:
                try:
                    clock.wait(4)
                except Exception:
                    seen.append("caught")
        except Killed:
            seen.append(clock.now)
            raise

    def run():
        try:
            stubborn()
        except Killed:
            seen.append("ended")

    clock.start(run, 10, None)
    clock.run(50)
    assert seen == [10, "ended"]


def test_what_is_killed_does_not_wake_up_again():
    clock, seen = Clock("x"), []

    def run():
        try:
            clock.wait(10)
            seen.append("woke")
        except Killed:
            seen.append(clock.now)

    strand = clock.start(run, 100, None)
    clock.at(3, clock.kill, strand)
    clock.run(50)
    assert seen == [3]


def test_a_history_knows_its_past():
    history = History("a")
    assert history.set(3, "b")
    assert not history.set(4, "b")
    history.set(5, "a")
    assert [history.before(at) for at in (2, 3, 4.9, 5)] == ["a", "b", "b", "a"]
    assert history.first("b", 0) == 3
    assert history.first("a", 3.5) == 5
    assert history.first("c", 0) is None

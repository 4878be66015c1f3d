"""Health checks, of target groups and of Route 53, and the DNS answers that follow them."""

import pytest

from drtemplate.drill.clients import Cache
from drtemplate.world.aws.prober import Prober, Reply
from drtemplate.world.aws.route53 import CHECKERS, answer, is_healthy
from drtemplate.world.clock import Clock


def prober(clock, reply, turned, **named):
    settings = {"interval": 5, "timeout": 4, "down_after": 2, "up_after": 3, "phase": 1, **named}
    return Prober(clock, look=lambda: reply[0], turned=turned, **settings)


def turns(changes, until=100, **named):
    """When a prober turned; ``changes``: time -> reply from then on."""
    clock, reply, seen = Clock("x"), [Reply.GOOD], []
    made = prober(clock, reply, lambda good: seen.append((clock.now, good)), **named)

    def change(to):
        reply[0] = to
        made.wake()

    for at, to in changes.items():
        clock.at(at, change, to)
    clock.run(until)
    return seen


def test_a_check_turns_after_so_many_probes_in_a_row():
    # Probes at 1, 6, 11, ...: refused at 11 and 16, good at 26, 31 and 36.
    assert turns({7: Reply.REFUSED, 22: Reply.GOOD}) == [(16, False), (36, True)]


def test_a_silent_probe_has_failed_after_its_time_out():
    assert turns({7: Reply.SILENT}) == [(20, False)]


def test_a_lost_probe_or_a_short_fault_turns_nothing():
    assert turns({7: Reply.REFUSED, 12: Reply.GOOD}) == []
    clock, seen = Clock("x"), []
    made = prober(clock, [Reply.GOOD], seen.append)
    made.lose(3)
    clock.run(60)
    assert seen == []
    made.down_after = 1
    made.lose(3)
    clock.run(120)
    assert seen == [False, True]


def test_a_threshold_of_one_turns_at_the_first_probe():
    assert turns({7: Reply.REFUSED}, down_after=1) == [(11, False)]


# Target groups.


def test_a_target_group_shows_what_its_settings_say(world):
    balancer = world.balancers["Primary"]
    side = balancer.side
    world.run(50)
    balancer.set_targets(Reply.REFUSED)
    world.run(80)
    expected = []
    for target in balancer.targets:
        phase, interval = target.prober.phase, side.interval
        first = 50 + (phase - 50) % interval
        # The second probe in a row, and 0.1 s until DescribeTargetHealth shows it.
        expected.append(first + (side.unhealthy_after - 1) * interval + 0.1)
    assert balancer.shown_dead.first(True, 50) == pytest.approx(max(expected))
    assert balancer.states() == ["unhealthy", "unhealthy"]
    assert not balancer.shown_good.value


def test_a_dead_load_balancer_probes_nothing(world):
    balancer = world.balancers["Primary"]
    balancer.set_alive(False)
    balancer.set_targets(Reply.REFUSED)
    world.run(120)
    assert balancer.states() == ["healthy", "healthy"]
    assert not balancer.serving.value


# Route 53.


def test_more_than_18_percent_of_the_checkers_must_find_it_healthy():
    assert [is_healthy(n, 100, False, False) for n in (18, 19)] == [False, True]
    assert [is_healthy(n, 15, False, False) for n in (2, 3)] == [False, True]


@pytest.mark.parametrize(
    ("disabled", "inverted", "good", "healthy"),
    [
        (False, False, True, True),
        (False, True, True, False),
        (False, True, False, True),
        (True, False, False, True),
        (True, True, True, False),  # the latch
        (True, True, False, False),
    ],
)
def test_disabled_and_inverted(disabled, inverted, good, healthy):
    assert is_healthy(CHECKERS if good else 0, CHECKERS, disabled, inverted) is healthy


def test_both_unhealthy_gives_the_primary():
    table = {(True, True): "Primary", (True, False): "Primary", (False, True): "Standby"}
    for (primary, standby), side in table.items():
        assert answer(primary, standby) == side
    assert answer(False, False) == "Primary"


def test_a_dead_load_balancer_is_found_by_checkers_in_interval_and_threshold(world):
    check = world.checks["Primary"]
    world.run(50)
    world.balancers["Primary"].set_alive(False)
    world.run(120)
    interval = world.deployment.sides["Primary"].check_interval
    threshold = world.deployment.sides["Primary"].check_threshold
    # A silent check has failed after 4 s; so many must be down that 18 % or fewer are left.
    times = sorted(
        50 + (one.phase - 50) % interval + (threshold - 1) * interval + 4 for one in check.checkers
    )
    left = int(0.18 * CHECKERS)
    at = times[CHECKERS - left - 1]
    assert check.healthy.first(False, 50) == pytest.approx(at)
    # And 0.1 s until the DNS servers answer with the standby.
    assert world.records.side.first("Standby", 50) == pytest.approx(at + 0.1)


def test_an_alias_follows_the_targets_before_the_checkers(world):
    world.run(50)
    world.balancers["Primary"].set_targets(Reply.REFUSED)
    world.run(120)
    shown = world.balancers["Primary"].shown_dead.first(True, 50)
    assert world.records.side.first("Standby", 50) <= shown + 0.1 + 1e-6


def test_the_latch_holds_until_it_is_released(world):
    check = world.checks["Primary"]
    check.configure(True, True)
    world.run(10)
    assert world.records.side.value == "Standby"
    check.configure(False, False)
    world.run(20)
    assert world.records.side.value == "Primary"


@pytest.mark.parametrize("ttl", [5.0, 60.0])
def test_a_refresh_at_the_very_instant_is_the_answer_in_use(ttl):
    """However the division rounds: else a client would keep an answer for twice its time."""
    for number in range(1000):
        cache = Cache(ttl, ttl * number / 997)
        (refreshed,) = cache.refreshed([150.0 + number * 0.37])
        assert cache.asked(refreshed) == pytest.approx(refreshed, abs=1e-6)
        assert cache.asked(refreshed - 1e-3) == pytest.approx(refreshed - ttl, abs=1e-6)

"""A lost zone takes a load balancer's node along, and clients feel it until DNS no longer gives it."""

import pytest

from drtemplate.drill import faults
from drtemplate.drill.clients import served_again
from drtemplate.drill.facts import Facts
from drtemplate.drill.trial import Trial
from drtemplate.world.aws.prober import Reply
from drtemplate.world.aws.route53 import CHECKERS
from drtemplate.world.world import World

SEEDS = range(5)
ZERO, END = 50.0, 400.0


@pytest.fixture
def made_world(deployment, fixed):
    """A world with these timings, shown, at the time of the fault."""
    made = []

    def make(seed="zones", **seconds):
        world = World(deployment, fixed(**seconds), f"{seed}", shown=True)
        made.append(world)
        world.run(ZERO)
        return world

    yield make
    for world in made:
        world.close()


def home(world):
    return world.aurora.nodes[world.aurora.writer].zone


def lose_nodes(world):
    """The fault without its database."""
    for balancer in world.balancers.values():
        balancer.lose_zone(home(world))


def phases(world):
    """When a caching client asks for the application's and for the database's name."""
    random = world.clock.random("client")
    return random.uniform(0, 60), random.uniform(0, 5)


def said(world):
    return [(at, what) for at, actor, what in world.journal.moments if actor == "load balancer"]


# Clients.


@pytest.mark.parametrize("seed", SEEDS)
def test_a_client_waits_for_the_withdrawal_and_then_for_its_cache(made_world, seed):
    world = made_world(seed, elb_node_withdrawal=33)
    lose_nodes(world)
    world.run(END)
    cached, uncached = served_again(world, ZERO, END)
    assert uncached == pytest.approx(33)
    name, _ = phases(world)
    assert cached == pytest.approx(33 + (name - ZERO - 33) % 60)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("withdrawal", [3, 44])
def test_a_zone_outage_takes_the_longer_of_database_and_withdrawal(made_world, seed, withdrawal):
    world = made_world(
        seed,
        elb_node_withdrawal=withdrawal,
        aurora_detection=6,
        aurora_promotion=9,
        aurora_settle=1,
    )
    faults.zone_lost(Trial(world, Facts(), []))
    world.run(END)
    cached, uncached = served_again(world, ZERO, END)
    name, endpoint = phases(world)
    # Named 0.1 s after the promotion; servers keep the endpoint's old address for up to 5 s.
    database = 15.1 + (endpoint - ZERO - 15.1) % 5
    assert uncached == pytest.approx(max(database, withdrawal))
    assert cached == pytest.approx(max(database, withdrawal + (name - ZERO - withdrawal) % 60))


def test_a_client_that_is_never_given_another_address_is_not_served(made_world):
    world = made_world(elb_node_withdrawal=1000)
    lose_nodes(world)
    world.run(END)
    assert served_again(world, ZERO, END) == (None, None)


# The load balancer.


def test_the_living_node_serves_and_probes_the_targets(made_world):
    world = made_world(elb_node_withdrawal=30)
    balancer = world.balancers["Primary"]
    lose_nodes(world)
    world.run(END)
    (lost,) = (one for one in balancer.targets if one.zone == home(world))
    side, prober = balancer.side, lost.prober
    first = ZERO + (prober.phase - ZERO) % side.interval
    shown = first + (side.unhealthy_after - 1) * side.interval + side.timeout + 0.1
    at = next(at for at, what in said(world) if what == f"Primary target in {lost.zone} unhealthy")
    assert at == pytest.approx(shown)
    assert sorted(balancer.states()) == ["healthy", "unhealthy"]
    assert balancer.serving.first(False, ZERO) is None
    assert balancer.shown_dead.first(True, ZERO) is None
    assert balancer.shown_good.value
    # The targets of the living zone are its last ones.
    balancer.set_targets(Reply.REFUSED)
    assert not balancer.serving.value


def test_what_is_lost_and_withdrawn_is_told_once(made_world):
    world = made_world(elb_node_withdrawal=30)
    zone, primary = home(world), world.balancers["Primary"]
    lose_nodes(world)
    world.run(ZERO + 10)
    primary.lose_zone(zone)
    primary.lose_zone("us-east-1c")  # it has no subnet there
    world.run(END)
    found = [(at, what) for at, what in said(world) if " target in " not in what]
    sides = list(world.balancers)
    assert found == [
        *((ZERO, f"{side} node in {zone} lost") for side in sides),
        *((ZERO + 30, f"{side} address in {zone} withdrawn from DNS") for side in sides),
    ]
    assert primary.nodes.value == primary.addresses.value == primary.zones - {zone}


def test_without_a_node_nothing_is_served_or_probed_and_dns_gives_all(made_world):
    world = made_world(elb_node_withdrawal=30)
    balancer = world.balancers["Primary"]
    for zone in sorted(balancer.zones):
        balancer.lose_zone(zone)
    world.run(END)
    assert balancer.states() == ["healthy", "healthy"]
    balancer.set_targets(Reply.GOOD)
    assert not balancer.serving.value
    assert balancer.nodes.value == set()
    assert balancer.addresses.value == balancer.zones
    assert said(world)[-1] == (ZERO + 30, "Primary addresses all given again")


def test_a_load_balancer_that_comes_back_lacks_the_lost_zone_and_sees_its_targets(made_world):
    world = made_world(elb_node_withdrawal=30)
    balancer, zone = world.balancers["Primary"], home(world)
    balancer.set_alive(False)
    balancer.lose_zone(zone)
    world.run(ZERO + 60)
    assert balancer.states() == ["healthy", "healthy"]
    balancer.set_alive(True)
    world.run(END)
    assert balancer.nodes.value == balancer.zones - {zone}
    assert sorted(balancer.states()) == ["healthy", "unhealthy"]
    assert balancer.serving.value


# Route 53's checkers.


def watch(check):
    """How often each of the checkers turns, and the fewest good reports at any time."""
    turns, fewest = [0] * CHECKERS, [CHECKERS]

    def watched(number, turned):
        def note(good):
            turned(good)
            turns[number] += 1
            fewest[0] = min(fewest[0], check.reports)

        return note

    for number, checker in enumerate(check.checkers):
        checker.turned = watched(number, checker.turned)
    return turns, fewest


@pytest.mark.parametrize("seed", SEEDS)
def test_some_checkers_fail_until_the_withdrawal_and_the_record_stays(made_world, seed):
    world = made_world(seed, elb_node_withdrawal=60)
    check = world.checks["Primary"]
    _, fewest = watch(check)
    lose_nodes(world)
    world.run(END)
    assert 0.18 * CHECKERS < fewest[0] < CHECKERS
    assert check.healthy.first(False, ZERO) is None
    assert world.records.side.times == [float("-inf")]
    # And afterwards all is well, and costs nothing.
    assert check.reports == CHECKERS
    assert not any(checker.awake for checker in check.checkers)


def test_each_probe_meets_one_of_the_addresses(made_world):
    """Both kinds of them, again and again: no checker rests on what it has met once."""
    world = made_world(elb_node_withdrawal=1000)
    turns, _ = watch(world.checks["Primary"])
    lose_nodes(world)
    world.run(ZERO + 600)
    assert min(turns) >= 2


def test_a_dead_load_balancer_keeps_nobody_awake(made_world):
    world = made_world()
    world.balancers["Primary"].set_alive(False)
    world.run(END)
    check = world.checks["Primary"]
    assert check.reports == 0
    assert not any(checker.awake for checker in check.checkers)

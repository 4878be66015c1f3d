"""What people are told: each run once, a repeated refusal once an hour, at most 12 mails an hour; always what to do."""

import pytest
from simulated import (
    APPLICATION,
    COOLDOWN,
    DATABASE,
    FAILBACK,
    MANUAL,
    READER,
    START,
    SWEEP,
    TARGETS_ALARM,
    VOTED,
    WHOLE,
    WRITER,
    alarm,
    rds_event,
)

from drtemplate.groups.handlers import MONITOR, ORCHESTRATOR
from drtemplate.world.api.failures import Lost

HOUR, DAY = 3600, 86400
VOTED_DATABASE = VOTED | DATABASE


def repeat(world, seconds, event=VOTED_DATABASE, every=15):
    """An observer calls again and again."""
    end = world.clock.now + seconds
    outcomes = []
    while world.clock.now < end:
        outcomes.append(world.send(event).outcome)
        world.wait(every)
    return outcomes


def test_a_persons_refusal_is_told_each_time_and_an_observers_once_an_hour(world):
    world.configure(cooldown_seconds=24 * HOUR)
    world.send(MANUAL)
    told = len(world.told())
    for _ in range(3):
        assert world.send(MANUAL).outcome == "REFUSED"
        world.wait(1)
    assert world.told()[told:] == ["REFUSED"] * 3
    told = len(world.told())
    against = VOTED_DATABASE | {"writer": READER}
    assert set(repeat(world, HOUR - 60, against)) == {"REFUSED"}
    assert world.told()[told:] == ["REFUSED"]
    assert "force" in world.messages[-1].text
    repeat(world, 120, against)
    assert world.told()[told:] == ["REFUSED"] * 2


def test_an_incident_ends_after_five_minutes_without_a_call(world):
    world.aurora.nodes[READER].status = "modifying"
    repeat(world, 60)
    world.wait(310)
    repeat(world, 60)
    assert world.told() == ["REFUSED", "REFUSED"]
    assert len(world.items("REFUSED")) == 2
    world.wait(280)
    repeat(world, 60)
    assert len(world.told()) == 2


@pytest.mark.parametrize("kind", ["upgrading", "seen_alive", "unreadable"])
def test_what_mostly_passes_is_told_after_five_minutes(warm, kind):
    if kind == "upgrading":
        warm.aurora.nodes[WRITER].status = kind
    elif kind == "unreadable":
        warm.faults["rds", "DescribeDBClusters"] = "Throttling"
    else:
        for second in range(0, 2000, 5):
            warm.word(1.0, -float(second))
    assert set(repeat(warm, 280)) == {"REFUSED"}
    assert warm.told() == []
    repeat(warm, 60)
    assert warm.told() == ["REFUSED"]
    repeat(warm, 1200)
    assert warm.told() == ["REFUSED"]


def test_of_reasons_that_mostly_pass_an_hour_has_one_mail(warm):
    warm.aurora.nodes[WRITER].status = "upgrading"
    repeat(warm, 400)
    warm.aurora.nodes[WRITER].status = "available"
    warm.faults["rds", "DescribeDBClusters"] = "Throttling"
    repeat(warm, 400)
    assert warm.told() == ["REFUSED"]


def test_what_was_told_of_another_kind_hides_none_that_mostly_passes(warm):
    warm.send(MANUAL | DATABASE)
    against = VOTED_DATABASE | {"writer": READER}
    repeat(warm, 30, against)
    warm.aurora.nodes[READER].status = "upgrading"
    repeat(warm, 290, against)
    assert warm.told() == ["COMPLETED", "REFUSED"]
    repeat(warm, 60, against)
    assert warm.told() == ["COMPLETED", "REFUSED", "REFUSED"]
    assert "upgrading" in warm.first_line()


def test_a_table_that_takes_no_write_is_told_after_five_minutes(warm):
    warm.faults["dynamodb", "PutItem"] = "ProvisionedThroughputExceededException"
    assert set(repeat(warm, 280)) == {"REFUSED"}
    assert warm.told() == []
    repeat(warm, 60)
    assert warm.told() == ["REFUSED"]
    assert "state table" in warm.first_line()


@pytest.mark.parametrize("apart", [0, 200])
@pytest.mark.parametrize(
    "event", [MANUAL | DATABASE, FAILBACK | {"force": "yes"}], ids=["cooldown", "field"]
)
def test_a_refused_event_that_is_delivered_twice_is_one_mail(world, event, apart):
    world.send(MANUAL | DATABASE)
    world.functions.duplicate, world.functions.apart = 1, apart
    for told in (1, 2):
        world.functions.send(world.deployment.functions[ORCHESTRATOR].name, event, "test")
        world.wait(220)
        # Another event of the same words is another question.
        assert world.told() == ["COMPLETED", *["REFUSED"] * told]


def test_a_ticket_is_told_again_of_another_reason_and_its_delivery_is_not(world):
    ticket = MANUAL | DATABASE | {"attempt_id": "ticket"}
    world.put_state()
    assert world.send(ticket).body["kind"] == "busy"
    world.send(ticket)
    assert world.told() == ["REFUSED"]
    world.wait(120)
    world.aurora.nodes[READER].status = "modifying"
    assert world.send(ticket).body["kind"] == "no_reader"
    assert world.told() == ["REFUSED", "REFUSED"]


def test_the_words_of_a_mail_say_what_to_do(world):
    world.send(MANUAL)
    world.send(FAILBACK)
    world.send(MANUAL | {"writer": "x"})
    for message in world.messages:
        reason, advice, service, *_ = message.text.splitlines()
        assert reason
        assert len(advice) > 10
        assert service == f"Service: {WHOLE.functions[ORCHESTRATOR].environment['DOMAIN_NAME']}"


def test_a_run_that_was_lost_says_what_to_do_too(world):
    world.lose(MANUAL | DATABASE, "rds", "DescribeDBClusters", 3)
    world.send(SWEEP)
    assert all(len(one.text.splitlines()[1]) > 10 for one in world.messages)


LOSSES = {
    "before the latch": (VOTED | APPLICATION, "route53", "UpdateHealthCheck"),
    "before the promotion": (VOTED_DATABASE, "rds", "FailoverDBCluster"),
    "before both": (VOTED, "rds", "FailoverDBCluster"),
}


@pytest.mark.parametrize("when", LOSSES)
def test_of_an_attempt_that_got_there_no_lost_run_is_told(world, when):
    """Its mail would come after that of the end, and say that the attempt has failed."""
    event, *call = LOSSES[when]
    world.balancers["Primary"].show("unhealthy")
    world.lose(event | {"attempt_id": "one"}, *call)
    assert world.send(event | {"attempt_id": "one"}).outcome == "COMPLETED"
    for _ in range(3):
        world.wait(60)
        world.send(SWEEP)
    assert world.told() == ["COMPLETED"]


def test_what_a_lost_run_moved_is_told_when_its_attempt_gets_there(world):
    world.balancers["Primary"].show("unhealthy")
    world.lose(VOTED | {"attempt_id": "one"}, "route53", "UpdateHealthCheck")
    assert world.send(VOTED | {"attempt_id": "one"}).outcome == "COMPLETED"
    world.wait(60)
    world.send(SWEEP)
    assert [one.text.splitlines()[0] for one in world.messages] == [
        "moved: application",
        "seen through later: COMPLETED; not yet seen: application",
    ]


def test_a_lost_run_whose_promotion_goes_on_is_told_though_its_attempt_gets_there(world):
    """The repeat asks for less."""
    world.promotion(200)
    world.balancers["Primary"].show("unhealthy")
    world.lose(VOTED | {"attempt_id": "one"}, "rds", "DescribeDBClusters", 6)
    assert world.send(VOTED | APPLICATION | {"attempt_id": "one"}).outcome == "COMPLETED"
    world.wait(60)
    world.send(SWEEP)
    assert world.told() == ["COMPLETED", "FAILED"]


def test_a_run_whose_lease_another_takes_right_after_its_end_is_told_once(world):
    """The note that people were told would be the state's, and is the record's then."""
    world.on("sns", "Publish", lambda _: world.meanwhile(MANUAL | APPLICATION) and None)
    assert world.send(MANUAL | DATABASE).outcome == "COMPLETED"
    for _ in range(2):
        world.wait(60)
        world.send(SWEEP)
    assert world.told() == ["COMPLETED", "COMPLETED"]


def test_a_run_that_comes_back_after_it_was_seen_through_tells_nothing_more(world):
    def stand(_):
        for _ in range(3):
            world.clock.wait(60)
            world.meanwhile(SWEEP)

    world.on("dynamodb", "PutItem", stand, nth=5)
    assert world.send(MANUAL | DATABASE).outcome == "COMPLETED"
    assert (world.state["Status"], world.told()) == ("COMPLETED", ["COMPLETED"])


def test_a_run_that_cannot_note_its_end_tells_it_once(world):
    """The table is away for both tries of its last write."""

    def away(_):
        world.faults["dynamodb", "PutItem"] = Lost.REQUEST
        world.at(12, world.faults.clear)
        return Lost.REQUEST

    world.on("dynamodb", "PutItem", away, nth=5)
    assert world.send(MANUAL | DATABASE).outcome == "COMPLETED"
    for _ in range(3):
        world.wait(60)
        world.send(SWEEP)
    assert (world.state["Status"], world.told()) == ("COMPLETED", ["COMPLETED"])
    assert [item["Status"] for item in world.items()] == ["COMPLETED"]


def test_a_sweep_whose_lease_another_takes_tells_a_lost_run_once(world):
    world.lose(MANUAL | DATABASE, "dynamodb", "PutItem", 7)
    world.on("sns", "Publish", lambda _: world.meanwhile(MANUAL | APPLICATION) and None)
    for _ in range(3):
        world.send(SWEEP)
        world.wait(60)
    assert world.told() == ["COMPLETED", "COMPLETED"]


def test_a_refusal_that_sns_refused_is_owed_though_another_call_counts_too(world):
    world.configure(auto_failover="OFF")

    def refuses(_):
        world.meanwhile(VOTED_DATABASE | {"observer": "zone-2"})
        return "InternalError"

    world.on("sns", "Publish", refuses)
    world.send(VOTED_DATABASE)
    assert world.told() == []
    world.wait(60)
    world.send(SWEEP)
    assert world.told() == ["REFUSED"]


def test_another_attempt_hides_no_lost_run(world):
    world.balancers["Primary"].show("unhealthy")
    world.lose(VOTED | APPLICATION | {"attempt_id": "one"}, "route53", "UpdateHealthCheck")
    assert world.send(VOTED | APPLICATION | {"attempt_id": "two"}).outcome == "COMPLETED"
    world.wait(60)
    world.send(SWEEP)
    assert world.told() == ["COMPLETED", "FAILED"]


def test_a_message_too_large_is_cut(world):
    alarms = {f"{number:0400}": "x" * 90_000 for number in range(20)}
    world.put_state(Status="COMPLETED", LeaseExpires=1, Alarms=alarms, Configuration=alarms)
    assert world.send(MANUAL | {"reason": ["y" * 90_000]}).outcome == "COMPLETED"
    assert len(world.messages[0].text.encode()) < 22_000


def test_a_failed_run_is_one_mail_and_its_repeats_are_none(world):
    world.faults["rds", "FailoverDBCluster"] = "AccessDenied"
    repeat(world, 600, VOTED_DATABASE | {"attempt_id": "one"})
    assert world.told() == ["FAILED"]
    assert "AccessDenied" in world.first_line()
    assert len(world.table.items) <= 5


def test_refused_and_silent_reasons_leave_their_count_alone(world):
    for _ in range(3):
        assert world.send(alarm(TARGETS_ALARM)).outcome == "NOT_REQUIRED"
    (record,) = world.items("REFUSED")
    assert (record["Count"], world.messages) == (3, [])


def test_what_could_not_be_told_is_told_at_its_repeat(world):
    world.aurora.nodes[READER].status = "modifying"
    world.faults["sns", "Publish"] = "InternalError"
    repeat(world, 60)
    world.faults.clear()
    repeat(world, 30)
    assert world.told() == ["REFUSED"]


@pytest.mark.parametrize("quiet", [30, 400], ids=["in the incident", "after it"])
def test_what_no_call_repeats_is_told_by_the_sweep_once(world, quiet):
    """Until then a metric says so, and a new incident does not forget it."""
    world.aurora.nodes[READER].status = "modifying"
    world.faults["sns", "Publish"] = "InternalError"
    repeat(world, 60)
    world.wait(quiet)
    if quiet > 300:
        world.send(VOTED | APPLICATION)
    world.send(SWEEP)
    world.faults.clear()
    for _ in range(2):
        world.send(SWEEP)
    assert world.put_metrics("Untold") == [1.0, 0.0, 0.0]
    assert world.told() == ["REFUSED"]
    assert len(world.messages[0].text.splitlines()[1]) > 10
    repeat(world, 60)
    assert world.told() == ["REFUSED"], "as any that was told, it waits for an hour"


def test_of_two_sweeps_at_the_same_moment_one_tells_a_refusal(world):
    world.aurora.nodes[READER].status = "modifying"
    world.faults["sns", "Publish"] = "InternalError"
    repeat(world, 30)
    world.send(SWEEP)
    world.faults.clear()

    def another(params):
        if params["Item"]["StateKey"] == "INCIDENT":
            world.faults.clear()
            world.meanwhile(SWEEP)

    world.faults["dynamodb", "PutItem"] = another
    world.send(SWEEP)
    assert world.told() == ["REFUSED"]


def test_an_incident_item_that_is_odd_stops_nothing(world):
    world.aurora.nodes[READER].status = "modifying"
    world.table.items["INCIDENT"] = {
        "StateKey": "INCIDENT",
        "Refusals": "x",
        "Last": "y",
        "Version": None,
    }
    repeat(world, 30)
    assert world.told() == ["REFUSED"]


OUTAGES = {
    "no reader": lambda world: setattr(world.aurora.nodes[READER], "status", "modifying"),
    "a stalled promotion": lambda world: setattr(world.aurora, "stalled", True),
    "the table is out": lambda world: world.faults.update(
        {("dynamodb", "*"): "InternalServerError"}
    ),
    "switched off": lambda world: world.configure(auto_failover="OFF"),
    "one observer is cut off": lambda world: world.blind(*WHOLE.functions[MONITOR].zones, WRITER),
    "no standby": lambda world: world.balancers["Standby"].show("unhealthy"),
    "the configuration is lost": lambda world: world.faults.update({("ssm", "*"): "Throttling"}),
}


@pytest.mark.parametrize("what", OUTAGES)
def test_an_outage_of_an_hour_is_told_and_at_most_12_mails(chain, what):
    chain.run(120)
    OUTAGES[what](chain)
    if what != "one observer is cut off":
        chain.kill_writer(131)
        chain.at(11, chain.balancers["Primary"].show, "unhealthy")
    chain.run(131 + HOUR)
    mine = [one for one in chain.messages if one.caller or one.subject.startswith("Lambda")]
    assert 1 <= len(mine) <= 12
    read = [key for key in chain.table.items if not key.startswith("ATTEMPT#")]
    assert len(read) <= 12


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("RUN", MANUAL | APPLICATION),
        ("RUN", MANUAL | {"dry_run": True}),
        ("RUN", FAILBACK),
        ("REFUSED", MANUAL | {"components": ["cache"]}),
        ("EVENT", rds_event("0072")),
    ],
)
def test_every_audit_item_expires_and_the_state_does_not(world, kind, event):
    world.send(event)
    (item,) = world.items(kind)
    assert abs(float(item["ExpiresAt"]) - (START + world.clock.now + 2555 * DAY)) <= 2
    assert item["ExpiresAt"] == int(item["ExpiresAt"])
    assert "ExpiresAt" not in world.state
    for attempt in world.items("ATTEMPT"):
        assert float(attempt["ExpiresAt"]) >= START + COOLDOWN + DAY

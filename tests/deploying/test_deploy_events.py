"""Events by a fake CloudFormation and a fake clock: none lost, none twice, in their order."""

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError
from fake_stack import World, refusal

from drtemplate.deploying.events import EventReader, first_failure
from drtemplate.deploying.follow import PATIENCE, POLL, SLOWEST, Follower
from drtemplate.errors import DeployError


def follow(world, **more):
    lines = []
    reader = EventReader(world, "payments-dr")
    follower = Follower(
        reader=reader, say=lines.append, clock=world.clock, sleep=world.sleep, **more
    )
    follower.until_end(world.status)
    return lines, follower


CREATE = [
    (1, "payments-dr", "REVIEW_IN_PROGRESS"),
    (6, "payments-dr", "CREATE_IN_PROGRESS", "User Initiated"),
    (7, "VPC", "CREATE_IN_PROGRESS"),
    (7, "Key", "CREATE_IN_PROGRESS"),
    (19, "VPC", "CREATE_COMPLETE"),
    (70, "Key", "CREATE_COMPLETE"),
    (71, "Cluster", "CREATE_IN_PROGRESS"),
    (890, "Cluster", "CREATE_COMPLETE"),
    (891, "payments-dr", "CREATE_COMPLETE"),
]


def test_every_event_is_told_once_with_its_time():
    lines, _ = follow(World(CREATE), total=3, whole=True)
    told = [line for line in lines if "waiting for" not in line]
    assert told == [
        "  0:00  0 of 3  REVIEW_IN_PROGRESS   payments-dr",
        "  0:05  0 of 3  CREATE_IN_PROGRESS   payments-dr: User Initiated",
        "  0:06  0 of 3  CREATE_IN_PROGRESS   VPC",
        "  0:06  0 of 3  CREATE_IN_PROGRESS   Key",
        "  0:18  1 of 3  CREATE_COMPLETE      VPC (12 s)",
        "  1:09  2 of 3  CREATE_COMPLETE      Key (1 min 3 s)",
        "  1:10  2 of 3  CREATE_IN_PROGRESS   Cluster",
        " 14:49  3 of 3  CREATE_COMPLETE      Cluster (13 min 39 s)",
        " 14:50  3 of 3  CREATE_COMPLETE      payments-dr",
    ]


def test_without_whole_events_a_resource_is_one_line():
    lines, _ = follow(World(CREATE), total=3)
    told = [line.split()[5] for line in lines if "waiting for" not in line]
    assert [name for name in told if "payments-dr" not in name] == ["VPC", "Key", "Cluster"]


@pytest.mark.parametrize("page", [1, 2, 3, 5, 100])
def test_no_page_size_loses_or_repeats_one(page):
    _, follower = follow(World(CREATE, page=page))
    assert [(one.title, one.status) for one in follower.events] == [one[1:3] for one in CREATE]


def test_they_come_while_it_goes_on():
    world = World(CREATE)
    told_at = {}
    reader = EventReader(world, "payments-dr")
    follower = Follower(
        reader=reader,
        say=lambda line: told_at.setdefault(line.split()[-1], world.now),
        clock=world.clock,
        sleep=world.sleep,
        whole=True,
    )
    follower.until_end(world.status)
    assert told_at["s)"] <= 19 + POLL
    assert told_at["Cluster"] <= 71 + POLL


def test_events_before_the_start_are_not_told():
    world = World([*CREATE, (1000, "payments-dr", "UPDATE_IN_PROGRESS"), (1010, "payments-dr", "UPDATE_COMPLETE")])  # fmt: skip
    world.now = 950
    _, follower = follow(world)
    assert [one.status for one in follower.events] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]


def test_a_long_past_is_not_read():
    past = [(0, f"Old{number}", "CREATE_COMPLETE") for number in range(1000)]
    world = World(past, page=10)
    follow(world)
    assert world.calls < 40


def test_a_page_that_shifts_while_it_is_read_loses_and_repeats_none():
    world = World(CREATE, page=2)
    world.now, world.shift = 890, 0
    reader_world = World([], exists=True)
    reader = EventReader(reader_world, "payments-dr")
    reader._client = world
    world.shift = 1  # each later page begins one event early, as if one had been added
    assert [one.title for one in reader.new()] == [one[1] for one in CREATE[:-1]]
    assert reader.new() == []


@pytest.mark.parametrize("failing", range(6))
@pytest.mark.parametrize(
    "error",
    [
        refusal("Throttling", "Rate exceeded"),
        refusal("RequestLimitExceeded"),
        refusal("InternalFailure"),
        EndpointConnectionError(endpoint_url="https://x"),
        ResponseParserError("a page to log in at"),
        KeyError("StackEvents"),
    ],
    ids=lambda error: type(error).__name__ + getattr(error, "operation_name", ""),
)
def test_a_call_that_fails_loses_no_event(failing, error):
    """Also in the middle of the pages of one look."""
    world = World(CREATE, page=2)
    reader = EventReader(world, "payments-dr")
    follower = Follower(reader=reader, say=lambda _: None, clock=world.clock, sleep=world.sleep)
    world.errors = [None] * (failing + 12) + [error, None, error]
    follower.until_end(world.status)
    assert [(one.title, one.status) for one in follower.events] == [
        (one[1], one[2]) for one in CREATE
    ]


def test_throttling_is_met_with_patience_and_no_limit():
    world = World(CREATE)
    reader = EventReader(world, "payments-dr")
    follower = Follower(reader=reader, say=lambda _: None, clock=world.clock, sleep=world.sleep)
    world.errors = [refusal("Throttling")] * (PATIENCE * 3)
    before = world.calls
    follower.until_end(world.status)
    assert len(follower.events) == len(CREATE)
    # At first every POLL seconds, then twice as long each time, at most SLOWEST.
    assert world.calls - before < 900 / SLOWEST + 2 * PATIENCE * 3
    assert world.naps.count(SLOWEST) >= 5


def test_another_refusal_ends_it_in_one_line():
    world = World(CREATE)
    reader = EventReader(world, "payments-dr")
    follower = Follower(reader=reader, say=lambda _: None, clock=world.clock, sleep=world.sleep)
    world.errors = [refusal("AccessDenied", "no")] * 1000
    with pytest.raises(DeployError, match="cannot follow the stack's events: AccessDenied"):
        follower.until_end(world.status)


def test_a_status_that_cannot_be_read_is_asked_again():
    world = World(CREATE)
    answers = iter([DeployError("x"), DeployError("x")])

    def status():
        for error in answers:
            raise error
        return world.status()

    reader = EventReader(world, "payments-dr")
    follower = Follower(reader=reader, say=lambda _: None, clock=world.clock, sleep=world.sleep)
    follower.until_end(status)
    assert len(follower.events) == len(CREATE)


def test_a_long_silence_says_what_is_at_work():
    lines, _ = follow(World(CREATE), total=3)
    waiting = [line for line in lines if "waiting for" in line]
    assert waiting[0] == "  2:10  2 of 3  waiting for          Cluster (1 min 0 s)"
    assert all(" waiting for          Cluster (" in line for line in waiting)
    assert len(waiting) == 13


def test_a_stack_that_never_comes_has_no_events():
    lines, follower = follow(World([], exists=False))
    assert (lines, follower.events) == ([], [])


def events_of(plan):
    """The events of a plan that has begun and ended since the reader was made."""
    world = World(plan, page=100)
    reader = EventReader(world, "payments-dr")
    world.now = 10_000
    return reader.new()


CANCELLED = "Resource creation cancelled"
FAILED = [
    (1, "payments-dr", "CREATE_IN_PROGRESS"),
    (2, "Topic", "CREATE_FAILED", CANCELLED),
    (2, "Cluster", "CREATE_FAILED", "Cannot find version 3.02.0\n (Service: Rds)"),
    (2, "Bucket", "CREATE_FAILED", "Resource creation cancelled"),
    (3, "payments-dr", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [...]"),
    (4, "Key", "DELETE_FAILED", "in use"),
    (5, "payments-dr", "ROLLBACK_FAILED", "The following resource(s) failed to delete: [Key]"),
]


def test_the_first_failure_is_the_cause_and_no_echo():
    failure = first_failure(events_of(FAILED))
    assert (failure.title, failure.reason) == ("Cluster", FAILED[2][3])


@pytest.mark.parametrize(
    ("plan", "title"),
    [
        ([(1, "payments-dr", "CREATE_FAILED", "no capability")], "payments-dr"),
        ([(1, "A", "UPDATE_FAILED", "Resource update cancelled"), (2, "B", "UPDATE_FAILED", "no")], "B"),
        ([(1, "A", "DELETE_FAILED", "in use")], "A"),
        ([(1, "A", "CREATE_FAILED", CANCELLED)], "A"),
        ([(1, "A", "CREATE_COMPLETE")], None),
        ([], None),
    ],
)  # fmt: skip
def test_which_failure_is_the_first(plan, title):
    failure = first_failure(events_of(plan))
    assert (failure.title if failure else None) == title


def test_two_of_the_same_second_keep_their_order():
    assert [one.title for one in events_of(FAILED)][1:4] == ["Topic", "Cluster", "Bucket"]

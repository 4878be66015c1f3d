"""Events by a fake CloudFormation and a fake clock: none lost, none twice, in their order."""

import pytest
from botocore.exceptions import EndpointConnectionError
from fake_stack import World, refusal

from drtemplate.deploying.events import EventReader, first_failure
from drtemplate.deploying.follow import PATIENCE, POLL, SLOWEST, Follower
from drtemplate.errors import DeployError


def follow(world):
    lines = []
    reader = EventReader(world, "payments-dr")
    follower = Follower(reader=reader, say=lines.append, clock=world.clock, sleep=world.sleep)
    return follower.until_end(world, world.status), lines, follower


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
    code, lines, _ = follow(World(CREATE, ends=(900, 0)))
    assert code == 0
    told = [line for line in lines if "waiting for" not in line]
    assert told == [
        "  0:00  REVIEW_IN_PROGRESS   payments-dr",
        "  0:05  CREATE_IN_PROGRESS   payments-dr: User Initiated",
        "  0:06  CREATE_IN_PROGRESS   VPC",
        "  0:06  CREATE_IN_PROGRESS   Key",
        "  0:18  CREATE_COMPLETE      VPC",
        "  1:09  CREATE_COMPLETE      Key",
        "  1:10  CREATE_IN_PROGRESS   Cluster",
        " 14:49  CREATE_COMPLETE      Cluster",
        " 14:50  CREATE_COMPLETE      payments-dr",
    ]


@pytest.mark.parametrize("page", [1, 2, 3, 5, 100])
@pytest.mark.parametrize("ends", [0, 3, 20, 70, 895, 2000])
def test_no_page_size_and_no_end_loses_or_repeats_one(page, ends):
    _, _, follower = follow(World(CREATE, ends=(ends, 0), page=page))
    seen = [(one.title, one.status) for one in follower.events]
    # What has begun is followed to its end, also when the AWS CLI has gone; a stack that waits for
    # a change set, or that is not there, has come to its end.
    expected = CREATE[: {0: 0, 3: 1}.get(ends, len(CREATE))]
    assert seen == [(one[1], one[2]) for one in expected]


def test_they_come_while_it_goes_on():
    world = World(CREATE, ends=(900, 0))
    told_at = {}
    reader = EventReader(world, "payments-dr")
    follower = Follower(
        reader=reader,
        say=lambda line: told_at.setdefault(line.split("  ", 2)[-1], world.now),
        clock=world.clock,
        sleep=world.sleep,
    )
    follower.until_end(world, world.status)
    assert told_at["CREATE_COMPLETE      VPC"] <= 19 + POLL
    assert told_at["CREATE_IN_PROGRESS   Cluster"] <= 71 + POLL


def test_events_before_the_start_are_not_told():
    world = World([*CREATE, (1000, "payments-dr", "UPDATE_IN_PROGRESS"), (1010, "payments-dr", "UPDATE_COMPLETE")], ends=(1020, 0))  # fmt: skip
    world.now = 950
    _, _, follower = follow(world)
    assert [one.status for one in follower.events] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]


def test_a_long_past_is_not_read():
    past = [(0, f"Old{number}", "CREATE_COMPLETE") for number in range(1000)]
    world = World(past, ends=(60, 0), page=10)
    follow(world)
    assert world.calls < 40


def test_a_page_that_shifts_while_it_is_read_loses_and_repeats_none():
    world = World(CREATE, ends=(900, 0), page=2)
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
    ],
    ids=lambda error: type(error).__name__ + getattr(error, "operation_name", ""),
)
def test_a_call_that_fails_loses_no_event(failing, error):
    """Also in the middle of the pages of one look."""
    world = World(CREATE, ends=(900, 0), page=2)
    reader = EventReader(world, "payments-dr")
    follower = Follower(reader=reader, say=lambda _: None, clock=world.clock, sleep=world.sleep)
    world.errors = [None] * (failing + 12) + [error, None, error]
    follower.until_end(world, world.status)
    assert [(one.title, one.status) for one in follower.events] == [
        (one[1], one[2]) for one in CREATE
    ]


def test_throttling_is_met_with_patience_and_no_limit():
    world = World(CREATE, ends=(900, 0))
    reader = EventReader(world, "payments-dr")
    follower = Follower(reader=reader, say=lambda _: None, clock=world.clock, sleep=world.sleep)
    world.errors = [refusal("Throttling")] * (PATIENCE * 3)
    before = world.calls
    follower.until_end(world, world.status)
    assert len(follower.events) == len(CREATE)
    # At first every POLL seconds, then twice as long each time, at most SLOWEST.
    assert world.calls - before < 900 / SLOWEST + 2 * PATIENCE * 3
    assert world.naps.count(SLOWEST) >= 5


def test_another_refusal_ends_it_in_one_line():
    world = World(CREATE, ends=(10_000, 0))
    reader = EventReader(world, "payments-dr")
    follower = Follower(reader=reader, say=lambda _: None, clock=world.clock, sleep=world.sleep)
    world.errors = [refusal("AccessDenied", "no")] * 1000
    with pytest.raises(DeployError, match="cannot follow the stack's events: AccessDenied"):
        follower.until_end(world, world.status)


def test_a_status_that_cannot_be_read_is_asked_again():
    world = World(CREATE, ends=(10, 0))
    answers = iter([DeployError("x"), DeployError("x")])

    def status():
        for error in answers:
            raise error
        return world.status()

    reader = EventReader(world, "payments-dr")
    follower = Follower(reader=reader, say=lambda _: None, clock=world.clock, sleep=world.sleep)
    follower.until_end(world, status)
    assert len(follower.events) == len(CREATE)


def test_a_long_silence_says_what_is_at_work():
    _, lines, _ = follow(World(CREATE, ends=(900, 0)))
    waiting = [line for line in lines if "waiting for" in line]
    assert all(line.endswith("  waiting for          Cluster") for line in waiting)
    times = [line.split()[0] for line in waiting]
    assert (times[0], len(times)) == ("2:10", 13)


def test_a_stack_that_never_comes_has_no_events():
    code, lines, follower = follow(World([], ends=(8, 255), exists=False))
    assert (code, lines, follower.events) == (255, [], [])


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

"""The health monitor as deployed: what it sees, what it calls for, and when."""

import itertools
import socket

import pytest
from world import START, WRITER, World

FUNCTION = "HealthMonitorFunction"
DEFAULTS = {
    "auto_failover": "ON",
    "auto_failover_enabled": True,
    "probe_interval_seconds": 5,
    "consecutive_failures": 2,
    "database_grace_seconds": 20,
    "application_grace_seconds": 30,
}
ALIVE, REFUSED, SILENT, UNRESOLVABLE = "alive", "refused", "silent", "unresolvable"
UNHEALTHY = "unhealthy"
# When a run calls, in seconds from its beginning, while the database is dead throughout.
REPEATS = [*range(20, 130, 15)]


class Network:
    """The monitor's ``socket``: what the writer's port answers, tick by tick.

    Attributes:
        script: the answer at each tick; the last one stays.
        ticks: when the port was tried.
    """

    gaierror = socket.gaierror

    def __init__(self, clock, *script):
        self.clock = clock
        self.script = script or (ALIVE,)
        self.ticks = []

    def create_connection(self, address, timeout):
        assert address == ("AuroraDBCluster.Endpoint.Address", 3306)
        assert timeout == 2
        self.ticks.append(self.clock.now)
        self.answer = self.script[min(len(self.ticks), len(self.script)) - 1]
        match self.answer:
            case "refused":
                raise ConnectionRefusedError
            case "unresolvable":
                raise socket.gaierror(-2, "Name or service not known")
            case "silent":
                self.clock.advance(timeout)
                raise TimeoutError
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def recv(self, size):
        match self.answer:
            case "reset":
                raise ConnectionResetError
            case "closed":
                return b""
            case "mute":
                self.clock.advance(2)
                raise TimeoutError
            case "host blocked":
                return b"\xff\x69\x04"[:size]
        return b"\x4a\x00\x00\x00\x0a"[:size]


def watch(*script, world=None, timeout=None):
    """One run of the monitor."""
    world = world or World()
    module = world.load(FUNCTION)
    module.socket = world.network = Network(world.clock, *script)
    world.begun = world.clock.now
    world.answer, world.error = world.invoke(module, {}, timeout)
    return world


def with_targets(*states):
    world = World()
    world.targets["PrimaryTargetGroup"] = list(states)
    return world


def calls(world):
    return [call for _, call in world.invoked]


def delays(world):
    """When the calls were made, in whole seconds from the run's beginning."""
    return [round(when - world.begun) for when, _ in world.invoked]


def costly(world, seconds, error="InternalFailure"):
    """A fault that takes its time."""

    def fault(_):
        world.clock.advance(seconds)
        return error

    return fault


# Signals


@pytest.mark.parametrize("packet", [ALIVE, "host blocked"])
def test_any_packet_is_life(packet):
    world = watch(packet)
    assert world.answer["database"] is True
    assert world.invoked == []


@pytest.mark.parametrize("answer", [REFUSED, SILENT, "reset", "closed", "mute"])
def test_no_packet_is_a_dead_database(answer):
    world = watch(answer)
    assert world.answer["database"] is False
    assert calls(world)[0]["components"] == ["database"]


def test_a_name_that_does_not_resolve_is_unknown():
    world = watch(UNRESOLVABLE)
    assert world.answer["database"] is None
    assert world.invoked == []
    assert "DatabaseHealth" not in world.metrics


@pytest.mark.parametrize(
    ("states", "health"),
    [
        (["healthy"], True),
        (["healthy", "unhealthy"], True),
        (["healthy", "draining"], True),
        (["unhealthy"], False),
        (["unhealthy", "unhealthy"], False),
        (["unhealthy", "draining"], False),
        (["unhealthy", "initial"], False),
        (["initial"], None),
        (["draining"], None),
        (["unused"], None),
        (["unavailable"], None),
        (["draining", "initial", "unused"], None),
        ([], None),
    ],
)
def test_application_by_its_targets(states, health):
    world = watch(world=with_targets(*states))
    assert world.answer["application"] is health
    assert bool(world.invoked) is (health is False)


def test_target_group_gone_is_unknown():
    world = World()
    del world.targets["PrimaryTargetGroup"]
    watch(world=world)
    assert world.answer["application"] is None
    assert world.invoked == []


@pytest.mark.parametrize("status", ["backing-up", "modifying", "maintenance", "failing-over"])
def test_a_status_is_no_outage(status):
    world = World()
    world.cluster_status = status
    world.instances = dict.fromkeys(world.instances, status)
    watch(world=world)
    assert world.invoked == []


# Hysteresis and graces


def test_one_bad_tick_does_not_call():
    world = World()
    world.configuration["database_grace_seconds"] = 0
    assert watch(ALIVE, REFUSED, ALIVE, world=world).invoked == []


def test_two_bad_ticks_in_a_row_stand():
    world = watch(ALIVE, REFUSED, world=with_targets("unhealthy"))
    assert delays(world)[0] == 10
    assert calls(world)[0]["components"] == ["database", "application"]


@pytest.mark.parametrize("between", [ALIVE, UNRESOLVABLE])
def test_a_tick_that_is_not_bad_ends_the_row(between):
    world = watch(*[REFUSED, between] * 20)
    assert world.invoked == []


def test_an_unknown_tick_starts_the_grace_anew():
    world = watch(*[REFUSED] * 4, UNRESOLVABLE, REFUSED)
    assert delays(world)[0] == 45


def test_the_application_stands_at_its_first_bad_tick():
    world = World()
    world.configuration["application_grace_seconds"] = 0
    world.targets["PrimaryTargetGroup"] = [UNHEALTHY]
    assert delays(watch(world=world))[0] == 0


def test_the_database_alone_waits_for_its_grace_from_the_first_bad_tick():
    assert delays(watch(ALIVE, ALIVE, REFUSED))[0] == 30


def test_the_application_alone_waits_for_its_grace():
    assert delays(watch(world=with_targets(UNHEALTHY)))[0] == 30


def test_both_wait_for_no_grace():
    assert delays(watch(REFUSED, world=with_targets(UNHEALTHY)))[0] == 5


def test_an_unknown_application_leaves_the_database_its_grace():
    assert delays(watch(REFUSED, world=with_targets("initial")))[0] == 20


@pytest.mark.parametrize("answer", [UNRESOLVABLE, ALIVE])
def test_an_unknown_database_leaves_the_application_its_grace(answer):
    world = watch(answer, world=with_targets(UNHEALTHY))
    assert delays(world)[0] == 30
    assert calls(world)[0]["components"] == ["application"]


def test_the_application_recovers_within_its_grace():
    world = with_targets(UNHEALTHY)
    world.clock.at(27, lambda: world.targets.update(PrimaryTargetGroup=["healthy"]))
    assert watch(world=world).invoked == []


# Calls


def test_a_standing_call_is_repeated_with_one_attempt():
    world = watch(REFUSED)
    assert delays(world) == REPEATS
    assert len({call["attempt_id"] for call in calls(world)}) == 1


def test_a_call_is_not_repeated_once_the_signal_ends():
    assert delays(watch(*[REFUSED] * 6, ALIVE)) == [20]


def test_a_new_incident_is_a_new_attempt():
    world = watch(*[REFUSED] * 5, ALIVE, REFUSED)
    first, second = calls(world)[:2]
    assert delays(world)[:2] == [20, 50]
    assert first["attempt_id"] != second["attempt_id"]


def test_a_second_component_is_a_new_attempt_for_both():
    world = World()
    world.clock.at(22, lambda: world.targets.update(PrimaryTargetGroup=[UNHEALTHY]))
    watch(REFUSED, world=world)
    assert delays(world)[:2] == [20, 25]
    assert [call["components"] for call in calls(world)[:2]] == [
        ["database"],
        ["database", "application"],
    ]


def test_what_a_call_carries():
    world = watch(ALIVE, ALIVE, REFUSED)
    call = calls(world)[0]
    assert call.pop("attempt_id")
    assert call.pop("detected_at") == pytest.approx(START + 10, abs=0.2)
    assert call == {
        "trigger_failover": True,
        "votes": {"database": False, "application": True},
        "components": ["database"],
        "writer": WRITER,
        "notes": [],
    }


def test_what_a_call_for_both_carries():
    call = calls(watch(REFUSED, world=with_targets(UNHEALTHY)))[0]
    assert call["votes"] == {"database": False, "application": False}
    assert call["components"] == ["database", "application"]


def test_an_unknown_signal_is_told_as_unknown():
    call = calls(watch(REFUSED, world=with_targets()))[0]
    assert call["votes"] == {"database": False, "application": None}


def test_the_writer_is_that_of_the_last_good_probe():
    world = World()
    world.clock.at(12, lambda: setattr(world, "writer", "instance-b"))
    assert calls(watch(ALIVE, ALIVE, ALIVE, REFUSED, world=world))[0]["writer"] == WRITER


def test_the_writer_follows_a_change_that_was_seen_alive():
    world = World()
    world.clock.at(7, lambda: setattr(world, "writer", "instance-b"))
    assert calls(watch(ALIVE, ALIVE, ALIVE, REFUSED, world=world))[0]["writer"] == "instance-b"


def test_the_last_writer_outlives_an_unreadable_one():
    world = World()
    world.clock.at(7, lambda: world.faults.update({("rds", "*"): "InternalFailure"}))
    assert calls(watch(ALIVE, ALIVE, ALIVE, REFUSED, world=world))[0]["writer"] == WRITER


def test_a_run_that_begins_in_the_outage_still_names_the_writer():
    world = World()
    world.clock.at(12, lambda: setattr(world, "writer", "instance-b"))
    # It has seen no good probe; the one that was writer when it began is the one that is silent.
    assert {call["writer"] for call in calls(watch(REFUSED, world=world))} == {WRITER}


def test_a_run_that_cannot_read_the_writer_when_it_begins_names_none():
    world = World()
    world.faults["rds", "*"] = "InternalFailure"
    world.clock.at(7, world.faults.clear)
    world.clock.at(8, lambda: setattr(world, "writer", "instance-b"))
    # Whoever is writer later may be the new one.
    assert {call["writer"] for call in calls(watch(REFUSED, world=world))} == {None}


def test_a_failed_call_is_made_again_at_the_next_tick():
    world = World()
    world.faults["lambda", "Invoke"] = "ServiceException"
    world.clock.at(22, world.faults.clear)
    watch(REFUSED, world=world)
    assert delays(world) == [*range(25, 130, 15)]
    assert world.count("Invoke") == 1 + len(delays(world))


def test_the_next_run_calls_when_every_call_of_this_one_failed():
    world = World()
    world.faults["lambda", "Invoke"] = "ServiceException"
    watch(REFUSED, world=world)
    assert world.error is None
    world.faults.clear()
    assert delays(watch(REFUSED, world=world))[0] == 20


# Blindness


@pytest.mark.parametrize("service", ["elbv2", "rds", "ssm", "cloudwatch"])
def test_a_silent_service_does_not_hide_a_dead_database(service):
    world = World()
    world.faults[service, "*"] = "InternalFailure"
    watch(ALIVE, REFUSED, world=world)
    assert delays(world)[0] == 25
    assert calls(world)[0]["components"] == ["database"]


@pytest.mark.parametrize("service", ["rds", "ssm", "cloudwatch"])
def test_a_silent_service_does_not_hide_a_dead_application(service):
    world = with_targets(UNHEALTHY)
    world.faults[service, "*"] = "InternalFailure"
    assert calls(watch(world=world))[0]["components"] == ["application"]


@pytest.mark.parametrize("service", ["elbv2", "rds", "ssm", "cloudwatch", "lambda"])
def test_an_api_fault_is_no_vote(service):
    world = World()
    world.faults[service, "*"] = "Throttling"
    watch(world=world)
    assert world.error is None
    assert world.invoked == []


def test_a_blind_monitor_never_calls_and_says_so():
    world = World()
    for service in ("elbv2", "rds", "ssm", "cloudwatch"):
        world.faults[service, "*"] = "AccessDenied"
    watch(UNRESOLVABLE, world=world)
    assert world.answer == {"database": None, "application": None}
    assert world.count("Invoke") == 0
    assert any("database: gaierror" in line for line in world.log)
    assert any("application: " in line for line in world.log)


def test_the_day_before_the_application_came():
    world = watch(world=with_targets())
    assert world.invoked == []
    assert world.answer == {"database": True, "application": None}


# Metrics


def test_metrics_are_tried_before_the_decision():
    world = watch(REFUSED, world=with_targets(UNHEALTHY))
    names = [name for _, name, _ in world.calls]
    assert names[names.index("Invoke") - 1] == "PutMetricData"
    assert names.count("PutMetricData") == len(world.network.ticks)


def test_a_metrics_outage_delays_no_call_by_more_than_a_second():
    usual = watch(REFUSED, world=with_targets(UNHEALTHY))
    world = with_targets(UNHEALTHY)
    world.faults["cloudwatch", "*"] = costly(world, 1)
    watch(REFUSED, world=world)
    assert len(world.invoked) == len(usual.invoked)
    for (late, _), (due, _) in zip(world.invoked, usual.invoked, strict=True):
        assert late - due <= 1.01


def test_metrics_have_one_second_resolution_and_the_stack_as_dimension():
    world = watch()
    data = [one for _, name, p in world.calls if name == "PutMetricData" for one in p["MetricData"]]
    assert {one["MetricName"] for one in data} == {"AutomationArmed", "DatabaseHealth"}
    for one in data:
        assert one["StorageResolution"] == 1
        assert one["Dimensions"] == [{"Name": "StackName", "Value": "stack"}]


@pytest.mark.parametrize(("answer", "value"), [(ALIVE, 1.0), (REFUSED, 0.0), (SILENT, 0.0)])
def test_database_health_is_published_at_every_tick(answer, value):
    world = watch(answer)
    values = [one for _, one in world.metrics["DatabaseHealth"]]
    assert values == [value] * len(world.network.ticks)


@pytest.mark.parametrize(
    ("given", "armed"),
    [
        ({"auto_failover": "ON"}, 1.0),
        ({"auto_failover": "DRY_RUN"}, 0.0),
        ({"auto_failover": "OFF"}, 0.0),
        ({"auto_failover_enabled": False}, 0.0),
        ({"auto_failover": "DRY_RUN", "auto_failover_enabled": False}, 0.0),
    ],
)
def test_the_armed_bit(given, armed):
    world = World()
    world.configuration |= given
    watch(world=world)
    assert {value for _, value in world.metrics["AutomationArmed"]} == {armed}


@pytest.mark.parametrize("environment", ["ON", "DRY_RUN", "OFF"])
def test_an_unreadable_configuration_is_armed_as_deployed(environment):
    world = World()
    world.faults["ssm", "*"] = "InternalFailure"
    module = world.load(FUNCTION)
    module.LIMITS["auto_failover"] = (environment, module.LIMITS["auto_failover"][1])
    module.socket = Network(world.clock)
    world.invoke(module, {})
    armed = {value for _, value in world.metrics["AutomationArmed"]}
    assert armed == {float(environment == "ON")}


def test_the_default_arming_is_that_of_the_environment():
    module = World().load(FUNCTION)
    assert module.LIMITS["auto_failover"][0] == module.ENV["AUTO_FAILOVER"] == "ON"


def test_a_disarmed_monitor_still_calls():
    world = World()
    world.configuration["auto_failover"] = "OFF"
    assert watch(REFUSED, world=world).invoked


# Configuration

MISFITS = {
    "auto_failover": ["on", True, 1, None, ["ON"], ""],
    "auto_failover_enabled": ["false", 0, 1, None, []],
    "probe_interval_seconds": [True, "5", 5.0, 0, -1, 31, None, 1e9],
    "consecutive_failures": [True, "2", 2.5, 0, 11, None, []],
    "database_grace_seconds": [False, "20", -1, 601, 20.0, None, {}],
    "application_grace_seconds": [False, "30", -1, 601, 30.5, None, [30]],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key in MISFITS for value in MISFITS[key]]
)
def test_a_value_that_does_not_fit_is_the_default_and_is_told(key, value):
    world = World()
    world.configuration[key] = value
    assert calls(watch(REFUSED, world=world))[0]["notes"] == [key]
    assert world.load(FUNCTION).configuration(world.configuration)[key] == DEFAULTS[key]


@pytest.mark.parametrize("key", DEFAULTS)
def test_a_missing_key_is_the_default_and_is_told(key):
    world = World()
    del world.configuration[key]
    assert calls(watch(REFUSED, world=world))[0]["notes"] == [key]
    assert delays(world) == REPEATS


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '"ON"', "7", "null", "[]", '["ab"]'])
def test_a_configuration_that_is_none_leaves_the_defaults(text):
    world = World()
    world.configuration = text
    watch(REFUSED, world=world)
    assert set(calls(world)[0]["notes"]) == set(DEFAULTS)
    assert delays(world) == REPEATS


def test_the_deployed_configuration_fits():
    world = World()
    config = world.load(FUNCTION).configuration(world.configuration)
    assert config == DEFAULTS | {"misfits": []}


def test_given_values_count():
    world = World()
    world.configuration |= {
        "probe_interval_seconds": 2,
        "consecutive_failures": 3,
        "database_grace_seconds": 0,
    }
    assert delays(watch(REFUSED, world=world))[0] == 4


WIDEST = [
    {"probe_interval_seconds": 30},
    {"consecutive_failures": 10},
    {"database_grace_seconds": 600},
    {"application_grace_seconds": 600},
    {"probe_interval_seconds": 30, "consecutive_failures": 10},
]


@pytest.mark.parametrize("given", WIDEST, ids="+".join)
def test_no_allowed_value_makes_the_monitor_mute(given):
    dead_application = "application_grace_seconds" in given
    world = with_targets(UNHEALTHY if dead_application else "healthy")
    world.configuration |= given
    for _ in range(12):
        watch(ALIVE if dead_application else REFUSED, world=world)
    assert world.invoked


# The run


def test_a_run_probes_for_130_seconds_at_the_interval():
    world = watch()
    ticks = world.network.ticks
    assert len(ticks) == 26
    assert ticks[-1] - world.begun == pytest.approx(125, abs=0.2)
    gaps = [later - earlier for earlier, later in itertools.pairwise(ticks)]
    assert gaps == pytest.approx([5] * 25, abs=0.001)


@pytest.mark.parametrize("database", [ALIVE, SILENT, "mute"])
@pytest.mark.parametrize("targets", [["healthy"], [UNHEALTHY]])
def test_a_run_ends_in_time_when_every_api_times_out(database, targets):
    world = with_targets(*targets)
    for service in ("ssm", "rds", "elbv2", "lambda"):
        world.faults[service, "*"] = costly(world, 3)
    world.faults["cloudwatch", "*"] = costly(world, 1)
    watch(database, world=world)
    assert world.error is None
    assert 120 < world.clock.now - world.begun < 145
    assert world.network.ticks[-1] - world.begun > 120


@pytest.mark.parametrize("interval", [1, 5, 7, 30])
def test_a_run_hands_over_without_a_gap(interval):
    ticks = []
    for minute in range(3):
        world = World()
        world.configuration["probe_interval_seconds"] = interval
        world.clock.now += 60 * minute
        ticks += watch(world=world).network.ticks
    ticks.sort()
    gaps = [later - earlier for earlier, later in itertools.pairwise(ticks)]
    assert max(gaps) <= interval + 0.1


@pytest.mark.parametrize("late", [0, 10, 45])
def test_two_runs_overlap_at_any_time(late):
    """Also if EventBridge starts one of them late: its precision is a minute."""
    spans = []
    for minute in range(6):
        world = World()
        world.clock.now += 60 * minute + (late if minute == 3 else 0)
        ticks = watch(world=world).network.ticks
        spans.append((ticks[0] - 1, ticks[-1]))
    for second in range(60, 300):
        probing = sum(begin <= START + second <= end for begin, end in spans)
        assert probing >= 2 - (late > 0 and 180 <= second <= 180 + late)


def test_two_runs_agree_on_a_fault_in_the_overlap():
    fault = START + 62
    called = []
    for minute in range(2):
        world = World()
        world.clock.now += 60 * minute
        world.targets["PrimaryTargetGroup"] = [UNHEALTHY]
        before = 13 if minute == 0 else 1
        called += [when for when, _ in watch(*[ALIVE] * before, REFUSED, world=world).invoked]
    assert any(fault < when <= fault + 12 for when in called)


def test_a_slow_tick_does_not_shift_the_next():
    world = World()
    world.faults["elbv2", "*"] = costly(world, 3)
    watch(world=world)
    ticks = world.network.ticks
    assert ticks[1] - ticks[0] == pytest.approx(5, abs=0.01)


def test_each_signal_is_tried_at_every_tick():
    world = watch()
    assert world.count("DescribeTargetHealth") == len(world.network.ticks) == 26
    assert world.count("DescribeDBClusters") == 26
    assert world.count("GetParameter") == 1


def test_the_writer_is_not_asked_for_while_the_database_is_silent():
    assert watch(SILENT).count("DescribeDBClusters") <= 1

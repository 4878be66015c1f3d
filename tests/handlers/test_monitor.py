"""The health monitor as deployed: what it sees, what it calls for, and when."""

import itertools

import pytest
from simulated import DEPLOYMENT, READER, START, WRITER, Trial

from drtemplate.groups.handlers import MONITOR, ORCHESTRATOR

# When a run calls, in seconds from its beginning, while the database is dead throughout.
REPEATS = [*range(20, 130, 15)]
APPLICATION_DEAD = ["unhealthy", "draining"]


@pytest.fixture
def without_application(world):
    world.balancers["Primary"].show(*APPLICATION_DEAD)
    return world


def ticks(world):
    """When the targets were asked for, which is once a tick."""
    return [one.at for one in world.calls if one.operation == "DescribeTargetHealth"]


# Signals


@pytest.mark.parametrize("mode", ["up", "blocked"])
def test_any_packet_is_life(world, mode):
    assert world.watch(mode) == []
    assert world.answer["database"] is True


@pytest.mark.parametrize("mode", ["refused", "silent", "hung", "closed"])
def test_no_packet_is_a_dead_database(world, mode):
    calls = world.watch(mode)
    assert world.answer["database"] is False
    assert calls[0]["components"] == ["database"]
    assert world.put_metrics("DatabaseHealth") == [0.0] * 26


def test_a_name_that_does_not_resolve_is_unknown(world):
    assert world.watch("nameless") == []
    assert world.answer["database"] is None
    assert world.put_metrics("DatabaseHealth") == []


@pytest.mark.parametrize(
    ("states", "health"),
    [
        (["healthy", "unhealthy"], True),
        (["healthy", "draining"], True),
        (["unhealthy", "unhealthy"], False),
        (["unhealthy", "draining"], False),
        (["unhealthy", "initial"], False),
        (["initial"], None),
        (["draining", "unavailable", "unused"], None),
        ([], None),
    ],
)
def test_application_by_its_targets(world, states, health):
    world.balancers["Primary"].show(*states)
    assert bool(world.watch()) is (health is False)
    assert world.answer == {"database": True, "application": health}


def test_a_status_is_no_outage(world):
    world.aurora.show("backing-up")
    for node in world.aurora.nodes.values():
        node.status = "backing-up"
    assert world.watch() == []
    assert world.answer["database"] is True


# Hysteresis and graces


@pytest.mark.parametrize("script", [["up", "refused", "up"], ["up", "refused"] * 20])
def test_bad_ticks_must_be_two_in_a_row(world, script):
    world.configure(database_grace_seconds=0)
    assert world.watch(*script) == []


def test_two_bad_ticks_in_a_row_stand(without_application):
    calls = without_application.watch("up", "refused")
    assert without_application.delays()[0] == 10
    assert calls[0]["components"] == ["database", "application"]
    assert calls[0]["votes"] == {"database": False, "application": False}


def test_an_unknown_tick_ends_the_row_and_starts_the_grace_anew(world):
    world.watch(*["refused"] * 4, "nameless", "refused")
    assert world.delays()[0] == 45


def test_the_database_alone_waits_for_its_grace_from_the_first_bad_tick(world):
    assert world.watch("up", "refused", "refused", "up") == []
    world.watch("up", "up", "refused")
    assert world.delays()[0] == 30


@pytest.mark.parametrize("mode", ["up", "nameless"])
def test_the_application_alone_waits_for_its_grace(without_application, mode):
    assert without_application.watch(mode)[0]["components"] == ["application"]
    assert without_application.delays()[0] == 30


def test_the_application_stands_at_its_first_bad_tick(without_application):
    without_application.configure(application_grace_seconds=0)
    without_application.watch()
    assert without_application.delays()[0] == 0


def test_both_wait_for_no_grace(without_application):
    without_application.watch("refused")
    assert without_application.delays()[0] == 5


def test_an_unknown_application_leaves_the_database_its_grace(world):
    world.balancers["Primary"].show("initial")
    call = world.watch("refused")[0]
    assert world.delays()[0] == 20
    assert call["votes"] == {"database": False, "application": None}


def test_the_application_recovers_within_its_grace(without_application):
    without_application.at(27, without_application.balancers["Primary"].show, "healthy")
    assert without_application.watch() == []


# Calls


def test_a_standing_call_is_repeated(world):
    calls = world.watch("refused")
    assert world.delays() == REPEATS
    assert len({call["attempt_id"] for call in calls}) == 1
    names = {params["FunctionName"] for params in world.asked("Invoke")}
    assert names == {DEPLOYMENT.functions[ORCHESTRATOR].name}


def test_a_new_incident_is_a_new_attempt(world):
    calls = world.watch(*["refused"] * 5, "up", "refused")
    assert world.delays()[:2] == [20, 50]
    assert calls[0]["attempt_id"] != calls[1]["attempt_id"]


def test_a_call_is_not_repeated_once_the_signal_ends(world):
    world.watch(*["refused"] * 6, "up")
    assert world.delays() == [20]


def test_a_second_component_is_a_new_attempt_for_both(world):
    world.at(22, world.balancers["Primary"].show, "unhealthy")
    calls = world.watch("refused")
    assert world.delays()[:2] == [20, 25]
    assert calls[0]["components"] == ["database"]
    assert calls[1]["components"] == ["database", "application"]


def test_what_a_call_carries(world):
    call = world.watch("up", "up", "refused")[0]
    assert call.pop("attempt_id")
    assert call.pop("detected_at") == pytest.approx(START + 10, abs=0.2)
    assert call == {
        "trigger_failover": True,
        "votes": {"database": False, "application": True},
        "components": ["database"],
        "writer": WRITER,
        "notes": [],
    }


@pytest.mark.parametrize(("moved", "named"), [(7, READER), (12, WRITER)])
def test_a_call_names_the_writer_of_the_last_good_probe(world, moved, named):
    world.at(moved, setattr, world.aurora, "writer", READER)
    assert world.watch("up", "up", "up", "refused")[0]["writer"] == named


def test_the_last_writer_outlives_an_unreadable_one(world):
    world.at(7, world.faults.update, {("rds", "*"): "InternalFailure"})
    assert world.watch("up", "up", "up", "refused")[0]["writer"] == WRITER


def test_a_run_that_begins_in_the_outage_names_the_writer_of_its_beginning(world):
    world.at(12, setattr, world.aurora, "writer", READER)
    assert {call["writer"] for call in world.watch("refused")} == {WRITER}


def test_a_run_that_cannot_read_the_writer_when_it_begins_names_none(world):
    """Whoever is writer later may be the new one."""
    world.faults["rds", "*"] = "InternalFailure"
    world.at(7, world.faults.clear)
    assert {call["writer"] for call in world.watch("refused")} == {None}


def test_a_failed_call_is_made_again_at_the_next_tick(world):
    world.faults["lambda", "Invoke"] = "ServiceException"
    world.at(22, world.faults.clear)
    world.watch("refused")
    assert world.delays() == [*range(25, 130, 15)]
    assert world.count("Invoke") == 1 + len(world.delays())


def test_a_failing_call_ends_no_run(world):
    world.faults["lambda", "*"] = "ServiceException"
    assert world.watch("refused") == []
    assert (world.error, world.clock.now > 120) == (None, True)


# Blindness


@pytest.mark.parametrize("service", ["elbv2", "rds", "ssm", "cloudwatch"])
def test_a_silent_service_does_not_hide_a_dead_database(world, service):
    world.faults[service, "*"] = "InternalFailure"
    calls = world.watch("up", "refused")
    assert world.delays()[:1] == [25]
    assert calls[0]["components"] == ["database"]


@pytest.mark.parametrize("service", ["rds", "ssm", "cloudwatch"])
def test_a_silent_service_does_not_hide_a_dead_application(without_application, service):
    without_application.faults[service, "*"] = "InternalFailure"
    assert without_application.watch()[0]["components"] == ["application"]


def test_an_unknown_signal_casts_no_vote(world):
    """A blind monitor never calls, and says so."""
    world.faults["*", "*"] = "AccessDenied"
    assert world.watch("nameless") == []
    assert (world.error, world.answer) == (None, {"database": None, "application": None})
    assert world.count("Invoke") == 0
    assert any("database: gaierror" in line for line in world.log)
    assert any("application: " in line for line in world.log)


# Metrics


def test_metrics_come_before_the_decision(world):
    world.watch("refused")
    names = [one.operation for one in world.calls if one.function == MONITOR]
    assert names[names.index("Invoke") - 1] == "PutMetricData"


def test_metrics_name_the_stack_and_the_second(world):
    world.watch()
    data = [one for params in world.asked("PutMetricData") for one in params["MetricData"]]
    assert {one["MetricName"] for one in data} == {"AutomationArmed", "DatabaseHealth"}
    for one in data:
        assert (one["StorageResolution"], one["Value"]) == (1, 1.0)
        assert one["Dimensions"] == [{"Name": "StackName", "Value": "drill"}]


def test_a_metrics_outage_delays_no_call_by_more_than_a_second(without_application):
    without_application.network.outages["cloudwatch"] = "silent"
    without_application.watch("refused")
    for late, due in zip(without_application.delays(), range(5, 130, 15), strict=True):
        assert late - due <= 1


@pytest.mark.parametrize(
    ("given", "armed"),
    [
        ({"auto_failover": "DRY_RUN"}, 0.0),
        ({"auto_failover": "OFF"}, 0.0),
        ({"auto_failover_enabled": False}, 0.0),
    ],
)
def test_a_disarmed_monitor_says_so_and_still_calls(world, given, armed):
    world.configure(**given)
    assert world.watch("refused")
    assert set(world.put_metrics("AutomationArmed")) == {armed}


@pytest.mark.parametrize("deployed", ["ON", "DRY_RUN", "OFF"])
def test_an_unreadable_configuration_is_armed_as_deployed(deployed):
    environment = {**DEPLOYMENT.functions[MONITOR].environment, "AUTO_FAILOVER": deployed}
    world = Trial(DEPLOYMENT.with_function(MONITOR, environment=environment))
    world.faults["ssm", "*"] = "InternalFailure"
    world.watch()
    assert set(world.put_metrics("AutomationArmed")) == {float(deployed == "ON")}


# Configuration

MISFITS = {
    "auto_failover": ["on", True, None],
    "auto_failover_enabled": ["false", 0, None],
    "probe_interval_seconds": [True, "5", 5.0, 0, 11],
    "consecutive_failures": [True, 2.5, 0, 6],
    "database_grace_seconds": [False, "20", -1, 46],
    "application_grace_seconds": [False, 30.5, -1, 46, [30]],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key in MISFITS for value in MISFITS[key]]
)
def test_a_value_that_does_not_fit_is_the_default_and_is_told(world, key, value):
    world.configure(**{key: value})
    assert world.watch("refused")[0]["notes"] == [key]
    assert world.delays() == REPEATS
    assert len(ticks(world)) == 26


@pytest.mark.parametrize("text", ["", "[1, 2]", "7", "null", '["ab"]'])
def test_a_configuration_that_is_none_leaves_the_defaults(world, text):
    world.parameters[DEPLOYMENT.configuration] = text
    assert set(world.watch("refused")[0]["notes"]) == set(MISFITS)
    assert world.delays() == REPEATS


def test_given_values_count(world):
    world.configure(probe_interval_seconds=2, consecutive_failures=3, database_grace_seconds=0)
    assert world.watch("refused")[0]["notes"] == []
    assert world.delays()[0] == 4


@pytest.mark.parametrize(
    "widest",
    [
        {"probe_interval_seconds": 10, "consecutive_failures": 5, "database_grace_seconds": 45},
        {"probe_interval_seconds": 10, "application_grace_seconds": 45},
    ],
)
def test_no_allowed_value_makes_the_monitor_mute(without_application, widest):
    if "database_grace_seconds" in widest:
        without_application.balancers["Primary"].show("healthy")
    without_application.configure(**widest)
    assert without_application.watch("refused" if "consecutive_failures" in widest else "up")


# The run


def test_a_run_probes_for_130_seconds_at_the_interval(world):
    world.watch()
    found = ticks(world)
    assert len(found) == 26
    assert found[-1] == pytest.approx(125, abs=0.2)
    assert [b - a for a, b in itertools.pairwise(found)] == pytest.approx([5] * 25, abs=0.001)
    assert (world.count("DescribeDBClusters"), world.count("GetParameter")) == (26, 1)


def test_the_writer_is_not_asked_for_while_the_database_is_silent(world):
    world.watch("silent")
    assert world.count("DescribeDBClusters") == 1


@pytest.mark.parametrize("mode", ["up", "silent", "hung"])
@pytest.mark.parametrize("states", [["healthy"], ["unhealthy"]])
def test_a_run_ends_in_time_when_every_api_hangs(world, mode, states):
    world.balancers["Primary"].show(*states)
    for service in ("ssm", "rds", "elbv2", "lambda", "cloudwatch"):
        world.network.outages[service] = "silent"
    world.watch(mode)
    assert world.error is None
    assert 120 < world.clock.now < 145
    assert max(ticks(world)) > 120


@pytest.mark.parametrize("late", [0, 10, 45])
@pytest.mark.parametrize("interval", [1, 5, 7])
def test_runs_hand_over_without_a_gap(world, interval, late):
    """Also if EventBridge starts one of them late: its precision is a minute."""
    world.configure(probe_interval_seconds=interval)
    for minute in range(6):
        begin = 60 * minute + (late if minute == 3 else 0)
        world.at(begin, world.functions.invoke, MONITOR, {}, "schedule")
    world.run(600)
    found = sorted(ticks(world))
    gaps = [after - before for before, after in itertools.pairwise(found)]
    assert max(gaps) <= interval + 0.1
    assert found[-1] - found[0] > 420


def test_a_slow_tick_does_not_shift_the_next(world):
    world.faults["elbv2", "*"] = world.slow(3)
    world.watch()
    assert ticks(world)[1] - ticks(world)[0] == pytest.approx(5, abs=0.01)

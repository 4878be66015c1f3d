"""The observers: what a look says, when a row of bad looks asks for something, and what is published."""

import itertools

import pytest
from simulated import DEPLOYMENT, READER, START, WRITER, Trial

from drtemplate.groups.handlers import MONITOR, MONITOR_2, ORCHESTRATOR
from handlers import probes
from handlers.configuration import LIMITS
from handlers.rows import BAD, GOOD, UNKNOWN, Rows, judge_database

VALUES = {key: default for key, (default, _) in LIMITS.items()}
APPLICATION_DEAD = ["unhealthy", "draining"]

# One look, by itself: cluster endpoint, members' own endpoints, who writes as far as RDS says.
LOOKS = {
    "alive": (True, {}, None, GOOD),
    "no name": (None, {}, None, UNKNOWN),
    "dead, and another answers": (False, {"a": False, "b": True}, "a", BAD),
    "dead, and a third answers": (False, {"a": False, "b": False, "c": True}, "a", BAD),
    "dead, and nobody answers": (False, {"a": False, "b": False}, "a", UNKNOWN),
    "dead, and the others have no name": (False, {"a": False, "b": None}, "a", UNKNOWN),
    "only the name lags": (False, {"a": False, "b": True}, "b", GOOD),
    "the writer has no name of its own": (False, {"a": None, "b": True}, "a", UNKNOWN),
    "the writer was not asked": (False, {"b": True}, "a", UNKNOWN),
    "nobody knows who writes": (False, {"a": False, "b": True}, None, BAD),
    "nobody knows, and all answer": (False, {"a": True, "b": True}, None, UNKNOWN),
    "alone": (False, {"a": False}, "a", UNKNOWN),
}


@pytest.mark.parametrize("what", LOOKS)
def test_a_look_at_the_database(what):
    cluster, members, writer, expected = LOOKS[what]
    assert judge_database(cluster, members, writer) == expected


def rows_after(looks, signal="database"):
    """Rows after looks: (seconds, verdict, then who writes and whether an unknown one cannot end it)."""
    rows = Rows()
    for at, verdict, *more in looks:
        rows.look(signal, verdict, float(at), *more)
    return rows


def every(seconds, *verdicts):
    return [(seconds * number, verdict) for number, verdict in enumerate(verdicts)]


DEAD = every(2, *[BAD] * 11)
ROWS = {
    "20 s": (DEAD, True),
    "18 s": (DEAD[:-1], False),
    "ended by a good one": ([*DEAD, (22, GOOD)], False),
    "one unknown look does not end it": ([*DEAD[:5], (10, UNKNOWN), *DEAD[6:], (22, BAD), (24, BAD)], True),
    "and its time does not count": ([*DEAD[:5], (10, UNKNOWN), *DEAD[6:]], False),
    "it does not stand at an unknown look": ([*DEAD, (22, UNKNOWN)], False),
    "three unknown looks end it": ([*DEAD, *((at, UNKNOWN) for at in (22, 24, 26)), (28, BAD)], False),
    "unless a member is known to be dead": (
        [*DEAD, *((at, UNKNOWN, None, True) for at in (22, 24, 26)), (28, BAD)],
        True,
    ),
    "lost looks far apart": ([(at, verdict) for at in range(0, 400, 100) for verdict in (BAD, UNKNOWN)], False),
    "another writer begins a new row": ([*((at, BAD, "a") for at, _ in DEAD[:-1]), (20, BAD, "b")], False),
    "the same writer goes on with it": ([(at, BAD, "a") for at, _ in DEAD], True),
    "one who cannot be read too": ([*((at, BAD, "a") for at, _ in DEAD[:-1]), (20, BAD, None)], True),
}  # fmt: skip


@pytest.mark.parametrize("what", ROWS)
def test_a_row_of_the_database_stands_after_its_grace_of_known_bad_time(what):
    looks, stands = ROWS[what]
    assert rows_after(looks).standing(VALUES) == (["database"] if stands else [])


@pytest.mark.parametrize(
    ("bad", "needed", "stands"), [(1, 2, False), (2, 2, True), (2, 3, False), (1, 1, True)]
)
def test_both_stand_at_once_after_so_many_bad_looks(bad, needed, stands):
    rows = rows_after(every(2, *[BAD] * bad))
    rows.look("alb_targets", BAD, 0.0)
    found = rows.standing(VALUES | {"consecutive_failures": needed})
    assert found == (["database", "alb_targets"] if stands else [])


def test_the_targets_alone_stand_after_their_own_grace():
    assert rows_after(every(5, *[BAD] * 6), "alb_targets").standing(VALUES) == []
    assert rows_after(every(5, *[BAD] * 7), "alb_targets").standing(VALUES) == ["alb_targets"]


def test_a_row_names_the_writer_that_was_read_during_it():
    rows = rows_after([(0, BAD, None), (2, BAD, "a"), (4, BAD, None)])
    assert rows.rows["database"].writer == "a"
    assert rows_after([(0, BAD, "a"), (2, GOOD), (4, BAD, None)]).rows["database"].writer is None


# The probe.


class Server:
    """A connection to a database server that says these things."""

    def __init__(self, *says):
        self.says, self.heard, self.closed = list(says), b"", False

    def recv(self, _):
        said = self.says.pop(0) if self.says else TimeoutError()
        if isinstance(said, BaseException):
            raise said
        return said

    def sendall(self, data):
        self.heard += data

    def settimeout(self, seconds):
        assert seconds < probes.WITHIN

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.closed = True


GREETING = b"\x4a\0\0\0\x0a8.0.39\0"
DENIED = b"\x17\0\0\x02\xff\x15\x04#28000Access denied"
BLOCKED = b"\x10\0\0\0\xff\x69\x04Host blocked"
SWITCH = b"\x02\0\0\x02\xfe\0"


def probed(monkeypatch, server):
    monkeypatch.setattr(probes.socket, "create_connection", lambda *_: server)
    return probes.is_alive("host")


def test_b11_a_probe_ends_its_handshake_in_an_orderly_way(monkeypatch):
    """A login that is refused: a connection that only hangs up counts against the address."""
    server = Server(GREETING, DENIED)
    assert probed(monkeypatch, server) is True
    size, sequence, login = server.heard[:3], server.heard[3], server.heard[4:]
    assert (int.from_bytes(size, "little"), sequence) == (len(login), 1)
    flags = int.from_bytes(login[:4], "little")
    for needed in (0x200, 0x8000, 0x80000):  # protocol 4.1, secure connection, plugin name
        assert flags & needed
    assert login[32:] == b"drtemplate-probe\0\0mysql_native_password\0"
    assert (server.says, server.closed) == ([], True)


def test_b11_another_way_to_log_in_is_declined(monkeypatch):
    server = Server(GREETING, SWITCH, DENIED)
    assert probed(monkeypatch, server) is True
    assert server.heard.endswith(b"\0\0\0\x03")
    assert server.says == []


@pytest.mark.parametrize(
    ("says", "alive"),
    [
        ([GREETING], True),  # and then nothing
        ([GREETING, ConnectionResetError()], True),
        ([GREETING, b""], True),
        ([GREETING, b"\x01"], True),
        ([BLOCKED, b""], True),  # an error packet is life too
        ([b""], False),
        ([TimeoutError()], False),
        ([ConnectionResetError()], False),
    ],
)
def test_any_packet_is_life_and_nothing_after_it_changes_that(monkeypatch, says, alive):
    assert probed(monkeypatch, Server(*says)) is alive


@pytest.mark.parametrize(
    ("error", "alive"),
    [(probes.socket.gaierror(), None), (ConnectionRefusedError(), False), (TimeoutError(), False)],
)
def test_a_name_that_gives_nothing_says_nothing(monkeypatch, error, alive):
    def fail(*_):
        raise error

    monkeypatch.setattr(probes.socket, "create_connection", fail)
    assert probes.is_alive("host") is alive


# As deployed.


@pytest.fixture
def without_application(world):
    world.balancers["Primary"].show(*APPLICATION_DEAD)
    return world


def ticks(world):
    """When the targets were asked for, which is once a look."""
    return [one.at for one in world.calls if one.operation == "DescribeTargetHealth"]


@pytest.mark.parametrize("mode", ["up", "blocked"])
def test_a_living_database_is_let_be(world, mode):
    assert world.watch({0: mode}) == []
    assert world.answer == {"database": "good", "alb_targets": "good"}
    assert set(world.put_metrics("DatabaseHealth")) == {1.0}
    assert set(world.put_metrics("WriterDead")) == {0.0}


@pytest.mark.parametrize("mode", ["refused", "silent", "hung", "closed"])
def test_a_dead_writer_is_called_for(world, mode):
    calls = world.watch({0: mode})
    assert world.answer["database"] == "bad"
    assert (calls[0]["components"], calls[0]["writer"]) == (["database"], WRITER)
    assert set(world.put_metrics("DatabaseHealth")) == {0.0}
    assert set(world.put_metrics("WriterDead")) == {1.0}


def test_where_no_member_answers_the_observer_may_be_the_sick_one(world):
    world.aurora.nodes[READER].mode = "silent"
    assert world.watch({0: "silent"}) == []
    assert world.answer["database"] == "unknown"
    assert set(world.put_metrics("DatabaseHealth")) == {0.0}
    assert world.put_metrics("WriterDead") == []


def test_an_observer_that_reaches_nothing_casts_no_vote_and_says_so(world):
    (zone,) = DEPLOYMENT.functions[MONITOR].zones
    world.partition(zone)
    assert world.watch({0: "up"}) == []
    assert world.answer == {"database": "unknown", "alb_targets": "unknown"}
    said = {one["signal"]: one["verdict"] for one in world.lines(event="LOOK")}
    assert said == world.answer


def test_a_name_that_does_not_resolve_is_unknown(world):
    assert world.watch({0: "nameless"}) == []
    assert world.answer["database"] == "unknown"
    assert world.put_metrics("DatabaseHealth") == []


def test_a_cluster_endpoint_that_lags_behind_the_writer_is_no_outage(world):
    world.aurora.writer = READER
    assert world.watch({0: "refused"}) == []
    assert world.answer["database"] == "good"
    # What clients get is told to all, and the other observer hears that the writer lives.
    assert world.put_metrics("DatabaseHealth")[:3] == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        (["healthy", "unhealthy"], "good"),
        (["healthy", "draining"], "good"),
        (["unhealthy", "unhealthy"], "bad"),
        (["unhealthy", "draining"], "bad"),
        (["unhealthy", "initial"], "bad"),
        (["initial"], "unknown"),
        (["draining", "unavailable", "unused"], "unknown"),
        ([], "unknown"),
    ],
)
def test_the_application_by_its_targets(world, states, verdict):
    world.balancers["Primary"].show(*states)
    calls = world.watch({0: "up"})
    assert [one["components"] for one in calls[:1]] == [["application"]] * (verdict == "bad")
    assert world.answer["alb_targets"] == verdict


def test_a_status_is_no_outage(world):
    world.aurora.show("backing-up")
    for node in world.aurora.nodes.values():
        node.status = "modifying"
    assert world.watch({0: "up"}) == []


# When.


def test_the_database_alone_waits_for_its_grace(world):
    world.watch({10: "refused"})
    assert world.delays()[0] == 30


def test_the_application_alone_waits_for_its_own(without_application):
    without_application.watch({0: "up"})
    assert without_application.delays()[0] == 30


def test_both_wait_for_no_grace(without_application):
    calls = without_application.watch({10: "refused"})
    assert without_application.delays()[0] == 12
    assert calls[0]["components"] == ["database", "application"]
    assert calls[0]["votes"] == {"database": False, "alb_targets": False}


def test_after_a_bad_look_the_next_comes_sooner(world):
    world.watch({20: "refused", 30: "up"})
    found = [round(at) for at in ticks(world)]
    assert found[:12] == [0, 5, 10, 15, 20, 22, 24, 26, 28, 30, 35, 40]


def test_what_recovers_within_the_grace_is_let_be(without_application):
    without_application.at(27, without_application.balancers["Primary"].show, "healthy")
    assert without_application.watch({40: "refused", 58: "up"}) == []


def test_two_lost_probes_make_no_dead_writer_of_a_dead_application(without_application):
    world = without_application
    for at in (5, 40):
        world.at(at - 0.5, setattr, world.network, "loss", 1.0)
        world.at(at + 3, setattr, world.network, "loss", 0.0)
    assert {tuple(one["components"]) for one in world.watch({0: "up"})} == {("application",)}


def test_a_standing_call_is_repeated_under_one_name(world):
    calls = world.watch({0: "refused"})
    found = world.delays()
    assert found[0] == 20
    assert all(15 <= b - a <= 17 for a, b in itertools.pairwise(found))
    assert len(found) == 7
    assert len({call["attempt_id"] for call in calls}) == 1
    names = {params["FunctionName"] for params in world.asked("Invoke")}
    assert names == {DEPLOYMENT.functions[ORCHESTRATOR].name}


@pytest.mark.parametrize("seconds", [-120, 120])
def test_a_clock_that_is_set_meanwhile_ages_no_row(world, seconds):
    world.at(5, lambda: set_clocks(world, seconds))
    calls = world.watch({0: "refused"})
    assert world.delays()[0] == 20
    assert calls[0]["writer_row_age_seconds"] == pytest.approx(20, abs=0.7)
    assert len({call["attempt_id"] for call in calls}) == 1


def set_clocks(world, seconds):
    world.clock.skewed = True
    for environment in world.functions.environments[MONITOR]:
        environment.skew = seconds


def test_a_new_incident_is_a_new_attempt_and_an_ended_one_is_not_repeated(world):
    calls = world.watch({0: "refused", 30: "up", 60: "refused"})
    assert world.delays()[:2] == [20, 80]
    assert calls[0]["attempt_id"] != calls[1]["attempt_id"]


def test_a_second_component_is_a_new_attempt_for_both(world):
    world.at(22.5, world.balancers["Primary"].show, "unhealthy")
    calls = world.watch({0: "refused"})
    assert world.delays()[:2] == [20, 24]
    assert calls[1]["components"] == ["database", "application"]
    assert calls[1]["attempt_id"] != calls[0]["attempt_id"]


def test_a_failed_call_is_made_again_at_the_next_look(world):
    world.faults["lambda", "Invoke"] = "ServiceException"
    world.at(25, world.faults.clear)
    world.watch({0: "refused"})
    assert world.error is None
    assert world.delays()[0] == 26


@pytest.mark.parametrize(("observer", "name"), [(MONITOR, "zone-1"), (MONITOR_2, "zone-2")])
def test_what_a_call_carries(world, observer, name):
    call = world.watch({10: "refused"}, observer)[0]
    assert call.pop("attempt_id").startswith(f"{name}#database#")
    assert call.pop("detected_at") == pytest.approx(START + 10, abs=0.2)
    for age in ("row_age_seconds", "writer_row_age_seconds"):
        assert call.pop(age) == pytest.approx(20, abs=0.7)
    assert call == {
        "trigger_failover": True,
        "reason": ["database is bad"],
        "votes": {"database": False, "alb_targets": True},
        "components": ["database"],
        "observer": name,
        "writer": WRITER,
    }


def test_a_writer_that_a_row_has_named_and_that_answers_is_not_called_for(world):
    """The reader is dead, and the cluster endpoint's name lags behind."""
    connect, cluster = world.network.connect, DEPLOYMENT.cluster.endpoint

    def lags(host, timeout, zone):
        lost = world.network.instance(host) == WRITER and world.clock.now < 1
        if host == cluster or lost:
            raise ConnectionRefusedError
        return connect(host, timeout, zone)

    world.network.connect = lags
    world.at(1, world.faults.__setitem__, ("rds", "DescribeDBClusters"), "Throttling")
    world.at(1, setattr, world.aurora.nodes[READER], "mode", "refused")
    assert not any(call["writer"] for call in world.watch({0: "up"}))


def test_while_the_store_is_silent_what_was_read_before_holds(world):
    world.configure(database_grace_seconds=40)
    world.watch({0: "up"})
    world.faults["ssm", "*"] = "InternalFailure"
    world.watch({0: "refused"})
    assert world.delays()[0] == 40


def test_a_call_names_nobody_while_the_writer_cannot_be_read(world):
    world.faults["rds", "*"] = "InternalFailure"
    world.at(40, world.faults.clear)
    calls = world.watch({0: "refused"})
    assert [call["writer"] for call in calls[:3]] == [None, None, WRITER]


# Blindness.


@pytest.mark.parametrize("service", ["elbv2", "rds", "ssm", "cloudwatch"])
def test_a_silent_service_does_not_hide_a_dead_database(world, service):
    world.faults[service, "*"] = "InternalFailure"
    assert world.watch({0: "refused"})[0]["components"] == ["database"]
    assert world.delays()[0] == 20


@pytest.mark.parametrize("service", ["rds", "ssm", "cloudwatch"])
def test_a_silent_service_does_not_hide_a_dead_application(without_application, service):
    without_application.faults[service, "*"] = "InternalFailure"
    assert without_application.watch({0: "up"})[0]["components"] == ["application"]


# Metrics.


def test_metrics_come_before_the_decision_and_are_the_observers_own(world):
    world.watch({0: "up"})
    names = [one.operation for one in world.calls if one.function == MONITOR]
    assert names[:3] == ["GetParameter", "PutMetricData", "DescribeTargetHealth"]
    data = [one for params in world.asked("PutMetricData") for one in params["MetricData"]]
    own = [{"Name": "StackName", "Value": "drill"}, {"Name": "Observer", "Value": "zone-1"}]
    found = {(one["MetricName"], len(one["Dimensions"])) for one in data}
    assert found == {
        ("AutomationArmed", 1), ("DatabaseHealth", 1), ("DatabaseHealth", 2), ("Heartbeat", 2),
        ("WriterDead", 2),
    }  # fmt: skip
    for one in data:
        assert one["StorageResolution"] == 1
        assert one["Dimensions"] == own[: len(one["Dimensions"])]


def test_a_metrics_outage_delays_no_call_by_more_than_a_second_or_two(without_application):
    without_application.network.outages["cloudwatch"] = "silent"
    without_application.watch({0: "refused"})
    assert 2 <= without_application.delays()[0] <= 4


@pytest.mark.parametrize(
    "given",
    [{"auto_failover": "DRY_RUN"}, {"auto_failover": "OFF"}, {"auto_failover_enabled": False}],
)
def test_a_disarmed_observer_says_so_and_still_calls(world, given):
    world.configure(**given)
    assert world.watch({0: "refused"})
    assert set(world.put_metrics("AutomationArmed")) == {0.0}


def test_given_values_count(world):
    world.configure(probe_interval_seconds=1, consecutive_failures=3, database_grace_seconds=0)
    world.watch({5: "refused"})
    assert world.delays()[0] == 7


@pytest.mark.parametrize(
    "widest",
    [
        {"probe_interval_seconds": 10, "consecutive_failures": 5, "database_grace_seconds": 45},
        {"probe_interval_seconds": 10, "application_grace_seconds": 45},
    ],
)
def test_no_allowed_value_makes_an_observer_mute(without_application, widest):
    if "database_grace_seconds" in widest:
        without_application.balancers["Primary"].show("healthy")
    without_application.configure(**widest)
    mode = "refused" if "consecutive_failures" in widest else "up"
    assert without_application.watch({0: mode})


# The run.


def test_a_run_looks_for_120_seconds(world):
    world.watch({0: "up"})
    found = ticks(world)
    assert (len(found), round(found[-1])) == (24, 115)
    assert [b - a for a, b in itertools.pairwise(found)] == pytest.approx([5] * 23, abs=0.001)
    assert (world.count("DescribeDBClusters"), world.count("GetParameter")) == (0, 1)


@pytest.mark.parametrize("mode", ["up", "silent", "hung"])
def test_a_run_ends_in_time_when_every_api_hangs(without_application, mode):
    world = without_application
    for service in ("ssm", "rds", "elbv2", "lambda", "cloudwatch"):
        world.network.outages[service] = "silent"
    world.aurora.nodes[READER].mode = mode
    world.watch({0: mode})
    assert world.error is None
    assert 110 < world.clock.now < DEPLOYMENT.functions[MONITOR].timeout


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
    assert max(b - a for a, b in itertools.pairwise(found)) <= interval + 0.1
    assert found[-1] - found[0] > 400


def test_a_slow_look_does_not_shift_the_next(world):
    world.faults["elbv2", "*"] = world.slow(3)
    world.watch({0: "up"})
    assert ticks(world)[1] - ticks(world)[0] == pytest.approx(5, abs=0.01)


@pytest.mark.parametrize("stall", [3, 20])
def test_a_resolver_that_stalls_delays_looks_and_casts_no_vote(stall):
    world = Trial()
    resolves = world.network.resolves

    def slow(host):
        world.clock.wait(stall)
        return resolves(host)

    world.network.resolves = slow
    assert world.watch({0: "up"}) == []
    assert world.error is None
    assert world.clock.now < DEPLOYMENT.functions[MONITOR].timeout
    world.close()

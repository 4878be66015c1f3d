"""Monitor and orchestrator together, in one world and one virtual time."""

import itertools
import threading
import types
from unittest import mock

import botocore.client
import pytest
from test_monitor import Network
from world import READER, WRITER, Clock, Killed, World, body

MONITOR, ORCHESTRATOR = "HealthMonitorFunction", "FailoverOrchestratorFunction"
PRIMARY, STANDBY = "PrimaryTargetGroup", "StandbyTargetGroup"
DELIVERY = 0.2  # seconds from an asynchronous invocation to its start
HOUR = 3600  # seconds, and the cooldown as deployed
ALARM = {
    "source": "aws.cloudwatch",
    "alarmData": {"alarmName": "stack-writer", "state": {"value": "ALARM"}},
}


class SharedClock(Clock):
    """One time for several invocations: each is a thread, and only one of them ever runs."""

    def __init__(self):
        super().__init__()
        self.mine = threading.local()

    def start(self, work, timeout):
        """Run ``work`` now, and let it share the time with whatever else runs."""
        go, back = threading.Semaphore(0), threading.Semaphore(0)
        process = types.SimpleNamespace(end=self.now + timeout, go=go, back=back)

        def body():
            go.acquire()
            self.mine.process = process
            work(process)
            back.release()

        threading.Thread(target=body, daemon=True).start()
        self.resume(process)

    @staticmethod
    def resume(process):
        process.go.release()
        process.back.acquire()

    def advance(self, seconds):
        process = getattr(self.mine, "process", None)
        if process is None:
            super().advance(seconds)
            return
        left = process.end - self.now
        self.at(min(seconds, left), lambda: self.resume(process))
        process.back.release()
        process.go.acquire()
        if seconds >= left:
            raise Killed


class Chain(World):
    """A world in which the deployed functions run: the monitor each minute, and what it invokes.

    Attributes:
        cut_off: whether the monitor's probe of a living database fails.
    """

    cut_off = False

    def __init__(self):
        super().__init__()
        self.clock = SharedClock()
        self.begun, self.promoted = self.clock.now, []
        self.modules = {name: self.load(name) for name in (MONITOR, ORCHESTRATOR)}
        self.modules[MONITOR].socket = Network(self.clock)
        self.answers, self.errors = [], []
        self.health = []  # what the deployed monitor has put is all there is

    def lambda_invoke(self, client, **params):
        super().lambda_invoke(client, **params)
        event = self.invoked[-1][1]
        self.clock.at(DELIVERY, lambda: self.deliver(ORCHESTRATOR, event))
        return {}

    def deliver(self, name, event):
        self.requests += 1
        request, module = f"request-{self.requests}", self.modules[name]

        def work(process):
            context = types.SimpleNamespace(
                aws_request_id=request,
                get_remaining_time_in_millis=lambda: int((process.end - self.clock.now) * 1000),
            )
            try:
                answer = module.handler(event, context)
            except (Exception, Killed) as error:
                self.errors.append((name, error))
            else:
                if name == ORCHESTRATOR:
                    self.answers.append(body(answer))

        self.clock.start(work, module.timeout)

    def look(self):
        """What the writer's port answers now."""
        alive = self.alive and not self.cut_off
        self.modules[MONITOR].socket.script = ("alive" if alive else "silent",)

    def run(self, seconds, monitors=True):
        """Let the time pass, with a run of the monitor each minute."""
        wire = mock.patch.object(botocore.client.BaseClient, "_make_api_call", self._wire())
        with wire:
            end = self.clock.now + seconds
            while self.clock.now < end:
                if monitors:
                    self.deliver(MONITOR, {})
                self.clock.advance(min(60, end - self.clock.now))

    def drain(self):
        """Let what still runs come to its end."""
        self.run(300, monitors=False)
        assert [error for name, error in self.errors if name == MONITOR] == []

    def at(self, delay, **values):
        def change():
            for name, value in values.items():
                setattr(self, name, value)

        self.clock.at(delay, change)

    def kill_writer(self, delay):
        self.at(delay, alive=False)

    def kill_application(self, delay):
        self.clock.at(delay, lambda: self.targets.update({PRIMARY: ["unhealthy"]}))

    def cut_off_the_monitor(self, delay):
        """Only the probe fails; the database is well."""
        self.at(delay, cut_off=True)
        self.clock.at(delay, self.look)

    def alarm(self, delay):
        event = ALARM | {"time": str(delay)}
        self.clock.at(delay, lambda: self.deliver(ORCHESTRATOR, event))

    def heal_application(self, delay):
        self.clock.at(delay, lambda: self.targets.update({PRIMARY: ["healthy"]}))

    def acted(self):
        return self.count("FailoverDBCluster"), self.count("UpdateHealthCheck")

    def when(self, operation):
        """When the operation was first asked for, in seconds from the beginning."""
        return self.stamps[operation] - self.begun

    def serve(self, client, operation, params):
        answer = super().serve(client, operation, params)
        if operation == "FailoverDBCluster":
            self.promoted.append(self.clock.now)
        self.stamps = {operation: self.clock.now} | getattr(self, "stamps", {})
        return answer

    @property
    def alive(self):
        return self._alive

    @alive.setter
    def alive(self, value):
        self._alive = value
        if hasattr(self, "modules"):
            self.look()


@pytest.fixture
def chain():
    return Chain()


def untouched_by_us(chain):
    assert chain.acted() == (0, 0)
    assert not chain.latched
    assert chain.state == {}


def untouched(chain):
    untouched_by_us(chain)
    assert chain.writer == WRITER


# Nothing to do


def test_ten_quiet_minutes(chain):
    chain.run(600)
    chain.drain()
    untouched(chain)
    assert chain.invoked == []
    assert chain.published == []


@pytest.mark.parametrize("length", [3, 8])
@pytest.mark.parametrize("begin", [41.3, 58.0, 61.0, 63.7])
def test_a_blip_of_the_network(chain, begin, length):
    chain.at(begin, alive=False)
    chain.at(begin + length, alive=True)
    chain.run(240)
    chain.drain()
    untouched(chain)
    assert chain.published == []


@pytest.mark.parametrize("status", ["backing-up", "modifying", "maintenance", "upgrading"])
def test_a_status_with_a_living_server(chain, status):
    chain.cluster_status = status
    chain.instances[WRITER] = status
    chain.run(240)
    chain.drain()
    untouched(chain)


@pytest.mark.parametrize("status", ["rebooting", "deleting", "storage-full", "failed"])
def test_a_reader_in_trouble(chain, status):
    chain.instances[READER] = status
    chain.run(240)
    chain.drain()
    untouched(chain)


@pytest.mark.parametrize("targets", [[], ["initial"], ["unused"], ["draining"]])
def test_day_zero(chain, targets):
    chain.targets = {PRIMARY: targets, STANDBY: []}
    chain.run(240)
    chain.drain()
    untouched(chain)
    assert chain.published == []


@pytest.mark.parametrize("services", [["elbv2"], ["rds"], ["ssm"], ["cloudwatch"]])
def test_a_service_that_is_out_is_no_incident(chain, services):
    for service in services:
        chain.faults[service, "*"] = "InternalFailure"
    chain.run(240)
    chain.drain()
    untouched(chain)


# The database


@pytest.mark.parametrize("begin", [31, 46, 52, 58, 66])
def test_the_writer_dies_and_is_replaced_once(chain, begin):
    chain.kill_writer(begin)
    chain.run(420)
    chain.drain()
    assert chain.acted() == (1, 0)
    assert chain.writer == READER
    assert chain.state["Status"] == "COMPLETED"
    assert chain.state["NewWriter"] == READER
    assert chain.state["PreviousWriter"] == WRITER
    assert not chain.latched
    assert chain.errors == []
    assert chain.when("FailoverDBCluster") - begin <= 20 + 10 + 12


def test_aurora_replaces_the_writer_within_the_grace(chain):
    chain.kill_writer(31)
    chain.at(34, cluster_status="failing-over")
    chain.clock.at(46, lambda: chain.promote(READER))
    chain.clock.at(50, chain.settle)
    chain.run(420)
    chain.drain()
    assert chain.acted() == (0, 0)
    assert chain.invoked == []


@pytest.mark.parametrize("begin", [5, 31, 46, 52, 58])
def test_aurora_is_still_at_it_after_the_grace(chain, begin):
    chain.kill_writer(begin)
    chain.at(begin + 15, cluster_status="failing-over")
    chain.clock.at(begin + 45, lambda: chain.promote(READER))
    chain.clock.at(begin + 50, chain.settle)
    chain.run(420)
    chain.drain()
    assert chain.acted() == (0, 0)
    assert chain.state["Status"] == "COMPLETED"
    assert chain.state["NewWriter"] == READER


@pytest.mark.parametrize("begin", [5, 31, 46, 52, 58])
def test_the_name_still_leads_to_the_old_writer_after_aurora_acted(chain, begin):
    chain.kill_writer(begin)
    chain.at(begin + 10, cluster_status="failing-over")
    chain.at(begin + 30, writer=READER, cluster_status="available")
    chain.at(begin + 40, alive=True)
    chain.run(420)
    chain.drain()
    assert chain.count("FailoverDBCluster") == 0
    assert chain.writer == READER


def test_a_promotion_that_stalls_fails_and_is_not_repeated_within_the_cooldown(chain):
    chain.stalled = True
    chain.kill_writer(31)
    chain.run(300)
    assert chain.count("FailoverDBCluster") == 1
    chain.drain()
    assert chain.state["Status"] == "FAILED"
    assert [subject for subject, _ in chain.published if "FAILED" in subject]


def test_one_instance_with_a_dead_writer(chain):
    del chain.instances[READER]
    chain.kill_writer(31)
    chain.run(240)
    chain.drain()
    assert chain.acted() == (0, 0)
    assert chain.state["Status"] == "FAILED"
    assert "no reader" in chain.state["Error"]
    (error,) = chain.errors
    assert "no reader" in str(error)
    assert [subject for subject, _ in chain.published].count("stack: FAILED") == 1


# Two monitors tick at the same instants, since five seconds divide a minute.
@pytest.mark.parametrize("begin", [58, 66, 90])
def test_two_calls_at_the_same_instant_are_told_of_once(chain, begin):
    chain.kill_writer(begin)
    chain.run(420)
    chain.drain()
    assert chain.acted() == (1, 0)
    assert [subject for subject, _ in chain.published] == ["stack: COMPLETED"]


def test_a_failure_that_stands_for_an_hour_is_told_few_times(chain):
    del chain.instances[READER]
    chain.kill_writer(31)
    chain.run(HOUR)
    chain.drain()
    assert len(chain.published) <= 4
    assert len(chain.errors) <= 2


@pytest.mark.parametrize("begin", [31, 46, 58])
def test_a_monitor_that_is_cut_off_makes_one_promotion_an_hour(chain, begin):
    chain.cut_off_the_monitor(begin)
    for hours in (1, 2):
        chain.run(HOUR)
        assert chain.count("FailoverDBCluster") == hours
    chain.drain()
    promotions = chain.promoted
    assert all(later - earlier >= HOUR for earlier, later in itertools.pairwise(promotions))
    assert not chain.latched


# Alarms, beside the monitor and without it


def test_an_alarm_without_the_monitor_after_aurora_has_acted(chain):
    chain.at(100, alive=False, cluster_status="failing-over")
    chain.clock.at(115, lambda: chain.promote(READER))
    chain.clock.at(120, chain.settle)
    for delay in (121, 180, 300):
        chain.alarm(delay)
    chain.run(400, monitors=False)
    chain.drain()
    untouched_by_us(chain)
    assert chain.writer == READER
    assert [answer["outcome"] for answer in chain.answers] == ["NOT_REQUIRED"] * 3


def test_an_alarm_beside_a_monitor_that_sees_life(chain):
    for delay in (70, 130, 200):
        chain.alarm(delay)
    chain.at(100, instances={WRITER: "modifying", READER: "available"})
    chain.run(240)
    chain.drain()
    untouched(chain)
    assert len(chain.answers) == 3


def test_an_alarm_acts_on_what_a_mute_monitor_has_measured(chain):
    chain.faults["lambda", "Invoke"] = "ServiceException"
    chain.kill_writer(65)
    chain.alarm(110)
    chain.run(240)
    chain.drain()
    assert chain.acted() == (1, 0)
    assert chain.state["Status"] == "COMPLETED"
    assert chain.state["Reason"] == "stack-writer"


def test_an_alarm_and_the_monitor_together_make_one_promotion(chain):
    chain.kill_writer(31)
    for delay in (50, 57, 58, 60, 100):
        chain.alarm(delay)
    chain.run(300)
    chain.drain()
    assert chain.acted() == (1, 0)
    assert chain.writer == READER


# The application


def test_the_application_dies_and_only_it_is_latched(chain):
    chain.kill_application(31)
    chain.run(240)
    chain.drain()
    assert chain.acted() == (0, 1)
    assert chain.latched
    assert chain.writer == WRITER
    assert chain.state["Status"] == "COMPLETED"


def test_an_application_dead_for_an_hour(chain):
    chain.kill_application(31)
    chain.run(3600)
    chain.drain()
    assert chain.acted() == (0, 1)
    assert chain.latched
    assert len(chain.published) <= 5


def test_an_application_dead_for_an_hour_without_a_standby_is_told_few_times(chain):
    chain.targets[STANDBY] = []
    chain.kill_application(31)
    chain.run(3600)
    chain.drain()
    assert chain.acted() == (0, 0)
    assert not chain.latched
    assert len(chain.published) <= 30


def test_an_application_that_recovers_in_time(chain):
    chain.kill_application(31)
    chain.heal_application(50)
    chain.run(240)
    chain.drain()
    untouched(chain)


# Both


@pytest.mark.parametrize("begin", [5.2, 31.1, 46.9, 59.9, 61.0, 66.3])
def test_both_die(chain, begin):
    chain.kill_writer(begin)
    chain.kill_application(begin)
    chain.run(420)
    chain.drain()
    assert chain.acted() == (1, 1)
    assert chain.writer == READER
    assert chain.latched
    assert chain.when("FailoverDBCluster") - begin <= 25
    first = chain.invoked[0]
    assert first[0] - chain.begun - begin <= 12.5
    assert chain.state["Stages"]["detect"] <= 12
    assert chain.state["Stages"]["decide"] <= 3


def test_both_die_one_after_the_other(chain):
    chain.kill_application(5)
    chain.kill_writer(70)
    chain.run(420)
    chain.drain()
    assert chain.acted() == (1, 1)
    assert chain.writer == READER
    assert chain.latched


# Arming


@pytest.mark.parametrize(
    "given",
    [{"auto_failover": "OFF"}, {"auto_failover": "DRY_RUN"}, {"auto_failover_enabled": False}],
)
def test_disarmed_changes_nothing(chain, given):
    chain.configuration |= given
    chain.kill_writer(31)
    chain.kill_application(31)
    chain.run(240)
    chain.drain()
    assert chain.answers
    assert {answer["outcome"] for answer in chain.answers} <= {"REFUSED", "DRY_RUN"}
    untouched(chain)


# Afterwards


def test_fail_back_and_then_nothing(chain):
    chain.kill_writer(31)
    chain.kill_application(31)
    chain.heal_application(200)
    chain.run(240)
    assert chain.acted() == (1, 1)
    chain.clock.at(1, lambda: chain.deliver(ORCHESTRATOR, {"action": "failback"}))
    chain.run(900)
    chain.drain()
    assert chain.answers[-1]["outcome"] == "FAILED_BACK"
    assert chain.state["Status"] == "FAILED_BACK"
    assert chain.writer == WRITER
    assert not chain.latched
    assert chain.acted() == (2, 2)


def test_a_second_fail_back_moves_nothing_away_from_home(chain):
    chain.kill_writer(31)
    chain.run(240)
    for delay in (1, 100):
        chain.clock.at(delay, lambda: chain.deliver(ORCHESTRATOR, {"action": "failback"}))
    chain.run(300)
    chain.drain()
    assert chain.writer == WRITER


def test_a_writer_that_dies_again_after_the_cooldown_is_replaced_again(chain):
    chain.kill_writer(31)
    chain.kill_writer(HOUR + 100)
    chain.run(HOUR + 500)
    chain.drain()
    assert chain.acted() == (2, 0)
    assert chain.writer == WRITER


def test_a_writer_that_dies_again_within_the_cooldown_waits_for_its_end(chain):
    chain.kill_writer(31)
    chain.kill_writer(500)
    chain.run(HOUR)
    assert chain.acted() == (1, 0)
    chain.run(300)
    chain.drain()
    assert chain.acted() == (2, 0)
    assert chain.writer == WRITER


@pytest.mark.parametrize("offset", [0, 0.01, 0.2, 0.5, 2.5])
def test_two_monitors_at_once_make_one_failover(chain, offset):
    chain.kill_writer(31)
    chain.kill_application(31)
    chain.clock.at(offset, lambda: chain.deliver(MONITOR, {}))
    chain.run(300)
    chain.drain()
    assert chain.acted() == (1, 1)


def test_a_lost_call_does_not_lose_the_incident(chain):
    chain.faults["lambda", "Invoke"] = "ServiceException"
    chain.kill_writer(31)
    chain.clock.at(60, chain.faults.clear)
    chain.run(300)
    chain.drain()
    assert chain.acted() == (1, 0)
    assert chain.writer == READER

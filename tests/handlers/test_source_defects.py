"""The source's defects, and others of their kind, put back one at a time: each must be noticed.

A check is a scenario that the deployed handler passes; the handler with the defect must fail it.
"""

from pathlib import Path

import pytest
from botocore.exceptions import ReadTimeoutError
from test_monitor import Network
from world import HEALTH, READER, START, WRITER, Killed, World, body, metric

HANDLERS = Path(__file__).parents[2] / "handlers"
MONITOR = ("HealthMonitorFunction", "health_monitor.py")
ORCHESTRATOR = ("FailoverOrchestratorFunction", "failover_orchestrator.py")
MANUAL = {"trigger_failover": True, "reason": ["drill"]}
AUTOMATIC = {
    "trigger_failover": True,
    "votes": {"database": False, "application": False},
    "components": ["database", "application"],
    "writer": WRITER,
    "attempt_id": "database#1",
}
RDS_EVENT = {"source": "aws.rds", "detail": {"EventID": "RDS-EVENT-0071"}}
DATABASE = {"components": ["database"]}
LATER, EARLIER = "2099-01-01T00:00:00Z", "1999-01-01T00:00:00Z"


class Trial:
    """One version of a handler in a world of its own."""

    def __init__(self, function, code):
        self.world = World()
        self.module = self.world.load(function, code)

    def send(self, event):
        self.answer, self.error = self.world.invoke(self.module, dict(event))
        return body(self.answer)["outcome"] if self.answer else None

    def watch(self, *script):
        self.module.socket = Network(self.world.clock, *script)
        self.answer, self.error = self.world.invoke(self.module, {})
        return [call for _, call in self.world.invoked]

    def promotions(self):
        return self.world.count("FailoverDBCluster")

    def latches(self):
        return self.world.count("UpdateHealthCheck")

    def status(self):
        return self.world.state.get("Status")


def hold(trial, expires):
    trial.world.items["FAILOVER_STATUS"] = {
        "StateKey": "FAILOVER_STATUS",
        "Status": "IN_PROGRESS",
        "AttemptId": "other",
        "FencingToken": 7,
        "LeaseExpires": int(START) + expires,
    }


def steal_at(trial, service, operation):
    """Another run takes the lease at this call."""

    def fault(_):
        state = trial.world.items.setdefault("FAILOVER_STATUS", {"StateKey": "FAILOVER_STATUS"})
        state |= {"Status": "IN_PROGRESS", "AttemptId": "thief", "FencingToken": 99}
        state["LeaseExpires"] = START + 300

    trial.world.faults[service, operation] = fault


def fail_late(trial):
    """A run whose verification ran out of time."""
    trial.world.stalled = True
    trial.send(MANUAL | DATABASE)
    assert trial.status() == "FAILED"


# Checks on the orchestrator


def a_run_is_recorded_as_completed(trial):
    assert trial.send(MANUAL) == "COMPLETED"
    assert trial.error is None
    assert trial.status() == "COMPLETED"


def a_promotion_that_never_comes_is_not_completed(trial):
    trial.world.rds_failoverdbcluster = lambda _client, **_: {}
    trial.send(MANUAL | DATABASE)
    assert trial.status() == "FAILED"


def a_stalled_promotion_ends_recorded_and_told(trial):
    trial.world.stalled = True
    trial.send(MANUAL | DATABASE)
    assert not isinstance(trial.error, Killed)
    assert trial.status() == "FAILED"
    assert trial.world.published[0][0] == "stack: FAILED"


def a_live_lease_refuses(trial):
    hold(trial, 60)
    assert trial.send(MANUAL) == "REFUSED"
    assert trial.promotions() == 0


def an_expired_lease_refuses_nobody(trial):
    hold(trial, -1)
    assert trial.send(MANUAL) == "COMPLETED"


def of_two_at_once_one_acts(trial):
    steal_at(trial, "dynamodb", "PutItem")
    assert trial.send(MANUAL) == "REFUSED"
    assert trial.promotions() == 0


def a_run_that_lost_its_lease_does_not_act(trial):
    steal_at(trial, "rds", "DescribeDBInstances")
    trial.send(MANUAL | DATABASE)
    assert trial.promotions() == 0
    assert trial.world.state["AttemptId"] == "thief"


def a_failing_topic_hides_no_error(trial):
    trial.world.faults["sns", "*"] = "InternalError"
    trial.world.faults["rds", "FailoverDBCluster"] = "DBClusterNotFoundFault"
    trial.send(MANUAL)
    assert "DBClusterNotFoundFault" in repr(trial.error)


def failing_metrics_fail_no_run(trial):
    trial.world.faults["cloudwatch", "*"] = "InternalFailure"
    assert trial.send(MANUAL) == "COMPLETED"


def a_failed_run_is_recorded_as_failed(trial):
    trial.world.faults["rds", "FailoverDBCluster"] = "DBClusterNotFoundFault"
    trial.send(MANUAL)
    assert trial.status() == "FAILED"


def a_failed_run_raises(trial):
    trial.world.faults["rds", "FailoverDBCluster"] = "DBClusterNotFoundFault"
    trial.send(MANUAL)
    assert trial.error is not None


def without_a_healthy_standby_nothing_is_latched(trial):
    trial.world.targets["StandbyTargetGroup"] = ["unhealthy"]
    trial.send(MANUAL)
    assert trial.latches() == 0


def a_failed_latch_fails_no_promotion(trial):
    trial.world.faults["route53", "*"] = "NoSuchHealthCheck"
    assert trial.send(MANUAL) == "COMPLETED"


def a_reader_that_is_not_available_is_not_promoted(trial):
    trial.world.instances[READER] = "rebooting"
    trial.send(MANUAL | DATABASE)
    assert trial.promotions() == 0


def the_reader_is_named(trial):
    trial.send(MANUAL | DATABASE)
    assert trial.world.writer == READER


def only_true_is_true(trial):
    for value in ("false", "true", 0, 1, None, [True]):
        assert trial.send({"trigger_failover": value}) == "NOT_REQUIRED"
    assert trial.promotions() == 0


def the_cooldown_holds(trial):
    trial.send(MANUAL)
    trial.world.clock.advance(3000)
    event = AUTOMATIC | DATABASE | {"writer": READER}
    assert trial.send(event) == "REFUSED"
    assert trial.promotions() == 1


def a_latched_application_is_not_latched_again(trial):
    trial.send(MANUAL)
    trial.world.clock.advance(4000)
    trial.send(MANUAL | {"components": ["application"]})
    assert trial.latches() == 1


def one_attempt_acts_once(trial):
    event = MANUAL | DATABASE | {"attempt_id": "one"}
    assert trial.send(event) == "COMPLETED"
    trial.world.clock.advance(4000)
    assert trial.send(event) == "NOT_REQUIRED"
    assert trial.promotions() == 1


def an_automatic_call_during_a_run_is_silent(trial):
    hold(trial, 60)
    assert trial.send(AUTOMATIC) == "NOT_REQUIRED"
    assert trial.world.published == []


def a_lost_answer_is_verified(trial):
    def accepted(params):
        trial.world.rds_failoverdbcluster(None, **params)
        return ReadTimeoutError(endpoint_url="https://aws.invalid")

    trial.world.faults["rds", "FailoverDBCluster"] = accepted
    assert trial.send(MANUAL | DATABASE) == "COMPLETED"
    assert trial.promotions() == 1


def a_refused_promotion_fails_at_once(trial):
    trial.world.faults["rds", "FailoverDBCluster"] = "AccessDenied"
    trial.send(MANUAL | DATABASE)
    assert "AccessDenied" in trial.world.state["Error"]


def a_failed_database_holds_no_latch_back(trial):
    trial.world.instances[READER] = "rebooting"
    trial.send(MANUAL)
    assert trial.latches() == 1


def a_long_promotion_keeps_its_lease(trial):
    trial.world.promotion = (60.0, 90.0)
    others = []
    trial.world.clock.at(70, lambda: others.append(trial.send(MANUAL)))
    assert trial.send(AUTOMATIC | DATABASE) == "COMPLETED"
    assert others == ["REFUSED"]
    assert trial.status() == "COMPLETED"


def an_unanswered_write_is_ones_own(trial):
    def arrives(params):
        trial.world.faults.clear()
        trial.world.items["FAILOVER_STATUS"] = dict(params["Item"])
        return TimeoutError("no answer")

    trial.world.faults["dynamodb", "PutItem"] = arrives
    assert trial.send(MANUAL) == "COMPLETED"


def an_unanswered_write_of_another_is_not(trial):
    def arrives(params):
        trial.world.faults.clear()
        trial.world.items["FAILOVER_STATUS"] = dict(params["Item"]) | {"Owner": "thief"}
        return TimeoutError("no answer")

    trial.world.faults["dynamodb", "PutItem"] = arrives
    assert trial.send(MANUAL) == "REFUSED"


def a_fail_back_of_the_application_keeps_the_home(trial):
    trial.send(MANUAL)
    trial.send({"action": "failback", "components": ["application"]})
    trial.send({"action": "failback"})
    assert trial.world.writer == WRITER


def a_fail_back_that_fails_keeps_the_home(trial):
    trial.send(MANUAL)
    trial.world.faults["rds", "FailoverDBCluster"] = "AccessDenied"
    trial.send({"action": "failback"})
    assert trial.world.state["PreviousWriter"] == WRITER


def a_fail_back_forgets_the_home(trial):
    trial.send(MANUAL)
    trial.send({"action": "failback"})
    assert trial.world.state["PreviousWriter"] is None


def a_release_that_fails_fails_the_run(trial):
    trial.send(MANUAL)
    trial.world.faults["route53", "*"] = "ThrottlingException"
    trial.send({"action": "failback"})
    assert trial.status() == "FAILED"


def a_fail_back_releases_first(trial):
    trial.send(MANUAL)
    trial.world.stalled = True
    trial.send({"action": "failback"})
    names = [name for _, name, _ in trial.world.calls]
    last = {name: place for place, name in enumerate(names)}
    assert last["UpdateHealthCheck"] < last["FailoverDBCluster"]


def a_repeated_failure_is_told_once(trial):
    trial.world.instances[READER] = "rebooting"
    trial.send(AUTOMATIC | DATABASE)
    assert trial.send(AUTOMATIC | DATABASE) == "FAILED"
    assert len(trial.world.published) == 1


def a_manual_failure_is_told_each_time(trial):
    trial.world.instances[READER] = "rebooting"
    for _ in range(2):
        trial.send(MANUAL | DATABASE)
        assert trial.error is not None
    assert len(trial.world.published) == 2


def a_failure_is_told_again_the_next_hour(trial):
    trial.world.instances[READER] = "rebooting"
    trial.send(AUTOMATIC | DATABASE)
    trial.world.clock.advance(3600)
    trial.send(AUTOMATIC | DATABASE)
    assert len(trial.world.published) == 2


def a_writer_that_left_is_not_replaced_again(trial):
    del trial.world.instances[WRITER]
    trial.world.instances["instance-c"] = "available"
    trial.world.writer = READER
    trial.send(AUTOMATIC | DATABASE)
    assert trial.promotions() == 0


def an_rds_event_starts_nothing(trial):
    assert trial.send(RDS_EVENT | {"time": LATER}) == "RECORDED"
    assert trial.promotions() == trial.latches() == 0


def an_rds_event_closes_no_run_whose_writer_is_the_same(trial):
    fail_late(trial)
    trial.world.cluster_status = "available"
    trial.send(RDS_EVENT | {"time": LATER})
    assert trial.status() == "FAILED"


def an_rds_event_closes_a_late_run(trial):
    fail_late(trial)
    trial.world.writer, trial.world.cluster_status = READER, "available"
    trial.send(RDS_EVENT | {"time": LATER})
    assert trial.status() == "COMPLETED"


def an_rds_event_from_before_the_run_closes_nothing(trial):
    fail_late(trial)
    trial.world.writer, trial.world.cluster_status = READER, "available"
    trial.send(RDS_EVENT | {"time": EARLIER})
    assert trial.status() == "FAILED"


def another_rds_event_closes_nothing(trial):
    fail_late(trial)
    trial.world.writer, trial.world.cluster_status = READER, "available"
    trial.send(RDS_EVENT | {"time": LATER, "detail": {"EventID": "RDS-EVENT-0004"}})
    assert trial.status() == "FAILED"


def automation_that_is_off_does_nothing(trial):
    trial.world.configuration["auto_failover"] = "OFF"
    assert trial.send(AUTOMATIC) == "REFUSED"
    assert trial.promotions() == trial.latches() == 0


def automation_that_is_not_enabled_does_nothing(trial):
    trial.world.configuration["auto_failover_enabled"] = False
    assert trial.send(AUTOMATIC) == "REFUSED"
    assert trial.promotions() == trial.latches() == 0


def automation_on_probation_only_plans(trial):
    trial.world.configuration["auto_failover"] = "DRY_RUN"
    assert trial.send(AUTOMATIC) == "DRY_RUN"
    assert trial.promotions() == trial.latches() == 0


def a_dry_run_changes_nothing(trial):
    assert trial.send(MANUAL | {"dry_run": True}) == "DRY_RUN"
    assert trial.promotions() == trial.latches() == 0
    assert trial.world.state == {}


def an_alarm_without_a_witness(trial):
    trial.send({"alarmData": {"alarmName": "stack-composite"}})
    assert trial.promotions() == 0


def an_alarm_that_the_monitor_contradicts(trial):
    trial.world.silent = {WRITER}
    trial.send({"alarmData": {"alarmName": "stack-composite"}})
    assert trial.promotions() == 0


def an_alarm_that_aws_contradicts(trial):
    trial.world.health = []
    trial.send({"alarmData": {"alarmName": "stack-composite"}})
    assert trial.promotions() == 0


def an_alarm_that_the_monitor_confirms(trial):
    trial.world.health = [0.0]
    trial.send({"alarmData": {"alarmName": "stack-composite"}})
    assert trial.promotions() == 1


def an_alarm_that_aws_confirms(trial):
    trial.world.health = []
    trial.world.silent = {WRITER}
    trial.send({"alarmData": {"alarmName": "stack-composite"}})
    assert trial.promotions() == 1


def another_stacks_health_is_no_witness(trial):
    trial.world.health = []
    key = metric("DRSystem", "DatabaseHealth", [{"Name": "StackName", "Value": "other"}])
    trial.world.data[key] = [(START - 1, 1, 0.0)]
    trial.send({"alarmData": {"alarmName": "stack-composite"}})
    assert trial.promotions() == 0


def an_old_witness_is_none(trial):
    trial.world.health = []
    trial.world.data[HEALTH] = [(START - 60, 1, 0.0)]
    trial.send({"alarmData": {"alarmName": "stack-composite"}})
    assert trial.promotions() == 0


def an_unreadable_witness_is_refused(trial):
    trial.world.faults["cloudwatch", "GetMetricStatistics"] = "Throttling"
    assert trial.send({"alarmData": {"alarmName": "stack-composite"}}) == "REFUSED"


def aurora_that_has_acted_is_left_alone(trial):
    trial.world.writer = READER
    trial.send(AUTOMATIC | DATABASE)
    assert trial.promotions() == 0
    assert trial.status() == "COMPLETED"


def a_cluster_that_is_busy_is_only_verified(trial):
    world = trial.world
    world.faults["rds", "FailoverDBCluster"] = "InvalidDBClusterStateFault"
    world.clock.at(20, lambda: world.promote(READER))
    assert trial.send(MANUAL | DATABASE) == "COMPLETED"


def without_a_state_nothing_acts(trial):
    trial.world.faults["dynamodb", "*"] = "InternalServerError"
    assert trial.send(AUTOMATIC) == "REFUSED"
    assert trial.send(MANUAL | {"force": True}) == "REFUSED"
    assert trial.promotions() == 0


def another_writer_than_expected_refuses(trial):
    assert trial.send(MANUAL | {"expected_writer": READER}) == "REFUSED"
    assert trial.promotions() == 0


def a_fail_back_needs_a_healthy_primary(trial):
    trial.send(MANUAL)
    trial.world.targets["PrimaryTargetGroup"] = ["unhealthy"]
    assert trial.send({"action": "failback"}) == "REFUSED"
    assert trial.promotions() == 1


def a_fail_back_needs_its_instance(trial):
    trial.send(MANUAL)
    trial.world.instances[WRITER] = "rebooting"
    assert trial.send({"action": "failback"}) == "REFUSED"
    assert trial.promotions() == 1


def a_fail_back_undoes_both(trial):
    trial.send(MANUAL)
    trial.send({"action": "failback"})
    assert trial.world.writer == WRITER
    assert not trial.world.latched
    assert trial.world.state["Latched"] is False


def a_status_writes_nothing(trial):
    hold(trial, -1)
    before = dict(trial.world.items)
    trial.send({"action": "status"})
    assert trial.world.items == before


def what_did_not_fail_is_left_alone(trial):
    trial.send(AUTOMATIC | DATABASE)
    assert (trial.promotions(), trial.latches()) == (1, 0)


def a_number_that_is_a_truth_value_does_not_fit(trial):
    trial.world.configuration["cooldown_seconds"] = True
    trial.send(MANUAL)
    trial.world.clock.advance(3000)
    assert trial.send(MANUAL) == "REFUSED"


def the_token_rises(trial):
    hold(trial, -1)
    trial.send(MANUAL)
    assert trial.world.state["FencingToken"] > 8


# Checks on the monitor


def the_orchestrator_is_called_by_its_name(trial):
    trial.watch("refused")
    names = {params["FunctionName"] for _, name, params in trial.world.calls if name == "Invoke"}
    assert names == {"FailoverOrchestratorFunction"}


def healthy_targets_are_healthy(trial):
    trial.watch("alive")
    assert trial.answer["application"] is True


def a_status_is_no_outage(trial):
    trial.world.cluster_status = "backing-up"
    assert trial.watch("alive") == []
    assert trial.answer["database"] is True


def an_unknown_signal_casts_no_vote(trial):
    trial.world.faults["elbv2", "*"] = "Throttling"
    assert trial.watch("unresolvable") == []


def targets_yet_to_come_cast_no_vote(trial):
    trial.world.targets["PrimaryTargetGroup"] = ["initial"]
    assert trial.watch("alive") == []


def metrics_come_before_the_decision(trial):
    trial.watch("refused")
    names = [name for _, name, _ in trial.world.calls]
    assert names[names.index("Invoke") - 1] == "PutMetricData"


def a_failing_call_ends_no_run(trial):
    trial.world.faults["lambda", "*"] = "ServiceException"
    trial.watch("refused")
    assert trial.error is None
    assert trial.world.clock.now > START + 120


def failing_metrics_end_no_run(trial):
    trial.world.faults["cloudwatch", "*"] = "InternalFailure"
    assert trial.watch("refused")


def a_blind_eye_closes_no_other(trial):
    trial.world.faults["elbv2", "*"] = "Throttling"
    assert [call["components"] for call in trial.watch("refused")[:1]] == [["database"]]


def a_closed_connection_is_no_life(trial):
    trial.watch("closed")
    assert trial.answer["database"] is False


def one_bad_tick_is_none(trial):
    trial.world.configuration["database_grace_seconds"] = 0
    assert trial.watch("alive", "refused", "alive") == []


def bad_ticks_must_be_in_a_row(trial):
    trial.world.configuration["database_grace_seconds"] = 0
    assert trial.watch(*["alive", "refused"] * 20) == []


def a_grace_is_given(trial):
    assert trial.watch("alive", "refused", "refused", "alive") == []


def a_standing_call_is_repeated(trial):
    calls = trial.watch("refused")
    assert len(calls) == 8
    assert len({call["attempt_id"] for call in calls}) == 1


def a_call_names_the_lost_writer(trial):
    trial.world.clock.at(7, lambda: trial.world.promote(READER))
    assert trial.watch("alive", "alive", "refused")[0]["writer"] == WRITER


def metrics_name_the_stack_and_the_second(trial):
    trial.watch("alive")
    for _, name, params in trial.world.calls:
        for one in params["MetricData"] if name == "PutMetricData" else []:
            assert one["StorageResolution"] == 1
            assert one["Dimensions"] == [{"Name": "StackName", "Value": "stack"}]


def a_truth_value_is_no_interval(trial):
    trial.world.configuration["probe_interval_seconds"] = True
    trial.watch("alive")
    assert len(trial.module.socket.ticks) == 26


def a_run_reaches_the_next_but_one(trial):
    trial.watch("alive")
    assert trial.module.socket.ticks[-1] > START + 120


DEFECTS = {
    # The source's own.
    "R01 a float in the item": (
        ORCHESTRATOR,
        'Decimal(f"{min(max(0, value), 86400):.3f}")',
        "float(value)",
        a_run_is_recorded_as_completed,
    ),
    "R02 no lease": (
        ORCHESTRATOR,
        'if state["Status"] == "IN_PROGRESS":\n        raise',
        "if False:\n        raise",
        a_live_lease_refuses,
    ),
    "R02 no condition": (
        ORCHESTRATOR,
        "ConditionExpression=token.not_exists() if held is None else token.eq(held),",
        "# no condition",
        of_two_at_once_one_acts,
    ),
    "R02 a retry acts again": (
        ORCHESTRATOR,
        'last == item["AttemptId"] or ("votes" in event',
        "(automatic",
        one_attempt_acts_once,
    ),
    "R03 a load balancer as target group": (
        MONITOR,
        'ENV["PRIMARY_TARGETS"]',
        'ENV["PRIMARY_ALB_ARN"]',
        healthy_targets_are_healthy,
    ),
    "R05 the first available is the end": (
        ORCHESTRATOR,
        "if writer not in (None, old):",
        "if True:",
        a_promotion_that_never_comes_is_not_completed,
    ),
    "R06 a wait beyond the time-out": (
        ORCHESTRATOR,
        "if context.get_remaining_time_in_millis() < RESERVE * 1000:",
        "if time() - accepted > 600:",
        a_stalled_promotion_ends_recorded_and_told,
    ),
    "R06 a failure is not recorded": (
        ORCHESTRATOR,
        'status, state["Error"] = "FAILED", text(repr(failure))',
        'status, state["Error"] = "IN_PROGRESS", text(repr(failure))',
        a_failed_run_is_recorded_as_failed,
    ),
    "R07 metrics after the decision": (
        MONITOR,
        "        read(publish, AutomationArmed=armed, "
        'DatabaseHealth=health["database"])\n'
        "        read(decide, health, config, rows, calls, last, now)\n",
        "        read(decide, health, config, rows, calls, last, now)\n"
        "        read(publish, AutomationArmed=armed, "
        'DatabaseHealth=health["database"])\n',
        metrics_come_before_the_decision,
    ),
    "R07 an unguarded decision": (
        MONITOR,
        "read(decide, health,",
        "decide(health,",
        a_failing_call_ends_no_run,
    ),
    "R07 unguarded metrics": (
        MONITOR,
        "read(publish, ",
        "publish(",
        failing_metrics_end_no_run,
    ),
    "R09 an unguarded message": (
        ORCHESTRATOR,
        "safe(notify, status, state)",
        "notify(status, state)",
        a_failing_topic_hides_no_error,
    ),
    "R10 no stack in the metrics": (
        MONITOR,
        '"Value": ENV["STACK_NAME"]',
        '"Value": "all"',
        metrics_name_the_stack_and_the_second,
    ),
    "R10 metrics by the minute": (
        MONITOR,
        '"StorageResolution": 1,',
        '"StorageResolution": 60,',
        metrics_name_the_stack_and_the_second,
    ),
    "P02 the name of no function": (
        MONITOR,
        'ENV["FAILOVER_FUNCTION"]',
        'ENV["STACK_NAME"] + "-health-failover-orchestrator"',
        the_orchestrator_is_called_by_its_name,
    ),
    "P08 nothing is routed": (
        ORCHESTRATOR,
        'HealthCheckId=ENV["HEALTH_CHECK"], Disabled=latch, Inverted=latch',
        'HealthCheckId=ENV["HEALTH_CHECK"], Disabled=True, Inverted=True',
        a_fail_back_undoes_both,
    ),
    "P10 a status is a failure": (
        MONITOR,
        'return connection.recv(1) != b""',
        "clusters = rds.describe_db_clusters("
        'DBClusterIdentifier=ENV["CLUSTER_ID"])["DBClusters"]\n'
        '            return clusters[0]["Status"] == "available"',
        a_status_is_no_outage,
    ),
    "P10 one bad tick is enough": (
        MONITOR,
        "if len(rows[name]) >= needed[name]",
        "if rows[name]",
        one_bad_tick_is_none,
    ),
    "P10 bad ticks add up": (
        MONITOR,
        "if good is False else []",
        "if good is False else rows.get(name, [])",
        bad_ticks_must_be_in_a_row,
    ),
    "P10 no grace": (
        MONITOR,
        "if len(votes) == 1 and",
        "if False and",
        a_grace_is_given,
    ),
    # Others of their kind: the orchestrator.
    "an expired lease holds": (
        ORCHESTRATOR,
        'number(state.get("LeaseExpires")) < time()',
        "False",
        an_expired_lease_refuses_nobody,
    ),
    "no fence": (
        ORCHESTRATOR,
        "        save(state)\n        try:\n            rds",
        "        try:\n            rds",
        a_run_that_lost_its_lease_does_not_act,
    ),
    "a token that stays": (
        ORCHESTRATOR,
        "int(number(held)) + 1",
        "int(number(held)) + 0",
        the_token_rises,
    ),
    "an unguarded metric": (
        ORCHESTRATOR,
        "safe(cloudwatch.put_metric_data, ",
        "cloudwatch.put_metric_data(",
        failing_metrics_fail_no_run,
    ),
    "a failed run answers": (
        ORCHESTRATOR,
        "        raise failure\n",
        "        pass\n",
        a_failed_run_raises,
    ),
    "a latch without a standby": (
        ORCHESTRATOR,
        'back or "healthy" in (safe(targets, "STANDBY") or [])',
        "True",
        without_a_healthy_standby_nothing_is_latched,
    ),
    "a failed latch fails the run": (
        ORCHESTRATOR,
        'state["LatchError"] = text(repr(error))',
        "raise",
        a_failed_latch_fails_no_promotion,
    ),
    "a latch again": (
        ORCHESTRATOR,
        'if state.get("Latched") is True:',
        "if False:",
        a_latched_application_is_not_latched_again,
    ),
    "a reader that is not available": (
        ORCHESTRATOR,
        'if safe(status_of, reader) == "available":',
        "if True:",
        a_reader_that_is_not_available_is_not_promoted,
    ),
    "the writer as target": (
        ORCHESTRATOR,
        "return old, reader\n",
        "return old, writer\n",
        the_reader_is_named,
    ),
    "any text is true": (
        ORCHESTRATOR,
        'event.get("trigger_failover") is True',
        'event.get("trigger_failover")',
        only_true_is_true,
    ),
    "no cooldown": (
        ORCHESTRATOR,
        'if number(state.get(f"{name}_at", 0)) <= cold',
        "if True",
        the_cooldown_holds,
    ),
    "an RDS event starts a run": (
        ORCHESTRATOR,
        "return on_rds_event(event, state)",
        "return run(event, context, False)",
        an_rds_event_starts_nothing,
    ),
    "an RDS event closes unseen": (
        ORCHESTRATOR,
        'if writer not in (None, state.get("PreviousWriter")) and status == "available":',
        "if True:",
        an_rds_event_closes_no_run_whose_writer_is_the_same,
    ),
    "an RDS event closes nothing": (
        ORCHESTRATOR,
        'save(state, Status="COMPLETED", NewWriter=writer',
        "dict(NewWriter=writer",
        an_rds_event_closes_a_late_run,
    ),
    "an old RDS event closes": (
        ORCHESTRATOR,
        ' and "3" > when > text(state.get("StartTime"))',
        "",
        an_rds_event_from_before_the_run_closes_nothing,
    ),
    "any RDS event closes": (
        ORCHESTRATOR,
        'if late and kind in ["RDS-EVENT-0071", "RDS-EVENT-0069"]:',
        "if late:",
        another_rds_event_closes_nothing,
    ),
    "OFF is ignored": (
        ORCHESTRATOR,
        'if automatic and arming == "OFF":',
        "if False:",
        automation_that_is_off_does_nothing,
    ),
    "not enabled is ignored": (
        ORCHESTRATOR,
        ' if config["auto_failover_enabled"] else "OFF"',
        "",
        automation_that_is_not_enabled_does_nothing,
    ),
    "DRY_RUN is ignored": (
        ORCHESTRATOR,
        ' or (automatic and arming == "DRY_RUN")',
        "",
        automation_on_probation_only_plans,
    ),
    "a dry run acts": (
        ORCHESTRATOR,
        "        if dry:\n",
        "        if False:\n",
        a_dry_run_changes_nothing,
    ),
    "an alarm is enough": (
        ORCHESTRATOR,
        "if not dead():",
        "if False:",
        an_alarm_without_a_witness,
    ),
    "the monitor is no witness": (
        ORCHESTRATOR,
        "        if 1 in health:\n            break\n",
        "",
        an_alarm_that_the_monitor_contradicts,
    ),
    "AWS is no witness": (
        ORCHESTRATOR,
        "if 0 in health or silent == [writer]:",
        "if True:",
        an_alarm_that_aws_contradicts,
    ),
    "the monitor confirms nothing": (
        ORCHESTRATOR,
        "if 0 in health or ",
        "if ",
        an_alarm_that_the_monitor_confirms,
    ),
    "AWS confirms nothing": (
        ORCHESTRATOR,
        "silent == [writer]",
        "False",
        an_alarm_that_aws_confirms,
    ),
    "the health of any stack": (
        ORCHESTRATOR,
        '"StackName", STACK, 30)',
        '"StackName", "other", 30)',
        another_stacks_health_is_no_witness,
    ),
    "the health of long ago": (
        ORCHESTRATOR,
        "STACK, 30)",
        "STACK, 180)",
        an_old_witness_is_none,
    ),
    "health by the minute": (
        ORCHESTRATOR,
        "Period=past // 3,",
        "Period=60,",
        an_old_witness_is_none,
    ),
    "an unreadable witness crashes": (
        ORCHESTRATOR,
        "    except Exception as refusal:",
        "    except Stop as refusal:",
        an_unreadable_witness_is_refused,
    ),
    "Aurora's own failover is undone": (
        ORCHESTRATOR,
        'if writer != old or status == "failing-over":',
        "if False:",
        aurora_that_has_acted_is_left_alone,
    ),
    "a busy cluster fails the run": (
        ORCHESTRATOR,
        '("InvalidDBClusterState", "ReadTimeout")',
        '("ReadTimeout",)',
        a_cluster_that_is_busy_is_only_verified,
    ),
    "a lost answer fails the run": (
        ORCHESTRATOR,
        '("InvalidDBClusterState", "ReadTimeout")',
        '("InvalidDBClusterState",)',
        a_lost_answer_is_verified,
    ),
    "any error is verified": (
        ORCHESTRATOR,
        'if not any(word in repr(error) for word in ("InvalidDBClusterState", "ReadTimeout")):',
        "if False:",
        a_refused_promotion_fails_at_once,
    ),
    "the first failure is the end": (
        ORCHESTRATOR,
        "            failure = failure or error\n",
        "            failure = failure or error\n            break\n",
        a_failed_database_holds_no_latch_back,
    ),
    "a lease that is not renewed": (
        ORCHESTRATOR,
        'if state["LeaseExpires"] < time() + LEASE / 2:',
        "if False:",
        a_long_promotion_keeps_its_lease,
    ),
    "an unanswered write is lost": (
        ORCHESTRATOR,
        'if any(found.get(key) != item.get(key) for key in ("FencingToken", "Owner")):',
        "if True:",
        an_unanswered_write_is_ones_own,
    ),
    "an unanswered write is anybody's": (
        ORCHESTRATOR,
        'for key in ("FencingToken", "Owner")',
        'for key in ("FencingToken",)',
        an_unanswered_write_of_another_is_not,
    ),
    "a silent repeat is refused": (
        ORCHESTRATOR,
        ' or ("votes" in event and status == "IN_PROGRESS")',
        "",
        an_automatic_call_during_a_run_is_silent,
    ),
    "a fail back forgets a home it never reached": (
        ORCHESTRATOR,
        'state["PreviousWriter"] = None if "database" in moved else home',
        'state["PreviousWriter"] = None',
        a_fail_back_of_the_application_keeps_the_home,
    ),
    "a failed fail back takes the old writer for home": (
        ORCHESTRATOR,
        '    if back:\n        state["PreviousWriter"] = None if "database" in moved else home\n',
        '    if back:\n        state["PreviousWriter"] = None\n',
        a_fail_back_that_fails_keeps_the_home,
    ),
    "a fail back keeps its home": (
        ORCHESTRATOR,
        'None if "database" in moved else home',
        "home",
        a_fail_back_forgets_the_home,
    ),
    "a release that fails is let be": (
        ORCHESTRATOR,
        "        if not latch:\n            raise\n",
        "",
        a_release_that_fails_fails_the_run,
    ),
    "the writer goes home first": (
        ORCHESTRATOR,
        "wanted[::-1] if back else wanted",
        "wanted",
        a_fail_back_releases_first,
    ),
    "a failure is told at every repeat": (
        ORCHESTRATOR,
        'if error and item.get("Automatic") and (key in TOLD or "Conditional" in error):',
        "if False:",
        a_repeated_failure_is_told_once,
    ),
    "a person is told once": (
        ORCHESTRATOR,
        'if error and item.get("Automatic") and (key in TOLD or "Conditional" in error):',
        "if error and key in TOLD:",
        a_manual_failure_is_told_each_time,
    ),
    "a failure is told once for ever": (
        ORCHESTRATOR,
        "{time() // 3600} ",
        "",
        a_failure_is_told_again_the_next_hour,
    ),
    "a writer that left is the present one": (
        ORCHESTRATOR,
        'event.get("writer") or (status != "failing-over" and writer) or ""',
        '(event.get("writer") if event.get("writer") in readers else writer)',
        a_writer_that_left_is_not_replaced_again,
    ),
    "a run without a state": (
        ORCHESTRATOR,
        "            if not blind:\n                raise\n            state = {",
        "            state = {",
        without_a_state_nothing_acts,
    ),
    "any writer is expected": (
        ORCHESTRATOR,
        "if expected and expected != members()[0]:",
        "if False:",
        another_writer_than_expected_refuses,
    ),
    "a fail back to a dead primary": (
        ORCHESTRATOR,
        'if "healthy" not in targets("PRIMARY"):',
        "if False:",
        a_fail_back_needs_a_healthy_primary,
    ),
    "a fail back to a dead instance": (
        ORCHESTRATOR,
        'and status_of(home) != "available":',
        "and False:",
        a_fail_back_needs_its_instance,
    ),
    "a fail back that latches": (
        ORCHESTRATOR,
        "return not back, back or",
        "return True, back or",
        a_fail_back_undoes_both,
    ),
    "a status that writes": (
        ORCHESTRATOR,
        "state=safe(load, True)",
        "state=safe(load)",
        a_status_writes_nothing,
    ),
    "all is moved always": (
        ORCHESTRATOR,
        "wanted = [name for name in both if name in asked]",
        "wanted = list(both)",
        what_did_not_fail_is_left_alone,
    ),
    "a truth value is a number": (
        ORCHESTRATOR,
        "type(value) is not type(default)",
        "not isinstance(value, type(default))",
        a_number_that_is_a_truth_value_does_not_fit,
    ),
    # And the monitor.
    "unknown is bad": (
        MONITOR,
        "if good is False else []",
        "if not good else []",
        an_unknown_signal_casts_no_vote,
    ),
    "targets yet to come are bad": (
        MONITOR,
        'False if "unhealthy" in states else None',
        "False",
        targets_yet_to_come_cast_no_vote,
    ),
    "one blind eye closes all": (
        MONITOR,
        '"application": read(application)}',
        '"application": application()}',
        a_blind_eye_closes_no_other,
    ),
    "a closed connection is life": (
        MONITOR,
        'return connection.recv(1) != b""',
        "return True",
        a_closed_connection_is_no_life,
    ),
    "a lost call is lost": (
        MONITOR,
        "if now - calls.get(attempt, 0) < REPEAT:",
        "if attempt in calls:",
        a_standing_call_is_repeated,
    ),
    "each tick is an attempt": (
        MONITOR,
        "{detected:.3f}",
        "{now:.3f}",
        a_standing_call_is_repeated,
    ),
    "the writer after the fault": (
        MONITOR,
        '        if health["database"] or not rows:\n            last =',
        "        if True:\n            last =",
        a_call_names_the_lost_writer,
    ),
    "a truth value is an interval": (
        MONITOR,
        "type(value) is not type(default)",
        "not isinstance(value, type(default))",
        a_truth_value_is_no_interval,
    ),
    "a gap between two runs": (
        MONITOR,
        "RUN, REPEAT = 130, 15",
        "RUN, REPEAT = 110, 15",
        a_run_reaches_the_next_but_one,
    ),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_noticed(name, tmp_path):
    (function, file), old, new, check = DEFECTS[name]
    source = (HANDLERS / file).read_text(encoding="utf-8")
    assert source.count(old) == 1
    mutant = tmp_path / file
    mutant.write_text(source.replace(old, new), encoding="utf-8")
    with pytest.raises(AssertionError):
        check(Trial(function, mutant.read_text(encoding="utf-8")))


CHECKS = {check.__name__: (function, check) for (function, _), _, _, check in DEFECTS.values()}


@pytest.mark.parametrize("name", CHECKS)
def test_the_deployed_handler_passes(name):
    function, check = CHECKS[name]
    check(Trial(function, None))

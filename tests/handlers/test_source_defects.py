"""The source's defects, and others of their kind, put back one at a time: each must be noticed.

Each stands with a test that the deployed handler passes, and its arguments: the handler with the
defect must fail it.
"""

from inspect import signature

import pytest
import test_monitor as monitor
import test_orchestrator_events as events
import test_orchestrator_faults as faults
import test_orchestrator_runs as runs
import test_orchestrator_state as state
from simulated import DEPLOYMENT, MANUAL, VOTED, WARM, WRITER, Trial

from drtemplate.groups.handlers import HANDLERS, MONITOR, ORCHESTRATOR
from drtemplate.settings import PROJECT

# Handler -> name of the defect -> its code, the defect, the test and the test's arguments.
DEFECTS = {
    ORCHESTRATOR: {
        "R01 a float in the item": (
            'Decimal(f"{min(max(0, value), 86400):.3f}")',
            "float(value)",
            runs.test_a_manual_run_moves_both_records_it_and_tells_it_once,
        ),
        "R02 no lease": (
            'if state["Status"] == "IN_PROGRESS":\n        raise',
            "if False:\n        raise",
            state.test_a_live_lease_refuses,
            MANUAL,
        ),
        "R02 no condition": (
            "ConditionExpression=token.not_exists() if held is None else token.eq(held),",
            "# no condition",
            state.test_of_two_at_once_one_acts,
        ),
        "R02 a retry acts again": (
            'last == item["AttemptId"] or ("votes" in event',
            "(automatic",
            runs.test_one_attempt_acts_once,
        ),
        "R05 the first available is the end": (
            "if writer not in (None, old):",
            "if True:",
            runs.test_a_promotion_that_never_comes_is_not_completed,
        ),
        "R06 a wait beyond the time-out": (
            "if context.get_remaining_time_in_millis() < RESERVE * 1000:",
            "if time() - accepted > 600:",
            runs.test_a_stalled_promotion_ends_recorded_and_told,
        ),
        "R06 a failure is not recorded": (
            'status, state["Error"] = "FAILED", text(repr(failure))',
            'status, state["Error"] = "IN_PROGRESS", text(repr(failure))',
            runs.test_any_other_refusal_of_the_promotion_fails_at_once,
            "AccessDenied",
        ),
        "R09 an unguarded message": (
            "safe(notify, status, state)",
            "notify(status, state)",
            faults.test_a_failing_topic_hides_no_error,
        ),
        "P08 nothing is routed": (
            'HealthCheckId=ENV["HEALTH_CHECK"], Disabled=latch, Inverted=latch',
            'HealthCheckId=ENV["HEALTH_CHECK"], Disabled=True, Inverted=True',
            state.test_a_fail_back_undoes_both,
        ),
        "an expired lease holds": (
            'number(state.get("LeaseExpires")) < time()',
            "False",
            state.test_an_expired_lease_refuses_nobody,
        ),
        "no fence": (
            "        save(state)\n        try:\n            rds",
            "        try:\n            rds",
            state.test_a_run_that_lost_its_lease_does_not_act,
        ),
        "a token that stays": (
            "int(number(held)) + 1",
            "int(number(held)) + 0",
            state.test_the_token_rises,
        ),
        "an unguarded metric": (
            "safe(cloudwatch.put_metric_data, ",
            "cloudwatch.put_metric_data(",
            faults.test_a_standing_fault,
            "cloudwatch",
            "PutMetricData",
            "AccessDenied",
        ),
        "a failed run answers": (
            "        raise failure\n",
            "        pass\n",
            runs.test_any_other_refusal_of_the_promotion_fails_at_once,
            "AccessDenied",
        ),
        "a latch without a standby": (
            'back or "healthy" in (safe(targets, "STANDBY") or [])',
            "True",
            runs.test_the_latch_needs_a_healthy_standby_target,
            ["unhealthy"],
            False,
        ),
        "a failed latch fails the run": (
            'state["LatchError"] = text(repr(error))',
            "raise",
            runs.test_a_failed_latch_is_recorded_and_fails_nothing,
        ),
        "a latch again": (
            'if state.get("Latched") is True:',
            "if False:",
            runs.test_a_latched_application_is_not_latched_again,
        ),
        "a reader that is not available": (
            'if safe(status_of, reader) == "available":',
            "if True:",
            runs.test_without_an_available_reader_the_database_part_fails_and_says_so,
            "modifying",
        ),
        "the writer as target": (
            "return old, reader\n",
            "return old, writer\n",
            runs.test_the_reader_is_named,
        ),
        "any text is true": (
            'event.get("trigger_failover") is True',
            'event.get("trigger_failover")',
            events.test_only_true_is_true,
        ),
        "no cooldown": (
            'if number(state.get(f"{name}_at", 0)) <= cold',
            "if True",
            runs.test_the_cooldown_holds,
        ),
        "an RDS event starts a run": (
            "return on_rds_event(event, state)",
            "return run(event, context, False)",
            events.test_an_rds_event_starts_nothing,
        ),
        "an RDS event closes unseen": (
            'if writer not in (None, state.get("PreviousWriter")) and status == "available":',
            "if True:",
            events.test_an_rds_event_closes_no_run_without_a_new_writer,
            WRITER,
            "available",
        ),
        "an RDS event closes nothing": (
            'save(state, Status="COMPLETED", NewWriter=writer',
            "dict(NewWriter=writer",
            events.test_an_rds_event_closes_a_late_run,
            "0071",
        ),
        "an old RDS event closes": (
            ' and "3" > when > text(state.get("StartTime"))',
            "",
            events.test_an_rds_event_not_dated_after_the_run_closes_nothing,
            "1999-01-01T00:00:00Z",
        ),
        "any RDS event closes": (
            'if late and kind in ["RDS-EVENT-0071", "RDS-EVENT-0069"]:',
            "if late:",
            events.test_another_rds_event_closes_nothing,
            "0004",
        ),
        "OFF is ignored": (
            'if automatic and arming == "OFF":',
            "if False:",
            runs.test_the_arming_holds_automatic_runs,
            "OFF",
            True,
            VOTED,
            "REFUSED",
        ),
        "not enabled is ignored": (
            ' if config["auto_failover_enabled"] else "OFF"',
            "",
            runs.test_the_arming_holds_automatic_runs,
            "ON",
            False,
            VOTED,
            "REFUSED",
        ),
        "DRY_RUN is ignored": (
            ' or (automatic and arming == "DRY_RUN")',
            "",
            runs.test_the_arming_holds_automatic_runs,
            "DRY_RUN",
            True,
            VOTED,
            "DRY_RUN",
        ),
        "a dry run acts": (
            "        if dry:\n",
            "        if False:\n",
            runs.test_a_dry_run_changes_nothing,
        ),
        "an alarm is enough": (
            "if not dead():",
            "if False:",
            events.test_looking_ends_after_a_minute,
        ),
        "the monitor is no witness": (
            "        if 1 in health:\n            break\n",
            "",
            events.test_a_database_alarm_needs_a_second_witness,
            [1.0],
            [WRITER],
            False,
        ),
        "AWS is no witness": (
            "if 0 in health or silent == [writer]:",
            "if True:",
            events.test_looking_ends_after_a_minute,
        ),
        "the monitor confirms nothing": (
            "if 0 in health or ",
            "if ",
            events.test_a_database_alarm_needs_a_second_witness,
            [0.0],
            [],
            True,
        ),
        "AWS confirms nothing": (
            "silent == [writer]",
            "False",
            events.test_a_database_alarm_needs_a_second_witness,
            [],
            [WRITER],
            True,
        ),
        "the health of any stack": (
            '"StackName", STACK, 30)',
            '"StackName", "other", 30)',
            events.test_the_health_of_something_else_is_no_witness,
            "another stack",
        ),
        "the health of long ago": (
            "STACK, 30)",
            "STACK, 180)",
            events.test_an_old_witness_counts_for_nothing,
            60,
        ),
        "health by the minute": (
            "Period=past // 3,",
            "Period=60,",
            events.test_an_old_witness_counts_for_nothing,
            60,
        ),
        "an unreadable witness crashes": (
            "    except Exception as refusal:",
            "    except Stop as refusal:",
            events.test_an_unreadable_witness_is_refused_recorded_and_told,
            ("cloudwatch", "GetMetricStatistics"),
            "Throttling",
        ),
        "Aurora's own failover is undone": (
            'if writer != old or status == "failing-over":',
            "if False:",
            runs.test_another_writer_than_the_named_one_is_only_verified,
        ),
        "a busy cluster fails the run": (
            '("InvalidDBClusterState", "ReadTimeout")',
            '("ReadTimeout",)',
            runs.test_a_cluster_that_is_busy_is_only_verified,
        ),
        "a lost answer fails the run": (
            '("InvalidDBClusterState", "ReadTimeout")',
            '("InvalidDBClusterState",)',
            runs.test_a_lost_answer_is_verified,
        ),
        "any error is verified": (
            'if not any(word in repr(error) for word in ("InvalidDBClusterState", "ReadTimeout")):',
            "if False:",
            runs.test_any_other_refusal_of_the_promotion_fails_at_once,
            "AccessDenied",
        ),
        "the first failure is the end": (
            "            failure = failure or error\n",
            "            failure = failure or error\n            break\n",
            runs.test_a_database_that_fails_does_not_hold_the_latch_back,
            "rebooting",
        ),
        "a lease that is not renewed": (
            'if state["LeaseExpires"] < time() + LEASE / 2:',
            "if False:",
            state.test_a_long_promotion_keeps_its_lease,
        ),
        "an unanswered write is lost": (
            'if any(found.get(key) != item.get(key) for key in ("FencingToken", "Owner")):',
            "if True:",
            faults.test_an_unanswered_write_leaves_a_final_state,
            1,
        ),
        "an unanswered write is anybody's": (
            'for key in ("FencingToken", "Owner")',
            'for key in ("FencingToken",)',
            state.test_an_unanswered_write_of_another_is_not,
            1,
            {"Owner": "thief"},
        ),
        "a silent repeat is refused": (
            ' or ("votes" in event and status == "IN_PROGRESS")',
            "",
            state.test_an_automatic_call_during_a_run_is_silent,
            VOTED,
        ),
        "a fail back forgets a home it never reached": (
            'state["PreviousWriter"] = None if "database" in moved else home',
            'state["PreviousWriter"] = None',
            state.test_a_fail_back_of_the_application_keeps_the_home,
        ),
        "a failed fail back takes the old writer for home": (
            '    if back:\n        state["PreviousWriter"] = None if "database" in moved else home\n',
            '    if back:\n        state["PreviousWriter"] = None\n',
            state.test_a_fail_back_that_fails_keeps_its_home,
            "AccessDenied",
        ),
        "a fail back keeps its home": (
            'None if "database" in moved else home',
            "home",
            state.test_a_fail_back_of_the_application_keeps_the_home,
        ),
        "a release that fails is let be": (
            "        if not latch:\n            raise\n",
            "",
            state.test_a_release_that_fails_fails_the_run,
        ),
        "the writer goes home first": (
            "wanted[::-1] if back else wanted",
            "wanted",
            state.test_a_fail_back_releases_the_latch_first,
        ),
        "a failure is told at every repeat": (
            'if error and item.get("Automatic") and (key in TOLD or "Conditional" in error):',
            "if False:",
            runs.test_a_repeated_failure_is_told_once,
        ),
        "a person is told once": (
            'if error and item.get("Automatic") and (key in TOLD or "Conditional" in error):',
            "if error and key in TOLD:",
            runs.test_a_manual_failure_is_told_each_time,
        ),
        "a failure is told once for ever": (
            "{time() // 3600} ",
            "",
            runs.test_a_failure_is_told_again_the_next_hour,
        ),
        "a writer that left is the present one": (
            'event.get("writer") or (status != "failing-over" and writer) or ""',
            '(event.get("writer") if event.get("writer") in readers else writer)',
            runs.test_a_writer_that_left_is_not_replaced_again,
        ),
        "a run without a state": (
            "            if not blind:\n                raise\n            state = {",
            "            state = {",
            faults.test_without_a_state_nothing_acts,
        ),
        "any writer is expected": (
            "if expected and expected != members()[0]:",
            "if False:",
            runs.test_another_writer_than_expected_refuses,
        ),
        "a fail back to a dead primary": (
            'if "healthy" not in targets("PRIMARY"):',
            "if False:",
            state.test_a_fail_back_needs_a_healthy_primary,
        ),
        "a fail back to a dead instance": (
            'and status_of(home) != "available":',
            "and False:",
            state.test_a_fail_back_needs_its_instance,
        ),
        "a fail back that latches": (
            "return not back, back or",
            "return True, back or",
            state.test_a_fail_back_undoes_both,
        ),
        "a status that writes": (
            "state=safe(load, True)",
            "state=safe(load)",
            state.test_a_status_writes_nothing,
        ),
        "all is moved always": (
            "wanted = [name for name in both if name in asked]",
            "wanted = list(both)",
            runs.test_what_did_not_fail_is_left_alone,
        ),
        "a truth value is a number": (
            "type(value) is not type(default)",
            "not isinstance(value, type(default))",
            runs.test_an_unfit_value_is_noted_and_replaced,
            "cooldown_seconds",
            True,
        ),
    },
    MONITOR: {
        "R03 a load balancer as target group": (
            'ENV["PRIMARY_TARGETS"]',
            'ENV["PRIMARY_ALB_ARN"]',
            monitor.test_application_by_its_targets,
            ["healthy", "draining"],
            True,
        ),
        "R07 metrics after the decision": (
            "        read(publish, AutomationArmed=armed, "
            'DatabaseHealth=health["database"])\n'
            "        read(decide, health, config, rows, calls, last, now)\n",
            "        read(decide, health, config, rows, calls, last, now)\n"
            "        read(publish, AutomationArmed=armed, "
            'DatabaseHealth=health["database"])\n',
            monitor.test_metrics_come_before_the_decision,
        ),
        "R07 an unguarded decision": (
            "read(decide, health,",
            "decide(health,",
            monitor.test_a_failing_call_ends_no_run,
        ),
        "R07 unguarded metrics": (
            "read(publish, ",
            "publish(",
            monitor.test_a_silent_service_does_not_hide_a_dead_database,
            "cloudwatch",
        ),
        "R10 no stack in the metrics": (
            '"Value": ENV["STACK_NAME"]',
            '"Value": "all"',
            monitor.test_metrics_name_the_stack_and_the_second,
        ),
        "R10 metrics by the minute": (
            '"StorageResolution": 1,',
            '"StorageResolution": 60,',
            monitor.test_metrics_name_the_stack_and_the_second,
        ),
        "P02 the name of no function": (
            'ENV["FAILOVER_FUNCTION"]',
            'ENV["STACK_NAME"] + "-health-failover-orchestrator"',
            monitor.test_a_standing_call_is_repeated,
        ),
        "P10 a status is a failure": (
            'return connection.recv(1) != b""',
            "clusters = rds.describe_db_clusters("
            'DBClusterIdentifier=ENV["CLUSTER_ID"])["DBClusters"]\n'
            '            return clusters[0]["Status"] == "available"',
            monitor.test_a_status_is_no_outage,
        ),
        "P10 one bad tick is enough": (
            "if len(rows[name]) >= needed[name]",
            "if rows[name]",
            monitor.test_bad_ticks_must_be_two_in_a_row,
            ["up", "refused", "up"],
        ),
        "P10 bad ticks add up": (
            "if good is False else []",
            "if good is False else rows.get(name, [])",
            monitor.test_bad_ticks_must_be_two_in_a_row,
            ["up", "refused"] * 20,
        ),
        "P10 no grace": (
            "if len(votes) == 1 and",
            "if False and",
            monitor.test_the_database_alone_waits_for_its_grace_from_the_first_bad_tick,
        ),
        "unknown is bad": (
            "if good is False else []",
            "if not good else []",
            monitor.test_an_unknown_signal_casts_no_vote,
        ),
        "targets yet to come are bad": (
            'False if "unhealthy" in states else None',
            "False",
            monitor.test_application_by_its_targets,
            ["initial"],
            None,
        ),
        "one blind eye closes all": (
            '"application": read(application)}',
            '"application": application()}',
            monitor.test_a_silent_service_does_not_hide_a_dead_database,
            "elbv2",
        ),
        "a closed connection is life": (
            'return connection.recv(1) != b""',
            "return True",
            monitor.test_no_packet_is_a_dead_database,
            "closed",
        ),
        "a lost call is lost": (
            "if now - calls.get(attempt, 0) < REPEAT:",
            "if attempt in calls:",
            monitor.test_a_standing_call_is_repeated,
        ),
        "each tick is an attempt": (
            "{detected:.3f}",
            "{now:.3f}",
            monitor.test_a_standing_call_is_repeated,
        ),
        "the writer after the fault": (
            '        if health["database"] or not rows:\n            last =',
            "        if True:\n            last =",
            monitor.test_a_call_names_the_writer_of_the_last_good_probe,
            12,
            WRITER,
        ),
        "a truth value is an interval": (
            "type(value) is not type(default)",
            "not isinstance(value, type(default))",
            monitor.test_a_value_that_does_not_fit_is_the_default_and_is_told,
            "probe_interval_seconds",
            True,
        ),
        "a gap between two runs": (
            "RUN, REPEAT = 130, 15",
            "RUN, REPEAT = 110, 15",
            monitor.test_a_run_probes_for_130_seconds_at_the_interval,
        ),
    },
}

NAMES = [(function, name) for function in DEFECTS for name in DEFECTS[function]]


def world_of(code, function, check):
    """The account that the test asks for, with this code."""
    made = Trial(DEPLOYMENT.with_function(function, code=code), witness=state.Writes())
    if "warm" in signature(check).parameters:
        made.run(WARM)
    return made


@pytest.mark.parametrize(("function", "name"), NAMES)
def test_a_defect_is_noticed(function, name):
    old, new, check, *arguments = DEFECTS[function][name]
    source = (PROJECT / "handlers" / HANDLERS[function]).read_text("utf-8")
    assert source.count(old) == 1
    check(world_of(source, function, check), *arguments)
    with pytest.raises(AssertionError):
        check(world_of(source.replace(old, new), function, check), *arguments)

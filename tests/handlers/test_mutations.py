"""Every guard is there: with each of them taken out of its module, a test that passes must fail.

Among them are the source template's defects (R and P), and those that version 0.1.0 had (E).
"""

from dataclasses import replace
from inspect import signature

import pytest
import test_events as events
import test_faults as faults
import test_findings as findings
import test_observer as observer
import test_runs as runs
import test_state as state
import test_sweep as sweep
import test_telling as telling
import test_witnesses as witnesses
from simulated import APPLICATION, CHAIN, FAILBACK, FOLDER, MANUAL, WARM, Trial

# What is gone -> module, old text, new text, the test and its arguments.
MUTATIONS = {
    "rule 3: the other observer's word": (
        "conditions", "if view.word and view.word.alive:", "if False:",
        witnesses.test_the_word_of_an_observer, "another saw it alive since",
    ),
    "rule 3: who was heard of lately is waited for": (
        "witnesses", "if alive or not waits or last:", "if True:",
        witnesses.test_an_observer_heard_of_lately_is_waited_for_four_seconds_at_most, 2, 1, False,
    ),
    "rule 2: a member that answers": (
        "rows", "return BAD if suspects and others else UNKNOWN",
        "return BAD if suspects else UNKNOWN",
        observer.test_where_no_member_answers_the_observer_may_be_the_sick_one,
    ),
    "rule 2: the writer's own endpoint": (
        "rows", "if members.get(writer):", "if False:",
        observer.test_a_cluster_endpoint_that_lags_behind_the_writer_is_no_outage,
    ),
    "rule 4 (E19): somebody's hands": (
        "conditions", "if status in IN_HANDS:", "if False:",
        witnesses.test_an_upgrade_of_two_minutes_is_left_alone,
    ),
    "rule 4 (E19): what may pass": (
        "conditions", "and view.row_age < PASSING:", "and False:",
        findings.test_e19_what_is_in_somebodys_hands_is_left_alone, "a reboot by hand",
    ),
    "rule 4: hands right before the act": (
        "acts", 'check_hands("the cluster", topology.status)', "pass",
        witnesses.test_hands_that_come_between_the_decision_and_the_act_are_left_alone,
    ),
    "rule 4: an alarm on a reboot": (
        "look", "return SILENT if word is None or word.unseen is None else min(SILENT, word.unseen)", "return SILENT",
        witnesses.test_an_alarm_leaves_a_reboot_alone_for_ninety_seconds_of_its_own,
        ((80, 1, "zone-1"), (3, 0, "zone-1")), "REFUSED",
    ),
    "rule 5 (E16): the last look": (
        "acts", "if topology.failing_over or topology.writer != decision.old:", "if False:",
        findings.test_e16_who_writes_is_read_again_right_before_the_act,
    ),
    "rule 5 (E11): a call that names nobody": (
        "decision", "if request.alarm or not (old or request.automatic):", "if not old:",
        witnesses.test_a_call_that_names_nobody_moves_nobody,
    ),
    "rule 7: one more, and no third": (
        "conditions", "and moves == 1", "and moves < 9",
        witnesses.test_within_the_cooldown_both_observers_must_have_agreed_for_three_minutes,
    ),
    "rule 7: the agreement": (
        "conditions", "and (view.aws_silent or (view.agreed and now - max(state.moves[component]) >= AGREED))", "",
        witnesses.test_within_the_cooldown_aws_own_eye_is_enough,
    ),
    "an alarm's witness": (
        "conditions", "if request.alarm and not view.aws_silent:", "if False:",
        witnesses.test_an_alarm_needs_aws_own_eye, "AWS hears both",
    ),
    "a latch needs a standby (E14)": (
        "conditions", 'if "healthy" not in standby:', "if False:",
        findings.test_e14_an_application_that_moved_nowhere_is_not_completed, MANUAL | APPLICATION,
    ),
    "the cooldown (E1)": (
        "conditions", "if request.force or not moves:", "if True:",
        findings.test_e01_a_lost_run_lifts_no_cooldown, findings.LOST[0],
    ),
    "a fail back's conditions hold together": (
        "decision", "if back and any(one.refused for one in made):", "if False:",
        runs.test_a_fail_back_needs_its_instance,
    ),
    "E5: a latch that cannot be released moves no writer": (
        "runs", 'if failures and request.action == "failback":', "if False:",
        findings.test_e05_a_latch_that_cannot_be_released_moves_no_writer,
    ),
    "E4: home": (
        "acts", "run.change(home=run.state.home or decision.old)", "run.change(home=decision.old)",
        findings.test_e04_home_is_where_the_writer_was_before_the_first_move,
    ),
    "E6: within an hour": (
        "closing", "if now - pending.since > PENDING:", "if False:",
        findings.test_e06_a_failover_of_nine_hours_later_closes_no_old_run,
    ),
    "E10: the last usable configuration": (
        "configuration", 'arming = last.get("arming", "DRY_RUN")', 'arming = "ON"',
        findings.test_e10_off_stays_off_while_the_store_is_silent,
    ),
    "E9: plainly off": (
        "configuration", "if _means_off(mode) or _means_off(enabled):", "if False:",
        findings.test_e09_what_does_not_fit_is_told_and_raises_the_alarm,
        findings.as_text(findings.PLAINLY_OFF[0]),
    ),
    "E17: an attempt is remembered": (
        "attempts", 'f"ATTEMPT#{request.action}#{request.attempt_id}"', 'f"ATTEMPT#{time()}"',
        findings.test_e17_an_attempt_before_the_last_is_remembered_forced_or_not,
    ),
    "E17: by its action": (
        "attempts", 'f"ATTEMPT#{request.action}#{request.attempt_id}"',
        'f"ATTEMPT#{request.attempt_id}"',
        findings.test_e17_a_fail_back_is_another_attempt_than_its_failover,
    ),
    "E22: a move that others made": (
        "closing", 'state.with_move("database", now)', "state",
        sweep.test_a_move_of_somebody_else_is_found_and_starts_the_cooldown,
    ),
    "E25: a lost answer of the latch": (
        "acts", "if is_latched() is not latch:", "if True:",
        findings.test_e25_a_lost_answer_of_the_latch_is_verified, findings.Lost.ANSWER,
    ),
    "E31: the next target": (
        "acts", "if not code.startswith(NOT_THIS_ONE):", "if True:",
        findings.test_e31_the_lowest_tier_is_asked_first_and_then_the_next, ["b"],
    ),
    "R02: the lease": (
        "state", 'return self.status == "IN_PROGRESS" and', "return False and",
        state.test_a_live_lease_refuses_who_comes_once, MANUAL,
    ),
    "R02: the condition of a write (E12)": (
        "store", ", ConditionExpression=unwritten", "",
        findings.test_e12_a_twin_that_stalls_for_a_minute_makes_no_second_call,
        ("dynamodb", "PutItem", 1),
    ),
    "a writer that has lived since a lost run": (
        "conditions", "if again and same:", "if again:",
        witnesses.test_in_the_cooldown_a_lost_run_is_made_again_for_a_writer_dead_since, 30, 0, "REFUSED",
    ),
    "a repeat that was refused": (
        "runs", "and not run.put_back(decision.component):", ":",
        witnesses.test_a_repeat_that_was_not_made_is_not_spent, "FailoverDBCluster", 1,
    ),
    "an alarm without observers": (
        "witnesses", "return clock - max(alive) if alive", "return max(at for at, _ in points) - max(alive) if alive",
        witnesses.test_an_alarm_leaves_a_reboot_alone_for_ninety_seconds_of_its_own,
        ((250, 1, "zone-1"), (250, 1, "zone-2")), "COMPLETED",
    ),
    "what a lost attempt has left": (
        "attempts", "    if known != INTENT or request.automatic:", "    if True:",
        state.test_of_an_attempt_that_was_lost_half_way_the_other_half_is_made, state.FORCED, False,
    ),
    "an expected writer that is replaced": (
        "attempts", ", expected_writer=None)", ")",
        state.test_of_an_attempt_that_was_lost_half_way_the_other_half_is_made, {"expected_writer": state.WRITER}, False,
    ),
    "an error of RDS after an act": (
        "acts", 'if error.response["ResponseMetadata"].get("HTTPStatusCode", 0) >= 500:', "if False:",
        state.test_an_attempt_of_which_the_end_is_unknown_is_not_made_again, state.answers_lost,
    ),
    "an attempt of unknown end": (
        "ending", "done = run.taken or self.moved or unknown", "done = run.taken or self.moved",
        state.test_an_attempt_of_which_the_end_is_unknown_is_not_made_again, state.unreadable_too,
    ),
    "a claim that was lost": (
        "runs", "settle(request, cooldown, store.owner, WITHDRAWN)", "pass",
        state.test_an_attempt_whose_claim_was_lost_is_made_by_the_next_delivery,
    ),
    "a writer dead for long": (
        "witnesses", "else float(BACK)", "else None",
        witnesses.test_in_the_cooldown_a_lost_run_is_made_again_for_a_writer_dead_since, 9000, 400, "COMPLETED",
    ),
    "a fail back reads the latch": (
        "runs", "Look(state, began, is_latched() if back else None)", "Look(state, began)",
        sweep.test_a_fail_back_that_got_home_and_was_lost_is_told_as_back_though_asked_for_again,
    ),
    "told before its other part ended": (
        "look", "if not written or run in waiting:", "if not written:",
        sweep.test_a_lost_run_whose_parts_end_one_after_the_other_is_told_once,
    ),
    "a delivery that was lost": (
        "attempts", "    if state.leased(now) and state.attempt_id == request.attempt_id:",
        "    if state.attempt_id == request.attempt_id:",
        state.test_what_one_delivery_was_lost_with_another_makes, False, 2,
    ),
    "a delivery that was lost after its intent": (
        "attempts", "or (known == INTENT and not lost_parts(request, state)):", "or known == INTENT:",
        state.test_what_one_delivery_was_lost_with_another_makes, True, 3,
    ),
    "a part of a fail back is not the whole": (
        "closing", 'end = end._replace(status="")', "pass",
        sweep.test_a_fail_back_that_was_lost_has_failed_until_both_parts_are_back, False,
    ),
    "a way home that another run takes over": (
        "runs", "begun = begun.without(before.run)", "pass",
        sweep.test_a_fail_back_whose_way_home_another_run_takes_over_has_failed,
    ),
    "told, and then the lease is another's": (
        "ending", "attempt(note_told, to_item(run.state._replace(untold={})), key, self.status)", "pass",
        telling.test_a_run_whose_lease_another_takes_right_after_its_end_is_told_once,
    ),
    "told by who has the lease": (
        "ending", "if self.overtaken:", "if False:",
        telling.test_a_run_that_comes_back_after_it_was_seen_through_tells_nothing_more,
    ),
    "told by a sweep, and then the lease is another's": (
        "look", "attempt(note_told, record, run, status)", "pass",
        telling.test_a_sweep_whose_lease_another_takes_tells_a_lost_run_once,
    ),
    "a clock that is set": (
        "health_monitor", "from time import monotonic, sleep, time", "from time import sleep, time\nfrom time import time as monotonic",
        observer.test_a_clock_that_is_set_meanwhile_ages_no_row, 120,
    ),
    "rule 3: CloudWatch's clock": (
        "witnesses", 'return parsedate_to_datetime(date).timestamp() if date else None', "return None",
        witnesses.test_observers_that_cannot_speak_veto_nothing_by_what_they_said_before, 25,
    ),
    "rule 3: a row that a look of its own interrupts": (
        "witnesses", "    misses = [first]\n", "    misses = [first] if not points else []\n",
        witnesses.test_the_word_of_an_observer, "both did between two misses",
    ),
    "rule 7: an agreement that has ended": (
        "witnesses", "max(clock or 0.0, *(", "max((",
        witnesses.test_an_agreement_that_has_ended_is_none,
    ),
    "a refusal that two count": (
        "telling", "attempt(_owe, kind, subject, told_before)", "pass",
        telling.test_a_refusal_that_sns_refused_is_owed_though_another_call_counts_too,
    ),
    "an alarm that still stands": (
        "sweep", "if attempt(recall, request) == DONE:", "if False:",
        witnesses.test_an_alarm_that_stands_after_its_attempt_is_made_again_by_the_sweep,
    ),
    "the writer that a row has named": (
        "health_monitor", "writer or (row and row.writer)", "writer",
        observer.test_a_writer_that_a_row_has_named_and_that_answers_is_not_called_for,
    ),
    "what was read before": (
        "health_monitor", "attempt(read_parameter), USABLE or None)", "attempt(read_parameter))",
        observer.test_while_the_store_is_silent_what_was_read_before_holds,
    ),
    "no release while Aurora is at it": (
        "acts", "check_calm(attempt(read_topology, rds, CLUSTER))", "pass",
        runs.test_a_latch_is_not_released_if_aurora_begins_to_fail_over_meanwhile,
    ),
    "the fence": (
        "acts", "        run.fence()\n        fenced = time()\n        try:",
        "        fenced = time()\n        try:",
        state.test_a_conditional_write_and_a_look_stand_right_before_each_act, MANUAL,
    ),
    "the lease is renewed": (
        "acts", "if run.state.lease_expires < time() + LEASE / 2:", "if False:",
        state.test_every_write_renews_the_lease_and_not_every_look_writes, None,
    ),
    "R05: a status is no proof": (
        "acts", "topology.writer not in (None, decision.old)", "True",
        runs.test_a_promotion_that_never_comes_is_not_completed,
    ),
    "R06: a wait within the time-out": (
        "acts", "if run.context.get_remaining_time_in_millis() < RESERVE * 1000:", "if False:",
        runs.test_a_stalled_promotion_ends_recorded_and_told_in_time,
    ),
    "R01: fractions as Decimal": (
        "item", 'return Decimal(f"{value:.3f}")', "return value",
        runs.test_a_manual_run_moves_both_records_it_and_tells_it_once,
    ),
    "OFF": (
        "runs", 'off = request.automatic and configuration.arming == "OFF"', "off = False",
        runs.test_the_arming_holds_automatic_runs, "OFF", True, runs.BOTH_DEAD, "REFUSED",
    ),
    "DRY_RUN": (
        "runs", '(request.automatic and configuration.arming == "DRY_RUN")', "False",
        runs.test_the_arming_holds_automatic_runs, "DRY_RUN", True, runs.BOTH_DEAD, "DRY_RUN",
    ),
    "a failed run answers if it was told": (
        "ending", "if ending.failure and not told:", "if False:",
        runs.test_a_failed_run_raises_only_if_nobody_could_be_told,
    ),
    "a reason is told once an hour": (
        "telling", "if told and now - told < HOUR:", "if False:",
        telling.test_a_persons_refusal_is_told_each_time_and_an_observers_once_an_hour,
    ),
    "a message is cut": (
        "telling", "encoded[:MOST]", "encoded",
        telling.test_a_message_too_large_is_cut,
    ),
    "what mostly passes is told late": (
        "telling", "if kind not in PASSING_REASONS:", "if True:",
        telling.test_what_mostly_passes_is_told_after_five_minutes, "upgrading",
    ),
    "a field that does not fit": (
        "events", 'raise _unfit(field, value, "true or false")', "return False",
        events.test_a_refusal_by_field_is_answered_recorded_and_told_and_changes_nothing,
        FAILBACK | {"force": "yes"},
    ),
    "the table's outage": (
        "look",
        "return not request.automatic and request.force and bool(request.expected_writer)",
        "return True",
        faults.test_without_the_table_only_a_forced_manual_run_that_names_the_writer_acts,
        "*", MANUAL, "REFUSED",
    ),
    "R07: an unguarded call": (
        "health_monitor", "attempt(self.call, now)", "self.call(now)",
        observer.test_a_failed_call_is_made_again_at_the_next_look,
    ),
    "R07: unguarded metrics": (
        "health_monitor", "attempt(self.publish, cluster)", "self.publish(cluster)",
        observer.test_a_silent_service_does_not_hide_a_dead_database, "cloudwatch",
    ),
    "R10: metrics by the second": (
        "health_monitor", '"StorageResolution": 1,', '"StorageResolution": 60,',
        observer.test_metrics_come_before_the_decision_and_are_the_observers_own,
    ),
    "P10: a grace": (
        "rows", "if self.rows[found[0]].known >= grace else []", "",
        observer.test_the_database_alone_waits_for_its_grace,
    ),
    "a call is repeated": (
        "health_monitor", "if name in self.calls and now - self.calls[name] < REPEAT:", "if name in self.calls:",
        observer.test_a_standing_call_is_repeated_under_one_name,
    ),
    "a bad look is followed soon": (
        "health_monitor", 'if self.verdicts["database"] == BAD else interval', "if False else interval",
        observer.test_after_a_bad_look_the_next_comes_sooner,
    ),
    "an alarm that stands no more": (
        "sweep", "        found.pop(name, None)\n", "",
        sweep.test_an_alarm_that_stands_no_more_is_forgotten,
    ),
    "a run tells its own end": (
        "look", "if now <= written_until or not state.untold:", "if not state.untold:",
        sweep.test_the_end_of_a_run_that_is_being_told_is_not_told_by_the_sweep_too,
    ),
    "a race lost to a sweep": (
        "runs", "            if not again:\n", "            if False:\n",
        sweep.test_a_person_is_not_refused_for_a_sweep_that_wrote_at_the_same_moment,
    ),
    "the moves before a fail back": (
        "ending", "run.state = run.state.at_home()", 'run.change(home="")',
        witnesses.test_the_cooldown_counts_from_a_fail_back_alone,
    ),
    "AWS's own eye: two points": (
        "witnesses", "for at in times) >= 2", "for at in times) >= 1",
        witnesses.test_a_single_point_of_a_reader_after_a_silence_of_all_proves_nothing,
    ),
    "one mail an hour of what mostly passes": (
        "telling", " and now - told >= HOUR", "",
        telling.test_of_reasons_that_mostly_pass_an_hour_has_one_mail,
    ),
    "a call that says little": (
        "witnesses", "max(now - (request.detected_at or began), LEAST)", "max(now - (request.detected_at or began), 0.0)",
        witnesses.test_a_call_that_says_little_moves_no_healthy_writer, "no age",
    ),
    "an age of nothing": (
        "witnesses", "max(request.row_age, LEAST)", "max(request.row_age, 0.0)",
        witnesses.test_a_call_that_says_little_moves_no_healthy_writer, "an age of nothing",
    ),
    "a call without a vote": (
        "events", "or ({} if automatic else None)", "",
        witnesses.test_a_call_that_says_little_moves_no_healthy_writer, "no vote",
    ),
    "the witnesses of an expected writer": (
        "look", "in (request.writer, request.expected_writer) or", "== request.writer or",
        witnesses.test_a_call_that_says_little_moves_no_healthy_writer, "the writer that it expects",
    ),
    "an incident that cannot be written": (
        "telling", 'raise RuntimeError("the incident cannot be written")', "return False",
        telling.test_a_table_that_takes_no_write_is_told_after_five_minutes,
    ),
    "what was told of another kind": (
        "telling", "if name in PASSING_REASONS]", "]",
        telling.test_what_was_told_of_another_kind_hides_none_that_mostly_passes,
    ),
    "a refusal is told once": (
        "refusing", " and first_refusal(request, refusal.kind)", "",
        telling.test_a_refused_event_that_is_delivered_twice_is_one_mail,
        MANUAL | telling.DATABASE,
        0,
    ),
    "a dry run counts in no incident": (
        "refusing", "elif request.automatic and not request.dry_run:", "elif request.automatic:",
        runs.test_a_dry_run_refuses_as_a_run_would, runs.VOTED | {"writer": runs.READER},
    ),
    "a latch that somebody changed": (
        "closing", "if known else state)", "if False else state)",
        sweep.test_a_latch_that_somebody_changed_starts_the_cooldown,
    ),
    "a lost run is closed as its own": (
        "decision", "if pending and pending.old == (state.writer or old) and not pending.rolled_back:", "if False:",
        sweep.test_a_lost_run_whose_promotion_is_slow_is_closed_as_its_own, sweep.HAND_DATABASE,
    ),
    "a lost fail back is a new beginning too": (
        "closing", "done = done.at_home()", 'done = done._replace(home="")',
        sweep.test_a_lost_run_whose_promotion_is_slow_is_closed_as_its_own, FAILBACK | sweep.DATABASE,
    ),
    "the words of a run that was closed": (
        "closing", "if end.status and end.run in state.untold:", "if False:",
        sweep.test_a_lost_run_that_another_followed_is_told_as_it_ended,
    ),
    "a move after one that was given up": (
        "closing", "counted = counted and not pending.rolled_back", "",
        sweep.test_what_aurora_does_after_it_gave_a_promotion_up_is_another_move,
    ),
    "a record that was lost": (
        "look", "            attempt(keep, record, run)\n", "",
        sweep.test_a_run_that_was_lost_before_its_record_has_one, False,
    ),
    "a record that was lost, and another run": (
        "look", "elif was.run_key in was.untold:", "elif False:",
        sweep.test_a_run_that_was_lost_before_its_record_has_one, True,
    ),
    "the first miss stays": (
        "witnesses", "first = clock - row_age if first is None else first", "first = clock - row_age",
        witnesses.test_a_word_that_comes_late_counts_from_the_first_miss,
    ),
    "what no call repeats is told": (
        "telling", '"Owed": subject}', '"Owed": ""}',
        telling.test_what_no_call_repeats_is_told_by_the_sweep_once, 30,
    ),
    "a new incident forgets no mail that is owed": (
        "telling", '"Refusals": _owed(before)', '"Refusals": {}',
        telling.test_what_no_call_repeats_is_told_by_the_sweep_once, 400,
    ),
    "while it cannot be told a metric says so": (
        "sweep", "len(owed) + refusals", "len(owed)",
        telling.test_what_no_call_repeats_is_told_by_the_sweep_once, 30,
    ),
    "a mail that failed again is still owed": (
        "telling", "left[kind] = entry", "pass",
        telling.test_what_no_call_repeats_is_told_by_the_sweep_once, 30,
    ),
    "an attempt that got there": (
        "ending", "if not self.failure:\n            run.state = run.state.made_good", "if False:\n            run.state = run.state.made_good",
        telling.test_of_an_attempt_that_got_there_no_lost_run_is_told, "before the latch",
    ),
    "a lost run's own move": (
        "state", "if why != LOST\n", "if False\n",
        telling.test_what_a_lost_run_moved_is_told_when_its_attempt_gets_there,
    ),
    "a lost run's own move, and Aurora is still at it": (
        "state", "or run in waited_for\n", "\n",
        telling.test_a_lost_run_whose_promotion_goes_on_is_told_though_its_attempt_gets_there,
    ),
    "of another attempt": (
        "state", ' or run.partition("#")[2].partition("#")[2] != attempt_id', "",
        telling.test_another_attempt_hides_no_lost_run,
    ),
    "two sweeps, and a refusal": (
        "telling", "if not attempt(_put_incident, item, before):\n        return len(owed)", "attempt(_put_incident, item, before)",
        telling.test_of_two_sweeps_at_the_same_moment_one_tells_a_refusal,
    ),
    "a dry run's component is told once": (
        "telling", 'part not in " ".join(known)', "kind not in known",
        findings.test_e29_a_dry_run_tells_of_each_component_once,
    ),
    "a sweep delivered twice, and a configuration": (
        "sweep", "if not fenced:\n        return state\n    if mail", "if not fenced:\n        fenced = state\n    if mail",
        sweep.test_a_sweep_that_is_delivered_twice_tells_it_once, "CONFIGURATION",
    ),
    "a sweep delivered twice, and a health check": (
        "sweep", "if not fenced:\n        return state\n    if mail", "if not fenced:\n        fenced = state\n    if mail",
        sweep.test_a_sweep_that_is_delivered_twice_tells_it_once, "HEALTH CHECK",
    ),
    "a sweep delivered twice, and a run": (
        "look", "if not fenced:\n        return state", "if not fenced:\n        fenced = state",
        sweep.test_a_sweep_that_is_delivered_twice_tells_it_once, "COMPLETED",
    ),
    "a closed connection is no life": (
        "probes", 'alive = connection.recv(1024) != b""', "alive = True",
        observer.test_a_dead_writer_is_called_for, "closed",
    ),
}  # fmt: skip


def mutant(module, old, new):
    """The functions with one module changed."""
    functions, changed = {}, 0
    for logical, function in FOLDER.functions.items():
        package = function.code
        if module in package.modules:
            text, changed = package.modules[module], changed + 1
            assert text.count(old) == 1, f"{module} has {old!r} {text.count(old)} times"
            package = replace(package, modules={**package.modules, module: text.replace(old, new)})
        functions[logical] = replace(function, code=package)
    assert changed
    return replace(FOLDER, functions=functions)


def passes(check, arguments, deployment):
    """Whether the test passes on the world that it asks for, with this deployment."""
    kind = next(iter(signature(check).parameters))
    if kind == "chain":
        world = Trial(deployment, **CHAIN)
        world.aurora.sees = False
    elif kind in ("world", "warm", "dead", "without_application", "failed_over"):
        world = Trial(deployment.untriggered(), witness=state.Writes())
    else:
        raise AssertionError(kind)
    if kind == "warm":
        world.run(WARM)
    if kind in ("dead", "without_application"):
        world.balancers["Primary"].show("unhealthy")
    if kind == "failed_over":
        world.send(MANUAL)
    try:
        check(world, *arguments)
    except (AssertionError, LookupError):
        return False
    finally:
        world.close()
    return True


@pytest.mark.parametrize("what", MUTATIONS)
def test_without_a_guard_its_test_fails(what):
    module, old, new, check, *arguments = MUTATIONS[what]
    deployment = mutant(module, old, new)
    # A test that makes a world of its own is no use here.
    assert passes(check, arguments, FOLDER)
    assert not passes(check, arguments, deployment)

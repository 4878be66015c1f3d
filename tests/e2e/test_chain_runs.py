"""Rule, monitor, alarm, orchestrator: as deployed, in every scenario, under their own roles."""

import json
from dataclasses import replace

import pytest
from chain.delivery import ALARMS, ALARMS_TO_LAMBDA, EVENTS
from chain.overlay import OVERLAY
from chain.scenario import problems
from chain.scenarios import BY_NAME, SCENARIOS
from chain.world import MONITOR, ORCHESTRATOR

pytest_plugins = ["chain.plugin"]
ALARM_WAY = "monitor dead, writer dead: the alarm's way"
PLANNED = "planned failover and fail back"


@pytest.mark.parametrize("name", BY_NAME)
def test_a_scenario(runs, name):
    assert problems(BY_NAME[name], runs[name]) == []


def test_the_overlay_is_no_longer_than_it_must_be(runs, figures):
    used = set().union(*(run.overlaid for run in runs.all().values()))
    assert used == set(OVERLAY)
    faults = sum(one.fault for one in SCENARIOS)
    calls = sum(len(run.calls) for run in runs.all().values())
    figures.append(f"chain: {len(SCENARIOS)} scenarios, {faults} of them faults of a service;")
    figures.append(f"    {calls} calls of the code, {len(OVERLAY)} operations not left to moto")


def test_what_runs_is_what_is_deployed(harness):
    for function in harness.deployment.functions.values():
        assert function.retries == 0
        assert function.policy
        assert function.environment["STACK_NAME"] == harness.deployment.stack
    assert harness.deployment.functions[harness.deployment.arn(MONITOR)].in_vpc
    orchestrator = harness.deployment.functions[harness.deployment.arn(ORCHESTRATOR)]
    assert orchestrator.on_failure == harness.deployment.ids["AlertTopic"]


def test_the_failure_destination_gets_the_record(runs):
    run = runs["a promotion that never comes"]
    (record,) = (json.loads(text) for subject, text in run.mails if not subject)
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["requestPayload"]["trigger_failover"] is True
    assert "not replaced" in record["responsePayload"]["errorMessage"]


def test_a_run_that_was_killed_is_told_by_lambda_and_recorded_by_the_next(runs):
    run = runs["the orchestrator is killed, and a later run goes on"]
    (record,) = (json.loads(text) for subject, text in run.mails if not subject)
    assert record["responsePayload"]["errorType"] == "Sandbox.Timedout"
    assert run.state["AttemptId"] == "again"


def test_an_event_closes_the_run_that_came_too_late(runs):
    run = runs["a promotion that comes too late for its run"]
    assert run.failures
    assert run.answers[-1] == {"outcome": "RECORDED", "message": "RDS-EVENT-0071"}
    assert run.state["NewWriter"]


# The rules


def test_the_deployed_rule_is_for_this_cluster_and_for_failovers(harness, runs):
    runs[PLANNED]
    event = {
        "source": "aws.rds",
        "detail-type": "RDS DB Cluster Event",
        "detail": {"EventCategories": ["failover"], "SourceArn": "arn:aws:rds:::cluster:other"},
    }
    triggers = harness.host.world.triggers
    before = len(harness.host.world.functions.answers), harness.host.world.functions.requests
    triggers.put(event)
    event["detail"]["EventCategories"] = ["maintenance"]
    triggers.put(event)
    assert before == (
        len(harness.host.world.functions.answers),
        harness.host.world.functions.requests,
    )


# What the runs would see


def without(policy, service):
    return tuple(one for one in policy if ("Service", service) not in one.principals)


@pytest.mark.parametrize(
    ("logical_id", "service", "scenario"),
    [
        (MONITOR, EVENTS, "writer dead"),
        (ORCHESTRATOR, EVENTS, PLANNED),
        (ORCHESTRATOR, ALARMS_TO_LAMBDA, ALARM_WAY),
    ],
)
def test_a_permission_that_is_missing(harness, runs, logical_id, service, scenario):
    function = harness.deployment.functions[harness.deployment.arn(logical_id)]
    with harness.altered(logical_id, policy=without(function.policy, service)):
        run = runs.again(scenario)
    assert any("may not invoke" in one and service in one for one in run.violations)


@pytest.mark.parametrize("logical_id", [MONITOR, ORCHESTRATOR])
def test_a_permission_for_another_source(harness, runs, logical_id):
    function = harness.deployment.functions[harness.deployment.arn(logical_id)]
    other = tuple(
        replace(one, conditions=(("ArnLike", "aws:sourcearn", ("arn:aws:events:::rule/other",)),))
        for one in function.policy
    )
    with harness.altered(logical_id, policy=other):
        run = runs.again(PLANNED)
    assert any("may not invoke" in one for one in run.violations)


@pytest.mark.parametrize(
    ("policies", "service", "scenario"),
    [
        ("topic_policies", EVENTS, PLANNED),
        ("topic_policies", ALARMS, ALARM_WAY),
        ("key_policies", EVENTS, PLANNED),
        ("key_policies", ALARMS, ALARM_WAY),
    ],
)
def test_a_topic_or_a_key_that_shuts_a_service_out(
    harness, runs, monkeypatch, policies, service, scenario
):
    before = getattr(harness.deployment, policies)
    narrowed = {arn: without(policy, service) for arn, policy in before.items()}
    monkeypatch.setattr(harness.deployment, policies, narrowed)
    assert any(f"{service} may not" in one for one in runs.again(scenario).violations)


ALTERED = {
    "the monitor calls a name that is not there": (
        MONITOR,
        lambda f: {"environment": {**f.environment, "FAILOVER_FUNCTION": "health-failover"}},
        "both dead",
    ),
    "the monitor looks at another target group": (
        MONITOR,
        lambda f: {
            "environment": {**f.environment, "PRIMARY_TARGETS": f.environment["CLUSTER_ID"]}
        },
        "application dead",
    ),
    "the monitor probes another database": (
        MONITOR,
        lambda f: {"environment": {**f.environment, "DATABASE": "other.example.com"}},
        "writer dead",
    ),
    "the monitor ends too early": (MONITOR, lambda _: {"timeout": 20}, "writer dead"),
    "the orchestrator writes to another table": (
        ORCHESTRATOR,
        lambda f: {
            "environment": {**f.environment, "FAILOVER_STATE_TABLE": "payments-dr-sessions"}
        },
        "no reader to promote",
    ),
    "the orchestrator latches another health check": (
        ORCHESTRATOR,
        lambda f: {"environment": {**f.environment, "HEALTH_CHECK": "other"}},
        "two triggers at once",
    ),
    "the orchestrator has less time than a promotion takes": (
        ORCHESTRATOR,
        lambda _: {"timeout": 50},
        "two triggers at once",
    ),
    "failed invocations are retried": (
        ORCHESTRATOR,
        lambda _: {"retries": 2, "maximum_age": 600},
        "RDS refuses",
    ),
    "nobody hears of a failed invocation": (
        ORCHESTRATOR,
        lambda _: {"on_failure": None},
        "RDS refuses",
    ),
    "events wait no longer than they take": (
        ORCHESTRATOR,
        lambda _: {"maximum_age": 0},
        "two triggers at once",
    ),
}


@pytest.mark.parametrize("what", ALTERED)
def test_another_deployment_would_be_seen(harness, runs, what):
    logical_id, change, scenario = ALTERED[what]
    function = harness.deployment.functions[harness.deployment.arn(logical_id)]
    with harness.altered(logical_id, **change(function)):
        run = runs.again(scenario)
    assert problems(BY_NAME[scenario], run) != []


@pytest.mark.parametrize(
    ("rule", "scenario"),
    [("HealthCheckScheduleRule", "writer dead"), ("RDSEventRule", PLANNED)],
)
def test_a_rule_without_targets_would_be_seen(harness, runs, monkeypatch, rule, scenario):
    monkeypatch.setitem(harness.deployment.targets, harness.deployment.ids[rule], ())
    assert problems(BY_NAME[scenario], runs.again(scenario)) != []


def test_alarms_without_actions_would_be_seen(harness, runs, monkeypatch):
    silent = [one | {"AlarmActions": []} for one in harness.deployment.alarms]
    monkeypatch.setattr(harness.deployment, "alarms", silent)
    assert problems(BY_NAME[ALARM_WAY], runs.again(ALARM_WAY)) != []

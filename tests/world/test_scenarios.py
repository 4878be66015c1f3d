"""Rule, monitor, alarm, orchestrator: as deployed, in every scenario, under their own roles."""

from dataclasses import replace

import pytest
from scenario import deployed, problems, run, run_on
from scenarios import BY_NAME

from drtemplate.groups.handlers import MONITOR, OBSERVERS, ORCHESTRATOR
from drtemplate.world.api.rds import failover_event
from drtemplate.world.deliveries import PRINCIPALS


@pytest.mark.parametrize("name", BY_NAME)
def test_a_scenario(name):
    assert problems(BY_NAME[name], run(BY_NAME[name])) == []


def scenario(name):
    return BY_NAME[name]


ALARM_WAY = scenario("monitor dead, writer dead: the alarm's way")
PLANNED = scenario("planned failover and fail back")
DEAD = scenario("writer dead")
UNTELLABLE = scenario("a promotion that never comes, and a topic that takes no mail")


def test_the_failure_destination_gets_the_record():
    (record,) = run(UNTELLABLE).records()
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["requestPayload"]["trigger_failover"] is True
    assert "not replaced" in record["responsePayload"]["errorMessage"]


def test_a_run_that_was_killed_is_told_by_lambda_and_recorded_by_the_next():
    found = run(scenario("the orchestrator is killed, and a later run goes on"))
    (record,) = found.records()
    assert record["responsePayload"]["errorType"] == "Sandbox.Timedout"
    assert found.state["AttemptId"] == "again"


def test_an_event_closes_the_run_that_came_too_late():
    found = run(scenario("a promotion that comes too late for its run"))
    outcomes = [answer["outcome"] for answer in found.answers]
    assert "FAILED" in outcomes
    assert {"outcome": "RECORDED", "message": "RDS-EVENT-0071"} in found.answers
    assert found.state["NewWriter"]


def test_who_cannot_resolve_a_name_knows_nothing_of_the_database():
    found = run(scenario("the endpoint's name does not resolve"))
    assert found.count("Invoke") == 0


@pytest.mark.parametrize(
    "detail",
    [
        {"SourceArn": "arn:aws:rds:us-east-1:123456789012:cluster:other"},
        {"EventCategories": ["maintenance"]},
    ],
)
def test_the_deployed_rule_is_for_this_cluster_and_for_failovers(world, detail):
    sent, cluster = [], world.deployment.cluster
    world.bus.deliver = lambda *given: sent.append(given)
    event = failover_event("RDS-EVENT-0071", "x", cluster.name, cluster.arn, "now")
    world.bus.put(event)
    assert len(sent) == 2
    event["detail"] |= detail
    world.bus.put(event)
    assert len(sent) == 2


# What the scenarios would see.


def granting(**policies):
    """The deployment with other policies of its resources or keys."""
    return replace(deployed(), grants=replace(deployed().grants, **policies))


def without(policies, service):
    """The policies of which none names the service."""
    return {
        arn: tuple(one for one in policy if ("Service", service) not in one.principals)
        for arn, policy in policies.items()
    }


EVENTS, ALARMS = "events.amazonaws.com", "cloudwatch.amazonaws.com"
TO_LAMBDA = PRINCIPALS["cloudwatch", "lambda"]


@pytest.mark.parametrize(
    ("policies", "service", "target", "seen_by"),
    [
        ("resource_policies", EVENTS, "health-monitor", DEAD),
        ("resource_policies", EVENTS, "failover-orchestrator", PLANNED),
        ("resource_policies", EVENTS, "AlertTopic", PLANNED),
        ("resource_policies", TO_LAMBDA, "failover-orchestrator", ALARM_WAY),
        ("resource_policies", ALARMS, "AlertTopic", ALARM_WAY),
        ("key_policies", EVENTS, "AlertTopic", PLANNED),
        ("key_policies", ALARMS, "AlertTopic", ALARM_WAY),
    ],
)
def test_a_policy_that_shuts_a_service_out(policies, service, target, seen_by):
    narrowed = without(getattr(deployed().grants, policies), service)
    denials = run_on(seen_by, granting(**{policies: narrowed})).denials
    assert any(one.startswith(f"{service} may not") and target in one for one in denials)


@pytest.mark.parametrize("logical", [MONITOR, ORCHESTRATOR])
def test_a_permission_for_another_source(logical):
    arn, policies = deployed().functions[logical].arn, deployed().grants.resource_policies
    other = (("ArnLike", "aws:sourcearn", ("arn:aws:events:us-east-1:123456789012:rule/other",)),)
    elsewhere = tuple(replace(one, conditions=other) for one in policies[arn])
    changed = granting(resource_policies={**policies, arn: elsewhere})
    seen_by = DEAD if logical == MONITOR else PLANNED
    assert any("may not lambda:InvokeFunction" in one for one in run_on(seen_by, changed).denials)


def variable(name, value):
    return lambda one: {"environment": {**one.environment, name: value(one)}}


ALTERED = {
    "the monitor calls a name that is not there": (
        MONITOR,
        variable("FAILOVER_FUNCTION", lambda _: "health-failover"),
        "both dead",
    ),
    "the monitor looks at another target group": (
        MONITOR,
        variable("PRIMARY_TARGETS", lambda one: one.environment["CLUSTER_ID"]),
        "application dead",
    ),
    "the monitor probes another database": (
        MONITOR,
        variable("DATABASE", lambda _: "other.example.com"),
        "writer dead",
    ),
    "the monitor ends too early": (MONITOR, lambda _: {"timeout": 20.0}, "writer dead"),
    "the orchestrator writes to another table": (
        ORCHESTRATOR,
        variable("FAILOVER_STATE_TABLE", lambda _: "drill-sessions"),
        "automation off",
    ),
    "the orchestrator latches another health check": (
        ORCHESTRATOR,
        variable("HEALTH_CHECK", lambda _: "other"),
        "two triggers at once",
    ),
    "the orchestrator has less time than a promotion takes": (
        ORCHESTRATOR,
        lambda _: {"timeout": 10.0},
        "two triggers at once",
    ),
    "failed invocations are retried": (
        ORCHESTRATOR,
        lambda _: {"retries": 2, "max_age": 600.0},
        UNTELLABLE.name,
    ),
    "nobody hears of a failed invocation": (
        ORCHESTRATOR,
        lambda _: {"on_failure": None},
        UNTELLABLE.name,
    ),
    "events wait no longer than they take": (
        ORCHESTRATOR,
        lambda _: {"max_age": 0.0},
        "two triggers at once",
    ),
}


@pytest.mark.parametrize("what", ALTERED)
def test_another_deployment_would_be_seen(what):
    logical, change, name = ALTERED[what]
    changed = deployed()
    for each in OBSERVERS if logical == MONITOR else (logical,):
        changed = changed.with_function(each, **change(changed.functions[each]))
    assert problems(scenario(name), run_on(scenario(name), changed)) != []


@pytest.mark.parametrize(("scheduled", "seen_by"), [(True, DEAD), (False, PLANNED)])
def test_a_rule_without_targets_would_be_seen(scheduled, seen_by):
    rules = tuple(
        replace(one, targets=()) if bool(one.every) is scheduled else one
        for one in deployed().rules
    )
    assert problems(seen_by, run_on(seen_by, replace(deployed(), rules=rules))) != []


def test_alarms_without_actions_would_be_seen():
    silent = tuple(replace(one, actions=()) for one in deployed().alarms)
    assert problems(ALARM_WAY, run_on(ALARM_WAY, replace(deployed(), alarms=silent))) != []

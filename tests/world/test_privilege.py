"""Least privilege in both directions: nothing used that is not granted, nothing granted unused."""

from dataclasses import dataclass, replace

import pytest
from privilege import Behalf, changed, excess, grants, missed, text
from scenario import deployed, run, run_on
from scenarios import SCENARIOS

from drtemplate.cloudformation.document import load_template
from drtemplate.cloudformation.policies import allows
from drtemplate.groups.handlers import MONITOR, OBSERVERS, ORCHESTRATOR
from drtemplate.world.physical import Resolver
from drtemplate.world.reading import TEMPLATE

STACK = Resolver(load_template(TEMPLATE), {})
MINIMUM = (
    "one of the rights that AWS lists as what DynamoDB needs at least on a customer managed key: "
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html"
)
OPENS = "the service opens its data key in the caller's name"
STREAMS = "Lambda writes the log; it names the streams itself"
INTERFACES = "Lambda makes and removes the interfaces in the VPC; AWS's own managed policies"


def of_key(action: str, service: str, because: str, exercised: bool) -> Behalf:
    return Behalf(
        action=action,
        resource=STACK.attribute("OperationsKey", "Arn"),
        via=service,
        because=because,
        exercised=exercised,
        wide=action.endswith("*"),
    )


def logging(group: str) -> tuple[Behalf, ...]:
    resource = STACK.attribute(group, "Arn")
    return tuple(
        Behalf(action=action, resource=resource, because=STREAMS, wide=True)
        for action in ("logs:CreateLogStream", "logs:PutLogEvents")
    )


# By the function that has the role.
BEHALF = {
    ORCHESTRATOR: (
        of_key("kms:Decrypt", "dynamodb", OPENS, exercised=True),
        of_key("kms:Decrypt", "sns", OPENS, exercised=True),
        of_key("kms:GenerateDataKey*", "sns", OPENS, exercised=True),
        of_key("kms:GenerateDataKey*", "dynamodb", MINIMUM, exercised=False),
        of_key("kms:DescribeKey", "dynamodb", MINIMUM, exercised=False),
        of_key("kms:Encrypt", "dynamodb", MINIMUM, exercised=False),
        of_key("kms:ReEncrypt*", "dynamodb", MINIMUM, exercised=False),
        *logging("FailoverLogGroup"),
    ),
    MONITOR: (
        *logging("HealthMonitorLogGroup"),
        *logging("HealthMonitorLogGroup2"),
        *(
            Behalf(
                action=f"ec2:{name}", resource="*", because=INTERFACES, exercised=made, wide=True
            )
            for name, made in (
                ("CreateNetworkInterface", True),
                ("DescribeNetworkInterfaces", True),
                ("DescribeSubnets", True),
                ("DeleteNetworkInterface", True),
                ("AssignPrivateIpAddresses", False),
                ("UnassignPrivateIpAddresses", False),
            )
        ),
    ),
}
ROLES = tuple(BEHALF)
# The functions that have the role; the observers share one.
SHARED = {ORCHESTRATOR: {ORCHESTRATOR}, MONITOR: set(OBSERVERS)}


@dataclass(frozen=True)
class Role:
    policy: tuple
    uses: tuple
    behalf: tuple


@pytest.fixture(scope="module")
def roles():
    """Each role as deployed, with what all scenarios used of it."""
    found = {}
    for role in ROLES:
        policy = deployed().grants.roles[role]
        uses = {use for one in SCENARIOS for use in run(one).uses if use.role in SHARED[role]}
        listed = BEHALF[role]
        pairs = {grant: entry for grant in grants(policy) for entry in listed if fits(grant, entry)}
        assert len(pairs) == len(listed), "each entry is one grant"
        found[role] = Role(policy, tuple(uses), tuple(pairs.items()))
    return found


def fits(grant, entry):
    via = [values[0].partition(".")[0] for _, key, values in grant.conditions if "via" in key]
    wanted = ((entry.action,), (entry.resource,), entry.via)
    return (grant.actions, grant.resources, "".join(via)) == wanted


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_used_that_is_not_granted(roles, role):
    found = roles[role]
    assert found.uses
    assert missed(found.policy, found.uses) == []


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_granted_that_is_not_used(roles, role):
    found = roles[role]
    assert excess(found.policy, found.uses, found.behalf) == []


def test_every_grant_of_the_list_has_its_reason():
    assert all(entry.because for listed in BEHALF.values() for entry in listed)


# Each statement taken away, for real


def with_policy(role, policy):
    """The deployment in which the role has other statements."""
    granted = deployed().grants
    return replace(
        deployed(), grants=replace(granted, roles={**granted.roles, role: tuple(policy)})
    )


# Statements of each role, and ways found below to grant more: what a table would silently lose.
STATEMENTS, WAYS = {ORCHESTRATOR: 14, MONITOR: 8}, {ORCHESTRATOR: 122, MONITOR: 61}


def grant_statements(policy):
    """The statements that grant, each with its place; a Deny only takes away."""
    return ((index, one) for index, one in enumerate(policy) if one.effect == "Allow")


@pytest.mark.parametrize("role", ROLES)
def test_without_any_of_its_statements_some_scenario_fails(roles, role):
    """The shortest scenario that needs the statement is run again without it."""
    policy = roles[role].policy
    assert len(list(grant_statements(policy))) == STATEMENTS[role]
    for index, statement in grant_statements(policy):
        left = (*policy[:index], *policy[index + 1 :])
        needing = [
            one
            for one in SCENARIOS
            if missed(left, [use for use in run(one).uses if use.role == role])
        ]
        assert needing, f"no scenario needs {statement}"
        shortest = min(needing, key=lambda one: len(run(one).calls))
        denials = run_on(shortest, with_policy(role, left)).denials
        assert any(one.startswith(f"{role} may not") for one in denials), statement


# And every grant by itself, and what is more than enough


def test_without_any_grant_that_was_exercised_some_use_is_denied(roles):
    for found in roles.values():
        unexercised = {grant for grant, entry in found.behalf if not entry.exercised}
        everything = list(grants(found.policy))
        for one in everything:
            rest = [grant for grant in everything if grant != one]
            assert bool(missed(rest, found.uses)) is (one not in unexercised), text(one)


def widened(statement):
    """(what, elements) of each way in which the statement could grant more."""
    actions, resources = statement.actions, statement.resources
    service = actions[0].partition(":")[0]
    yield "an action", {"actions": (*actions, f"{service}:DeleteEverything")}
    yield "all actions of the service", {"actions": (*actions, f"{service}:*")}
    yield "only all actions of the service", {"actions": (f"{service}:*",)}
    yield "a resource", {"resources": (*resources, f"arn:aws:{service}:::other")}
    yield "a resource of another service", {"resources": (*resources, "arn:aws:other:::other")}
    yield "an action of another service", {"actions": (*actions, "other:DeleteEverything")}
    if resources != ("*",):
        yield "all resources", {"resources": ("*",)}
        yield "all resources beside", {"resources": (*resources, "*")}
        ends = tuple(one.rpartition(":")[0] + ":*" for one in resources)
        if ends != resources:
            yield "all resources of the kind", {"resources": ends}
    if statement.conditions:
        yield "no condition", {"conditions": ()}
        more = tuple((o, key, (*values, "other")) for o, key, values in statement.conditions)
        yield "a value of the condition", {"conditions": more}


@pytest.mark.parametrize("role", ROLES)
def test_whatever_is_granted_beside_is_found(roles, role):
    found, tried = roles[role], 0
    for index, statement in grant_statements(found.policy):
        for what, elements in widened(statement):
            policy = changed(found.policy, index, **elements)
            tried += 1
            assert excess(policy, found.uses, found.behalf), f"{what}: {statement}"
            assert all(allows(policy, use.request()) for use in found.uses) or "only" in what
    assert tried == WAYS[role]

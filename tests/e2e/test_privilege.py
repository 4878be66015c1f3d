"""Least privilege in both directions: nothing used that is not granted, nothing granted unused."""

from dataclasses import dataclass

import pytest
from chain.gate import FUNCTION
from chain.privilege import Behalf, changed, excess, grants, missed, text, used

from drtemplate.cloudformation.policies import allows

pytest_plugins = ["chain.plugin"]
MINIMUM = (
    "one of the rights that AWS lists as what DynamoDB needs at least on a customer managed key: "
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html"
)
OPENS = "the service opens its data key in the caller's name"
STREAMS = "Lambda writes the log; it names the streams itself"
INTERFACES = "Lambda makes and removes the interfaces in the VPC; AWS's own managed policy"


def of_key(action: str, service: str, because: str, exercised: bool) -> Behalf:
    return Behalf(
        action=action,
        resource="arn:aws:kms:${Region}:${Account}:key/${KMSKey}",
        via=service,
        because=because,
        exercised=exercised,
        wide=action.endswith("*"),
    )


def logging(group: str) -> tuple[Behalf, ...]:
    resource = f"arn:aws:logs:${{Region}}:${{Account}}:log-group:${{{group}}}:*"
    return tuple(
        Behalf(action=action, resource=resource, because=STREAMS, wide=True)
        for action in ("logs:CreateLogStream", "logs:PutLogEvents")
    )


BEHALF = {
    "LambdaExecutionRole": (
        of_key("kms:Decrypt", "dynamodb", OPENS, exercised=True),
        of_key("kms:Decrypt", "sns", OPENS, exercised=True),
        of_key("kms:GenerateDataKey*", "sns", OPENS, exercised=True),
        of_key("kms:GenerateDataKey*", "dynamodb", MINIMUM, exercised=False),
        of_key("kms:DescribeKey", "dynamodb", MINIMUM, exercised=False),
        of_key("kms:Encrypt", "dynamodb", MINIMUM, exercised=False),
        of_key("kms:ReEncrypt*", "dynamodb", MINIMUM, exercised=False),
        *logging("FailoverLogGroup"),
    ),
    "HealthMonitorRole": (
        *logging("HealthMonitorLogGroup"),
        *(
            Behalf(
                action=f"ec2:{name}", resource="*", because=INTERFACES, exercised=made, wide=True
            )
            for name, made in (
                ("CreateNetworkInterface", True),
                ("DescribeNetworkInterfaces", True),
                ("DeleteNetworkInterface", True),
                ("AssignPrivateIpAddresses", False),
                ("UnassignPrivateIpAddresses", False),
            )
        ),
    ),
}
ROLES = tuple(BEHALF)


@dataclass(frozen=True)
class Deployed:
    arn: str
    policy: tuple
    uses: tuple
    behalf: tuple


@pytest.fixture(scope="module")
def roles(harness, runs):
    """Each role as deployed, with what all scenarios used of it."""
    found = {}
    for logical_id in ROLES:
        name = harness.deployment.ids[logical_id]
        (arn,) = (one for one in harness.deployment.roles if one.endswith(f"/{name}"))
        uses = {use for run in runs.all().values() for use in run.uses if use.role == arn}
        policy = harness.deployment.roles[arn]
        listed = BEHALF[logical_id]
        pairs = {
            grant: entry
            for grant in grants(policy)
            for entry in listed
            if fits(harness, grant, entry)
        }
        assert len(pairs) == len(listed), "each entry is one grant"
        found[logical_id] = Deployed(arn, policy, tuple(uses), tuple(pairs.items()))
    return found


def fits(harness, grant, entry):
    account = harness.deployment.account
    wanted = entry.resource.replace("${Region}", account.region)
    wanted = wanted.replace("${Account}", account.number)
    for logical_id, physical_id in harness.deployment.ids.items():
        wanted = wanted.replace(f"${{{logical_id}}}", physical_id)
    via = [values[0].partition(".")[0] for _, key, values in grant.conditions if "via" in key]
    return (grant.actions, grant.resources, "".join(via)) == ((entry.action,), (wanted,), entry.via)


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_used_that_is_not_granted(roles, role):
    found = roles[role]
    assert found.uses
    assert missed(found.policy, found.uses) == []


@pytest.mark.parametrize("role", ROLES)
def test_nothing_is_granted_that_is_not_used(roles, role, figures):
    found = roles[role]
    assert excess(found.policy, found.uses, found.behalf) == []
    everything = list(grants(found.policy))
    actions = {grant.actions for grant in everything}
    own = [grant for grant in everything if used(grant, found.uses, by_code=True)]
    code = {use.action for use in found.uses if use.by == FUNCTION}
    figures.append(
        f"{role}: {len(actions)} actions in {len(everything)} grants; {len(code)} actions in "
        f"{len(own)} grants used by the code, {len(found.behalf)} grants are for services"
    )


def test_every_grant_of_the_list_has_its_reason():
    assert all(entry.because for listed in BEHALF.values() for entry in listed)


# Each statement taken away, for real


def statements_of(harness, role):
    """(policy's name, index), or (ARN of a managed policy, None), of each statement of a role."""
    for name, document in harness.policies(role).items():
        yield from ((name, index) for index in range(len(document["Statement"])))
    yield from ((arn, None) for arn in harness.managed(role))


def removed(harness, role, name, index):
    if index is None:
        return harness.without_managed(role, name)
    document = harness.policies(role)[name]
    left = [one for number, one in enumerate(document["Statement"]) if number != index]
    return harness.inline(role, {name: document | {"Statement": left}})


@pytest.mark.parametrize("role", ROLES)
def test_without_any_of_its_statements_some_scenario_fails(harness, runs, roles, role, figures):
    """The shortest scenario that needs the statement is run again without it."""
    arn, caught = roles[role].arn, 0
    for name, index in statements_of(harness, role):
        with removed(harness, role, name, index):
            policy = harness.deployment.roles[arn]
            needing = [
                (len(run.calls), scenario)
                for scenario, run in runs.all().items()
                if missed(policy, [use for use in run.uses if use.role == arn])
            ]
            assert needing, f"no scenario needs statement {index} of {name}"
            run = runs.again(min(needing)[1])
        assert any(one.startswith(f"{arn} may not") for one in run.violations), (name, index)
        caught += 1
    assert missed(harness.deployment.roles[arn], roles[role].uses) == []
    figures.append(f"    {caught} of {caught} statements of {role}, taken away, fail a scenario")


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
def test_whatever_is_granted_beside_is_found(roles, role, figures):
    found, tried = roles[role], 0
    for index, statement in enumerate(found.policy):
        for what, elements in widened(statement):
            policy = changed(found.policy, index, **elements)
            tried += 1
            assert excess(policy, found.uses, found.behalf), f"{what}: {statement}"
            assert all(allows(policy, use.request()) for use in found.uses) or "only" in what
    figures.append(f"    {tried} of {tried} ways to grant {role} more are found")

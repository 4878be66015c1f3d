"""The links between parts: who calls, reads, starts or tells whom, read from the template.

From the grants of each function's role, by the words of their Sids; the targets of rules; the actions of
alarms; the records of Route 53; and which security group lets in which.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from drtemplate.cloudformation.reading import (
    list_of,
    mapping_of,
    mappings_of,
    of_type,
    target_of,
    value_at,
)
from drtemplate.pages.graph_parts import (
    ALARMS,
    CLIENTS,
    FUNCTION,
    INGRESS,
    INSTANCE,
    PEOPLE,
    RECORD,
    RULE,
    SECURITY_GROUP,
    SERVERS,
    TOPIC,
    Part,
    Template,
    resources_in,
    security_uses,
    server_groups,
)
from drtemplate.pages.words import words

# The kinds: calls, acts, starts or tells; only looks; belongs to.
CALL, READ, MEMBER = "call", "read", "member"
_READS = re.compile(r"\w+:(Describe|Get|List|Query|Scan|BatchGet)")

_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What one part does with another, in words; a member's source is the whole that it belongs to."""

    source: str
    target: str
    words: tuple[str, ...]
    kind: str


@dataclass(slots=True)
class _Links:
    """Links as they are found; those of a kind between the same two parts are one.

    Attributes:
        owners: a resource -> the part that shows it.
    """

    owners: Mapping[str, str]
    found: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)

    def add(self, source: str | None, target: str | None, text: str = "", kind: str = CALL) -> None:
        """Note it, unless an end is in no part, or both in the same."""
        ends = [self.owners.get(end or "") for end in (source, target)]
        if ends[0] and ends[1] and ends[0] != ends[1]:
            texts = self.found.setdefault((ends[0], ends[1], kind), [])
            texts += [text] if text and text not in texts else []


def all_links(template: Template, parts: Sequence[Part]) -> list[Link]:
    """Every link, with all its words."""
    owners = {member: part.id for part in parts for member in (part.id, *part.members)}
    clusters = {
        name: cluster
        for name, facts in of_type(template, INSTANCE)
        if (cluster := target_of(facts.get("DBClusterIdentifier"))[0]) in owners
    }
    # What concerns an instance concerns its cluster.
    links = _Links(owners | clusters)
    for find in (_of_records, _of_networks, _of_roles, _of_rules, _of_alarms, _of_topics):
        find(template, links)
    found = [
        Link(source=one, target=two, words=tuple(texts), kind=kind)
        for (one, two, kind), texts in links.found.items()
    ]
    members = clusters.items()
    return found + [Link(source=two, target=one, words=(), kind=MEMBER) for one, two in members]


def _of_records(template: Template, links: _Links) -> None:
    for name, facts in of_type(template, RECORD):
        links.add(CLIENTS, name, "resolve")
        target = target_of(value_at(facts, "AliasTarget", "DNSName"))[0]
        links.add(name, target, str(facts.get("Failover", "")).lower())


def _of_networks(template: Template, links: _Links) -> None:
    """Who may open a connection to whom."""
    users: dict[str, list[str]] = {}
    for name, group in sorted(security_uses(template)):
        users.setdefault(group, []).append(name)
    users |= {group: [SERVERS] for group in server_groups(template)}
    rules = [
        (name, one)
        for name, facts in of_type(template, SECURITY_GROUP)
        for one in mappings_of(facts.get("SecurityGroupIngress"))
    ]
    rules += [
        (target_of(one.get("GroupId"))[0] or "", one) for _, one in of_type(template, INGRESS)
    ]
    for group, rule in rules:
        for source in users.get(target_of(rule.get("SourceSecurityGroupId"))[0] or "", []):
            for target in users.get(group, []):
                links.add(source, target, f"port {rule.get('FromPort')}")


def _of_roles(template: Template, links: _Links) -> None:
    """What a function may do to a part, and what it says that it is for."""
    for name, facts in of_type(template, FUNCTION):
        variables = mapping_of(value_at(facts, "Environment", "Variables"))
        for grant in _grants(template, target_of(facts.get("Role"))[0]):
            actions = [str(action) for action in list_of(grant.get("Action"))]
            text = words(str(grant.get("Sid", "call"))).lower()
            kind = READ if all(map(_READS.match, actions)) else CALL
            resources = resources_in(template, grant.get("Resource"))
            if grant.get("Resource") == "*":
                resources = _given(template, variables, actions)
            for resource in resources:
                links.add(name, resource, text, kind)


def _grants(template: Template, role: str | None) -> Iterator[Mapping[str, Any]]:
    """The statements that allow a role something, in itself or in policies of their own."""
    facts = value_at(template, "Resources", role or "", "Properties", "Policies")
    policies = mappings_of(facts)
    for _, policy in of_type(template, *_POLICIES):
        if role in resources_in(template, [policy.get("Roles"), policy.get("RoleName")]):
            policies.append(policy)
    for policy in policies:
        for statement in mappings_of(value_at(policy, "PolicyDocument", "Statement")):
            if statement.get("Effect") == "Allow":
                yield statement


def _given(template: Template, variables: Mapping[str, Any], actions: list[str]) -> list[str]:
    """What a grant on everything is for: resources of its service that the function is told of."""
    services = {action.partition(":")[0] for action in actions}
    return [
        name
        for name in resources_in(template, list(variables.values()))
        if template["Resources"][name]["Type"].split("::")[1].lower().removesuffix("v2") in services
    ]


def _of_rules(template: Template, links: _Links) -> None:
    for name, facts in of_type(template, RULE):
        pattern = mapping_of(facts.get("EventPattern"))
        schedule = re.sub(
            r"rate\((?:1 )?(.+)\)", r"every \1", str(facts.get("ScheduleExpression", ""))
        )
        text = schedule or ", ".join(map(str, list_of(pattern.get("detail-type"))))
        for source in resources_in(template, pattern):
            links.add(source, name, "events")
        for target in mappings_of(facts.get("Targets")):
            links.add(name, target_of(target.get("Arn"))[0], text)


def _of_alarms(template: Template, links: _Links) -> None:
    for name, facts in of_type(template, *ALARMS):
        for target in resources_in(template, facts.get("AlarmActions")):
            links.add(name, target)


def _of_topics(template: Template, links: _Links) -> None:
    for name, facts in of_type(template, TOPIC):
        for one in mappings_of(facts.get("Subscription")):
            links.add(name, PEOPLE, str(one.get("Protocol", "")))
    for _, facts in of_type(template, "AWS::Lambda::EventInvokeConfig"):
        function = target_of(facts.get("FunctionName"))[0]
        for target in resources_in(template, facts.get("DestinationConfig")):
            links.add(function, target, "a call that failed")

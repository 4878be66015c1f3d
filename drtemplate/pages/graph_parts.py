"""The parts of the architecture: what of a template a reader must see, each with its resources."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from drtemplate.cloudformation.reading import (
    mapping_of,
    number_of,
    of_type,
    section,
    target_of,
)
from drtemplate.cloudformation.references import references_in
from drtemplate.console import plural
from drtemplate.pages.words import words

Template = Mapping[str, Any]
CLIENTS, SERVERS, PEOPLE = "Clients", "Servers", "People"
CLUSTER, INSTANCE = "AWS::RDS::DBCluster", "AWS::RDS::DBInstance"
FUNCTION, TOPIC, RULE = "AWS::Lambda::Function", "AWS::SNS::Topic", "AWS::Events::Rule"
RECORD = "AWS::Route53::RecordSet"
ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
SECURITY_GROUP, INGRESS = "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"
_HEALTH_CHECK = "AWS::Route53::HealthCheck"
_LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
# Of these, all of a group are one part.
_TOGETHER = {
    RULE: ("EventBridge", "rule"),
    "AWS::SSM::Parameter": ("Parameter Store", "parameter"),
    RECORD: ("Route 53", "record"),
}
# Of these, each is a part, under its own name.
_ALONE = (FUNCTION, TOPIC, "AWS::DynamoDB::Table", CLUSTER, INSTANCE, _LOAD_BALANCER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A box of the picture.

    Attributes:
        kind: the type of its resources; ``outside`` for what the stack does not make.
        group: the title of the resource group; '' outside.
        members: logical ids.
    """

    id: str
    label: str
    note: str = ""
    kind: str
    group: str = ""
    members: tuple[str, ...] = ()


def all_parts(template: Template, groups: Mapping[str, str]) -> list[Part]:
    """Every part, those outside first, the others in the order of their groups.

    Args:
        template: as dictionaries, intrinsics in long form.
        groups: logical id -> title of its resource group.
    """
    order = list(dict.fromkeys(["", *groups.values()]))
    parts = [*_outside(template), *_parts(template, groups)]
    return sorted(parts, key=lambda part: order.index(part.group))


def _outside(template: Template) -> Iterator[Part]:
    if any(of_type(template, RECORD)):
        yield Part(id=CLIENTS, label=CLIENTS, kind="outside")
    if servers := tuple(server_groups(template)):
        yield Part(
            id=SERVERS,
            label="Your servers",
            note="you attach them",
            kind="outside",
            members=servers,
        )
    if any(facts.get("Subscription") for _, facts in of_type(template, TOPIC)):
        yield Part(id=PEOPLE, label=PEOPLE, kind="outside")


def server_groups(template: Template) -> Iterator[str]:
    """Security groups that the stack hands out and uses for nothing of its own."""
    used = {group for _, group in security_uses(template)}
    outputs = {target_of(facts.get("Value"))[0] for _, facts in section(template, "Outputs")}
    yield from (name for name, _ in of_type(template, SECURITY_GROUP) if name in outputs - used)


def _parts(template: Template, groups: Mapping[str, str]) -> Iterator[Part]:
    together: dict[tuple[str, str], list[str]] = {}
    alike: dict[tuple[str, str], list[str]] = {}  # functions that run the same code
    for name, resource in section(template, "Resources"):
        kind, group = str(resource.get("Type")), groups.get(name, "")
        if kind in _TOGETHER:
            together.setdefault((kind, group), []).append(name)
        elif kind == FUNCTION:
            code = repr(mapping_of(resource.get("Properties")).get("Code"))
            alike.setdefault((code, group), []).append(name)
        elif kind in _ALONE:
            yield _alone(template, [name], kind, group)
    for (_, group), names in alike.items():
        yield _alone(template, names, FUNCTION, group)
    for (kind, group), names in together.items():
        title, noun = _TOGETHER[kind]
        checks = [name for name, _ in of_type(template, _HEALTH_CHECK)] if kind == RECORD else []
        note = plural(len(names), noun)
        if checks:
            note += f", {plural(len(checks), 'health check')}"
        yield Part(
            id=names[0], label=title, note=note, kind=kind, group=group, members=(*names, *checks)
        )
    yield from _alarms(template, groups)


def _alone(template: Template, names: list[str], kind: str, group: str) -> Part:
    name = names[0]
    facts = mapping_of(template["Resources"][name].get("Properties"))
    note, members = "", list(names)
    if kind == _LOAD_BALANCER:
        for listener, one in of_type(template, _LISTENER):
            if target_of(one.get("LoadBalancerArn"))[0] == name:
                members += [listener, *resources_in(template, one.get("DefaultActions"))]
        note = "load balancer and targets"
    elif kind == INSTANCE:
        tiers = [number_of(one.get("PromotionTier")) or 0 for _, one in of_type(template, INSTANCE)]
        first = (number_of(facts.get("PromotionTier")) or 0) == min(tiers)
        note = "writer at first" if first else "reader at first"
    elif kind == FUNCTION:
        note = "in the VPC" if facts.get("VpcConfig") else "outside the VPC"
        note = f"{len(names)} of them, {note}" if len(names) > 1 else note
    label = words(name).removesuffix(" function")
    return Part(id=name, label=label, note=note, kind=kind, group=group, members=tuple(members))


def resources_in(template: Template, value: Any) -> list[str]:
    """The resources that a value refers to, in its order."""
    names = dict.fromkeys(one.name for one in references_in(value))
    return [name for name in names if name in template["Resources"]]


def _alarms(template: Template, groups: Mapping[str, str]) -> Iterator[Part]:
    """Those that start the same things are one part."""
    functions = {name for name, _ in of_type(template, FUNCTION)}
    found: dict[tuple[bool, str], list[str]] = {}
    for name, facts in of_type(template, *ALARMS):
        acts = not functions.isdisjoint(resources_in(template, facts.get("AlarmActions")))
        found.setdefault((acts, groups.get(name, "")), []).append(name)
    for (acts, group), names in found.items():
        label = "Alarms that act" if acts else "Alarms that tell"
        note = f"{len(names)} of them"
        yield Part(
            id=names[0], label=label, note=note, kind=ALARMS[0], group=group, members=tuple(names)
        )


def security_uses(template: Template) -> Iterator[tuple[str, str]]:
    """Each resource with each security group that it has."""
    names = {name for name, _ in of_type(template, SECURITY_GROUP)}
    for name, resource in section(template, "Resources"):
        if resource.get("Type") not in (SECURITY_GROUP, INGRESS):
            for group in names.intersection(resources_in(template, resource)):
                yield name, group

"""What a delete of a stack would keep, take, and stop at; nothing is deleted here."""

from collections.abc import Iterator, Mapping
from typing import Any

from drtemplate.cloudformation.reading import mapping_of, mappings_of, section
from drtemplate.cloudformation.references import dependencies
from drtemplate.cloudformation.retention import when_removed
from drtemplate.deploying.living import Living

# Properties that protect a resource itself, by type.
_PROTECTIONS = {
    "AWS::RDS::DBCluster": "DeletionProtection",
    "AWS::RDS::DBInstance": "DeletionProtection",
    "AWS::DynamoDB::Table": "DeletionProtectionEnabled",
}
_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
CHAPTER = "docs/runbook.md#redeploy-after-a-delete"


def destroy_plan(living: Living) -> Iterator[str]:
    """The plan, as lines for people."""
    resources = {
        title: resource
        for title, resource in section(living.template, "Resources")
        if title in living.ids
    }
    outcomes = {title: when_removed(resource) for title, resource in resources.items()}
    target, number = living.target, living.account.identity().account
    counts = [list(outcomes.values()).count(name) for name in ("Delete", "Snapshot", "Retain")]
    yield (
        f"{target.stack} in account {number}, {target.region}: a delete takes {counts[0]}, keeps "
        f"{counts[1]} as a snapshot and {counts[2]} as they are; this command deletes nothing"
    )
    if stops := list(_stops(living, resources, outcomes)):
        yield "it stops at:"
        yield from (f"  {line}" for line in stops)
    for outcome, heading in (
        ("Retain", "kept, outside the stack and under the same names:"),
        ("Snapshot", "deleted, a final snapshot stays:"),
    ):
        if names := [title for title, found in outcomes.items() if found == outcome]:
            yield heading
            yield from (
                f"  {title} ({resources[title]['Type']}): {living.ids[title]}" for title in names
            )
    yield "taken, in this order; what stands in a line, at once:"
    for step, names in enumerate(_waves(resources), 1):
        if taken := [name for name in names if outcomes[name] != "Retain"]:
            yield f"  {step:>2}  {', '.join(taken)}"
    yield f"what is kept costs, and holds its name, until it is removed by hand ({CHAPTER})"
    yield f"to delete: {target.hint('cloudformation', 'delete-stack')}"


def _stops(
    living: Living, resources: Mapping[str, Mapping[str, Any]], outcomes: Mapping[str, str]
) -> Iterator[str]:
    """What is protected, by the stack's own template and parameters."""
    if living.stack.protected:
        off = living.target.hint("cloudformation", "update-termination-protection")
        yield f"termination protection; turn it off: {off} --no-enable-termination-protection"
    for title, resource in resources.items():
        properties = mapping_of(resource.get("Properties"))
        protected = living.text(properties.get(_PROTECTIONS.get(resource["Type"], ""), ""))
        if resource["Type"] == _BALANCER:
            protected = next(
                (
                    living.text(one.get("Value", ""))
                    for one in mappings_of(properties.get("LoadBalancerAttributes"))
                    if one.get("Key") == "deletion_protection.enabled"
                ),
                "",
            )
        if protected == "true" and outcomes[title] != "Retain":
            yield f"{title}: its deletion protection; deploy with Environment=Staging first"


def _waves(resources: Mapping[str, Mapping[str, Any]]) -> Iterator[list[str]]:
    """The order of a delete: first what nobody needs, then what only those before needed."""
    left = dict(resources)
    while left:
        needed = {name for resource in left.values() for name in dependencies(resource)}
        # A circle would be no template; should there be one, all of it goes at once.
        wave = [title for title in left if title not in needed] or list(left)
        yield wave
        for title in wave:
            del left[title]

"""What several guards look at."""

from collections.abc import Iterator
from typing import Any

from drtemplate.cloudformation.reading import list_of, of_type
from drtemplate.cloudformation.references import references_in

TOPIC = {"Ref": "AlertTopic"}
ROLE_STATEMENT = ("LambdaExecutionRole", "Properties", "Policies", 0, "PolicyDocument", "Statement")


def mentions(value: Any, name: str) -> bool:
    """Whether a Ref, a GetAtt or a Sub at or below the value names it."""
    return name in {reference.name for reference in references_in(value)}


def role_statements(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement that gives a role rights."""
    for title, role in of_type(template, "AWS::IAM::Role"):
        for policy in role.get("Policies", []):
            for statement in list_of(policy["PolicyDocument"]["Statement"]):
                yield title, statement
    kinds = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
    for title, policy in of_type(template, *kinds):
        for statement in list_of(policy["PolicyDocument"]["Statement"]):
            yield title, statement


def actions(statement: dict[str, Any]) -> list[str]:
    return list_of(statement.get("Action", []))

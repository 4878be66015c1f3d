"""The resources that a stack has now, and a template's values as they would be in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from drtemplate.cloudformation.intrinsics import SCALARS, Evaluator, scalar_text
from drtemplate.cloudformation.lookups import Concrete
from drtemplate.cloudformation.reading import Template, mapping_of
from drtemplate.deploying.account import Account, account_call
from drtemplate.deploying.answers import pages
from drtemplate.deploying.command import Target
from drtemplate.deploying.preflight import Stack
from drtemplate.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """A template in the account that it goes to.

    Attributes:
        values: of the parameters, by name.
        ids: logical id -> physical id of what the stack has; empty if there is no stack.
        zones: what GetAZs gives today; empty if nobody asked.
    """

    account: Account
    target: Target
    stack: Stack
    template: Template
    values: Mapping[str, str]
    ids: Mapping[str, str]
    zones: Sequence[str] = ()

    def text(self, value: Any) -> str:
        """A value of the template as text; '' if it depends on what only CloudFormation knows."""
        identity = self.account.identity()
        pseudo = {
            "AWS::StackName": self.target.stack,
            "AWS::Region": self.target.region,
            "AWS::AccountId": identity.account,
            "AWS::Partition": identity.partition,
        }

        def resource(logical_id: str, attribute: str | None) -> Any:
            if attribute is None and logical_id in self.ids:
                return self.ids[logical_id]
            raise InputError(f"{logical_id} has no value here")

        lookup = Concrete(
            names={**pseudo, **self.values},
            resource=resource,
            zones=self.zones,
            conditions=mapping_of(self.template.get("Conditions")),
            mappings=mapping_of(self.template.get("Mappings")),
        )
        try:
            found = Evaluator(lookup)(value)
        except (InputError, IndexError, TypeError, ValueError):
            return ""
        return scalar_text(found) if isinstance(found, SCALARS) else ""


def physical_ids(account: Account, target: Target, stack: Stack) -> dict[str, str]:
    """Logical id -> physical id of what the stack has.

    Raises:
        DeployError: CloudFormation does not answer.
    """
    found: dict[str, str] = {}
    if not stack.exists:
        return found
    with account_call(f"ask for the resources of {target.stack}"):
        for page in pages(account.cloudformation.list_stack_resources, StackName=target.stack):
            for each in page["StackResourceSummaries"]:
                if each.get("PhysicalResourceId") and each["ResourceStatus"] != "DELETE_COMPLETE":
                    found[each["LogicalResourceId"]] = each["PhysicalResourceId"]
    return found

"""A stack's life: create, update, roll back, delete, with the events that tell of it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from drtemplate.cloudformation.intrinsics import Evaluator
from drtemplate.cloudformation.lookups import Concrete
from drtemplate.cloudformation.references import dependencies
from emulator.resource import FAILURES, KINDS, Resource, Surroundings
from emulator.shapes import Refused
from emulator.template import ordered


@dataclass
class Engine:
    """The resources, parameters and outputs of one stack.

    Attributes:
        tell: gets an event: logical id, physical id, type, status and reason.
    """

    stack: Surroundings
    resources: dict[str, Resource]
    template: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    tell: Callable[..., None] = print

    def deploy(self, template: dict[str, Any], parameters: dict[str, str]) -> str:
        """Create the stack, or update it, and roll back if anything fails.

        Returns:
            The stack's status after it: CREATE_COMPLETE, UPDATE_ROLLBACK_COMPLETE and so on.
        """
        verb = "UPDATE" if self.resources else "CREATE"
        before = (self.template, self.parameters, self.outputs)
        old = {name: replace(one) for name, one in self.resources.items()}
        self.template, self.parameters = template, parameters
        self._stack_event(f"{verb}_IN_PROGRESS", "User Initiated")
        try:
            self._apply()
        except FAILURES as error:
            if verb == "CREATE":
                self._stack_event("ROLLBACK_IN_PROGRESS", f"{error} Rollback requested by user.")
                return self._finish("ROLLBACK", self._remove(list(self.resources), creating=True))
            self._stack_event("UPDATE_ROLLBACK_IN_PROGRESS", str(error))
            self.template, self.parameters, self.outputs = before
            return self._finish("UPDATE_ROLLBACK", self._revert(old))
        return self._stack_event(f"{verb}_COMPLETE")

    def delete(self) -> str:
        """Delete the stack, but for what its policies keep: DELETE_COMPLETE or DELETE_FAILED."""
        self._stack_event("DELETE_IN_PROGRESS", "User Initiated")
        return self._finish("DELETE", self._remove(list(self.resources)))

    def _apply(self) -> None:
        evaluator = self.evaluator(self.template, self.parameters, self.lookup)
        wanted = [
            name
            for name in ordered(self.template["Resources"])
            if self.holds(evaluator, self.template["Resources"][name])
        ]
        for name in wanted:
            self._bring(evaluator, name)
        self.outputs = {
            name: evaluator({"Value": output["Value"], "Export": output.get("Export", {})})
            for name, output in self.template.get("Outputs", {}).items()
            if self.holds(evaluator, output)
        }
        self._remove([name for name in self.resources if name not in wanted])

    @staticmethod
    def holds(evaluator: Evaluator, node: dict[str, Any]) -> bool:
        """Whether the condition of a resource or an output holds."""
        return "Condition" not in node or evaluator({"Condition": node["Condition"]})

    def _bring(self, evaluator: Evaluator, name: str) -> None:
        """Create the resource, or update it if its properties have changed."""
        facts, resource = self.template["Resources"][name], self.resources.get(name)
        type_, verb = facts["Type"], "UPDATE" if resource else "CREATE"
        policy, needs = facts.get("DeletionPolicy", "Delete"), dependencies(facts)
        try:
            kind = KINDS.get(type_)
            if kind is None or (resource and resource.kind is not kind):
                raise Refused(f"Unrecognized resource types: [{type_}]")
            properties = evaluator(facts.get("Properties", {}))
            if resource is None:
                resource = Resource(name, kind, self.stack, properties, policy, needs)
                self.resources[name] = resource
                self._event(resource, "CREATE_IN_PROGRESS")
                resource.make()
                self._event(resource, "CREATE_COMPLETE")
            elif resource.properties != properties:
                self._event(resource, "UPDATE_IN_PROGRESS")
                resource.change(properties)
                self._event(resource, "UPDATE_COMPLETE")
            resource.policy, resource.needs = policy, needs
        except FAILURES as error:
            identity = (resource and resource.physical_resource_id) or ""
            self.tell(name, identity, type_, f"{verb}_FAILED", str(error))
            done = f"The following resource(s) failed to {verb.lower()}: [{name}]."
            raise Refused(done) from error

    def _revert(self, old: dict[str, Resource]) -> list[str]:
        """Undo an update: give back the old properties and remove what it added."""
        failed = []
        for name, before in old.items():
            now = self.resources[name]
            if now.properties != before.properties:
                try:
                    now.change(before.properties)
                except FAILURES as error:
                    self._event(now, "UPDATE_FAILED", str(error))
                    failed.append(name)
            now.policy, now.needs = before.policy, before.needs
        return failed + self._remove([name for name in self.resources if name not in old], True)

    def _remove(self, names: list[str], creating: bool = False) -> list[str]:
        """Delete resources, dependents first; return those that could not be deleted.

        What a resource needs stays while that resource does. ``creating``: their creation is undone,
        so RetainExceptOnCreate does not hold.
        """
        failed: list[str] = []
        blocked: set[str] = set()
        keeping = {"Retain"} if creating else {"Retain", "RetainExceptOnCreate"}
        for name in reversed([one for one in self.resources if one in names]):
            resource = self.resources[name]
            if name in blocked:
                blocked |= resource.needs
                continue
            try:
                self._drop(resource, resource.policy in keeping)
            except FAILURES as error:
                self._event(resource, "DELETE_FAILED", str(error))
                failed.append(name)
                blocked |= resource.needs
        return failed

    def _drop(self, resource: Resource, keep: bool) -> None:
        if resource.physical_resource_id is not None:
            if keep:
                self._event(resource, "DELETE_SKIPPED")
            else:
                self._event(resource, "DELETE_IN_PROGRESS")
                resource.remove()
                self._event(resource, "DELETE_COMPLETE")
        del self.resources[resource.logical_resource_id]

    def _finish(self, verb: str, failed: list[str]) -> str:
        if not failed:
            return self._stack_event(f"{verb}_COMPLETE")
        lost = f"The following resource(s) failed to delete: [{', '.join(failed)}]."
        return self._stack_event(f"{verb}_FAILED", lost)

    def evaluator(
        self, template: dict[str, Any], parameters: dict[str, str], lookup: Callable[..., Any]
    ) -> Evaluator:
        """Of a template of this stack; ``lookup`` gives what Ref and GetAtt find in resources."""
        stack = self.stack
        zones = stack.client("ec2").describe_availability_zones()["AvailabilityZones"]
        pseudo = {
            "AWS::StackName": stack.name,
            "AWS::StackId": stack.id,
            "AWS::AccountId": stack.account,
            "AWS::Region": stack.region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
        }
        names = sorted(zone["ZoneName"] for zone in zones)
        return Evaluator(
            Concrete(
                names=pseudo | parameters,
                resource=lookup,
                zones=names,
                conditions=template.get("Conditions", {}),
                mappings=template.get("Mappings", {}),
            )
        )

    def lookup(self, name: str, attribute: str | None) -> Any:
        """What Ref gives of a resource, or GetAtt if an attribute is named."""
        if name not in self.resources:
            raise Refused(f"Template error: Unresolved resource dependencies [{name}]")
        resource = self.resources[name]
        if attribute is None:
            return resource.physical_resource_id
        if resource.attributes.get(attribute) is None:
            what = f"resource {name} does not support attribute type {attribute} in Fn::GetAtt"
            raise Refused(f"Template error: {what}")
        return resource.attributes[attribute]

    def _event(self, resource: Resource, status: str, why: str = "") -> None:
        name, identity = resource.logical_resource_id, resource.physical_resource_id or ""
        self.tell(name, identity, resource.kind.type, status, why)

    def _stack_event(self, status: str, why: str = "") -> str:
        self.tell(self.stack.name, self.stack.id, "AWS::CloudFormation::Stack", status, why)
        return status

"""A stack's life: create, update, roll back, delete, with the events that tell of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from emulator import kinds
from emulator.kinds import FAILURES, Kind, Refused, Resource, Surroundings
from emulator.template import Evaluator, checked_parameters, dependencies, ordered

Tell = Callable[[str, str, str, str, str], None]


@dataclass
class Engine:
    """The resources, parameters and outputs of one stack.

    Attributes:
        table: resource type -> how it is made.
        client: service -> boto3 client.
        tell: gets an event: logical id, physical id, type, status and reason.
        kept: resources that were left alone because their policy says so.
    """

    stack: Surroundings
    table: Mapping[str, Kind]
    client: Callable[[str], Any]
    tell: Tell
    template: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    kept: list[Resource] = field(default_factory=list)

    def deploy(self, template: dict[str, Any], given: dict[str, str], rollback: bool) -> str:
        """Create the stack, or update it, and roll back what failed.

        Returns:
            The stack's status after it: CREATE_COMPLETE, UPDATE_ROLLBACK_COMPLETE and so on.
        """
        verb = "UPDATE" if self.resources else "CREATE"
        before = (self.template, self.parameters, dict(self.outputs))
        old = {name: replace(one) for name, one in self.resources.items()}
        self.template = template
        self.parameters = checked_parameters(template.get("Parameters", {}), given)
        self._stack_event(f"{verb}_IN_PROGRESS", "User Initiated")
        try:
            self._apply(verb)
        except FAILURES as error:
            if not rollback:
                return self._stack_event(f"{verb}_FAILED", reason(error))
            if verb == "CREATE":
                self._stack_event(
                    "ROLLBACK_IN_PROGRESS", f"{reason(error)} Rollback requested by user."
                )
                return self._finish("ROLLBACK", self._remove(list(self.resources), creating=True))
            self._stack_event("UPDATE_ROLLBACK_IN_PROGRESS", reason(error))
            self.template, self.parameters, self.outputs = before
            return self._finish("UPDATE_ROLLBACK", self._revert(old))
        return self._stack_event(f"{verb}_COMPLETE")

    def delete(self) -> str:
        """Delete the stack; what its policies keep stays.

        Returns:
            DELETE_COMPLETE or DELETE_FAILED.
        """
        self._stack_event("DELETE_IN_PROGRESS", "User Initiated")
        return self._finish("DELETE", self._remove(list(self.resources)))

    def _apply(self, verb: str) -> None:
        order = ordered(self.template["Resources"])
        evaluator = self._evaluator()
        wanted = [name for name in order if self._wanted(evaluator, name)]
        for name in wanted:
            self._bring(evaluator, name)
        self.outputs = {
            name: evaluator({"Value": output["Value"], "Export": output.get("Export", {})})
            for name, output in self.template.get("Outputs", {}).items()
            if "Condition" not in output or evaluator.condition(output["Condition"])
        }
        gone = [name for name in self.resources if name not in wanted]
        if verb == "UPDATE" and gone:
            self._remove(gone)

    def _wanted(self, evaluator: Evaluator, name: str) -> bool:
        condition = self.template["Resources"][name].get("Condition")
        return condition is None or evaluator.condition(condition)

    def _bring(self, evaluator: Evaluator, name: str) -> None:
        """Create the resource, or update it if its properties have changed."""
        facts, old = self.template["Resources"][name], self.resources.get(name)
        type_, policy = facts["Type"], facts.get("DeletionPolicy", "Delete")
        verb = "UPDATE" if old else "CREATE"
        try:
            kind = self.table.get(type_)
            if kind is None or (old and old.kind is not kind):
                raise Refused(f"Unrecognized resource types: [{type_}]")
            properties = evaluator(facts.get("Properties", {}))
            if old is None:
                old = self.resources[name] = Resource(
                    logical_id=name, kind=kind, stack=self.stack, client=self.client,
                    properties=properties, policy=policy, needs=dependencies(facts),
                )  # fmt: skip
                self._event(old, "CREATE_IN_PROGRESS")
                kinds.make(old)
                self._event(old, "CREATE_COMPLETE")
            elif old.properties != properties:
                self._event(old, "UPDATE_IN_PROGRESS")
                kinds.change(old, properties)
                self._event(old, "UPDATE_COMPLETE")
            old.policy, old.needs = policy, dependencies(facts)
        except FAILURES as error:
            self.tell(name, (old and old.physical_id) or "", type_, f"{verb}_FAILED", reason(error))
            word = "create" if verb == "CREATE" else "update"
            raise Refused(f"The following resource(s) failed to {word}: [{name}].") from error

    def _revert(self, old: dict[str, Resource]) -> list[str]:
        """Undo an update: give back the old properties and remove what it added."""
        failed = []
        for name, before in old.items():
            now = self.resources[name]
            if now.properties != before.properties:
                try:
                    kinds.change(now, before.properties)
                except FAILURES as error:
                    self._event(now, "UPDATE_FAILED", reason(error))
                    failed.append(name)
            now.policy = before.policy
        return failed + self._remove([name for name in self.resources if name not in old], True)

    def _remove(self, names: list[str], creating: bool = False) -> list[str]:
        """Delete resources, dependents first; return those that could not be deleted.

        Args:
            creating: this undoes their creation, so RetainExceptOnCreate does not hold.
        """
        failed: list[str] = []
        blocked: set[str] = set()
        for name in reversed([one for one in self.resources if one in names]):
            resource = self.resources[name]
            if name in blocked:
                blocked |= resource.needs
                continue
            try:
                self._drop(resource, creating)
            except FAILURES as error:
                self._event(resource, "DELETE_FAILED", reason(error))
                failed.append(name)
                blocked |= resource.needs
        return failed

    def _drop(self, resource: Resource, creating: bool) -> None:
        keeping = {"Retain", "RetainExceptOnCreate"} - (
            {"RetainExceptOnCreate"} if creating else set()
        )
        if resource.physical_id is not None:
            if resource.policy in keeping:
                self._event(resource, "DELETE_SKIPPED")
                self.kept.append(resource)
            else:
                self._event(resource, "DELETE_IN_PROGRESS")
                kinds.remove(resource)
                self._event(resource, "DELETE_COMPLETE")
        del self.resources[resource.logical_id]

    def _finish(self, verb: str, failed: list[str]) -> str:
        if failed:
            lost = f"The following resource(s) failed to delete: [{', '.join(failed)}]."
            return self._stack_event(f"{verb}_FAILED", lost)
        return self._stack_event(f"{verb}_COMPLETE")

    def _evaluator(self) -> Evaluator:
        stack = self.stack
        zones = self.client("ec2").describe_availability_zones()["AvailabilityZones"]
        pseudo = {
            "AWS::StackName": stack.name,
            "AWS::StackId": stack.id,
            "AWS::AccountId": stack.account,
            "AWS::Region": stack.region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
        }
        values = {
            name: value.split(",") if "List" in self.template["Parameters"][name]["Type"] else value
            for name, value in self.parameters.items()
        }
        names = sorted(zone["ZoneName"] for zone in zones)
        return Evaluator(self.template, pseudo | values, self._reference, self._attribute, names)

    def _resource(self, name: str) -> Resource:
        if name not in self.resources:
            raise Refused(f"Template error: Unresolved resource dependencies [{name}]")
        return self.resources[name]

    def _reference(self, name: str) -> str:
        return str(self._resource(name).physical_id)

    def _attribute(self, name: str, attribute: str) -> Any:
        resource = self._resource(name)
        value = resource.attributes.get(attribute)
        if value is None:
            raise Refused(
                f"Template error: resource {name} does not support attribute type {attribute}"
                " in Fn::GetAtt"
            )
        return value

    def _event(self, resource: Resource, status: str, why: str = "") -> None:
        self.tell(resource.logical_id, resource.physical_id or "", resource.kind.type, status, why)

    def _stack_event(self, status: str, why: str = "") -> str:
        self.tell(self.stack.name, self.stack.id, "AWS::CloudFormation::Stack", status, why)
        return status


def reason(error: BaseException) -> str:
    """A failure as an event's reason."""
    return str(error)

"""A resource: made, read, changed and removed by the calls that ``types.yaml`` lists for its type."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jmespath
import yaml
from botocore.exceptions import BotoCoreError, ClientError

from drtemplate.errors import InputError
from emulator import functions
from emulator.shapes import Refused, fitted

FAILURES = (Refused, InputError, BotoCoreError, ClientError)
SERVICES = {"CertificateManager": "acm", "ElasticLoadBalancingV2": "elbv2"}
WORD = re.compile(
    r"(?P<each>\*)?(?P<property>\w+)(?:\.(?P<field>\w+))?(?:>(?P<target>\S+)|=(?P<source>\S+))?"
)
FIELDS = set(
    "type create instead then read get update changed delete check wait unmodelled whole".split()
)


@dataclass(frozen=True)
class Call:
    """One API call: what it takes, as words, and where its answer has the physical id."""

    service: str
    operation: str
    words: tuple[dict[str, Any], ...]
    identity: str

    @property
    def properties(self) -> set[str]:
        """The properties that it consumes."""
        return {word["property"] for word in self.words if not word["source"]}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A resource type; ``types.yaml`` explains calls.

    Attributes:
        instead: calls made in place of ``create`` if the first property of the first one is given.
        then: calls after ``create``, each made if one of its properties is given.
        get: attribute -> where it is found.
        changed: "only" if update calls take no property that is as it was.
        check: the name of a function that refuses what the service would and moto does not.
        wait: boto3's waiter, and the parameter that takes the physical id.
        unmodelled: properties that are known and passed to nobody.
        whole: a function hands all properties to the call, whose shape refuses unknown ones.
    """

    type: str
    create: Call
    instead: tuple[Call, ...] = ()
    then: tuple[Call, ...] = ()
    read: Call | None = None
    get: dict[str, str] = field(default_factory=dict)
    update: tuple[Call, ...] = ()
    changed: str = ""
    delete: tuple[Call, ...] = ()
    check: str = ""
    wait: str = ""
    unmodelled: tuple[str, ...] = ()
    whole: bool = False


def _call(text: str, service: str) -> Call:
    words, _, identity = text.strip().partition(" -> ")
    operation, *rest = words.split()
    own, _, operation = operation.rpartition(":")
    parsed = [WORD.fullmatch(word) for word in rest]
    return Call(own or service, operation, tuple(one.groupdict() for one in parsed), identity)


def _kind(type_: str, facts: dict[str, Any]) -> Kind:
    assert facts.keys() <= FIELDS, facts.keys() - FIELDS
    family = type_.split("::")[1]
    service = SERVICES.get(family, family.lower())
    calls = {
        name: tuple(_call(text, service) for text in facts.get(name, ()))
        for name in ("instead", "then", "update", "delete")
    }
    single = {name: _call(facts[name], service) for name in ("create", "read") if name in facts}
    return Kind(type=type_, **(facts | calls | single))


KINDS = {
    type_: _kind(type_, facts)
    for type_, facts in yaml.safe_load(Path(__file__).with_name("types.yaml").read_text()).items()
}


@dataclass(frozen=True)
class Surroundings:
    """The stack that a resource belongs to, and ``client``: service -> boto3 client."""

    name: str
    id: str
    account: str
    region: str
    client: Callable[[str], Any]


@dataclass
class Resource:
    """A resource of a stack, being made or made.

    Attributes:
        properties: as the template gives them, intrinsics resolved.
        policy: its DeletionPolicy.
        needs: the logical ids that it depends on.
        physical_resource_id: what Ref gives; None until there is something to delete.
        attributes: what GetAtt gives, by name.
        response: the answer of the call that made it.
    """

    logical_resource_id: str
    kind: Kind
    stack: Surroundings
    properties: dict[str, Any]
    policy: str
    needs: set[str]
    physical_resource_id: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    response: dict[str, Any] = field(default_factory=dict)

    @property
    def cf_resource_type(self) -> str:
        """What moto's answers read."""
        return self.kind.type

    def make(self) -> None:
        """Create it.

        Raises:
            Refused, BotoCoreError, ClientError: a property is unknown or ill-formed, or the service
                does not want it.
        """
        kind = self.kind
        create, *others = self._creation()
        calls = (create, *others, *kind.then)
        known = set(kind.unmodelled).union(*(one.properties for one in calls))
        for name in () if kind.whole else sorted(self.properties.keys() - known):
            raise Refused(f"Encountered unsupported property {name}")
        self._check()
        for answer in self._run(create):
            self.response = answer
            self.physical_resource_id = str(self._found(create.identity, answer))
        for call in (*others, *kind.then):
            if call.properties & self.properties.keys():
                list(self._run(call))
        self._read()

    def _creation(self) -> tuple[Call, ...]:
        """The calls that make it: another way than by default if a property asks for it."""
        other = self.kind.instead
        return (
            other
            if other and other[0].words[0]["property"] in self.properties
            else (self.kind.create,)
        )

    def change(self, properties: dict[str, Any]) -> None:
        """Update it in place.

        Raises:
            Refused: a changed property cannot be updated here, whatever AWS would do.
        """
        old, kind = self.properties, self.kind
        changed = {one for one in old.keys() | properties if old.get(one) != properties.get(one)}
        able = set().union(*(one.properties for one in kind.update))
        if kind.update and kind.update[0].operation != kind.create.operation:
            able &= properties.keys()  # only a call that replaces the whole can take one away
        for name in sorted(changed - able):
            raise Refused(f"The emulator cannot update property {name} of {kind.type} in place")
        self.properties = properties
        self._check()
        for call in kind.update:
            if call.properties & changed:
                list(self._run(call, changed if kind.changed == "only" else properties.keys()))
        self._read()

    def remove(self) -> None:
        """Delete it; what is gone already is fine."""
        for call in self.kind.delete:
            try:
                list(self._run(call))
            except ClientError as error:
                if not re.search("NotFound|NoSuch", error.response["Error"]["Code"]):
                    raise

    def _check(self) -> None:
        if self.kind.check:
            getattr(functions, self.kind.check)(self)

    def _run(self, call: Call, only: Any = None) -> Iterator[dict[str, Any]]:
        client = self.stack.client(call.service)
        name = client.meta.method_to_api_mapping[call.operation]
        shape = client.meta.service_model.operation_model(name).input_shape
        for parameters in self._parameters(call, only):
            yield getattr(client, call.operation)(**fitted(parameters, shape))

    def _parameters(self, call: Call, only: Any) -> Iterator[dict[str, Any]]:
        common: dict[str, Any] = {}
        each: list[dict[str, Any]] | None = None
        for word in call.words:
            name, target = word["property"], word["target"] or word["property"]
            value = self._found(word["source"], {}) if word["source"] else self.properties.get(name)
            if value is None or (only is not None and not word["source"] and name not in only):
                each = [] if word["each"] else each
                continue
            value = functions.converted(self, target, name, value)
            if word["each"]:
                items = [one[word["field"]] for one in value] if word["field"] else value
                each = [{target: one} if word["target"] else one for one in items]
            elif target == "-":
                continue
            elif target == "?":
                each = [{}] if str(value).lower() == "true" else []
            else:
                _put(common, target, value)
        yield from ((common | one for one in each) if each is not None else [common])

    def _read(self) -> None:
        if self.kind.wait:
            name, parameter = self.kind.wait.split()
            waiter = self.stack.client(self.kind.create.service).get_waiter(name)
            patience = {"Delay": 0.01, "MaxAttempts": 50}
            waiter.wait(**{parameter: self.physical_resource_id}, WaiterConfig=patience)
        (answer,) = self._run(self.kind.read) if self.kind.read else (self.response,)
        self.attributes = {name: self._found(path, answer) for name, path in self.kind.get.items()}

    def _found(self, where: str, answer: dict[str, Any]) -> Any:
        """A value by its source, or by JMESPath."""
        if where == "[@]":
            return [self.physical_resource_id]
        if where[0] not in "@$~:" and not where.endswith("()"):
            return jmespath.search(where, answer)
        parts = [self._source(part) for part in where.split("|")]
        return "|".join(map(str, parts)) if len(parts) > 1 else parts[0]

    def _source(self, text: str) -> Any:
        kind, rest = text[0], text[1:]
        if kind == "@":
            return self.physical_resource_id
        if kind == "~":
            limit = int(rest.rstrip("l"))
            return self._name(limit).lower() if rest.endswith("l") else self._name(limit)
        if kind == "$":
            return self.properties.get(rest)
        return rest if kind == ":" else getattr(functions, text.removesuffix("()"))(self)

    def _name(self, limit: int) -> str:
        """A name as CloudFormation makes it: stack, logical id and a suffix."""
        suffix = hashlib.sha256(f"{self.stack.id}/{self.logical_resource_id}".encode()).hexdigest()
        return f"{self.stack.name}-{self.logical_resource_id}"[: limit - 13] + f"-{suffix[:12]}"


def _put(parameters: dict[str, Any], target: str, value: Any) -> None:
    if target == ".":
        parameters.update(value)
        return
    *path, last = target.split(".")
    for one in path:
        parameters = parameters.setdefault(one, {})
    parameters[last] = value

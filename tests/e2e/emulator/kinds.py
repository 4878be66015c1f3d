"""What a resource type is: the API calls behind it, and how its properties become their parameters."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import jmespath
from botocore.exceptions import BotoCoreError, ClientError

from emulator.shapes import Refused, fitted

FAILURES = (Refused, ClientError, BotoCoreError)


@dataclass(kw_only=True)
class Resource:
    """A resource of a stack, being made or made.

    Attributes:
        properties: as the template gives them, intrinsics resolved.
        physical_id: what Ref gives; None until the resource exists.
        attributes: what GetAtt gives, by name.
        policy: its DeletionPolicy.
        needs: the logical ids that it depends on.
        response: the answer of the call that made it.
        client: service -> boto3 client of the account and region.
    """

    logical_id: str
    kind: "Kind"
    stack: "Surroundings"
    client: Callable[[str], Any]
    properties: dict[str, Any]
    policy: str = "Delete"
    needs: set[str] = field(default_factory=set)
    physical_id: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    response: dict[str, Any] = field(default_factory=dict)

    def name(self, limit: int = 64) -> str:
        """A physical name as CloudFormation makes it: stack, logical id and a suffix."""
        seed = f"{self.stack.id}/{self.logical_id}".encode()
        return f"{self.stack.name}-{self.logical_id}"[: limit - 13] + f"-{digest(seed)}"

    # What moto's answers read.

    @property
    def logical_resource_id(self) -> str:
        return self.logical_id

    @property
    def physical_resource_id(self) -> str | None:
        return self.physical_id

    @property
    def cf_resource_type(self) -> str:
        return self.kind.type


@dataclass(frozen=True)
class Surroundings:
    """The stack that a resource belongs to: its name and id, account and region."""

    name: str
    id: str
    account: str
    region: str


Source = Callable[[Resource], Any]


@dataclass(frozen=True)
class Call:
    """One API call.

    Attributes:
        takes: property -> the parameter it becomes; a dotted name is a nested one, ``.`` stands for
            all parameters, and ``?`` for a switch: the call is made if the property is true.
        given: parameter -> where its value comes from.
        each: a list property; the call is made once an item. The item, or what stands in it under
            the name after ``.``, becomes the parameter named after ``>``, or all parameters.
        service: whose API, if it is not that of the type.
    """

    operation: str
    takes: Mapping[str, str]
    given: Mapping[str, Source]
    each: str = ""
    service: str | None = None

    @property
    def properties(self) -> set[str]:
        """The properties that this call consumes."""
        return set(self.takes) | ({re.split("[.>]", self.each)[0]} if self.each else set())


def call(
    operation: str, takes: str = "", /, each: str = "", service: str | None = None, **given: Source
) -> Call:
    """A call. ``takes`` lists properties, each with ``>parameter`` if the names differ."""
    pairs = (one.partition(">") for one in takes.split())
    return Call(operation, {p: to or p for p, _, to in pairs}, given, each, service)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A resource type.

    Attributes:
        service: boto3's name of the service.
        create: the call that makes it.
        identity: the physical id: a JMESPath into the answer, or a function.
        then: calls after that, each made if one of its properties is given.
        read: the call whose answer ``attributes`` are looked up in; without one, it is the answer of
            ``create``.
        attributes: GetAtt's name -> JMESPath or function.
        update: calls that change it in place.
        refresh: update calls get all of their properties, not only the changed ones.
        delete: calls that remove it; one that does not find it has nothing to do.
        convert: property -> function that makes the parameter's value of it.
        check: what the service refuses and moto does not; raises Refused.
        waiter: boto3's waiter for it, and its parameter's name.
        ignore: properties that the emulator knows and does not model.
        whole: a function hands all properties to the call, whose shape refuses unknown ones.
    """

    type: str
    service: str
    create: Call
    identity: str | Source
    then: tuple[Call, ...] = ()
    read: Call | None = None
    attributes: Mapping[str, str | Source] = field(default_factory=dict)
    update: tuple[Call, ...] = ()
    refresh: bool = False
    delete: tuple[Call, ...] = ()
    convert: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    check: Callable[[Resource], None] | None = None
    waiter: tuple[str, str] | None = None
    ignore: frozenset[str] = frozenset()
    whole: bool = False

    @property
    def known(self) -> set[str]:
        """All properties that it takes."""
        return set(self.ignore).union(*(one.properties for one in (self.create, *self.then)))


def make(resource: Resource) -> None:
    """Create it. On failure its physical id tells whether there is something to delete.

    Raises:
        Refused: a property is unknown or ill-formed, or the service refuses it.
    """
    kind = resource.kind
    for name in () if kind.whole else sorted(resource.properties.keys() - kind.known):
        raise Refused(f"Encountered unsupported property {name}")
    if kind.check:
        kind.check(resource)
    for resource.response in _run(resource, kind.create):
        resource.physical_id = str(_looked_up(resource, kind.identity, resource.response))
    for then in kind.then:
        if then.properties & resource.properties.keys():
            list(_run(resource, then))
    _read(resource)


def change(resource: Resource, properties: dict[str, Any]) -> None:
    """Update it in place.

    Raises:
        Refused: a changed property cannot be updated here; AWS might replace the resource.
    """
    kind, old = resource.kind, resource.properties
    changed = {one for one in old.keys() | properties if old.get(one) != properties.get(one)}
    stuck = changed - set().union(*(one.properties for one in kind.update))
    for name in sorted(stuck):
        raise Refused(f"The emulator cannot update property {name} of {kind.type} in place")
    resource.properties = properties
    if kind.check:
        kind.check(resource)
    for update in kind.update:
        if update.properties & changed:
            list(_run(resource, update, None if kind.refresh else changed))
    _read(resource)


def remove(resource: Resource) -> None:
    """Delete it; what is gone already is fine."""
    for delete in resource.kind.delete:
        try:
            list(_run(resource, delete))
        except ClientError as error:
            if not any(word in error.response["Error"]["Code"] for word in ("NotFound", "NoSuch")):
                raise


def _run(resource: Resource, what: Call, only: set[str] | None = None) -> Iterator[dict[str, Any]]:
    client = resource.client(what.service or resource.kind.service)
    operation = client.meta.method_to_api_mapping[what.operation]
    shape = client.meta.service_model.operation_model(operation).input_shape
    for parameters in _parameters(resource, what, only):
        yield getattr(client, what.operation)(**fitted(parameters, shape))


def _parameters(resource: Resource, what: Call, only: set[str] | None) -> Iterator[dict[str, Any]]:
    convert = resource.kind.convert
    values = {
        name: convert.get(name, lambda v: v)(value)
        for name, value in resource.properties.items()
        if only is None or name in only
    }
    common: dict[str, Any] = {}
    for name, target in what.takes.items():
        if target == "?":
            if str(values.get(name)).lower() != "true":
                return
        elif name in values:
            _put(common, target, values[name])
    for target, source in what.given.items():
        _put(common, target, source(resource))
    if not what.each:
        yield common
        return
    name, field_, target = re.fullmatch(r"(\w+)(?:\.(\w+))?(?:>(\w+))?", what.each).groups()
    for item in values.get(name, ()):
        value = item[field_] if field_ else item
        yield common | ({target: value} if target else value)


def _put(parameters: dict[str, Any], target: str, value: Any) -> None:
    if value is None:
        return
    if target == ".":
        parameters.update(value)
        return
    *path, last = target.split(".")
    for one in path:
        parameters = parameters.setdefault(one, {})
    parameters[last] = value


def _read(resource: Resource) -> None:
    kind, found = resource.kind, resource.response
    if kind.waiter:
        name, parameter = kind.waiter
        waiter = resource.client(kind.service).get_waiter(name)
        value: Any = resource.physical_id
        waiter.wait(**{parameter: value}, WaiterConfig={"Delay": 0.01, "MaxAttempts": 50})
    if kind.read:
        (found,) = _run(resource, kind.read)
    resource.attributes = {
        name: _looked_up(resource, path, found) for name, path in kind.attributes.items()
    }


def _looked_up(resource: Resource, path: str | Source, answer: dict[str, Any]) -> Any:
    return jmespath.search(path, answer) if isinstance(path, str) else path(resource)


def document(value: Any) -> str:
    """A policy document or another JSON value, as the API takes it."""
    return value if isinstance(value, str) else json.dumps(value)


def digest(seed: bytes) -> str:
    """Twelve characters that are the same for the same seed."""
    return hashlib.sha256(seed).hexdigest()[:12]

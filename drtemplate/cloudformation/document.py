"""Read any CloudFormation template: YAML in short or long form, or JSON."""

import os
import stat
from math import isfinite
from pathlib import Path
from typing import Any, ClassVar, cast

import yaml

from drtemplate.errors import InputError

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html
SECTIONS = frozenset(
    """AWSTemplateFormatVersion Conditions Description Globals Hooks Mappings Metadata Outputs
    Parameters Resources Rules Transform""".split()
)


# "Template body size in an Amazon S3 object: 1 MB"
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_BYTES = 2**20
MAX_TEMPLATE_BYTES = 1_000_000  # the same, read so that it is surely taken
# Collections and scalars, aliases counted as what they stand for. The largest template has fewer.
MAX_NODES = 200_000
# Collections in one another. libyaml's composer has no limit of its own, and ends the process.
MAX_DEPTH = 200


# libyaml's, where PyYAML came with it: five times as fast.
_Parser: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Parser):
    """Short forms become long ones; a date stays text, as it is for CloudFormation."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that stands twice, of which YAML would silently keep the last."""
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} stands twice", key_node.start_mark
                )
            seen.add(key)
        return cast(dict[Any, Any], super().construct_mapping(node, deep))


def _long_form(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if name == "Fn::GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


_Loader.add_multi_constructor("!", _long_form)


def read_text(path: Path, what: str, encoding: str = "utf-8") -> str:
    """The text of a file that the user names, its line ends as they are.

    Raises:
        InputError: it is missing, unreadable, no regular file, too large or not UTF-8; ``what``
            names it for people.
    """
    try:
        return _read_bytes(path, what).decode(encoding)
    except OSError as exc:
        raise InputError(f"{path}: cannot read the {what}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise InputError(f"{path}: the {what} is not UTF-8") from exc
    except ValueError as exc:
        raise InputError(f"{str(path)!r}: this is no path of a {what}: {exc}") from exc


def _read_bytes(path: Path, what: str) -> bytes:
    """The file's bytes; neither a device without end nor a pipe that nobody fills is waited for."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise InputError(f"{path}: the {what} is no regular file; name one")
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InputError(
            f"{path}: the {what} has more than {MAX_BYTES:,} bytes, which is too large"
        )
    return data


def load_document(path: Path, what: str) -> Any:
    """Read a YAML or JSON file.

    Raises:
        InputError: as ``read_text``, or it is no YAML.
    """
    text = read_text(path, what)
    try:
        return parse(text)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark
        line = f":{mark.line + 1}" if mark else ""
        raise InputError(f"{path}{line}: the {what} is not YAML: {exc.problem}") from exc
    except yaml.YAMLError as exc:
        problem = str(exc).splitlines()[0]
        raise InputError(f"{path}: the {what} is not YAML: {problem}") from exc
    except RecursionError as exc:
        raise InputError(f"{path}: the {what} is nested too deeply, or contains itself") from exc
    except (ValueError, KeyError, TypeError) as exc:
        problem = str(exc).splitlines()[0]
        raise InputError(f"{path}: the {what} holds what no template can: {problem}") from exc


def parse(text: str) -> Any:
    """The value of a YAML or JSON text, short forms made long.

    Raises:
        yaml.YAMLError, RecursionError, ValueError, KeyError, TypeError: it is none, or holds what no
            template can.
    """
    return _plain(_load(text))


def _load(text: str) -> Any:
    """The YAML's value. Aliases are counted before they are followed: 600 bytes can mean millions."""
    _check_depth(text)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        if _weight(node, {}) > MAX_NODES:
            raise ValueError(f"more than {MAX_NODES:,} values, its aliases followed")
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _check_depth(text: str) -> None:
    """A RecursionError if it is nested too deeply."""
    loader, depth = _Loader(text), 0
    try:
        while (event := loader.get_event()) is not None:
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise RecursionError(f"more than {MAX_DEPTH} collections in one another")
    finally:
        loader.dispose()


def _weight(node: yaml.Node, known: dict[int, int]) -> int:
    """The number of values that the node stands for."""
    if isinstance(node, yaml.ScalarNode):
        return 1
    if id(node) not in known:
        known[id(node)] = 1  # of one that contains itself, ``_plain`` knows better what to say
        parts = [part for item in node.value for part in (item if type(item) is tuple else (item,))]
        known[id(node)] = 1 + sum(_weight(part, known) for part in parts)
    return known[id(node)]


def _plain(value: Any) -> Any:
    """The value if it is made of what JSON knows, with every key a text, else a ValueError."""
    if isinstance(value, dict):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if (
        value is None
        or isinstance(value, str | int)
        or (isinstance(value, float) and isfinite(value))
    ):
        return value
    raise ValueError(f"{value!r}")


def _key(key: Any) -> str:
    """A key as CloudFormation reads it: the account ids of a mapping need no quotes."""
    if isinstance(key, bool):
        return str(key).lower()
    if isinstance(key, str | int | float):
        return str(key)
    raise ValueError(f"the key {key!r}")


def load_template(path: Path, what: str = "template") -> dict[str, Any]:
    """Read a CloudFormation template, intrinsics in long form.

    Raises:
        InputError: as ``load_document``, or it is not a template.
    """
    document = load_document(path, what)
    if problem := _problem(document):
        raise InputError(f"{path}: the {what} is no CloudFormation template: {problem}")
    return cast(dict[str, Any], document)


def _problem(document: Any) -> str:
    """Why the document is no template; '' if it is one."""
    resources = document.get("Resources") if isinstance(document, dict) else None
    if not isinstance(resources, dict) or not resources:
        return "it has no Resources"
    for title, resource in resources.items():
        if problem := _resource_problem(resource):
            return f"resource {title} {problem}"
    for section in document:
        if section not in SECTIONS:
            return f"{section} is no section of one"
    for section in ("Parameters", "Mappings", "Conditions", "Outputs", "Metadata"):
        if not isinstance(document.get(section, {}), dict):
            return f"{section} is no mapping"
    for section in ("Parameters", "Mappings", "Outputs"):
        for name, facts in document.get(section, {}).items():
            if not isinstance(facts, dict):
                return f"{section.lower().removesuffix('s')} {name} is no mapping"
    return ""


def _resource_problem(resource: Any) -> str:
    if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
        return "has no Type"
    if not isinstance(resource.get("Properties", {}), dict):
        return "has Properties that are no mapping"
    depends = resource.get("DependsOn", [])
    names = [depends] if isinstance(depends, str) else depends
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return "has a DependsOn that names no resource"
    return "" if isinstance(resource.get("Condition", ""), str) else "has no name as its Condition"

"""Read any CloudFormation template: YAML in short or long form, or JSON."""

from pathlib import Path
from typing import Any, ClassVar, cast

import yaml

from drtemplate.errors import InputError


class _Loader(yaml.SafeLoader):
    """Short forms become long ones; a date stays text, as it is for CloudFormation."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Refuse a key that stands twice, of which YAML would silently keep the last."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for number, key in enumerate(keys):
            if key in keys[:number]:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} stands twice", node.value[number][0].start_mark
                )
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


def load_document(path: Path, what: str) -> Any:
    """Read a YAML or JSON file.

    Raises:
        InputError: it is missing, unreadable or no YAML; ``what`` names it for people.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as exc:
        raise InputError(f"{path}: cannot read the {what}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise InputError(f"{path}: the {what} is not UTF-8") from exc
    try:
        return yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark
        line = f":{mark.line + 1}" if mark else ""
        raise InputError(f"{path}{line}: the {what} is not YAML: {exc.problem}") from exc
    except yaml.YAMLError as exc:
        problem = str(exc).splitlines()[0]
        raise InputError(f"{path}: the {what} is not YAML: {problem}") from exc


def load_template(path: Path, what: str = "template") -> dict[str, Any]:
    """Read a CloudFormation template, intrinsics in long form.

    Raises:
        InputError: as ``load_document``, or it is not a template.
    """
    document = load_document(path, what)
    resources = document.get("Resources") if isinstance(document, dict) else None
    if not isinstance(resources, dict) or not resources:
        raise InputError(f"{path}: the {what} is no CloudFormation template: it has no Resources")
    for title, resource in resources.items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            raise InputError(
                f"{path}: the {what} is no CloudFormation template: resource {title} has no Type"
            )
    return cast(dict[str, Any], document)

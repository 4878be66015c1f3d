"""The template under test: as it is, and as CloudFormation would evaluate it."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build

PSEUDO_PARAMETERS = {
    "AWS::StackName": "dr-test",
    "AWS::AccountId": "111122223333",
    "AWS::Region": "xx-test-1",
    "AWS::Partition": "aws-test",
}
ZONES = ("zone-0", "zone-1", "zone-2")
NO_VALUE = object()


class Evaluator:
    """CloudFormation's intrinsics, with a resource standing for itself by its logical id.

    ``Ref: X`` is ``X``, ``GetAtt: [X, Arn]`` is ``X.Arn``, also inside a Sub text. A statement's
    only action or resource comes as a list of one, as IAM takes it.
    """

    def __init__(self, template: dict[str, Any], parameters: dict[str, object]) -> None:
        self.template = template
        declared = template["Parameters"]
        unknown = parameters.keys() - declared.keys()
        assert not unknown, f"no such parameter: {unknown}"
        self.names = PSEUDO_PARAMETERS | {
            name: parameters.get(name, facts.get("Default", f"a-{name}"))
            for name, facts in declared.items()
        }
        self.intrinsics: dict[str, Callable[[Any], Any]] = {
            "Ref": self.ref,
            "Condition": self.condition,
            "Fn::GetAtt": self.get_att,
            "Fn::Sub": self.sub,
            "Fn::Join": lambda a: str(a[0]).join(str(part) for part in self(a[1])),
            "Fn::Select": lambda a: self(a[1])[int(a[0])],
            "Fn::GetAZs": lambda _: list(ZONES),
            "Fn::If": lambda a: self(a[1] if self.condition(a[0]) else a[2]),
            "Fn::Equals": lambda a: str(self(a[0])) == str(self(a[1])),
            "Fn::Not": lambda a: not self(a[0]),
            "Fn::And": lambda a: all(self(one) for one in a),
            "Fn::Or": lambda a: any(self(one) for one in a),
        }

    def __call__(self, node: Any) -> Any:
        if isinstance(node, list | tuple):
            return [value for value in map(self, node) if value is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            policy_condition = name == "Condition" and isinstance(argument, dict)
            if name in self.intrinsics and not policy_condition:
                return self.intrinsics[name](argument)
            assert not name.startswith("Fn::"), f"the evaluator does not know {name}"
        values = {key: self(value) for key, value in node.items()}
        if "Effect" in values:
            for key in values.keys() & {"Action", "Resource"}:
                values[key] = values[key] if isinstance(values[key], list) else [values[key]]
        return {key: value for key, value in values.items() if value is not NO_VALUE}

    def ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        if name not in self.names:
            assert name in self.template["Resources"], f"nothing is called {name}"
        return self.names.get(name, name)

    def get_att(self, argument: str | list[str]) -> str:
        path = argument if isinstance(argument, str) else ".".join(argument)
        self.ref(path.split(".")[0])
        return path

    def sub(self, argument: str | list[Any]) -> str:
        text, given = (argument, {}) if isinstance(argument, str) else argument

        def replaced(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in given:
                return str(self(given[name]))
            return self.get_att(name) if "." in name else str(self.ref(name))

        return re.sub(r"\$\{([^}]+)\}", replaced, text)

    def condition(self, name: str) -> bool:
        return bool(self(self.template["Conditions"][name]))


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    return build(Settings()).to_dict()


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> dict[str, Any]:
    return template["Resources"]


@pytest.fixture(scope="session")
def evaluate(template: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """The properties of every resource, by logical id, for the parameters given."""

    def evaluated(**parameters: object) -> dict[str, Any]:
        value_of = Evaluator(template, parameters)
        return {
            title: value_of(resource.get("Properties", {}))
            for title, resource in template["Resources"].items()
            if "Condition" not in resource or value_of.condition(resource["Condition"])
        }

    return evaluated


@pytest.fixture(scope="session")
def properties(evaluate: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return evaluate()


@pytest.fixture(scope="session")
def outputs(template: dict[str, Any]) -> dict[str, Any]:
    return Evaluator(template, {})(template["Outputs"])

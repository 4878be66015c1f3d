"""The template under test: as it is, and as CloudFormation would evaluate it."""

from collections.abc import Callable
from typing import Any

import pytest

from drtemplate.cli import main
from drtemplate.cloudformation.intrinsics import Evaluator
from drtemplate.cloudformation.lookups import Concrete
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build
from drtemplate.world.reading import load_deployment
from drtemplate.world.timings import load_timings
from drtemplate.world.world import World

PSEUDO_PARAMETERS = {
    "AWS::StackName": "dr-test",
    "AWS::AccountId": "111122223333",
    "AWS::Region": "xx-test-1",
    "AWS::Partition": "aws-test",
}


def evaluator(template: dict[str, Any], parameters: dict[str, object]) -> Evaluator:
    """A resource stands for itself: ``Ref: X`` is ``X``, ``GetAtt: [X, Arn]`` is ``X.Arn``."""
    declared = template["Parameters"]
    assert not parameters.keys() - declared.keys(), "no such parameter"

    def resource(logical_id: str, attribute: str | None) -> str:
        assert logical_id in template["Resources"], f"nothing is called {logical_id}"
        return logical_id if attribute is None else f"{logical_id}.{attribute}"

    names = {
        name: parameters.get(name, facts.get("Default", f"a-{name}"))
        for name, facts in declared.items()
    }
    return Evaluator(
        Concrete(
            names=PSEUDO_PARAMETERS | names,
            resource=resource,
            zones=("zone-0", "zone-1", "zone-2"),
            conditions=template["Conditions"],
        )
    )


def listed(node: Any) -> Any:
    """A statement's only action or resource as a list of one, as IAM takes it."""
    if isinstance(node, list):
        return [listed(one) for one in node]
    if not isinstance(node, dict):
        return node
    alone = {"Action", "Resource"} if "Effect" in node else set()
    return {
        key: [value] if key in alone and not isinstance(value, list) else listed(value)
        for key, value in node.items()
    }


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
        value_of = evaluator(template, parameters)
        return {
            title: listed(value_of(resource.get("Properties", {})))
            for title, resource in template["Resources"].items()
            if "Condition" not in resource or value_of({"Condition": resource["Condition"]})
        }

    return evaluated


@pytest.fixture(scope="session")
def properties(evaluate: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return evaluate()


@pytest.fixture(scope="session")
def outputs(template: dict[str, Any]) -> dict[str, Any]:
    values = evaluator(template, {})(template["Outputs"])
    assert isinstance(values, dict)
    return values


@pytest.fixture(scope="session")
def deployment():
    return load_deployment()


@pytest.fixture(scope="session")
def timings():
    return load_timings()


@pytest.fixture(scope="session")
def fixed(timings):
    """Every timing the same in every draw: 0.1 s, but for those that matter to a case."""

    def make(**seconds):
        plain = {
            "lambda_keep_warm": 600.0,
            "aurora_endpoint_ttl": 5.0,
            "route53_alias_ttl": 60.0,
            "tcp_retransmit": 1.0,
        }
        return timings.all_fixed(0.1, **{**plain, **seconds})

    return make


@pytest.fixture
def made_world(deployment, fixed):
    """A world of its own random seed, stack and timings; it is closed afterwards."""
    made = []

    def make(seed="x", *more, stack=deployment, **seconds):
        made.append(World(stack, fixed(**seconds), seed, *more))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def world(made_world):
    """A world with fixed timings, in which nothing has happened."""
    return made_world("test")


@pytest.fixture
def run(capsys):
    """Run the command in this process; gives its exit code and both of its streams."""

    def result(*words, settings=None):
        code = main([str(word) for word in words], settings)
        out, err = capsys.readouterr()
        return code, out, err

    return result

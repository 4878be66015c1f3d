"""The default deployment: every resource there, and what matters of it, by each service's own API."""

import pytest
from account import Account
from automation import CHECKS
from services import Deployed

from drtemplate.settings import Settings
from drtemplate.stack import build


@pytest.fixture(scope="module")
def stack(deployed: tuple[Account, str], parameters: dict[str, str]) -> Deployed:
    return Deployed(*deployed, parameters)


def test_every_resource_is_there(stack, figures):
    resources = build(Settings()).to_dict()["Resources"]
    types = {one["Type"] for one in resources.values()}
    assert stack.ids.keys() == resources.keys()
    assert all(stack.ids.values())
    figures.append(
        f"{len(stack.ids)} resources deployed of {len(resources)} rendered, {len(types)} types"
    )


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_what_matters(stack, check):
    assert list(check(stack)) == []

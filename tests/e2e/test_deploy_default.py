"""The default deployment: every resource there, and what matters of it, by each service's own API."""

import pytest
from automation import CHECKS

from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build


def test_every_resource_is_there(pristine, figures):
    resources = build(Settings()).to_dict()["Resources"]
    types = {one["Type"] for one in resources.values()}
    assert pristine.ids.keys() == resources.keys()
    assert all(pristine.ids.values())
    figures.append(
        f"{len(pristine.ids)} resources deployed of {len(resources)} rendered, {len(types)} types"
    )


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_what_matters(pristine, check):
    assert list(check(pristine)) == []

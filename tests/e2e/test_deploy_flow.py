"""``generate.py deploy`` on an account: see it first, then send exactly that."""

import json
import os

import pytest
from account import TEMPLATE, account
from conftest import STACK, least

from drtemplate.deploying.deploy import deploy
from drtemplate.deploying.request import Request
from drtemplate.errors import DrTemplateError


class User:
    """Whoever deploys, what is said to them, and the files that they write."""

    def __init__(self, own, folder):
        self.own, self.folder, self.said, self.shown = own, folder, [], []

    def request(self, parameters, template=TEMPLATE, **more):
        path = self.folder / "params.json"
        path.write_text(json.dumps(parameters))
        given = {"endpoint_url": self.own.url, "bucket": self.own.bucket, "yes": True} | more
        return Request(stack=STACK, parameters=path, template=template, **given)

    def deploy(self, *words, **more):
        self.said.clear()
        self.shown.clear()
        return deploy(
            self.request(*words, **more), self.said.append, self.shown.append, sleep=lambda _: None
        )

    @property
    def text(self):
        return "\n".join(self.said)


@pytest.fixture(scope="module")
def own():
    with account("us-west-2") as made:
        yield made


@pytest.fixture(scope="module")
def user(own, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name, value in own.environment().items():
            if name.startswith("AWS_"):
                patch.setenv(name, value)
        yield User(own, tmp_path_factory.mktemp("user"))


def waiting(own):
    """The stack's change sets that were not executed; moto keeps those that were."""
    found = own.client("cloudformation").list_change_sets(StackName=STACK)["Summaries"]
    return [one for one in found if one["ExecutionStatus"] != "EXECUTE_COMPLETE"]


@pytest.fixture(scope="module")
def given(own):
    return least(own) | {"Environment": "Staging", "DBMasterPassword": "correct-horse-battery"}


def test_first_a_dry_run_then_the_stack_then_an_update(user, own, given):
    assert user.deploy(given, dry_run=True)
    assert "to add, 0 to change, 0 to replace, 0 to remove" in user.text
    assert STACK not in own.stacks(), "nor a stack under review"

    assert user.deploy(given)
    assert user.said[-1] == f"{STACK}: CREATE_COMPLETE"
    assert any(line.startswith("VPCId ") for line in user.shown)
    assert "correct-horse" not in user.text

    assert user.deploy(given)
    assert f"{STACK}: no changes to deploy" in user.said
    assert user.shown == []

    assert user.deploy({"DataRetentionDays": "30"}, dry_run=True)
    assert "0 to add" in user.text
    assert "DataRetentionDays" in user.text
    assert any(line.strip().endswith(": 2555 -> 30") for line in user.said), user.text
    assert waiting(own) == []

    other = TEMPLATE.read_text().replace("DatabaseName: financedb", "DatabaseName: otherdb")
    path = user.folder / "other.yaml"
    path.write_text(other)
    ids = own.physical_ids(STACK)
    with pytest.raises(DrTemplateError, match="--allow-data-loss AuroraDBCluster"):
        user.deploy({}, path)
    table = user.said[user.said.index(next(s for s in user.said if s.startswith("changes: "))) :]
    assert table[2].split()[:3] == ["!", "Replace", "AuroraDBCluster"]
    assert any("DatabaseName: financedb -> otherdb" in line for line in table)
    assert waiting(own) == []
    assert own.physical_ids(STACK) == ids
    assert own.status(STACK) == "CREATE_COMPLETE"

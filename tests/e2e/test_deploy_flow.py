"""``generate.py deploy`` on an account: see it first, then send exactly that."""

import json
import os

import pytest
from account import TEMPLATE, account
from given import STACK, least
from mutations import rendered

from drtemplate.cli import main
from drtemplate.cloudformation.references import dependencies
from drtemplate.cloudformation.retention import when_removed
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
    other = other.replace("\nOutputs:\n", "\nOutputs:\n  Another: {Value: !Ref VPC}\n")
    path = user.folder / "other.yaml"
    path.write_text(other)
    ids = own.physical_ids(STACK)
    with pytest.raises(DrTemplateError, match="--allow-data-loss AuroraDBCluster"):
        user.deploy({}, path)
    table = user.said[user.said.index(next(s for s in user.said if s.startswith("changes: "))) :]
    assert table[2].split()[:3] == ["!", "Replace", "AuroraDBCluster"]
    assert any("DatabaseName: financedb -> otherdb" in line for line in table)
    begin = user.said.index("besides resources:")
    assert "Outputs.Another.Value: (none) -> !Ref VPC" in user.said[begin + 1]
    assert waiting(own) == []
    assert own.physical_ids(STACK) == ids
    assert own.status(STACK) == "CREATE_COMPLETE"


def test_the_stack_in_one_screen(user, own, given, capsys):
    """After the test above, which has made it."""
    words = ["--stack", STACK, "--endpoint-url", own.url]
    assert main(["status", *words]) == 1
    out = capsys.readouterr().out
    rows = {line[2:11].strip(): line for line in out.splitlines()[1:]}
    assert out.splitlines()[0] == f"{STACK} in account {own.number}, us-west-2"
    assert rows["stack"].split()[1] == "CREATE_COMPLETE"
    assert "Staging, termination protection off" in rows["stack"]
    assert rows["arming"].split() == ["arming", "ON"]
    assert rows["latch"].startswith("  latch     off")
    assert rows["last run"].split()[-1] == "IDLE"
    assert "writer" in rows["database"]
    assert rows["targets"].startswith("! targets")
    check = own.physical_ids(STACK)["PrimaryHealthCheck"]
    own.client("route53").update_health_check(HealthCheckId=check, Disabled=True, Inverted=True)
    table = own.physical_ids(STACK)["FailoverStateTable"]
    item = {"StateKey": "FAILOVER_STATUS", "Status": "FAILED", "Error": "it \x1b[31mbroke"}
    own.client("dynamodb").put_item(
        TableName=table, Item={name: {"S": value} for name, value in item.items()}
    )
    assert main(["status", *words]) == 1
    out = capsys.readouterr().out
    assert "! latch     ON: the primary is held unhealthy" in out
    assert "! last run  FAILED: it \\x1b[31mbroke" in out
    with pytest.raises(DrTemplateError, match="latch"):
        user.deploy(given)


def test_what_a_delete_would_do(user, own, given, capsys):
    before = own.physical_ids(STACK)
    words = ["--stack", STACK, "--endpoint-url", own.url]
    assert main(["destroy", "--plan", *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    resources = rendered()["Resources"]
    kept = [line.split()[0] for line in lines if line.startswith("  ") and "(AWS::" in line]
    assert (
        set(kept)
        == {n for n, r in resources.items() if when_removed(r) != "Delete"} & before.keys()
    )
    steps = [line.split(maxsplit=1)[1].split(", ") for line in lines if line[:4].strip().isdigit()]
    order = {name: number for number, names in enumerate(steps) for name in names}
    for title, step in order.items():
        needed = dependencies(resources[title]) & order.keys()
        assert all(step < order[name] for name in needed)
    assert order.keys() | set(kept) == before.keys()
    assert own.physical_ids(STACK) == before
    with pytest.raises(SystemExit):
        main(["destroy", *words])
    assert main(["destroy", "--plan", "--stack", "none", *words[2:]]) == 2
    assert (
        capsys.readouterr()
        .err.splitlines()[-1]
        .startswith("error: there is no stack none in us-west-2")
    )

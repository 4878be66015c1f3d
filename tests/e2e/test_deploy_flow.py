"""``generate.py deploy`` on an account: see it first, then send exactly that."""

import json
import os
import re
from types import SimpleNamespace

import pytest
from account import AWS, TEMPLATE
from given import STACK, least
from mutations import rendered

from drtemplate.cli import main
from drtemplate.cloudformation.references import dependencies
from drtemplate.cloudformation.retention import when_removed
from drtemplate.commands import rehearse
from drtemplate.deploying.deploy import deploy
from drtemplate.deploying.orchestrator import ORCHESTRATOR, Answer
from drtemplate.deploying.request import Request
from drtemplate.errors import DrTemplateError
from drtemplate.settings import PROJECT
from drtemplate.world.reading import load_deployment
from drtemplate.world.timings import load_timings
from drtemplate.world.world import World

REGION = "us-west-2"
TOOL = "python generate.py"
DEPLOY = f"{TOOL} deploy --stack {STACK} --params params.json"


class User:
    """Whoever deploys, what is said to them, and the files that they write."""

    def __init__(self, own, folder):
        self.own, self.folder, self.said, self.shown = own, folder, [], []
        self.transcript = []

    def keep(self, title, command, lines):
        """A part of docs/transcript.md."""
        self.transcript.append((title, command, list(lines)))

    def request(self, parameters, template=TEMPLATE, **more):
        path = self.folder / "params.json"
        path.write_text(json.dumps(parameters))
        given = {
            "stack": STACK,
            "endpoint_url": self.own.url,
            "bucket": self.own.bucket,
            "yes": True,
        }
        return Request(parameters=path, template=template, **given | more)

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

    assert user.deploy(given), user.text
    assert user.said[-1] == f"{STACK}: CREATE_COMPLETE"
    assert any(line.startswith("VPCId ") for line in user.shown)
    user.keep("A first deployment", DEPLOY, [*user.said, *user.shown[:3]])
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
    with pytest.raises(DrTemplateError, match="--allow-data-loss AuroraDBCluster") as refused:
        user.deploy({}, path)
    title = "An update that would replace the cluster"
    user.keep(title, f"{DEPLOY} --template other.yaml", [*user.said, f"error: {refused.value}"])
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
    user.keep("What a delete would do", f"{TOOL} destroy --plan --stack {STACK}", lines)
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


def test_a_name_that_is_taken(user, own, given):
    taken = f"other-dr-config-{own.number}"
    where = {"LocationConstraint": own.region}
    own.client("s3").create_bucket(Bucket=taken, CreateBucketConfiguration=where)
    with pytest.raises(DrTemplateError, match=taken) as refused:
        user.deploy(given | {"DomainName": "other.example.com"}, stack="other-dr")
    command = DEPLOY.replace(STACK, "other-dr")
    user.keep("A name that is taken", command, [*user.said, f"error: {refused.value}"])


def test_a_rehearsal(user, own, capsys, monkeypatch, tmp_path):
    """The account's stack and instances; the orchestrator as deployed answers, in the world."""
    timings = {"aurora_detection": 10_000, "aurora_promotion": 12, "aurora_settle": 6}
    timings["aurora_restart"] = 20
    world = World(load_deployment(), load_timings().all_fixed(0.05, **timings), "rehearsal")
    world.run(200)
    clock = world.clock
    try:
        with monkeypatch.context() as patch:
            patch.setattr(rehearse, "invoke", lambda _, event: answered(world, event))
            patch.setattr(rehearse.time, "monotonic", lambda: clock.now)
            patch.setattr(rehearse.time, "sleep", lambda s: world.run(clock.now + s))
            patch.setattr(
                rehearse, "datetime", SimpleNamespace(now=lambda _: clock.date(clock.now))
            )
            words = ["rehearse", "--stack", STACK, "--endpoint-url", own.url, "--yes"]
            code = main([*words, "--output", str(tmp_path)])
    finally:
        world.close()
    out, err = capsys.readouterr()
    assert code == 0, err
    assert json.loads((tmp_path / "rehearsal.json").read_text())["account"] == own.number
    lines = (err + out).replace(str(tmp_path), f"build/rehearsal-{STACK}-TIME").splitlines()
    user.keep("A rehearsal", f"{TOOL} rehearse --stack {STACK} --yes", lines)


def answered(world, event):
    told, error = world.call(ORCHESTRATOR, event)
    assert error is None
    body = json.loads(told["body"])
    return Answer(body["outcome"], body["message"], body)


TRANSCRIPT = PROJECT / "docs" / "transcript.md"
INTRODUCTION = """# Transcript

What the commands say, on the emulated account of `make e2e`; long lists are cut. The rehearsal's orchestrator runs in
the [simulated account](world.md), so that no second here was measured on AWS. `make transcript` writes this file anew.
"""
FIRST, LAST = 30, 8


def as_text(user):
    """All parts, without what differs from one run to the next."""
    parts = [INTRODUCTION]
    for title, command, lines in user.transcript:
        shown = [
            line for line in lines if "what answers is not AWS" not in line
        ]  # what moto does not have
        if (cut := len(shown) - FIRST - LAST) > 0:
            shown = [*shown[:FIRST], f"... {cut} more lines", *shown[-LAST:]]
        parts.append(f"\n## {title}\n\n```\n$ {command}\n" + "\n".join(shown) + "\n```\n")
    text = "".join(parts)
    for pattern, plain in (
        (re.escape(user.own.url), "http://localhost:PORT"),
        (re.escape(str(AWS)), ".venv/bin/aws"),
        (user.own.number, "111122223333"),
        (re.escape(str(user.folder)), "."),
        (r"\bZ[0-9A-Z]{10,}\b", "Z0123456789ABCDEFGHIJ"),
        (r"\b[0-9a-f]{64}\b", "0123..."),
        (r"(?m)^ +\d+:\d\d ", "  0:00 "),
        (r" \(\d+ s\)", ""),
        (r"(?m) +$", ""),
    ):
        text = re.sub(pattern, plain, text)
    return text


def test_the_transcript_is_what_the_commands_say(user):
    """After all the tests above; figures and ids may differ."""
    assert len(user.transcript) == 5, "run the whole file"
    text = as_text(user)
    if os.environ.get("TRANSCRIPT") == "write":
        TRANSCRIPT.write_text(text)

    def plain(words):
        return re.sub(r"[0-9a-f-]*\d[0-9a-f-]*", "0", re.sub(r" +", " ", words)).splitlines()

    assert plain(TRANSCRIPT.read_text()) == plain(text)

"""`generate.py rehearse`: on the world, where the orchestrator as deployed answers its events."""

import io
import json
from argparse import Namespace
from collections.abc import Mapping
from types import SimpleNamespace

import pytest

from drtemplate.cloudformation.document import load_template
from drtemplate.commands import rehearse as command
from drtemplate.deploying.account import Account, Identity, UnansweredError
from drtemplate.deploying.command import Target
from drtemplate.deploying.evidence import store_evidence
from drtemplate.deploying.living import Living
from drtemplate.deploying.orchestrator import ORCHESTRATOR, Answer, invoke
from drtemplate.deploying.preflight import Stack
from drtemplate.deploying.quiet import CLUSTER, disquiet, members
from drtemplate.deploying.rehearsal import COMPONENTS, Means, stages_of
from drtemplate.errors import DrTemplateError
from drtemplate.groups.handlers import ORCHESTRATOR as TITLE
from drtemplate.pipeline import default_output
from drtemplate.world.reading import load_deployment
from drtemplate.world.roles import Roles
from drtemplate.world.timings import load_timings
from drtemplate.world.world import World

TIMINGS = {"aurora_detection": 10_000, "aurora_promotion": 12, "aurora_settle": 6}
TIMINGS |= {"aurora_restart": 60, "lambda_keep_warm": 600, "tcp_retransmit": 1}
WARM = 200


class Lambda:
    """Lambda's client, on the world; ``broken`` maps words of an event to what happens instead."""

    def __init__(self, world):
        self.world, self.sent, self.broken, self.instead = world, [], {}, {}

    def invoke(self, FunctionName, Payload):
        assert FunctionName == "orchestrator"
        event = json.loads(Payload)
        self.sent.append(event)
        answer, error = self.world.call(ORCHESTRATOR, event)
        if self.instead:
            body = json.loads(answer["body"]) | self.instead
            answer = {**answer, "body": json.dumps(body)}
        for word, instead in self.broken.items():
            if word in json.dumps(event):
                instead()
        told = {"errorType": type(error).__name__, "errorMessage": str(error)} if error else answer
        more = {"FunctionError": "Unhandled"} if error else {}
        return {"Payload": io.BytesIO(json.dumps(told).encode()), **more}


class Rds:
    """RDS's client, on the world."""

    def __init__(self, world):
        self.world = world

    def describe_db_instances(self, Filters):
        nodes = self.world.aurora.nodes.values()
        return {
            "DBInstances": [
                {"DBInstanceIdentifier": one.name, "DBInstanceStatus": one.status} for one in nodes
            ]
        }


class Scene:
    """A deployed stack, and somebody who rehearses with it."""

    def __init__(self, folder):
        deployment, self.folder = load_deployment(), folder
        self.roles = Roles(deployment.grants)
        self.world = World(
            deployment, load_timings().all_fixed(0.05, **TIMINGS), "rehearsal", None, self.roles
        )
        self.world.run(WARM)
        self.function = Lambda(self.world)
        self.said, self.values = [], {"Environment": "Staging"}
        self.status = "CREATE_COMPLETE"

    def living(self):
        identity = Identity(account="111122223333", arn="arn:aws:iam::1:user/me", partition="aws")
        made = {"identity": identity, "lambda": self.function, "rds": Rds(self.world)}
        return Living(
            account=Account(region="us-east-1", session=None, _made=made),
            target=Target(stack="payments-dr", region="us-east-1"),
            stack=Stack(status=self.status),
            template=load_template(default_output("yaml")),
            values=self.values,
            ids={ORCHESTRATOR: "orchestrator", CLUSTER: "cluster"},
        )

    def rehearse(self, *, yes=True, dry_run=False, ask=None, components=COMPONENTS):
        living = self.living()
        means = Means(
            invoke=lambda event: invoke(living, event),
            members=lambda: members(living),
            say=self.say,
            clock=lambda: self.world.clock.now,
            now=lambda: self.world.clock.date(self.world.clock.now),
            sleep=lambda seconds: self.world.run(self.world.clock.now + seconds),
        )
        options = Namespace(yes=yes, dry_run=dry_run, output=self.folder / "evidence")
        return command.rehearse(living, means, components, options, ask)

    def say(self, line):
        self.said.append(line)

    def refused(self, **more):
        with pytest.raises(DrTemplateError) as caught:
            self.rehearse(**more)
        assert len(str(caught.value).splitlines()) == 1
        assert not self.moves()
        assert not (self.folder / "evidence").exists()
        return str(caught.value)

    def moves(self):
        acts = ("FailoverDBCluster", "UpdateHealthCheck")
        return [one.operation for one in self.world.calls if one.operation in acts]

    def kept(self):
        return json.loads((self.folder / "evidence" / "rehearsal.json").read_text())

    @property
    def text(self):
        return "\n".join(self.said)


@pytest.fixture
def scene(tmp_path):
    made = Scene(tmp_path)
    yield made
    made.world.close()


def test_there_and_back_with_evidence(scene, capsys):
    before = scene.world.aurora.writer
    assert scene.rehearse() == 0, scene.text
    assert scene.moves() == [
        "FailoverDBCluster",
        "UpdateHealthCheck",
        "UpdateHealthCheck",
        "FailoverDBCluster",
    ]
    assert scene.world.aurora.writer == before
    assert not scene.world.checks["Primary"].disabled
    assert not list(scene.roles.denials)
    kept = scene.kept()
    assert (kept["held"], kept["writer"]) == (True, before)
    outcomes = [one["outcome"] for one in kept["steps"]]
    assert outcomes == ["DRY_RUN", "DRY_RUN", "COMPLETED", "FAILED_BACK"]
    promotions = [one for one in kept["measured"] if one["assumption"] == "aurora_promotion"]
    assert [one["step"] for one in promotions] == ["failover", "fail back"]
    # 12 s in this world, and a look every two seconds.
    assert all(12 <= one["seconds"] <= 15 and 0.2 < one["shorter"] < 0.6 for one in promotions)
    (restart,) = [one for one in kept["measured"] if one["assumption"] == "aurora_restart"]
    assert 60 <= restart["seconds"] <= 70
    out = capsys.readouterr().out
    assert "aurora_promotion: quantiles: 0 % up to 5 s" in out
    page = (scene.folder / "evidence" / "rehearsal.html").read_text()
    assert "<strong>Held</strong>" in page
    assert "of the draws are shorter" in page
    # The cooldown that a rehearsal begins forbids the next one.
    with pytest.raises(DrTemplateError, match="wait for the cooldown"):
        scene.rehearse()


def test_dry_runs_alone_move_nothing(scene):
    assert scene.rehearse(dry_run=True) == 0
    assert [one.get("dry_run") for one in scene.function.sent] == [None, True, True]
    assert scene.moves() == []
    assert "PROMOTE" in scene.text
    assert "LATCH" in scene.text
    assert "RELEASE" in scene.text


def test_one_component_alone(scene):
    assert scene.rehearse(components=("application",)) == 0, scene.text
    assert scene.moves() == ["UpdateHealthCheck"] * 2


def test_it_asks(scene):
    asked = []
    assert "--yes" in scene.refused(yes=False)
    assert "not agreed to" in scene.refused(yes=False, ask=lambda q: bool(asked.append(q)))
    assert "payments-dr" in asked[0]
    assert scene.rehearse(yes=False, ask=lambda _: True) == 0


@pytest.mark.parametrize("environment", ["Production", "", None, "staging"])
def test_only_a_staging_stack(scene, environment):
    scene.values = {"Environment": environment} if environment is not None else {}
    assert "Staging stacks alone" in scene.refused()
    assert scene.function.sent == []


def test_no_stack_that_is_being_deployed(scene):
    scene.status = "UPDATE_IN_PROGRESS"
    assert "UPDATE_IN_PROGRESS" in scene.refused()


def test_without_servers_the_dry_run_says_so(scene):
    scene.world.balancers["Standby"].empty()
    scene.world.run(scene.world.clock.now + 30)
    assert "no_standby; both sides need a healthy target" in scene.refused()
    assert scene.rehearse(components=("database",)) == 0, scene.text


def test_after_a_failover_that_nobody_took_back(scene):
    scene.world.call(ORCHESTRATOR, {"trigger_failover": True})
    scene.world.calls.clear()
    found = scene.refused()
    assert "is latched" in found
    assert "and home is" in found
    assert "cooldown" in found


def quiet() -> dict[str, object]:
    return {
        "state": {"Status": "IDLE", "Moves": {"database": ["100"]}},
        "health_check": {"disabled": False, "inverted": False},
        "writer": "a",
        "readers": ["b"],
        "cluster_status": "available",
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"state": None}, "cannot be read"),
        ({"state": {"Status": "IN_PROGRESS"}}, "IN_PROGRESS"),
        ({"state": {"Status": "FAILED"}}, "FAILED"),
        ({"state": {"Status": "IDLE", "Pending": {"database": {}}}}, "not known yet"),
        ({"state": {"Status": "IDLE", "Alarms": {"x-writer": "t"}}}, "x-writer stands"),
        ({"state": {"Status": "IDLE", "Home": "b"}}, "home is b"),
        ({"state": {"Status": "IDLE", "Moves": {"database": ["9000"]}}}, "2600 s more"),
        ({"health_check": None}, "latch cannot be read"),
        ({"health_check": {"disabled": True, "inverted": False}}, "is latched"),
        ({"writer": None}, "one writer"),
        ({"readers": []}, "a reader"),
        ({"cluster_status": "backtracking"}, "backtracking"),
    ],
)
def test_a_moment_that_is_not_quiet(change, reason):
    members = {"a": "available", "b": "available"}
    assert list(disquiet(quiet(), members, COMPONENTS, 10_000)) == []
    (found,) = disquiet(quiet() | change, members, COMPONENTS, 10_000)
    assert reason in found


def test_an_instance_in_somebodys_hands():
    (found,) = disquiet(quiet(), {"a": "available", "b": "rebooting"}, COMPONENTS, 10_000)
    assert "b is rebooting" in found


def fail(error):
    def now():
        raise error

    return now


def test_a_lost_answer_is_read_from_the_record(scene):
    scene.function.broken["-failover"] = fail(UnansweredError("cannot invoke: a time-out"))
    assert scene.rehearse() == 0, scene.text
    assert "its record is waited for" in scene.text
    assert scene.moves().count("FailoverDBCluster") == 2


def test_ctrl_c_says_what_goes_on_and_how_to_fail_back(scene):
    scene.function.broken["-failover"] = fail(KeyboardInterrupt)
    assert scene.rehearse() == 1
    (verdict,) = [line for line in scene.said if line.startswith("error: interrupted; ")]
    assert "sees to its end what it has begun" in verdict
    assert "no fail back follows" in verdict
    (hint,) = [line for line in scene.said if line.startswith("fail back by hand: ")]
    assert hint.endswith("""/dev/stdout <<< '{"action": "failback"}'""")
    assert "--function-name orchestrator" in hint
    kept = scene.kept()
    assert not kept["held"]
    assert kept["steps"][-1]["outcome"] is None


def test_a_terminal_that_goes_away_keeps_nobody_from_failing_back(scene):
    """As with ``| head``, or a lost connection under nohup."""
    before = scene.world.aurora.writer
    scene.function.broken["expected_writer"] = lambda: setattr(scene, "said", Gone(scene.said))
    assert scene.rehearse() == 0
    assert scene.world.aurora.writer == before
    assert scene.kept()["held"]


class Gone(list):
    """A pipe that nobody reads."""

    def append(self, _):
        raise BrokenPipeError


def test_evidence_that_cannot_be_written_at_the_end_hides_neither_verdict_nor_way_back(scene):
    def full():
        (scene.folder / "evidence" / "rehearsal.json").unlink()
        (scene.folder / "evidence" / "rehearsal.json").mkdir()
        raise KeyboardInterrupt

    scene.function.broken["-failover"] = full
    assert scene.rehearse() == 1
    assert "fail back by hand" in scene.text
    assert scene.said[-1].startswith("error: the evidence is not whole: ")


def test_the_evidence_of_another_rehearsal_stays(scene):
    (scene.folder / "evidence").mkdir()
    (scene.folder / "evidence" / "rehearsal.html").symlink_to("nowhere")
    with pytest.raises(DrTemplateError, match="earlier rehearsal; give another --output"):
        scene.rehearse()
    assert scene.moves() == []


@pytest.mark.parametrize("name", ["/dev/null", "/dev/null/x", "loop", "file", "file/x", "x" * 300])
def test_a_folder_that_is_none_is_one_line(tmp_path, name):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("")
    with pytest.raises(DrTemplateError) as caught:
        store_evidence({}, tmp_path / name)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "stages", [{"decide": None, "latch": "2.5"}, {"decide": "x", "latch": 2.5}]
)
def test_a_record_that_cannot_be_read_stops_nothing(stages):
    assert stages_of(Answer("COMPLETED", "", {"state": {"Stages": stages}})) == {"latch": 2.5}


def test_a_status_of_another_form_is_one_line(scene):
    scene.function.instead = {"state": {"Status": "IDLE", "Moves": {"database": ["soon"]}}}
    assert "read the orchestrator's status" in scene.refused()


def test_a_fail_back_that_is_refused_is_told(scene):
    def primary_dies():
        scene.world.balancers["Primary"].empty()
        scene.world.run(scene.world.clock.now + 30)

    scene.function.broken["expected_writer"] = primary_dies
    assert scene.rehearse() == 1
    assert "the fail back ended REFUSED" in scene.text
    assert scene.text.count("fail back ...") == 3, "and it was asked for again"
    assert "fail back by hand" in scene.text


def test_where_nothing_can_be_written_nothing_is_moved(scene):
    (scene.folder / "evidence").write_text("")
    with pytest.raises(DrTemplateError, match="cannot make the folder"):
        scene.rehearse()
    assert scene.moves() == []


def test_what_others_wrote_is_escaped():
    from drtemplate.deploying.evidence import as_page

    told: Mapping[str, object] = {
        "stack": "<b>", "account": "1", "region": "r", "caller": "<i>", "writer": "w", "attempt": "a",
        "components": ["database"], "held": False, "verdict": "<script>", "ended": "2026-01-01",
        "measured": [],
        "steps": [{"name": "n", "begun": "2026-01-01T00:00:00.000", "seconds": 1.0, "outcome": None,
                   "message": "<u>"}],
    }  # fmt: skip
    page = as_page(told)
    assert not any(tag in page for tag in ("<b>", "<i>", "<script>", "<u>"))


def test_the_orchestrator_is_the_templates():
    assert ORCHESTRATOR == TITLE


def test_the_command_reads_the_stack(scene, monkeypatch, capsys):
    """The whole command, with the account's answers in place of an account."""
    monkeypatch.setattr(command, "find_deployed", lambda *_: scene.living())
    monkeypatch.setattr(
        command,
        "datetime",
        SimpleNamespace(now=lambda _: scene.world.clock.date(scene.world.clock.now)),
    )
    from drtemplate.cli import main

    assert main(["rehearse", "--stack", "payments-dr", "--dry-run"]) == 0
    assert "dry run: nothing was moved" in capsys.readouterr().err
    scene.values = {"Environment": "Production"}
    assert main(["rehearse", "--stack", "payments-dr", "--yes"]) == 2
    assert scene.moves() == []

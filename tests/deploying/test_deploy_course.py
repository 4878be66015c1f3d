"""The course of a deployment, by what CloudFormation answers: changes, failures, interrupts."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ReadTimeoutError
from fake_stack import World
from refused import GIVEN
from scene import REGION, SMALL, STACK

from drtemplate.deploying.change_sets import ChangeSet
from drtemplate.errors import DrTemplateError

ARN = f"arn:aws:cloudformation:{REGION}:123456789012:changeSet/awscli-cloudformation-package-deploy1/1"
MADE = f"Changeset created successfully. ...\naws cloudformation describe-change-set --change-set-name {ARN}"
ADDED = {"Action": "Add", "LogicalResourceId": "Topic", "ResourceType": "AWS::SNS::Topic"}
REPLACED = {
    "Action": "Modify",
    "LogicalResourceId": "Cluster",
    "ResourceType": "AWS::RDS::DBCluster",
    "Replacement": "True",
    "PolicyAction": "ReplaceAndSnapshot",
    "Scope": ["Properties"],
    "Details": [
        {
            "Evaluation": "Static",
            "ChangeSource": "DirectModification",
            "Target": {
                "Attribute": "Properties",
                "Name": name,
                "Path": f"/Properties/{name}",
                "RequiresRecreation": "Always",
                "BeforeValue": before,
                "AfterValue": after,
            },
        }
        for name, before, after in (
            ("MasterUsername", "admin", "root"),
            ("MasterUserPassword", "hunter2hunter2", "hunter3hunter3"),
        )
    ],
}


class Client:
    """An AWS CLI that has ended before it is looked at."""

    def __init__(self, code=0, said=MADE):
        self.code, self.words = code, said

    def wait(self, seconds):
        return self.code

    def said(self):
        return self.words

    @contextmanager
    def start(self, command):
        yield self


@pytest.fixture
def told(scene, monkeypatch):
    """Deploy where CloudFormation answers with the statuses, events, changes and outputs given."""

    def run(plan, status, client=None, outputs=(), before="", changes=(ADDED,), **more):
        world = World(plan, page=100)
        world.now, world.executed = -1, False
        call = BaseClient._make_api_call
        pages = [[change] for change in changes] or [[]]

        def answered(api, name, arguments):
            if name == "DescribeStackEvents":
                return world.describe_stack_events(**arguments)
            if name == "DescribeStacks":
                now = status if world.executed else before
                if not now:
                    error = {"Code": "ValidationError", "Message": "it does not exist"}
                    raise ClientError({"Error": error}, name)
                facts = {"StackStatus": now, "Outputs": list(outputs)}
                return {"Stacks": [facts]}
            if name == "GetStackPolicy":
                return {}
            if name == "GetTemplate":
                return {"TemplateBody": SMALL}
            if name == "ListStackResources":
                return {"StackResourceSummaries": []}
            if name in ("ListChangeSets", "DeleteChangeSet"):
                scene.asked.append(name)
                return {"Summaries": []}
            if name == "DescribeChangeSet":
                assert (arguments["ChangeSetName"], arguments["IncludePropertyValues"]) == (
                    ARN,
                    True,
                )
                number = int(arguments.get("NextToken", 0))
                found = [{"Type": "Resource", "ResourceChange": one} for one in pages[number]]
                token = {"NextToken": str(number + 1)} if number + 1 < len(pages) else {}
                return {"Changes": found, "ExecutionStatus": "AVAILABLE"} | token
            if name == "ExecuteChangeSet":
                scene.asked.append(name)
                assert arguments["ChangeSetName"] == ARN
                world.now, world.executed = 10_000, True
                return {}
            return call(api, name, arguments)

        monkeypatch.setattr(BaseClient, "_make_api_call", answered)
        ticks = iter(range(0, 1_000_000, 10))
        asking = {"ask": more.pop("ask")} if "ask" in more else {}
        return scene.deploy(
            scene.request(GIVEN, SMALL, **more),
            start=(client or Client()).start,
            clock=lambda: float(next(ticks)),
            sleep=lambda _: None,
            **asking,
        )

    return run


class Interrupted:
    """Ctrl-C, at the client or at a call."""

    @contextmanager
    def start(self, command):
        raise KeyboardInterrupt
        yield


def test_the_outputs_are_data(scene, told):
    outputs = [
        {"OutputKey": "VPCId", "OutputValue": "vpc-1"},
        {"OutputKey": "PrimaryEndpoint", "OutputValue": "a.example.com"},
    ]
    plan = [(1, STACK, "CREATE_IN_PROGRESS"), (2, STACK, "CREATE_COMPLETE")]
    assert told(plan, "CREATE_COMPLETE", outputs=outputs)
    assert scene.shown == ["VPCId            vpc-1", "PrimaryEndpoint  a.example.com"]


def test_no_change_shows_no_output_again(scene, told):
    outputs = [{"OutputKey": "VPCId", "OutputValue": "vpc-1"}]
    client = Client(0, "\nNo changes to deploy. Stack payments-dr is up to date\n")
    assert told([], "CREATE_COMPLETE", client, outputs, before="CREATE_COMPLETE")
    assert scene.shown == []
    assert scene.said[-1] == f"{STACK}: no changes to deploy"
    assert "ExecuteChangeSet" not in scene.asked


UPDATED = [(1, STACK, "UPDATE_IN_PROGRESS"), (2, STACK, "UPDATE_COMPLETE")]


def test_what_holds_data_is_told_first_and_never_lost_without_a_word(scene, told):
    changes = (ADDED, REPLACED)
    with pytest.raises(DrTemplateError, match=r"Cluster .*--allow-data-loss Cluster"):
        told(UPDATED, "UPDATE_COMPLETE", before="CREATE_COMPLETE", changes=changes)
    assert "ExecuteChangeSet" not in scene.asked
    assert "DeleteChangeSet" in scene.asked
    begin = scene.said.index("changes: 1 to add, 0 to change, 1 to replace, 0 to remove")
    heading, cluster, snapshot, name, password, topic = scene.said[begin + 1 : begin + 7]
    assert heading.split() == ["action", "logical", "id", "type", "replacement"]
    assert cluster.split() == "! Replace Cluster AWS::RDS::DBCluster yes, holds data".split()
    assert "snapshot" in snapshot
    assert name.strip() == "MasterUsername: admin -> root  (replacement)"
    assert password.strip() == "MasterUserPassword: **** -> ****  (replacement)"
    assert topic.split() == ["Add", "Topic", "AWS::SNS::Topic", "-"]
    loss = frozenset({"Cluster"})
    assert told(UPDATED, "UPDATE_COMPLETE", before="CREATE_COMPLETE", changes=changes, allow_data_loss=loss)  # fmt: skip
    assert "hunter" not in scene.text


def test_the_changes_are_made_only_if_they_are_agreed_to(scene, told):
    questions = []

    def answer(question):
        questions.append(question)
        return len(questions) > 1

    more = {"before": "CREATE_COMPLETE", "yes": False, "ask": answer}
    with pytest.raises(DrTemplateError, match="not agreed to"):
        told(UPDATED, "UPDATE_COMPLETE", **more)
    assert "ExecuteChangeSet" not in scene.asked
    assert "DeleteChangeSet" in scene.asked
    assert told(UPDATED, "UPDATE_COMPLETE", **more)
    assert questions[0] == f"Make these changes to {STACK} in account 123456789012, {REGION}?"


@pytest.mark.parametrize("force", [False, True])
def test_a_failover_during_the_question_stops_the_update(scene, told, monkeypatch, force):
    latched = []
    monkeypatch.setattr("drtemplate.deploying.preflight.is_latched", lambda *_: bool(latched))
    more = {"before": "CREATE_COMPLETE", "yes": False, "ask": lambda _: not latched.append(1)}
    if force:
        assert told(UPDATED, "UPDATE_COMPLETE", force=True, **more)
        return
    with pytest.raises(DrTemplateError, match="latch"):
        told(UPDATED, "UPDATE_COMPLETE", **more)
    assert "ExecuteChangeSet" not in scene.asked
    assert scene.asked[-1] == "DeleteChangeSet"


def test_an_execution_without_an_answer_is_not_taken_for_a_refusal(scene, told, monkeypatch):
    def lost(*_):
        raise ReadTimeoutError(endpoint_url="https://x")

    monkeypatch.setattr(ChangeSet, "execute", unanswered(ChangeSet.execute, lost))
    with pytest.raises(DrTemplateError, match="whether it is executed is not known; look: aws"):
        told([], "CREATE_IN_PROGRESS")
    assert "DeleteChangeSet" not in scene.asked
    assert "not made" not in scene.text


def unanswered(execute, lost):
    """The method, with an account whose execution gets no answer."""

    def instead(self, account, target, disable_rollback):
        client = SimpleNamespace(execute_change_set=lambda **_: lost())
        other = SimpleNamespace(cloudformation=client)
        execute(self, other, target, disable_rollback)

    return instead


def test_what_nobody_hears_of_is_followed_and_protected_all_the_same(scene, told, monkeypatch):
    """As with ``| head``."""

    def gone(line):
        if "UPDATE_" in line:
            raise BrokenPipeError

    monkeypatch.setattr(scene, "said", SimpleNamespace(append=gone, clear=list))
    protected = []

    def protect(_):
        protected.append(True)
        return []

    monkeypatch.setattr("drtemplate.deploying.deploy.protect", protect)
    assert told(UPDATED, "UPDATE_COMPLETE", before="CREATE_COMPLETE")
    assert protected


def test_a_second_interrupt_says_that_a_change_set_may_be_left(scene, told, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("drtemplate.deploying.change_sets._new", interrupted)
    assert not told([], "CREATE_COMPLETE", Interrupted())
    assert scene.said[-2].startswith("a change set may be left (interrupted); look: aws")
    assert scene.said[-1] == "interrupted: nothing is changed"


FAILED = [
    (1, STACK, "REVIEW_IN_PROGRESS"),
    (2, STACK, "CREATE_IN_PROGRESS"),
    (3, "Topic", "CREATE_FAILED", "Resource creation cancelled"),
    (3, "Cluster", "CREATE_FAILED", "Cannot find\nversion 3.02.0"),
    (4, STACK, "ROLLBACK_COMPLETE"),
]


def test_a_failure_ends_with_its_first_cause_and_the_way_on(scene, told):
    assert not told(FAILED, "ROLLBACK_COMPLETE")
    assert scene.said[-2] == "error: Cluster CREATE_FAILED: Cannot find version 3.02.0"
    assert "delete-stack --stack-name payments-dr" in scene.said[-1]
    assert scene.shown == []


def test_a_rolled_back_update_is_a_failure(scene, told):
    plan = [(2, STACK, "UPDATE_IN_PROGRESS"), (3, "A", "UPDATE_FAILED", "no"), (4, STACK, "UPDATE_ROLLBACK_COMPLETE")]  # fmt: skip
    assert not told(plan, "UPDATE_ROLLBACK_COMPLETE", before="CREATE_COMPLETE")
    assert scene.said[-2] == "error: A UPDATE_FAILED: no"


def test_what_never_begins_is_no_success(scene, told):
    """The stack's status is that of before, and no event tells of a change."""
    assert not told([], "UPDATE_COMPLETE", before="UPDATE_COMPLETE")
    assert "not as asked for" in scene.said[-2]


@pytest.mark.parametrize(
    ("client", "words"),
    [
        (Client(255, "\nAn error occurred (AccessDenied): no\n\n"), "An error occurred (AccessDenied): no"),
        (Client(255, ""), "gives no reason"),
        (Client(-9, ""), "gives no reason"),
    ],
)  # fmt: skip
def test_a_client_that_failed_before_anything_began(scene, told, client, words):
    assert not told([], "CREATE_COMPLETE", client, before="CREATE_COMPLETE")
    assert words in scene.said[-2]
    assert "as it was before" in scene.said[-1]


def test_an_interrupt_before_the_changes_are_made_changes_nothing(scene, told):
    assert not told([], "CREATE_COMPLETE", Interrupted())
    assert scene.said[-1] == "interrupted: nothing is changed"
    assert "ExecuteChangeSet" not in scene.asked


@pytest.mark.parametrize(
    ("plan", "words"),
    [(FAILED, "goes on"), (FAILED[:1], "may or may not have begun"), ([], "may or may not")],
    ids=["begun", "under review", "not begun"],
)
def test_an_interrupt_says_what_goes_on(scene, told, plan, words, monkeypatch):
    def interrupted(self, status):
        self._look()
        raise KeyboardInterrupt

    monkeypatch.setattr("drtemplate.deploying.follow.Follower.until_end", interrupted)
    assert not told(plan, "CREATE_IN_PROGRESS")
    line = scene.said[-1]
    assert "interrupted" in line
    assert words in line
    assert f"describe-stack-events --stack-name {STACK}" in line


def test_an_interrupt_before_anything_is_sent(scene, ready, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("drtemplate.deploying.preparation.check_zones", interrupted)
    assert not scene.deploy(ready, start=scene.never)
    assert scene.said == ["interrupted: nothing is sent"]

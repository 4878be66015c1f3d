"""A function whose code is a package: fresh modules in each sandbox, one of each in it, and the world's guards."""

import pytest

from drtemplate.groups.handlers import ORCHESTRATOR
from drtemplate.world.clock import EPOCH
from drtemplate.world.deployment import Package
from drtemplate.world.world import World

SHARED = "import time\nimport boto3\n\nCOUNT = [0]\nBEGUN = time.time()\n"
LEFT = "from .shared import COUNT\n\n\ndef add():\n    COUNT[0] += 1\n"
ENTRY = """from .left import add
from .shared import BEGUN, COUNT, boto3


def handler(event, context):
    add()
    found = boto3.client("rds").describe_db_clusters()["DBClusters"]
    return COUNT[0], BEGUN, found[0]["DBClusterIdentifier"]
"""


@pytest.fixture
def attempt(deployment, fixed):
    """Runs of a package, one after another and in as many sandboxes as there are."""

    def made(runs=1, *, warm=True, **modules):
        package = Package(entry="entry", modules=modules)
        stack = deployment.untriggered().with_function(ORCHESTRATOR, code=package)
        world = World(stack, fixed(lambda_keep_warm=600.0 if warm else 0.0), "package")
        try:
            return [world.call(ORCHESTRATOR, {}) for _ in range(runs)]
        finally:
            world.close()

    return made


@pytest.mark.parametrize(("warm", "counts"), [(True, [1, 2]), (False, [1, 1])])
def test_modules_live_as_long_as_their_sandbox(attempt, warm, counts):
    runs = attempt(2, warm=warm, entry=ENTRY, left=LEFT, shared=SHARED)
    assert [error for _, error in runs] == [None, None]
    answers = [answer for answer, _ in runs]
    assert [count for count, _, _ in answers] == counts
    assert {name for _, _, name in answers} == {"AuroraDBCluster"}
    assert all(EPOCH <= begun < EPOCH + 60 for _, begun, _ in answers)


@pytest.mark.parametrize(
    ("left", "error"),
    [
        ("from .nothing import x", "no module 'nothing' beside the handler"),
        ("from .shared import x", "cannot import name 'x' from 'index.shared'"),
        ("from .entry import handler", "cannot import name 'handler' from .*entry"),
        ("from . import shared", "no module '' beside the handler"),
    ],
)
def test_what_python_would_not_import(attempt, left, error):
    ((answer, raised),) = attempt(entry=ENTRY, left=left, shared=SHARED)
    assert answer is None
    with pytest.raises(ImportError, match=error):
        raise raised


def test_a_neighbour_reaches_no_network(attempt):
    left = "import urllib.request\n\n\ndef add():\n    urllib.request.urlopen('http://127.0.0.1')\n"
    with pytest.raises(Exception, match=r"reaches out of its world: socket\."):
        attempt(entry=ENTRY, left=left, shared=SHARED)

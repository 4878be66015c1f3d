"""Code that runs in a world reaches no network, no other program and no credentials, whichever way it tries."""

import os
import threading

import pytest

from drtemplate.errors import DrTemplateError
from drtemplate.groups.handlers import ORCHESTRATOR
from drtemplate.world.functions import guard
from drtemplate.world.world import World


@pytest.fixture
def attempt(deployment, fixed):
    """Run a body as a handler; gives what the run returned and what ended it."""

    def made(body):
        lines = "\n ".join(["def handler(event, context):", *body.strip().splitlines()])
        stack = deployment.untriggered().with_function(ORCHESTRATOR, code=lines)
        world = World(stack, fixed(), "attempt")
        try:
            return world.call(ORCHESTRATOR, {})
        finally:
            world.close()

    return made


@pytest.fixture
def secrets(monkeypatch, tmp_path):
    """Credentials as a user has them, in the environment and in a file."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
        monkeypatch.setenv(f"AWS_{name}", "secret")
    path = tmp_path / "mine"
    path.write_text("[default]\naws_access_key_id = secret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    monkeypatch.setenv("AWS_PROFILE", "that_does_not_exist")
    return path


@pytest.mark.parametrize(
    "client",
    [
        "__import__('boto3').client('rds')",
        "__import__('boto3').Session(profile_name='mine').client('rds', region_name='eu-west-1')",
        "__import__('boto3').session.Session().client('rds', endpoint_url='https://example.com')",
        "__import__('boto3.session').session.Session().client('rds')",
        "__import__('importlib').import_module('boto3').client('rds')",
        "__import__('importlib').import_module('botocore.session').get_session().create_client('rds')",
        "__import__('botocore.session').session.get_session().create_client('rds')",
        "__import__('botocore').session.Session().create_client('rds')",
        "get_session().create_client('rds')",
    ],
)
def test_every_session_s_clients_stay_in_the_world(attempt, secrets, client):
    answer, error = attempt(f"""
from botocore.session import get_session
client = {client}
return client.describe_db_clusters()["DBClusters"][0]["DBClusterIdentifier"]""")
    assert error is None
    assert answer == "AuroraDBCluster"


def test_what_a_session_does_not_have_here_ends_in_one_line(attempt):
    wanted = (
        "a handler uses a session's get_available_regions, which the world does not know; use its "
    )
    with pytest.raises(DrTemplateError, match=wanted):
        attempt("return __import__('boto3').Session().get_available_regions('rds')")


REAL = "import sys; boto3, botocore, socket = (sys.modules[n] for n in ('boto3', 'botocore', 'socket'))\n"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (REAL + "boto3.client('rds', 'us-east-1').describe_db_clusters()", "socket."),
        (REAL + "botocore.session.get_session().create_client('rds', 'us-east-1').describe_db_clusters()",
         "socket."),
        (REAL + "socket.create_connection(('127.0.0.1', 9))", "socket.getaddrinfo"),
        (REAL + "with socket.socket() as one: one.connect(('127.0.0.1', 9))", "socket.connect"),
        ("import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9')", "socket."),
        ("import subprocess\nsubprocess.run(['true'])", "subprocess.Popen"),
        ("import os\nos.system('true')", "os.system"),
        ("import os\nopen(os.path.expanduser('~/.aws/credentials'))", "open of"),
        ("import os\nopen(os.fsencode(os.path.expanduser('~/.aws/config')))", "open of"),
        ("open('/proc/self/environ')", "open of"),
        ("import os\nos.kill(os.getpid(), 0)", "os.kill"),
        (REAL + "socket.getnameinfo(('127.0.0.1', 9), 0)", "socket.getnameinfo"),
    ],
)  # fmt: skip
def test_the_real_modules_reach_nothing_either(attempt, secrets, body, what):
    lines = "\n  ".join(body.splitlines())
    body = f"try:\n  {lines}\nexcept Exception: pass"
    with pytest.raises(DrTemplateError, match=f"reaches out of its world: {what}"):
        attempt(body)


def test_credentials_are_out_of_reach_and_there_again_afterwards(attempt, secrets):
    with pytest.raises(DrTemplateError, match="open of"):
        attempt(f"open({str(secrets)!r})")
    answer, error = attempt("""
import sys
return [name for name in sys.modules["os"].environ if name.startswith("AWS_")]""")
    assert (answer, error) == ([], None)
    assert os.environ["AWS_ACCESS_KEY_ID"] == "secret"
    assert secrets.read_text()


def test_a_thread_that_would_outlive_the_guard_is_told():
    over = threading.Event()
    with pytest.raises(DrTemplateError, match="leaves threads running: back-off"), guard.closed():
        threading.Thread(target=over.wait, name="back-off", daemon=True).start()
    over.set()


def test_code_of_no_run_is_refused_too():
    with guard.closed(), pytest.raises(PermissionError, match="socket"):
        __import__("socket").create_connection(("127.0.0.1", 9))

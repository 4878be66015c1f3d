"""``generate.py deploy`` with the whole template: what a user of ``make deploy`` meets, in order."""

import hashlib
import json
import subprocess
import sys

import pytest
from account import ROOT, TEMPLATE
from given import least

REGION = "eu-west-1"
SECRET = "correct-horse-battery"


@pytest.fixture(scope="module")
def deploy(own, tmp_path_factory):
    """Run the command with these parameters; gives the finished process."""
    file = tmp_path_factory.mktemp("deploy") / "params.json"

    def run(*words, stack="payments-dr", **parameters):
        file.write_text(json.dumps(parameters), "utf-8")
        return subprocess.run(
            [
                *(sys.executable, ROOT / "generate.py", "deploy", "--stack", stack),
                *("--params", file, "--region", own.region, "--endpoint-url", own.url, *words),
            ],
            env=own.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_stack_is_deployed_updated_and_protected_by_its_latch(own, deploy):
    given = least(own) | {"Environment": "Staging", "DBMasterPassword": SECRET}

    bucket = f"drtemplate-artifacts-{own.number}-{own.region}"
    alone = deploy(**given)
    assert (alone.returncode, len(alone.stderr.splitlines())) == (2, 1)
    assert "there is no terminal to ask on" in alone.stderr
    assert not own.stacks()

    done = deploy("--yes", **given)
    assert done.returncode == 0, done.stderr
    assert own.status("payments-dr") == "CREATE_COMPLETE"
    (sent,) = own.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert sent["Key"].startswith(
        f"drtemplate/payments-dr/{hashlib.sha256(TEMPLATE.read_bytes()).hexdigest()}/"
    )
    printed = {line.split()[0]: line.split()[1] for line in done.stdout.splitlines()}
    assert printed == own.outputs("payments-dr")
    assert "CAPABILITY_IAM" in done.stderr
    assert "AuroraDBCluster" in done.stderr
    assert SECRET not in done.stdout + done.stderr

    again = deploy("--yes", **given)
    assert again.returncode == 0
    assert "no changes" in again.stderr

    check = own.physical_id("payments-dr", "PrimaryHealthCheck")
    own.client("route53").update_health_check(HealthCheckId=check, Disabled=True, Inverted=True)
    production = given | {"Environment": "Production"}
    latched = deploy("--yes", **production)
    assert latched.returncode == 2
    assert "latch" in latched.stderr
    assert own.status("payments-dr") == "CREATE_COMPLETE"
    forced = deploy("--force", "--yes", **production)
    assert forced.returncode == 0, forced.stderr
    assert own.status("payments-dr") == "UPDATE_COMPLETE"

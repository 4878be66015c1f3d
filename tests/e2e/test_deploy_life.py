"""The life of a stack, by the AWS CLI: variants, updates, failures and deletion.

The account is the module's own, so that what a stack leaves behind can be told exactly.
"""

import pytest
from account import TEMPLATE
from automation import CHECKS
from botocore.exceptions import ClientError
from given import STACK
from inventory import inventory
from mutations import changed, needed, rendered
from services import Deployed

REGION = "eu-west-1"
KEPT = {
    ("list_buckets", "{stack}-artifacts-{account}"),
    ("list_buckets", "{stack}-config-{account}"),
    ("list_tables", "{stack}-sessions"),
    ("list_tables", "{stack}-failover-state"),
}
BROKEN_OUTPUT = {"Fn::GetAtt": ["AuroraDBCluster", "ReaderEndpoint.Address"]}


@pytest.fixture(scope="module")
def given(own):
    return {
        "DomainName": "pay.example.com",
        "HostedZoneId": own.hosted_zone("example.com"),
        "AlertEmail": "oncall@example.com",
        "Environment": "Staging",
        "DBMasterPassword": "correct-horse-battery",
        "BacktrackWindow": "0",
    }


def findings(aws, stack, parameters):
    return [one for check in CHECKS for one in check(Deployed(aws, stack, parameters))]


def left(before, aws, stack, ids):
    """What deletion left, the kept data apart; the cluster's snapshot and both keys are in it."""
    kept = {(kind, name.format(stack=stack, account=aws.number)) for kind, name in KEPT}
    after = inventory(aws) - before
    assert kept <= after
    snapshots = {one for one in after if one[0] == "describe_db_cluster_snapshots"}
    assert len(snapshots) == 1
    return (
        after - kept - snapshots - {("list_keys", ids[key]) for key in ("KMSKey", "OperationsKey")}
    )


def test_a_stack_from_first_to_last(own, given):
    """Staging, a password, no backtrack; then changes, Production, and deletion in two steps."""
    before = inventory(own)
    done = own.deploy(STACK, given)
    assert done.returncode == 0, done.stderr
    assert findings(own, STACK, given) == []

    shown = own.cli("cloudformation", "describe-stacks", "--stack-name", STACK).stdout
    assert "oncall@example.com" in shown
    assert given["DBMasterPassword"] not in shown

    done = own.deploy(STACK, given)
    assert "No changes to deploy. Stack payments-dr is up to date" in done.stderr + done.stdout
    # The AWS CLI 1, unless --no-fail-on-empty-changeset is given; that is the default of the AWS CLI 2.
    assert done.returncode in (255, 0)
    assert own.status(STACK) == "CREATE_COMPLETE"

    given = given | {
        "AutoFailover": "DRY_RUN",
        "DataRetentionDays": "30",
        "AlertEmail": "new@example.com",
        "DBMasterPassword": "another-horse-battery",
        "Environment": "Production",
    }
    ids = own.physical_ids(STACK)
    done = own.deploy(STACK, given)
    assert (done.returncode, own.status(STACK)) == (0, "UPDATE_COMPLETE"), own.reasons(STACK)
    assert findings(own, STACK, given) == []
    assert own.physical_ids(STACK) == ids, "nothing is replaced"

    own.cli("cloudformation", "delete-stack", "--stack-name", STACK, check=True)
    assert own.status(STACK) == "DELETE_FAILED"
    assert "AuroraDBCluster: " in own.reasons(STACK)[0]
    assert "disable deletion protection" in own.reasons(STACK)[0]
    with pytest.raises(ClientError, match="is in DELETE_FAILED state and can not be updated"):
        own.change(STACK, rendered(), given)
    own.client("rds").modify_db_cluster(
        DBClusterIdentifier=ids["AuroraDBCluster"], DeletionProtection=False
    )
    own.delete(STACK)
    assert STACK not in own.stacks()
    assert left(before, own, STACK, ids) == set()


def test_a_failed_first_deploy_can_be_tried_again(own, given):
    """In Staging: rolled back to nothing; deleted, mended, deployed under its name, deleted at once.

    The zone is one that does not exist. There is no password, and RDS keeps the secret.
    """
    before = inventory(own)
    parameters = given | {"DomainName": "again.example.com", "DBMasterPassword": ""}
    done = own.deploy("again-dr", parameters | {"HostedZoneId": "ZNOTHING"})
    assert done.returncode == 255
    assert own.status("again-dr") == "ROLLBACK_COMPLETE"
    assert any("NoSuchHostedZone" in one for one in own.reasons("again-dr"))
    assert own.physical_ids("again-dr") == {}
    assert inventory(own) - before == set(), "what holds data too: RetainExceptOnCreate"
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        own.change("again-dr", rendered(), parameters)
    own.delete("again-dr")
    done = own.deploy("again-dr", parameters)
    assert done.returncode == 0, own.reasons("again-dr")
    assert findings(own, "again-dr", parameters) == []
    ids = own.physical_ids("again-dr")
    own.cli("cloudformation", "delete-stack", "--stack-name", "again-dr", check=True)
    assert "again-dr" not in own.stacks()
    assert left(before, own, "again-dr", ids) == set()


def test_a_failed_first_deploy_in_production_stops_at_the_protection(own, given):
    template = changed(("Outputs.DatabaseReadEndpoint.Value", BROKEN_OUTPUT))
    parameters = given | {"Environment": "Production", "DomainName": "held.example.com"}
    assert own.change("held-dr", template, parameters) == "ROLLBACK_FAILED"
    failed = {one.partition(":")[0] for one in own.reasons("held-dr")}
    assert failed >= {"AuroraDBCluster", "SessionStateTable", "FailoverStateTable"}
    ids = own.physical_ids("held-dr")
    assert ids.keys() >= {"AuroraDBCluster", "KMSKey", "DBSubnetGroup"}
    assert "ApplicationArtifactsBucket" not in ids
    own.client("rds").modify_db_cluster(
        DBClusterIdentifier=ids["AuroraDBCluster"], DeletionProtection=False
    )
    own.delete("held-dr")
    assert "held-dr" not in own.stacks()
    # Deletion is no rollback any more: the tables are kept, and stand in the way of their names.
    tables = own.client("dynamodb").list_tables()["TableNames"]
    assert {"held-dr-sessions", "held-dr-failover-state"} <= set(tables)
    later = needed(rendered(), "FailoverStateTable")
    assert own.change("held-dr", later, parameters) == "ROLLBACK_COMPLETE"
    assert "Table already exists" in own.reasons("held-dr")[0]


def test_parameters_that_the_template_refuses(own, given):
    """They cost nothing: CreateChangeSet says so, and no stack is made."""
    wrong = {
        "Environment": "Test",
        "DomainName": "UPPER.example.com",
        "HostedZoneId": "example.com",
        "AlertEmail": "nobody",
        "DBMasterUsername": "1admin",
        "DBMasterPassword": "with/slash",
        "BacktrackWindow": "259201",
        "DataRetentionDays": "0",
        "Nonsense": "1",
    }
    for name, value in wrong.items():
        with pytest.raises(ClientError, match=f"ValidationError.*{name}"):
            own.change("wrong-dr", rendered(), given | {name: value})
    done = own.deploy("wrong-dr", {"Environment": "Staging"})
    assert done.returncode in (255, 254)  # of the AWS CLI 1, and 2
    assert "Parameters: [DomainName, HostedZoneId, AlertEmail] must have values" in done.stderr
    assert "wrong-dr" not in own.stacks()


def test_iam_resources_need_the_users_word(own, given):
    done = own.cli(
        *("cloudformation", "deploy", "--stack-name", "bare-dr", "--template-file", str(TEMPLATE)),
        *("--s3-bucket", own.bucket),
        *("--parameter-overrides", *(f"{name}={value}" for name, value in given.items())),
    )
    assert "Requires capabilities : [CAPABILITY_IAM]" in done.stderr
    assert "bare-dr" not in own.stacks()

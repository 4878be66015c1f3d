"""The stack with the controls on that are off by default, as far as the emulator knows their services.

It knows no backup selection and makes no cluster from a snapshot.
"""

import pytest
from account import account
from given import least

from drtemplate.controls import AlertEndpoint, Protection, Records
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build

STACK = "guarded-dr"
HOOK = AlertEndpoint(protocol="https", endpoint="https://hooks.bank.example/alerts")
GUARDED = Settings(
    protection=Protection(
        retention_floor_days=2555,
        object_lock="COMPLIANCE",
        key_deletion_role="arn:aws:iam::111122223333:role/KeyKeeper",
        extended_support=False,
    ),
    records=Records(
        flow_logs=True,
        load_balancer_logs=True,
        bucket_logs=True,
        database_audit=("CONNECT", "QUERY_DCL"),
    ),
    alert_endpoints=(HOOK,),
    close_application_egress=True,
)


@pytest.fixture(scope="module")
def own():
    with account() as made:
        yield made


def test_a_guarded_stack_is_deployed_read_back_and_deleted(own):
    parameters = least(own) | {"Environment": "Staging"}
    status = own.change(STACK, build(GUARDED).to_dict(), parameters)
    assert status == "CREATE_COMPLETE", own.reasons(STACK)
    ids, s3 = own.physical_ids(STACK), own.client("s3")
    artifacts, logs = ids["ApplicationArtifactsBucket"], ids["LogBucket"]

    lock = s3.get_object_lock_configuration(Bucket=artifacts)["ObjectLockConfiguration"]
    retention = lock["Rule"]["DefaultRetention"]
    assert (retention["Mode"], retention["Days"]) == ("COMPLIANCE", 2555)
    logged = s3.get_bucket_logging(Bucket=artifacts)["LoggingEnabled"]
    assert (logged["TargetBucket"], logged["TargetPrefix"]) == (logs, "buckets/")
    (flow,) = own.client("ec2").describe_flow_logs()["FlowLogs"]
    assert flow["ResourceId"] == ids["VPC"]
    assert flow["LogDestination"] == f"arn:aws:s3:::{logs}"
    found = own.client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=ids["PrimaryALB"])
    attributes = {one["Key"]: one["Value"] for one in found["Attributes"]}
    assert attributes["access_logs.s3.bucket"] == logs
    for topic in ("AlertTopic", "KeyLossTopic"):
        heard = own.client("sns").list_subscriptions_by_topic(TopicArn=ids[topic])["Subscriptions"]
        assert HOOK.endpoint in {one["Endpoint"] for one in heard}
    (cluster,) = own.client("rds").describe_db_clusters(DBClusterIdentifier=ids["AuroraDBCluster"])[
        "DBClusters"
    ]
    assert cluster["EnabledCloudwatchLogsExports"] == ["error", "audit"]

    own.delete(STACK)
    assert STACK not in own.stacks()

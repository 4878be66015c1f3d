"""Each kind of consequence, found in the rendered stack after the change that brings it, and in no other."""

import copy

import pytest
from mutation import GONE, mutated

from drtemplate.cloudformation.changes import compare
from drtemplate.cloudformation.consequences import Kind, consequences, told
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build

TODAY = build(Settings()).to_dict()


def changed(*path, value):
    """The stack with another value at the path; None removes what stands there."""
    return mutated(TODAY, path, GONE if value is None else value)


def meaning(new, old=TODAY):
    return {(one.logical_id, told(one)) for one in consequences(old, new, compare(old, new))}


def properties(name, *path, value):
    return meaning(changed("Resources", name, "Properties", *path, value=value))


def test_nothing_follows_from_what_matters_to_nobody():
    assert properties("AlertTopic", "DisplayName", value="x") == set()
    assert (
        properties("StandbyHealthCheck", "HealthCheckConfig", "FailureThreshold", value=3) == set()
    )
    assert properties("AuroraDBCluster", "PreferredBackupWindow", value="02:00-03:00") == set()
    assert meaning(changed("Outputs", "VPCId", value=None)) == set()


@pytest.mark.parametrize("policy", ["Delete", None])
def test_data_goes_with_a_resource_that_nothing_keeps(policy):
    old = changed("Resources", "FailoverStateTable", "DeletionPolicy", value=policy)
    new = copy.deepcopy(old)
    del new["Resources"]["FailoverStateTable"]
    assert ("FailoverStateTable", "deletes data") in meaning(new, old)
    kept = changed("Resources", "FailoverStateTable", value=None)
    assert ("FailoverStateTable", "deletes data") not in meaning(kept)


def test_an_instance_of_a_cluster_has_no_data_of_its_own():
    new = changed("Resources", "StandbyDBInstance", value=None)
    assert all("deletes data" not in words for _, words in meaning(new))


def test_a_replacement_meets_the_name_of_the_old_one():
    found = properties("FailoverStateTable", "KeySchema", 0, "AttributeName", value="Other")
    assert ("FailoverStateTable", "collides by its fixed name") in found
    moved = changed("Resources", "Renamed", value=TODAY["Resources"]["MonitoringDashboard"])
    del moved["Resources"]["MonitoringDashboard"]
    assert ("Renamed", "collides by its fixed name") in meaning(moved)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("HealthCheckConfig", "FailureThreshold"), 3, "lifts the latch"),
        (("HealthCheckConfig", "RequestInterval"), 30, "lifts the latch"),
    ],
)
def test_the_primary_s_health_check_forgets_its_latch(path, value, words):
    assert ("PrimaryHealthCheck", words) in properties("PrimaryHealthCheck", *path, value=value)


def test_a_new_load_balancer_or_another_record_lifts_the_latch_too():
    found = properties("PrimaryALB", "Scheme", value="internal")
    assert ("PrimaryHealthCheck", "lifts the latch") in found
    other = {"Ref": "StandbyHealthCheck"}
    found = properties("PrimaryRecord", "HealthCheckId", value=other)
    assert found == {("PrimaryRecord", "lifts the latch")}
    assert properties("PrimaryRecord", "AliasTarget", "EvaluateTargetHealth", value=False) == set()


def test_instances_restart():
    one = properties("StandbyDBInstance", "DBInstanceClass", value="db.r6g.large")
    assert one == {("StandbyDBInstance", "restarts the instance")}
    both = changed("Resources", "StandbyDBInstance", "Properties", "DBInstanceClass", value="x")
    both["Resources"]["PrimaryDBInstance"]["Properties"]["DBInstanceClass"] = "x"
    assert meaning(both) == {
        (name, "restarts both instances") for name in ("PrimaryDBInstance", "StandbyDBInstance")
    }
    by_parameter = [copy.deepcopy(both), copy.deepcopy(both)]
    for template, size in zip(by_parameter, "ab", strict=True):
        template["Parameters"]["Size"] = {"Type": "String", "Default": size}
        for name in ("PrimaryDBInstance", "StandbyDBInstance"):
            template["Resources"][name]["Properties"]["DBInstanceClass"] = {"Ref": "Size"}
    assert meaning(by_parameter[1], by_parameter[0]) == {
        (name, "may restart both instances") for name in ("PrimaryDBInstance", "StandbyDBInstance")
    }
    version = properties("AuroraDBCluster", "EngineVersion", value="8.0.mysql_aurora.3.10.9")
    assert ("AuroraDBCluster", "restarts both instances") in version
    static = properties("DBClusterParameterGroup", "Parameters", "binlog_format", value="ROW")
    assert static == {("DBClusterParameterGroup", "may restart both instances")}


def test_subscriptions_are_detached():
    other = [{"Endpoint": "x@example.com", "Protocol": "email"}]
    found = properties("AlertTopic", "Subscription", value=other)
    assert found == {("AlertTopic", "detaches a subscription")}
    more = [*TODAY["Resources"]["AlertTopic"]["Properties"]["Subscription"], *other]
    assert properties("AlertTopic", "Subscription", value=more) == set()
    chosen = [{"Fn::If": ["IsProduction", more[0], other[0]]}]
    old = changed("Resources", "AlertTopic", "Properties", "Subscription", value=chosen)
    assert meaning(TODAY, old) == {("AlertTopic", "detaches a subscription")}
    found = properties("AlertTopic", "TopicName", value="x")
    assert ("AlertTopic", "detaches every subscription") in found
    default = changed("Parameters", "AlertEmail", "Default", value="a@example.com")
    again = changed("Parameters", "AlertEmail", "Default", value="b@example.com")
    topics = ("AlertTopic", "KeyLossTopic")
    assert meaning(again, default) == {(one, "may detach a subscription") for one in topics}


def test_the_gravest_comes_first():
    new = changed("Resources", "AlertTopic", value=None)
    del new["Resources"]["PrimaryHealthCheck"]
    del new["Resources"]["KMSKey"]
    old = changed("Resources", "KMSKey", "DeletionPolicy", value=None)
    kinds = [one.kind for one in consequences(old, new, compare(old, new))]
    assert kinds == sorted(kinds, key=list(Kind).index)
    assert kinds[0] == Kind.DELETES_DATA


def test_backups_that_are_kept_for_fewer_days_are_data():
    found = properties("AuroraDBCluster", "BackupRetentionPeriod", value=30)
    assert found == {("AuroraDBCluster", "deletes data")}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (90, 30, [("deletes data", True, "log events older than 30 days go")]),
        (None, "30", [("deletes data", True, "log events older than 30 days go")]),
        (30, 90, []),
        (30, "30.0", []),
        (30, None, []),
        (90, {"Ref": "Days"}, [("deletes data", False, "log events older than ${Days} days go")]),
    ],
)
def test_what_is_kept_for_fewer_days_is_deleted(before, after, expected):
    def template(days):
        given = {} if days is None else {"RetentionInDays": days}
        parameter = {"Days": {"Type": "Number"}}
        logs = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "a", **given}}
        return {"Parameters": parameter, "Resources": {"Logs": logs}}

    both = template(before), template(after)
    found = consequences(*both, compare(*both))
    assert [(str(one.kind), one.certain, one.because) for one in found] == expected

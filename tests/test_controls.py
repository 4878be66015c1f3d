"""The settings that are off by default: what each renders, and what is refused."""

import pytest
from refusals import one_line

from drtemplate.controls import AlertEndpoint, Backups, Protection, Records
from drtemplate.errors import SettingsError
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build

REFUSED = {
    "a floor of no days": (Protection, {"retention_floor_days": 0}, "retention_floor_days"),
    "a floor above the default": (Protection, {"retention_floor_days": 2556}, "2555"),
    "a floor in text": (Protection, {"retention_floor_days": "30"}, "retention_floor_days"),
    "a floor that is true": (Protection, {"retention_floor_days": True}, "retention_floor_days"),
    "another lock": (Protection, {"object_lock": "LEGAL_HOLD"}, "GOVERNANCE, COMPLIANCE"),
    "a user for a role": (
        Protection,
        {"key_deletion_role": "arn:aws:iam::111122223333:user/x"},
        "key_deletion_role",
    ),
    "a snapshot of two lines": (Protection, {"snapshot": "a\nb"}, "snapshot"),
    "support in text": (Protection, {"extended_support": "no"}, "extended_support"),
    "a vault's name": (Backups, {"copy_to": "vault"}, "copy_to"),
    "a copy kept for no day": (Backups, {"retention_days": 0}, "retention_days"),
    "a lock's grace too short": (Backups, {"lock": True, "lock_grace_days": 2}, "lock_grace_days"),
    "a grace without a lock": (Backups, {"lock_grace_days": 7}, "without backups.lock"),
    "an unknown event": (Records, {"database_audit": ("LOGIN",)}, "database_audit"),
    "flow logs in text": (Records, {"flow_logs": "yes"}, "flow_logs"),
    "a retention of nothing": (Records, {"retention_days": 30}, "records.retention_days"),
    "another protocol": (AlertEndpoint, {"protocol": "sms", "endpoint": "1"}, "alert protocol"),
    "plain HTTP": (AlertEndpoint, {"protocol": "https", "endpoint": "http://x"}, "alert endpoint"),
    "no address": (AlertEndpoint, {"protocol": "email", "endpoint": "ops"}, "alert endpoint"),
    "an endpoint twice": (
        Settings,
        {"alert_endpoints": (AlertEndpoint(protocol="email", endpoint="a@b.example"),) * 2},
        "alert_endpoints",
    ),
    "egress in text": (Settings, {"close_application_egress": "yes"}, "close_application_egress"),
}


@pytest.mark.parametrize(("part", "values", "named"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_meant_is_refused_in_one_line(part, values, named):
    assert named in one_line(SettingsError, part, **values)


def rendered(**settings):
    return build(Settings(**settings)).to_dict()["Resources"]


def cluster(**settings):
    return rendered(**settings)["AuroraDBCluster"]["Properties"]


def test_the_audit_log_is_written_and_exported():
    resources = rendered(records=Records(database_audit=("CONNECT", "QUERY_DDL")))
    group = resources["DBClusterParameterGroup"]["Properties"]["Parameters"]
    assert (group["server_audit_logging"], group["server_audit_events"]) == (1, "CONNECT,QUERY_DDL")
    exports = resources["AuroraDBCluster"]["Properties"]["EnableCloudwatchLogsExports"]
    assert exports == ["error", "audit"]


def test_a_cluster_from_a_snapshot_has_its_database_and_its_user():
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-rds-dbcluster.html"""
    made = cluster(protection=Protection(snapshot="payments-final"))
    assert made["SnapshotIdentifier"] == "payments-final"
    inherited = {"DatabaseName", "MasterUsername", "MasterUserPassword", "StorageEncrypted"}
    assert not inherited & made.keys()
    assert cluster().keys() - made.keys() == inherited


def test_extended_support_can_be_declined():
    made = cluster(protection=Protection(extended_support=False))
    assert made["EngineLifecycleSupport"] == "open-source-rds-extended-support-disabled"

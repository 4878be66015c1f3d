"""Teeth: a template or a name that AWS does not deploy is refused here too, and rolled back.

One case for each defect of the source that kept it from deploying and that an emulator can see.
``UNSEEN`` are those that none sees; rules on the template stand in for them.
"""

import pytest
from botocore.exceptions import ClientError
from mutations import GONE, changed, needed

FLAT = {"Type": "HTTPS", "ResourcePath": "/health", "Port": 443}
ENHANCED = {"aurora_enhanced_binlog": 1, "binlog_format": "ROW"}

# Defect: changes to the template, who fails first, and the reason.
BROKEN = {
    "flat health check": ([("PrimaryHealthCheck", FLAT)], "PrimaryHealthCheck", "unsupported property"),
    "EnableBacktrack": ([("AuroraDBCluster.EnableBacktrack", True)], "AuroraDBCluster", "unsupported property EnableBacktrack"),
    "SecureString": ([("DatabaseEndpointParameter.Type", "SecureString")], "DatabaseEndpointParameter", "SecureString"),
    "attribute that is none": ([("Outputs.DatabaseReadEndpoint.Value", {"Fn::GetAtt": ["AuroraDBCluster", "ReaderEndpoint.Address"]})], "", "does not support attribute type ReaderEndpoint.Address"),
    "unmodifiable parameter": ([("DBClusterParameterGroup.Parameters.sync_binlog", 1)], "DBClusterParameterGroup", "Unmodifiable / Unsupported DB Parameter: sync_binlog"),
    "enhanced binlog alone": ([("DBClusterParameterGroup.Parameters", ENHANCED)], "DBClusterParameterGroup", "can only be set together"),
    "load balancers race the gateway": ([("@PrimaryALB.DependsOn", GONE), ("@StandbyALB.DependsOn", GONE)], "StandbyALB", "has no internet gateway"),
    "zone that does not exist": ([("Parameters.HostedZoneId.Default", "ZNONE"), ("PrimaryRecord.HostedZoneId", "ZNONE")], "PrimaryRecord", "NoSuchHostedZone"),
    "domain outside the zone": ([("PrimaryRecord.Name", "pay.example.org")], "PrimaryRecord", "not permitted"),
    "retention of no days": ([("ApplicationArtifactsBucket.LifecycleConfiguration.Rules.0.ExpirationInDays", 0)], "ApplicationArtifactsBucket", "positive integer"),
    "composite alarm with a line end": ([("CompositeAlarm.AlarmRule", 'ALARM("gone")\n')], "CompositeAlarm", "trailing whitespace"),
    "composite alarm of nothing": ([("CompositeAlarm.AlarmRule", 'ALARM("gone")')], "CompositeAlarm", "do not exist: [gone]"),
}  # fmt: skip
NAMES = {
    "twenty-one-characters": "longer than 32 characters",
    "Upper-dr": "uppercase",
    "ssm-dr": 'can\'t be prefixed with "ssm"',
    "aws-dr": "reserved parameter name",
    "internal-dr": "reserved",
}
REFUSED: set[str] = set()
UNSEEN = {
    "retired engine version": "any version is accepted",
    "key policy that keeps services out": "no service asks the key",
    "regions without backtrack": "all regions have it here",
}


@pytest.fixture(scope="module")
def staging(parameters):
    return parameters | {"Environment": "Staging", "DomainName": "broken.example.com"}


@pytest.mark.parametrize("defect", BROKEN)
def test_a_broken_template_is_refused_and_rolled_back(aws, staging, defect, figures):
    changes, who, reason = BROKEN[defect]
    template = changed(*changes)
    if who:  # what is independent of it would only take time
        template = needed(template, who, "VPC", "AttachGateway")
    assert aws.change("broken-dr", template, staging) == "ROLLBACK_COMPLETE"
    why = aws.reasons("broken-dr") or [aws.events("broken-dr")[-1]["ResourceStatusReason"]]
    assert why[0].startswith(who)
    assert any(reason in one.get("ResourceStatusReason", "") for one in aws.events("broken-dr"))
    assert aws.physical_ids("broken-dr") == {}
    aws.delete("broken-dr")
    REFUSED.add(defect)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_a_service_refuses(aws, staging, name):
    named = ("PrimaryALB", "ConfigurationBucket", "FailoverConfigParameter")
    assert aws.change(name, needed(changed(), *named), staging) == "ROLLBACK_COMPLETE"
    assert any(NAMES[name] in one for one in aws.reasons(name))
    aws.delete(name)
    REFUSED.add(name)


@pytest.mark.parametrize("value", ["with/slash", "short", "at@sign-in-it"])
def test_a_password_that_rds_refuses_is_refused_before_anything_is_made(aws, staging, value):
    with pytest.raises(ClientError, match="Parameter DBMasterPassword failed to satisfy"):
        aws.change("broken-dr", changed(), staging | {"DBMasterPassword": value})


def test_the_figures(figures):
    tried = len(BROKEN) + len(NAMES)
    figures.append(f"broken templates and names: {len(REFUSED)} refused of {tried} tried")
    figures.append(f"not seen by an emulator: {', '.join(UNSEEN)}")

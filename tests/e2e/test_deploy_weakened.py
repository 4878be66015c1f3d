"""Each check of ``services`` and ``automation`` finds what is weak: one stack with every weakness.

All weaknesses deploy; that is why they need a check.
"""

import automation
import pytest
import services
from mutations import changed
from services import Deployed

ANYONE = [{"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "CidrIp": "0.0.0.0/0"}]
OPEN = {"BlockPublicAcls": False, "BlockPublicPolicy": True, "IgnorePublicAcls": True, "RestrictPublicBuckets": True}  # fmt: skip
AES = [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
ELSEWHERE = [{"Type": "forward", "TargetGroupArn": {"Ref": "PrimaryTargetGroup"}}]
PLAIN = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}]
SOMEONE = {"Service": "ec2.amazonaws.com"}
NOTHING = [{"Name": "DBClusterIdentifier", "Value": "nothing"}]

# Check, path, value, and the finding it must lead to.
WEAK = [
    (services.network, "VPC.EnableDnsHostnames", False, "VPC: enableDnsHostnames is off"),
    (services.network, "PrivateRoute2.NatGatewayId", {"Ref": "NATGateway1"}, "PrivateSubnet2: no NAT gateway of its own zone"),
    (services.network, "S3Endpoint.RouteTableIds", [{"Ref": "PrivateRouteTable"}], "S3Endpoint: not in the private"),
    (services.network, "DatabaseSubnet2.AvailabilityZone", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "Database subnets: not in two zones"),
    (services.network, "PublicRoute.DestinationCidrBlock", "192.0.2.0/24", "PublicSubnet1: no way to the internet"),
    (services.security_groups, "DatabaseSecurityGroup.SecurityGroupIngress", ANYONE, "DatabaseSecurityGroup: lets in"),
    (services.key, "KMSKey.EnableKeyRotation", False, "KMSKey: is not rotated"),
    (services.key, "OperationsKey.EnableKeyRotation", False, "OperationsKey: is not rotated"),
    (services.key, "KMSKeyAlias.AliasName", "alias/other", "KMSKeyAlias:"),
    (services.buckets, "ConfigurationBucket.VersioningConfiguration.Status", "Suspended", "ConfigurationBucket: keeps no versions"),
    (services.buckets, "ConfigurationBucket.BucketEncryption.ServerSideEncryptionConfiguration", AES, "ConfigurationBucket: encrypted with"),
    (services.buckets, "ConfigurationBucket.PublicAccessBlockConfiguration", OPEN, "ConfigurationBucket: may become public"),
    (services.buckets, "ConfigurationBucketPolicy.PolicyDocument.Statement.0.Condition", {"Bool": {"aws:SecureTransport": True}}, "ConfigurationBucket: takes plain HTTP"),
    (services.buckets, "ApplicationArtifactsBucket.LifecycleConfiguration.Rules.0.ExpirationInDays", 1, "ApplicationArtifactsBucket: keeps"),
    (services.database, "AuroraDBCluster.DeletionProtection", False, "AuroraDBCluster: DeletionProtection is False"),
    (services.database, "AuroraDBCluster.BackupRetentionPeriod", 1, "AuroraDBCluster: BackupRetentionPeriod is 1"),
    (services.database, "AuroraDBCluster.BacktrackWindow", 72, "AuroraDBCluster: BacktrackWindow is 72"),
    (services.database, "AuroraDBCluster.KmsKeyId", {"Ref": "AWS::NoValue"}, "AuroraDBCluster: not encrypted with the stack's key"),
    (services.database, "PrimaryDBInstance.PromotionTier", 1, "PrimaryDBInstance: is member"),
    (services.database, "StandbyDBInstance.AvailabilityZone", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "instances: both in"),
    (services.database, "StandbyDBInstance.PubliclyAccessible", True, "StandbyDBInstance: public"),
    (services.tables, "FailoverStateTable.SSESpecification", {"Ref": "AWS::NoValue"}, "FailoverStateTable: encrypted with"),
    (services.tables, "FailoverStateTable.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", False, "FailoverStateTable: no point-in-time recovery"),
    (services.tables, "SessionStateTable.TimeToLiveSpecification.AttributeName", "Other", "SessionStateTable: items never expire"),
    (services.tables, "SessionStateTable.DeletionProtectionEnabled", False, "SessionStateTable: DeletionProtectionEnabled is False"),
    (services.load_balancers, "StandbyHTTPSListener.DefaultActions", ELSEWHERE, "StandbyHTTPSListener: forwards elsewhere"),
    (services.load_balancers, "StandbyHTTPSListener.SslPolicy", "ELBSecurityPolicy-2016-08", "StandbyHTTPSListener: HTTPS ELBSecurityPolicy-2016-08"),
    (services.load_balancers, "PrimaryListener.DefaultActions", PLAIN, "PrimaryListener: answers in plain HTTP"),
    (services.load_balancers, "PrimaryALB.Scheme", "internal", "PrimaryALB: internal"),
    (services.load_balancers, "PrimaryTargetGroup.HealthCheckIntervalSeconds", 30, "PrimaryTargetGroup: checks"),
    (services.dns, "PrimaryHealthCheck.HealthCheckConfig.Port", 8443, "PrimaryHealthCheck: nothing listens for HTTPS on 8443"),
    (services.dns, "StandbyRecord.HealthCheckId", {"Ref": "PrimaryHealthCheck"}, "StandbyRecord:"),
    (automation.functions, "FailoverOrchestratorFunction.Timeout", 60, "FailoverOrchestratorFunction: 60 s"),
    (automation.functions, "HealthMonitorFunction.Role", {"Fn::GetAtt": ["LambdaExecutionRole", "Arn"]}, "HealthMonitorFunction: runs as"),
    (automation.functions, "HealthMonitorFunction.Environment.Variables.FAILOVER_FUNCTION", "gone", "HealthMonitorFunction: FAILOVER_FUNCTION is gone"),
    (automation.functions, "HealthMonitorFunction.Code.ZipFile", "pass", "HealthMonitorFunction: other code"),
    (automation.functions, "FailoverOrchestratorInvokeConfig.MaximumRetryAttempts", 2, "FailoverOrchestratorFunction: is called again"),
    (automation.observers, "HealthMonitorFunction2.VpcConfig.SubnetIds", [{"Ref": "PrivateSubnet1"}], "HealthMonitorFunction2: in"),
    (automation.logs, "FailoverLogGroup.KmsKeyId", {"Ref": "AWS::NoValue"}, "FailoverLogGroup: key None"),
    (automation.triggers, "HealthCheckScheduleRule.State", "DISABLED", "HealthCheckScheduleRule: DISABLED"),
    (automation.triggers, "RDSEventPermission.Principal", "s3.amazonaws.com", "RDSEventRule: may not call"),
    (automation.triggers, "AlarmPermission.SourceArn", {"Fn::Sub": "arn:aws:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:x"}, "-writer: may not call"),
    (automation.alarms, "ReplicationLagAlarm.Dimensions", NOTHING, "-replication-lag: DBClusterIdentifier nothing does not exist"),
    (automation.alarms, "DatabaseConnectionAlarm.AlarmActions", [], "-db-connections: tells nobody"),
    (automation.alarms, "CompositeAlarm.ActionsEnabled", False, "-critical-failure: tells nobody"),
    (automation.alerts, "AlertTopic.KmsMasterKeyId", {"Ref": "AWS::NoValue"}, "AlertTopic: encrypted with None"),
    (automation.alerts, "AlertTopic.Subscription.0.Endpoint", "other@example.com", "AlertTopic: read by"),
    (automation.alerts, "AlertTopicPolicy.PolicyDocument.Statement.0.Principal", SOMEONE, "AlertTopicPolicy: lets"),
    (automation.settings, "FailoverConfigParameter.Value", '{"rto_seconds": 60}', "FailoverConfigParameter: rto_seconds is 60"),
    (automation.settings, "DatabaseEndpointParameter.Value", {"Ref": "AuroraDBCluster"}, "DatabaseEndpointParameter: String"),
    (automation.outputs, "Outputs.VPCId.Value", {"Ref": "InternetGateway"}, "VPCId:"),
    (automation.outputs, "Outputs.VPCId.Export", {"Ref": "AWS::NoValue"}, "VPCId: exported as"),
]  # fmt: skip


@pytest.fixture(scope="module")
def weakened(aws, parameters):
    """The findings of every check."""
    given = parameters | {"DomainName": "weak.example.com"}
    template = changed(*((path, value) for _, path, value, _ in WEAK))
    assert aws.change("weak-dr", template, given) == "CREATE_COMPLETE", aws.reasons("weak-dr")
    stack = Deployed(aws, "weak-dr", given)
    return {check: list(check(stack)) for check in {row[0] for row in WEAK}}


@pytest.mark.parametrize(("check", "path", "finding"), [(w[0], w[1], w[3]) for w in WEAK], ids=lambda v: str(v) if isinstance(v, str) else v.__name__)  # fmt: skip
def test_a_weakness_is_found(weakened, check, path, finding):
    assert [one for one in weakened[check] if finding in one], weakened[check]


def test_every_check_is_shown_to_fail():
    assert {row[0] for row in WEAK} == set(automation.CHECKS)

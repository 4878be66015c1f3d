"""Each rule: silent on the rendered template, and loud on a mutation of it."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

Resources = dict[str, Any]


@pytest.fixture
def broken(template):
    """A copy of the template to put a defect into."""
    return copy.deepcopy(template)


def properties(resources: Resources, title: str) -> dict[str, Any]:
    return resources[title]["Properties"]


def change(title: str, **values: Any) -> Callable[[Resources], None]:
    """Set properties; a value of None takes the property away."""

    def mutate(resources: Resources) -> None:
        facts = properties(resources, title)
        for key, value in values.items():
            if value is None:
                facts.pop(key)
            else:
                facts[key] = value

    return mutate


def remove(*titles: str) -> Callable[[Resources], None]:
    def mutate(resources: Resources) -> None:
        for title in titles:
            del resources[title]

    return mutate


def statement(title: str, document: str, who: str, **values: Any) -> Callable[[Resources], None]:
    """Change the first statement with ``who`` in its service; no values remove it."""

    def mutate(resources: Resources) -> None:
        statements = properties(resources, title)[document]["Statement"]
        for one in list(statements):
            if who in str(one["Principal"].get("Service")):
                one.update(values)
                if not values:
                    statements.remove(one)
                return
        raise AssertionError(f"no statement of {who}")

    return mutate


def key(who: str, **values: Any) -> Callable[[Resources], None]:
    return statement("OperationsKey", "KeyPolicy", who, **values)


def code(title: str, old: str, new: str) -> Callable[[Resources], None]:
    def mutate(resources: Resources) -> None:
        place = properties(resources, title)["Code"]
        assert old in place["ZipFile"], f"{title} has no {old!r}"
        place["ZipFile"] = place["ZipFile"].replace(old, new)

    return mutate


def dimensions(title: str, **pairs: Any) -> Callable[[Resources], None]:
    return change(title, Dimensions=[{"Name": k, "Value": v} for k, v in pairs.items()])


def health(title: str, **values: Any) -> Callable[[Resources], None]:
    def mutate(resources: Resources) -> None:
        properties(resources, title)["HealthCheckConfig"].update(values)

    return mutate


def ref(title: str) -> dict[str, str]:
    return {"Ref": title}


def sub(text: str) -> dict[str, str]:
    return {"Fn::Sub": text}


def get_att(title: str, attribute: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [title, attribute]}


def independent(title: str) -> Callable[[Resources], None]:
    def mutate(resources: Resources) -> None:
        del resources[title]["DependsOn"]

    return mutate


def cluster_parameters(**values: Any) -> Callable[[Resources], None]:
    def mutate(resources: Resources) -> None:
        properties(resources, "DBClusterParameterGroup")["Parameters"].update(values)

    return mutate


CLUSTER = ref("AuroraDBCluster")
MONITOR, ORCHESTRATOR = "HealthMonitorFunction", "FailoverOrchestratorFunction"
OBSERVERS = (MONITOR, "HealthMonitorFunction2")
CONTEXT = "kms:EncryptionContext:aws:logs:arn"
DEAF = {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}}
SOURCE_STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": ["rds.amazonaws.com", "s3.amazonaws.com", "lambda.amazonaws.com"]},
    "Action": ["kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant"],
    "Resource": "*",
}


def source_key_policy(resources: Resources) -> None:
    """The source's own: the account, and services that need no statement."""
    policy = properties(resources, "OperationsKey")["KeyPolicy"]
    policy["Statement"] = [policy["Statement"][0], SOURCE_STATEMENT]


def redirect_only(resources: Resources) -> None:
    remove("PrimaryHTTPSListener", "StandbyHTTPSListener")(resources)


def only_from_home(resources: Resources) -> None:
    for rule in properties(resources, "ALBSecurityGroup")["SecurityGroupIngress"]:
        rule["CidrIp"] = "10.0.0.0/8"


def without_timeouts(resources: Resources) -> None:
    code(MONITOR, "config=ONCE) for", "region_name=None) for")(resources)


def without_the_resolution(resources: Resources) -> None:
    for observer in OBSERVERS:
        code(observer, '"StorageResolution": 1,', "")(resources)


# What is broken -> how, the rule that says so, and where.
MUTATIONS: dict[str, tuple[Callable[[Resources], None], str, str]] = {
    # key and topic policies
    "the source's key policy": (source_key_policy, "E9101", "FailoverLogGroup"),
    "a key policy for nobody": (
        change("OperationsKey", KeyPolicy=None),
        "E9101",
        "FailoverLogGroup",
    ),
    "a key policy without Logs": (key("logs."), "E9101", "HealthMonitorLogGroup"),
    "Logs without GenerateDataKey": (
        key("logs.", Action=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:Describe*"]),
        "E9101",
        "FailoverLogGroup",
    ),
    "Logs of a fixed region": (
        key("logs.", Principal={"Service": "logs.us-east-1.amazonaws.com"}),
        "E9101",
        "FailoverLogGroup",
    ),
    "Logs denied": (key("logs.", Effect="Deny"), "E9101", "FailoverLogGroup"),
    "Logs for other groups": (
        change("HealthMonitorLogGroup", LogGroupName=sub("/apps/${AWS::StackName}-monitor")),
        "E9101",
        "HealthMonitorLogGroup",
    ),
    "Logs under an unknown condition": (
        key("logs.", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
        "E9101",
        "FailoverLogGroup",
    ),
    # An ARN is compared part by part, so one wildcard stands for one part.
    "Logs for an ARN of too few parts": (
        key("logs.", Condition={"ArnLike": {CONTEXT: "arn:*"}}),
        "E9101",
        "FailoverLogGroup",
    ),
    # IAM knows no classes of characters.
    "Logs for a class of characters": (
        key("logs.", Condition={"StringLike": {CONTEXT: "[a]rn:*"}}),
        "E9101",
        "FailoverLogGroup",
    ),
    "Logs under an operator that is not known": (
        key("logs.", Condition={"StringNotEquals": {"aws:SourceAccount": "111122223333"}}),
        "E9101",
        "FailoverLogGroup",
    ),
    "a key policy without alarms": (key("cloudwatch."), "E9102", "AlertTopic"),
    "alarms that may only decrypt": (
        key("cloudwatch.", Action="kms:Decrypt"),
        "E9102",
        "AlertTopic",
    ),
    "alarms of another account": (
        key("cloudwatch.", Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}),
        "E9102",
        "AlertTopic",
    ),
    "a key policy without EventBridge": (key("events."), "E9102", "AlertTopic"),
    "EventBridge under a condition": (
        key("events.", Condition=DEAF),
        "E9102",
        "AlertTopic",
    ),
    "SNS's own key": (
        change("AlertTopic", KmsMasterKeyId="alias/aws/sns"),
        "E9102",
        "AlertTopic",
    ),
    "a topic policy without EventBridge": (
        statement("AlertTopicPolicy", "PolicyDocument", "events.amazonaws.com"),
        "E9103",
        "AlertTopic",
    ),
    "a topic policy without alarms": (
        statement("AlertTopicPolicy", "PolicyDocument", "cloudwatch.amazonaws.com"),
        "E9103",
        "AlertTopic",
    ),
    "a topic policy with a condition for EventBridge": (
        statement("AlertTopicPolicy", "PolicyDocument", "events.amazonaws.com", Condition=DEAF),
        "E9103",
        "AlertTopic",
    ),
    "no topic policy": (remove("AlertTopicPolicy"), "E9103", "AlertTopic"),
    # health checks
    "the source's listeners": (redirect_only, "E9201", "PrimaryHealthCheck"),
    "a listener on another port": (
        change("StandbyHTTPSListener", Port=8443),
        "E9201",
        "StandbyHealthCheck",
    ),
    "a listener of another protocol": (
        change("PrimaryHTTPSListener", Protocol="HTTP"),
        "E9201",
        "PrimaryHealthCheck",
    ),
    "a listener at the other load balancer": (
        change("PrimaryHTTPSListener", LoadBalancerArn=ref("StandbyALB")),
        "E9201",
        "PrimaryHealthCheck",
    ),
    "a health check of another port": (
        health("PrimaryHealthCheck", Port=444),
        "E9201",
        "PrimaryHealthCheck",
    ),
    "plain HTTP to the HTTPS port": (
        health("PrimaryHealthCheck", Type="HTTP"),
        "E9201",
        "PrimaryHealthCheck",
    ),
    "an internal load balancer": (
        change("PrimaryALB", Scheme="internal"),
        "E9202",
        "PrimaryHealthCheck",
    ),
    "a security group for the office": (
        only_from_home,
        "E9202",
        "StandbyHealthCheck",
    ),
    "no way in at all": (
        change("ALBSecurityGroup", SecurityGroupIngress=None),
        "E9202",
        "PrimaryHealthCheck",
    ),
    "a time-out as long as the interval": (
        change("PrimaryTargetGroup", HealthCheckTimeoutSeconds=5),
        "E9203",
        "PrimaryTargetGroup",
    ),
    "the default time-out above the interval": (
        change("StandbyTargetGroup", HealthCheckTimeoutSeconds=None),
        "E9203",
        "StandbyTargetGroup",
    ),
    # functions
    "a time-out below the monitor's run": (change(MONITOR, Timeout=60), "E9301", MONITOR),
    "a time-out that ends the last call": (change(MONITOR, Timeout=122), "W9306", MONITOR),
    "no time-out": (change(MONITOR, Timeout=None), "E9301", MONITOR),
    "a run that leaves no time for its last call": (
        code(MONITOR, "RUN, SOON, REPEAT = 120,", "RUN, SOON, REPEAT = 138,"),
        "W9306",
        MONITOR,
    ),
    "a client without time-outs": (without_timeouts, "W9306", MONITOR),
    "a reserve as long as the time-out": (
        change(ORCHESTRATOR, Timeout=45),
        "E9302",
        ORCHESTRATOR,
    ),
    "a reserve too short to tell": (
        code(ORCHESTRATOR, "RESERVE = 115\n", "RESERVE = 15\n"),
        "E9302",
        ORCHESTRATOR,
    ),
    "calls too slow for the reserve": (
        code(ORCHESTRATOR, "read_timeout=3", "read_timeout=60"),
        "E9302",
        ORCHESTRATOR,
    ),
    "a function without a log group": (
        change(MONITOR, LoggingConfig=None),
        "W9303",
        MONITOR,
    ),
    "a log group by a name that is only text": (
        change(MONITOR, LoggingConfig={"LogGroup": sub("/aws/lambda/${AWS::StackName}-x")}),
        "W9303",
        MONITOR,
    ),
    "an orchestrator that is retried": (
        remove("FailoverOrchestratorInvokeConfig"),
        "W9304",
        ORCHESTRATOR,
    ),
    "one retry": (
        change("HealthMonitorInvokeConfig", MaximumRetryAttempts=1),
        "W9304",
        MONITOR,
    ),
    "retries left as they are": (
        change("HealthMonitorInvokeConfig", MaximumRetryAttempts=None),
        "W9304",
        MONITOR,
    ),
    "the invoke config of a version": (
        change("HealthMonitorInvokeConfig", Qualifier="1"),
        "W9304",
        MONITOR,
    ),
    "alarms that may not call": (remove("AlarmPermission"), "E9305", "WriterAlarm"),
    "alarms of other names": (
        change(
            "AlarmPermission",
            SourceArn=sub(
                "arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:other-*"
            ),
        ),
        "E9305",
        "WriterAlarm",
    ),
    "the principal of EventBridge for alarms": (
        change("AlarmPermission", Principal="cloudwatch.amazonaws.com"),
        "E9305",
        "WriterAlarm",
    ),
    "a permission for the other function": (
        change("AlarmPermission", FunctionName=ref(MONITOR)),
        "E9305",
        "WriterAlarm",
    ),
    "a schedule that may not call": (
        remove("HealthCheckPermission"),
        "E9305",
        "HealthCheckScheduleRule",
    ),
    "a permission for the other rule": (
        change("RDSEventPermission", SourceArn=get_att("HealthCheckScheduleRule", "Arn")),
        "E9305",
        "RDSEventRule",
    ),
    "a permission for another service": (
        change("HealthCheckPermission", Principal="s3.amazonaws.com"),
        "E9305",
        "HealthCheckScheduleRule",
    ),
    "an alarm that calls the other function": (
        change("CompositeAlarm", AlarmActions=[ref("AlertTopic"), get_att(MONITOR, "Arn")]),
        "E9305",
        "CompositeAlarm",
    ),
    "another action": (
        change("RDSEventPermission", Action="lambda:GetFunction"),
        "E9305",
        "RDSEventRule",
    ),
    # alarms
    "a load balancer alone": (
        dimensions(
            "ALBUnhealthyTargetsAlarm", LoadBalancer=get_att("PrimaryALB", "LoadBalancerFullName")
        ),
        "E9402",
        "ALBUnhealthyTargetsAlarm",
    ),
    "a load balancer by its ARN": (
        dimensions(
            "ALBUnhealthyTargetsAlarm",
            LoadBalancer=ref("PrimaryALB"),
            TargetGroup=get_att("PrimaryTargetGroup", "TargetGroupFullName"),
        ),
        "E9403",
        "ALBUnhealthyTargetsAlarm",
    ),
    "a dimension that RDS does not have": (
        dimensions("ReplicationLagAlarm", ClusterIdentifier="x"),
        "E9402",
        "ReplicationLagAlarm",
    ),
    "targets by no dimension": (
        change("ALBUnhealthyTargetsAlarm", Dimensions=None),
        "E9402",
        "ALBUnhealthyTargetsAlarm",
    ),
    "a service's metric in the namespace of ours": (
        change("DatabaseConnectionAlarm", Namespace="DRSystem"),
        "E9404",
        "DatabaseConnectionAlarm",
    ),
    "a role alone": (
        dimensions("ReplicationLagAlarm", Role="READER"),
        "E9402",
        "ReplicationLagAlarm",
    ),
    "a role that Aurora does not know": (
        dimensions("ReplicationLagAlarm", DBClusterIdentifier=CLUSTER, Role="STANDBY"),
        "E9403",
        "ReplicationLagAlarm",
    ),
    "a cluster by its ARN": (
        dimensions(
            "DatabaseConnectionAlarm", DBClusterIdentifier=get_att("AuroraDBCluster", "Arn")
        ),
        "E9403",
        "DatabaseConnectionAlarm",
    ),
    "another resource's name": (
        dimensions("OrchestratorErrorAlarm", FunctionName=ref("AlertTopic")),
        "E9403",
        "OrchestratorErrorAlarm",
    ),
    "a metric that AWS does not have": (
        change("WriterAlarm", MetricName="EngineUpTime"),
        "W9401",
        "WriterAlarm",
    ),
    "a metric that no function has": (
        change("DatabaseHealthAlarm", MetricName="DatabaseHealthy"),
        "E9404",
        "DatabaseHealthAlarm",
    ),
    "a namespace that no function has": (
        change("MonitorAlarm", Namespace="DR"),
        "E9404",
        "MonitorAlarm",
    ),
    "no namespace": (change("MonitorAlarm", Namespace=None), "E9404", "MonitorAlarm"),
    "a listener without a port": (
        change("PrimaryHTTPSListener", Port=None),
        "E9201",
        "PrimaryHealthCheck",
    ),
    "a dimension that no function has": (
        dimensions("SlowFailoverAlarm", Stack=ref("AWS::StackName")),
        "E9404",
        "SlowFailoverAlarm",
    ),
    "ten seconds for AWS's metric": (
        change("WriterAlarm", Period=10),
        "E9405",
        "WriterAlarm",
    ),
    "ten seconds for a metric of the minute": (
        change("SlowFailoverAlarm", Period=10),
        "E9405",
        "SlowFailoverAlarm",
    ),
    "ten seconds for AWS's metric in an expression": (
        change(
            "WriterAlarm",
            MetricName=None,
            Metrics=[
                {
                    "MetricStat": {
                        "Metric": {
                            "Namespace": "AWS/RDS",
                            "MetricName": "EngineUptime",
                            "Dimensions": [{"Name": "DBClusterIdentifier", "Value": CLUSTER}],
                        },
                        "Period": 10,
                    }
                }
            ],
        ),
        "E9405",
        "WriterAlarm",
    ),
    "fifteen seconds": (
        change("DatabaseHealthAlarm", Period=15),
        "E9405",
        "DatabaseHealthAlarm",
    ),
    "ten seconds without the resolution": (
        without_the_resolution,
        "E9405",
        "DatabaseHealthAlarm",
    ),
    "the source's dashboard": (
        change(
            "MonitoringDashboard",
            DashboardBody='{"widgets": [{"properties": {"metrics": [["AWS/RDS", "DatabaseConnections"]]}}]}',
        ),
        "E9402",
        "MonitoringDashboard",
    ),
    "a dashboard row that repeats the wrong dimensions": (
        change(
            "MonitoringDashboard",
            DashboardBody=sub(
                '{"widgets": [{"properties": {"metrics": [["AWS/RDS", "EngineUptime", '
                '"DBClusterIdentifier", "${AuroraDBCluster}"], ["AWS/Lambda", "Errors", ".", "."]]}}]}'
            ),
        ),
        "E9402",
        "MonitoringDashboard",
    ),
    # names
    "a load balancer's name": (
        change("PrimaryALB", Name=sub("${AWS::StackName}-primary-balancer")),
        "E9501",
        "PrimaryALB",
    ),
    "a load balancer's name of 33 characters": (
        change("PrimaryALB", Name=sub("${AWS::StackName}-primary-alb2")),
        "E9501",
        "PrimaryALB",
    ),
    "a bucket's name with a region": (
        change(
            "ConfigurationBucket",
            BucketName=sub("${AWS::StackName}-config-${AWS::AccountId}-${AWS::Region}-12345678"),
        ),
        "E9501",
        "ConfigurationBucket",
    ),
    "a cluster's double hyphen": (
        change("AuroraDBCluster", DBClusterIdentifier=sub("${AWS::StackName}--cluster")),
        "E9501",
        "AuroraDBCluster",
    ),
    "a role's name": (
        change("HealthMonitorRole", RoleName=sub("${AWS::StackName}-" + "m" * 44)),
        "E9501",
        "HealthMonitorRole",
    ),
    "a target group's name": (
        change("StandbyTargetGroup", Name=sub("${AWS::StackName}-standby-group")),
        "E9501",
        "StandbyTargetGroup",
    ),
    "a bucket's name": (
        change(
            "ConfigurationBucket",
            BucketName=sub("${AWS::StackName}-configuration-files-of-the-stack-${AWS::AccountId}"),
        ),
        "E9501",
        "ConfigurationBucket",
    ),
    "a bucket's capital": (
        change("ConfigurationBucket", BucketName=sub("${AWS::StackName}-Config")),
        "E9501",
        "ConfigurationBucket",
    ),
    "a function's name": (
        change(MONITOR, FunctionName=sub("${AWS::StackName}-" + "m" * 44)),
        "E9501",
        MONITOR,
    ),
    "a name of two regions": (
        change("PrimaryTargetGroup", Name=sub("${AWS::Region}-${AWS::Region}-group")),
        "E9501",
        "PrimaryTargetGroup",
    ),
    "a reserved parameter": (
        change("DatabaseEndpointParameter", Name="/aws/database"),
        "E9501",
        "DatabaseEndpointParameter",
    ),
    # single properties
    "an instance of another version": (
        change("PrimaryDBInstance", EngineVersion="8.0.mysql_aurora.3.08.0"),
        "E9601",
        "PrimaryDBInstance",
    ),
    "an instance of another engine": (
        change("StandbyDBInstance", Engine="aurora-postgresql"),
        "E9601",
        "StandbyDBInstance",
    ),
    "a cluster that leaves the version open": (
        lambda resources: (
            change("AuroraDBCluster", EngineVersion=None)(resources),
            change("PrimaryDBInstance", EngineVersion="8.0.mysql_aurora.3.10.6")(resources),
        ),
        "E9601",
        "PrimaryDBInstance",
    ),
    "a parameter that Aurora does not take": (
        cluster_parameters(sync_binlog=1),
        "E9602",
        "DBClusterParameterGroup",
    ),
    "the source's binlog": (
        cluster_parameters(aurora_enhanced_binlog=1),
        "E9603",
        "DBClusterParameterGroup",
    ),
    "the enhanced binlog beside backtrack": (
        cluster_parameters(
            aurora_enhanced_binlog="1", binlog_backup=0, binlog_replication_globaldb="0"
        ),
        "E9604",
        "DBClusterParameterGroup",
    ),
    "a load balancer before the gateway": (
        independent("PrimaryALB"),
        "E9703",
        "PrimaryALB",
    ),
    "an address before the gateway": (independent("EIP2"), "E9703", "EIP2"),
    "a gateway of the first address only": (independent("EIP1"), "E9703", "NATGateway1"),
    "a route before the gateway": (
        independent("PublicRoute"),
        "E9703",
        "PublicRoute",
    ),
    "a load balancer after a route that waits for nothing": (
        independent("PublicRoute"),
        "E9703",
        "StandbyALB",
    ),
    "a secure string": (
        change("DatabaseEndpointParameter", Type="SecureString"),
        "E9701",
        "DatabaseEndpointParameter",
    ),
    "a mapping that is not there": (
        change("DatabaseEndpointParameter", Value={"Fn::FindInMap": ["Nothing", "a", "b"]}),
        "E9702",
        "DatabaseEndpointParameter",
    ),
    "a secure string in production": (
        change(
            "DatabaseEndpointParameter", Type={"Fn::If": ["IsProduction", "SecureString", "String"]}
        ),
        "E9701",
        "DatabaseEndpointParameter",
    ),
}


def test_the_rendered_template_has_no_finding(find, template):
    assert find(template) == []


@pytest.mark.parametrize(("mutate", "rule", "title"), MUTATIONS.values(), ids=MUTATIONS)
def test_a_mutation_is_found(find, broken, mutate, rule, title):
    mutate(broken["Resources"])
    found = find(broken)
    assert (rule, title) in {(one, match.path[1]) for one, match in found}
    assert all("\n" not in match.message for _, match in found)


# What is not as the project writes it, and works all the same.
FINE: dict[str, Callable[[Resources], None]] = {
    "a key for every log group": key(
        "logs.",
        Condition={
            "ArnEquals": {
                CONTEXT: sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:*")
            }
        },
    ),
    "a key for every log group of every account": key(
        "logs.", Condition={"StringLike": {CONTEXT.upper(): "arn:*"}}
    ),
    "actions as one wildcard": key("cloudwatch.", Action="kms:*"),
    "several principals": key(
        "events.", Principal={"Service": ["s3.amazonaws.com", "events.amazonaws.com"]}
    ),
    "a key that is not the stack's": change("AlertTopic", KmsMasterKeyId=ref("DomainName")),
    "a listener of all traffic": change("ALBSecurityGroup", SecurityGroupIngress=[
        {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
    ]),
    "a range of ports": change("ALBSecurityGroup", SecurityGroupIngress=[
        {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 1024, "CidrIp": "0.0.0.0/0"}
    ]),
    "a security group from elsewhere": change("PrimaryALB", SecurityGroups=[ref("DomainName")]),
    "a port as text": change("PrimaryHTTPSListener", Port="443"),
    "the default port": health("PrimaryHealthCheck", Port=443, Type="HTTPS_STR_MATCH"),
    "the version of the cluster": change(
        "PrimaryDBInstance", EngineVersion="8.0.mysql_aurora.3.10.6"
    ),
    "a time-out by parameter": change(MONITOR, Timeout=ref("DataRetentionDays")),
    "an alarm named by its ARN": change("AlarmPermission", SourceArn=None),
    "a bucket that AWS names": change("ConfigurationBucket", BucketName=None),
    "a name by parameter": change("PrimaryALB", Name=sub("${DomainName}")),
    "a role and a cluster": dimensions(
        "WriterAlarm", Role="WRITER", DBClusterIdentifier=sub("${AuroraDBCluster}")
    ),
    "a cluster from elsewhere": dimensions(
        "DatabaseConnectionAlarm", DBClusterIdentifier=ref("DomainName")
    ),
    "twenty seconds": change("DatabaseHealthAlarm", Period=20),
    "the enhanced binlog without backtrack": lambda resources: (
        cluster_parameters(
            aurora_enhanced_binlog=1, binlog_backup=0, binlog_replication_globaldb=0
        )(resources),
        change("AuroraDBCluster", BacktrackWindow=0)(resources),
    ),
    "the enhanced binlog turned off": cluster_parameters(aurora_enhanced_binlog=0),
    "no key at all": change("AlertTopic", KmsMasterKeyId=None),
}  # fmt: skip


@pytest.mark.parametrize("mutate", FINE.values(), ids=FINE)
def test_what_works_is_not_found(find, broken, mutate):
    mutate(broken["Resources"])
    assert find(broken) == []


def test_the_key_policies_are_asked_only_for_what_uses_the_key(find, broken):
    for title in ("FailoverLogGroup", "HealthMonitorLogGroup", "HealthMonitorLogGroup2"):
        del properties(broken["Resources"], title)["KmsKeyId"]
    key("logs.")(broken["Resources"])
    assert find(broken) == []


def test_alarms_need_no_statement_if_none_publishes(find, broken):
    resources = broken["Resources"]
    for resource in resources.values():
        for name in ("AlarmActions", "OKActions"):
            resource.get("Properties", {}).pop(name, None)
    key("cloudwatch.")(resources)
    statement("AlertTopicPolicy", "PolicyDocument", "cloudwatch.amazonaws.com")(resources)
    assert find(broken) == []


def test_every_permission_config_and_policy_is_needed(find, template):
    """None of them may be missing without a word; that is what the rules are for."""
    kinds = ("Permission", "EventInvokeConfig", "TopicPolicy")
    titles = [
        title
        for title, resource in template["Resources"].items()
        if resource["Type"].endswith(kinds)
    ]
    assert len(titles) >= 6
    for title in titles:
        broken = copy.deepcopy(template)
        del broken["Resources"][title]
        assert find(broken), title


def test_the_name_of_an_export_is_one_of_the_names(find, broken):
    broken["Outputs"]["VPCId"]["Export"] = {"Name": sub("${AWS::StackName}-" + "x" * 235)}
    assert [(rule, match.path) for rule, match in find(broken)] == [
        ("E9501", ["Outputs", "VPCId", "Export", "Name"])
    ]


def test_an_empty_template_has_no_finding(find):
    assert find({"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}) == []

"""Alarms and the dashboard: metrics by the dimensions under which they are published."""

from defects.edits import change, code, dimensions, get_att, ref, several, sub

CLUSTER = ref("AuroraDBCluster")
WITHOUT_RESOLUTION = several(
    *(
        code(one, '"StorageResolution": 1,', "")
        for one in ("HealthMonitorFunction", "HealthMonitorFunction2")
    )
)
UPTIME = {
    "Namespace": "AWS/RDS",
    "MetricName": "EngineUptime",
    "Dimensions": [{"Name": "DBClusterIdentifier", "Value": CLUSTER}],
}


DEFECTS = {
    "W9401": {"a metric that AWS does not have": change("WriterAlarm", MetricName="EngineUpTime")},
    "E9402": {
        "a load balancer alone": dimensions(
            "ALBUnhealthyTargetsAlarm", LoadBalancer=get_att("PrimaryALB", "LoadBalancerFullName")
        ),
        "a dimension that RDS does not have": dimensions(
            "ReplicationLagAlarm", ClusterIdentifier="x"
        ),
        "targets by no dimension": change("ALBUnhealthyTargetsAlarm", Dimensions=None),
        "a role alone": dimensions("ReplicationLagAlarm", Role="READER"),
        "the source's dashboard": change(
            "MonitoringDashboard",
            DashboardBody='{"widgets": [{"properties": {"metrics": [["AWS/RDS", "DatabaseConnections"]]}}]}',
        ),
        "a dashboard row that repeats the wrong dimensions": change(
            "MonitoringDashboard",
            DashboardBody=sub(
                '{"widgets": [{"properties": {"metrics": [["AWS/RDS", "EngineUptime", '
                '"DBClusterIdentifier", "${AuroraDBCluster}"], ["AWS/Lambda", "Errors", ".", "."]]}}]}'
            ),
        ),
    },
    "E9403": {
        "a load balancer by its ARN": dimensions(
            "ALBUnhealthyTargetsAlarm",
            LoadBalancer=ref("PrimaryALB"),
            TargetGroup=get_att("PrimaryTargetGroup", "TargetGroupFullName"),
        ),
        "a role that Aurora does not know": dimensions(
            "ReplicationLagAlarm", DBClusterIdentifier=CLUSTER, Role="STANDBY"
        ),
        "a cluster by its ARN": dimensions(
            "DatabaseConnectionAlarm", DBClusterIdentifier=get_att("AuroraDBCluster", "Arn")
        ),
        "another resource's name": dimensions(
            "OrchestratorErrorAlarm", FunctionName=ref("AlertTopic")
        ),
    },
    "E9404": {
        "a service's metric in the namespace of ours": change(
            "DatabaseConnectionAlarm", Namespace="DRSystem"
        ),
        "a metric that no function has": change(
            "DatabaseHealthAlarm", MetricName="DatabaseHealthy"
        ),
        "a namespace that no function has": change("MonitorAlarm", Namespace="DR"),
        "no namespace": change("MonitorAlarm", Namespace=None),
        "a dimension that no function has": dimensions(
            "SlowFailoverAlarm", Stack=ref("AWS::StackName")
        ),
    },
    "E9405": {
        "ten seconds for AWS's metric": change("WriterAlarm", Period=10),
        "ten seconds for a metric of the minute": change("SlowFailoverAlarm", Period=10),
        "ten seconds for AWS's metric in an expression": change(
            "WriterAlarm",
            MetricName=None,
            Metrics=[{"MetricStat": {"Metric": UPTIME, "Period": 10}}],
        ),
        "fifteen seconds": change("DatabaseHealthAlarm", Period=15),
        "ten seconds without the resolution": WITHOUT_RESOLUTION.at("DatabaseHealthAlarm"),
    },
}

# Not as the project writes it, and works all the same.
FINE = {
    "a role and a cluster": dimensions(
        "WriterAlarm", Role="WRITER", DBClusterIdentifier=sub("${AuroraDBCluster}")
    ),
    "a cluster from elsewhere": dimensions(
        "DatabaseConnectionAlarm", DBClusterIdentifier=ref("DomainName")
    ),
    "twenty seconds": change("DatabaseHealthAlarm", Period=20),
}

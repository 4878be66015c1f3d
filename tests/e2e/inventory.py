"""What there is in an account, service by service."""

from typing import Any

import jmespath
from account import Account

# Service, operation, and where its answer has the names of what is there.
THINGS = [
    ("ec2", "describe_vpcs", "Vpcs[?!IsDefault].VpcId"),
    ("ec2", "describe_subnets", "Subnets[?!DefaultForAz].SubnetId"),
    ("ec2", "describe_route_tables", "RouteTables[].RouteTableId"),
    ("ec2", "describe_internet_gateways", "InternetGateways[].InternetGatewayId"),
    ("ec2", "describe_nat_gateways", "NatGateways[?State!='deleted'].NatGatewayId"),
    ("ec2", "describe_addresses", "Addresses[].AllocationId"),
    ("ec2", "describe_security_groups", "SecurityGroups[].GroupId"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints[?State!='deleted'].VpcEndpointId"),
    ("kms", "list_keys", "Keys[].KeyId"),
    ("kms", "list_aliases", "Aliases[?!starts_with(AliasName, 'alias/aws/')].AliasName"),
    ("s3", "list_buckets", "Buckets[].Name"),
    ("rds", "describe_db_clusters", "DBClusters[].DBClusterIdentifier"),
    ("rds", "describe_db_instances", "DBInstances[].DBInstanceIdentifier"),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups[].DBSubnetGroupName"),
    (
        "rds",
        "describe_db_cluster_parameter_groups",
        "DBClusterParameterGroups[?!starts_with(DBClusterParameterGroupName, 'default.')]"
        ".DBClusterParameterGroupName",
    ),
    (
        "rds",
        "describe_db_cluster_snapshots",
        "DBClusterSnapshots[?SnapshotType=='manual'].DBClusterSnapshotIdentifier",
    ),
    ("dynamodb", "list_tables", "TableNames"),
    ("acm", "list_certificates", "CertificateSummaryList[].CertificateArn"),
    ("elbv2", "describe_load_balancers", "LoadBalancers[].LoadBalancerName"),
    ("elbv2", "describe_target_groups", "TargetGroups[].TargetGroupName"),
    ("route53", "list_health_checks", "HealthChecks[].Id"),
    ("sns", "list_topics", "Topics[].TopicArn"),
    ("sns", "list_subscriptions", "Subscriptions[].SubscriptionArn"),
    ("ssm", "describe_parameters", "Parameters[].Name"),
    ("logs", "describe_log_groups", "logGroups[].logGroupName"),
    ("iam", "list_roles", "Roles[].RoleName"),
    ("lambda", "list_functions", "Functions[].FunctionName"),
    ("events", "list_rules", "Rules[].Name"),
    ("cloudwatch", "describe_alarms", "[MetricAlarms, CompositeAlarms][][].AlarmName"),
    ("cloudwatch", "list_dashboards", "DashboardEntries[].DashboardName"),
    ("cloudformation", "list_exports", "Exports[].Name"),
]


def inventory(aws: Account, *services: str) -> set[tuple[str, Any]]:
    """Everything in the account, or of the services named, as pairs of operation and name."""
    found = set()
    for service, operation, path in THINGS:
        if services and service not in services:
            continue
        answer = getattr(aws.client(service), operation)()
        found |= {(operation, name) for name in jmespath.search(path, answer) or ()}
    return found

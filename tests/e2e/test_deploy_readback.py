"""Nothing is dropped in silence: every value of every property is read back from its service."""

import json
from typing import Any

from account import Account
from botocore.exceptions import ClientError
from moto.cloudformation.models import cloudformation_backends

# Type -> the reads that show it: service:operation, and the parameter that takes the physical id or
# the value given; one in [] takes a list of one. ``SPECIAL`` are values that take a look first.
READS = {
    "AWS::EC2::VPC": ["ec2:describe_vpcs [VpcIds]", "ec2:describe_vpc_attribute VpcId Attribute=enableDnsSupport", "ec2:describe_vpc_attribute VpcId Attribute=enableDnsHostnames"],
    "AWS::EC2::InternetGateway": ["ec2:describe_internet_gateways [InternetGatewayIds]"],
    "AWS::EC2::VPCGatewayAttachment": ["ec2:describe_internet_gateways"],
    "AWS::EC2::Subnet": ["ec2:describe_subnets [SubnetIds]"],
    "AWS::EC2::RouteTable": ["ec2:describe_route_tables [RouteTableIds]"],
    "AWS::EC2::Route": ["ec2:describe_route_tables"],
    "AWS::EC2::SubnetRouteTableAssociation": ["ec2:describe_route_tables"],
    "AWS::EC2::NatGateway": ["ec2:describe_nat_gateways [NatGatewayIds]"],
    "AWS::EC2::EIP": ["ec2:describe_addresses [PublicIps]"],
    "AWS::EC2::SecurityGroup": ["ec2:describe_security_groups [GroupIds]"],
    "AWS::EC2::VPCEndpoint": ["ec2:describe_vpc_endpoints [VpcEndpointIds]"],
    "AWS::KMS::Key": ["kms:describe_key KeyId", "kms:get_key_policy KeyId PolicyName=default", "kms:get_key_rotation_status KeyId"],
    "AWS::KMS::Alias": ["kms:list_aliases"],
    "AWS::S3::Bucket": ["s3:get_bucket_encryption Bucket", "s3:get_bucket_versioning Bucket", "s3:get_public_access_block Bucket", "s3:get_bucket_tagging Bucket", "s3:get_bucket_lifecycle_configuration Bucket", "s3:list_buckets"],
    "AWS::S3::BucketPolicy": ["s3:get_bucket_policy Bucket", "s3:list_buckets"],
    "AWS::RDS::DBSubnetGroup": ["rds:describe_db_subnet_groups DBSubnetGroupName", "rds:list_tags_for_resource ResourceName=subnet-group-arn"],
    "AWS::RDS::DBClusterParameterGroup": ["rds:describe_db_cluster_parameter_groups DBClusterParameterGroupName", "rds:describe_db_cluster_parameters DBClusterParameterGroupName"],
    "AWS::RDS::DBCluster": ["rds:describe_db_clusters DBClusterIdentifier"],
    "AWS::RDS::DBInstance": ["rds:describe_db_instances DBInstanceIdentifier"],
    "AWS::DynamoDB::Table": ["dynamodb:describe_table TableName", "dynamodb:describe_continuous_backups TableName", "dynamodb:describe_time_to_live TableName", "dynamodb:list_tags_of_resource ResourceArn=table-arn"],
    "AWS::CertificateManager::Certificate": ["acm:describe_certificate CertificateArn", "route53:list_hosted_zones"],
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ["elbv2:describe_load_balancers [LoadBalancerArns]", "elbv2:describe_tags [ResourceArns]", "elbv2:describe_load_balancer_attributes LoadBalancerArn"],
    "AWS::ElasticLoadBalancingV2::TargetGroup": ["elbv2:describe_target_groups [TargetGroupArns]"],
    "AWS::ElasticLoadBalancingV2::Listener": ["elbv2:describe_listeners [ListenerArns]"],
    "AWS::Route53::HealthCheck": ["route53:get_health_check HealthCheckId", "route53:list_tags_for_resource ResourceId ResourceType=healthcheck"],
    "AWS::Route53::RecordSet": ["route53:list_resource_record_sets HostedZoneId=zone", "route53:list_hosted_zones"],
    "AWS::SNS::Topic": ["sns:get_topic_attributes TopicArn", "sns:list_subscriptions_by_topic TopicArn"],
    "AWS::SNS::TopicPolicy": ["sns:get_topic_attributes TopicArn=topic"],
    "AWS::SSM::Parameter": ["ssm:get_parameter Name", "ssm:describe_parameters", "ssm:list_tags_for_resource ResourceId ResourceType=Parameter"],
    "AWS::Logs::LogGroup": ["logs:describe_log_groups logGroupNamePrefix"],
    "AWS::Logs::QueryDefinition": ["logs:describe_query_definitions"],
    "AWS::IAM::Role": ["iam:get_role RoleName", "iam:list_attached_role_policies RoleName", "iam:get_role_policy RoleName PolicyName=policy"],
    "AWS::Lambda::Function": ["lambda:get_function FunctionName"],
    "AWS::Lambda::EventInvokeConfig": ["lambda:get_function_event_invoke_config FunctionName=function Qualifier=$LATEST"],
    "AWS::Lambda::Permission": ["lambda:get_policy FunctionName=function"],
    "AWS::Events::Rule": ["events:describe_rule Name", "events:list_targets_by_rule Rule"],
    "AWS::CloudWatch::Alarm": ["cloudwatch:describe_alarms [AlarmNames]"],
    "AWS::CloudWatch::CompositeAlarm": ["cloudwatch:describe_alarms [AlarmNames] [AlarmTypes]=CompositeAlarm"],
    "AWS::CloudWatch::Dashboard": ["cloudwatch:get_dashboard DashboardName"],
}  # fmt: skip

SPECIAL = {
    "subnet-group-arn": lambda r: f"arn:aws:rds:us-east-1:{r.stack.account}:subgrp:{r.physical_resource_id}",
    "table-arn": lambda r: r.attributes["Arn"],
    "zone": lambda r: r.properties["HostedZoneId"],
    "function": lambda r: r.properties["FunctionName"],
    "policy": lambda r: r.properties["Policies"][0]["PolicyName"],
    "topic": lambda r: r.properties["Topics"][0],
}  # fmt: skip

# What a service calls otherwise, or shows nowhere: Type and property, with the reason.
OTHERWISE = {
    "AWS::KMS::Key EnableKeyRotation": "KeyRotationEnabled",
    "AWS::DynamoDB::Table SSESpecification.SSEEnabled": "SSEDescription.Status",
    "AWS::DynamoDB::Table PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled": "a status",
    "AWS::RDS::DBCluster ManageMasterUserPassword": "MasterUserSecret",
    "AWS::RDS::DBCluster EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled",
    "AWS::Lambda::Function LoggingConfig.LogGroup": "not modelled",
    "AWS::Lambda::Function Code.ZipFile": "a package; compared in automation.functions",
    "AWS::Lambda::EventInvokeConfig Qualifier": "asked by it",
}


def read(aws: Account, resource: Any, how: str) -> str:
    """The answer of one read, as text."""
    name, *words = how.split()
    service, operation = name.split(":")
    given: dict[str, Any] = {}
    for word in words:
        parameter, _, value = word.partition("=")
        value = SPECIAL[value](resource) if value in SPECIAL else value
        value = value or resource.physical_resource_id
        listed = parameter.startswith("[")
        given[parameter.strip("[]")] = [value] if listed else value
    try:
        answer = getattr(aws.client(service), operation)(**given)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchLifecycleConfiguration":
            raise
        return ""
    del answer["ResponseMetadata"]
    return json.dumps(answer, default=str)


def leaves(node: Any, path: str = ""):
    """Dotted path and value of every scalar; list indices are left out."""
    match node:
        case dict():
            for name, value in node.items():
                yield from leaves(value, f"{path}.{name}".lstrip("."))
        case list():
            for value in node:
                yield from leaves(value, path)
        case _:
            yield path, node


def shown(path: str, value: Any, text: str) -> bool:
    """Whether the value is in what was read; if it could be anything's, under its name too."""
    plain = str(value)
    found = any(one.lower() in text.lower() for one in (plain, json.dumps(plain)[1:-1]))
    twice = json.dumps(json.dumps(plain)[1:-1])[1:-1]  # a document within the answer
    short = not isinstance(value, str) or len(plain) < 4
    name = path.rpartition(".")[2].lower()
    return (found or twice in text) and (not short or name in text.lower())


def missing(aws: Account, resource: Any) -> set[str]:
    kind = resource.kind.type
    text = "".join(read(aws, resource, how) for how in READS[kind])
    return {
        f"{kind} {path}"
        for path, value in leaves(resource.properties)
        if path.split(".")[0] not in resource.kind.unmodelled and not shown(path, value, text)
    }


def test_every_value_is_read_back(pristine):
    aws, stack = pristine.aws, pristine.stack
    stacks = cloudformation_backends[aws.number][aws.region].stacks.values()
    (resources,) = [one.resource_map for one in stacks if one.name == stack]
    lost = set().union(*(missing(aws, one) for one in resources.values()))
    assert lost == OTHERWISE.keys()


def test_a_dropped_value_is_noticed():
    text = json.dumps({"Timeout": 60, "Name": "it"})
    assert shown("Timeout", 60, text)
    assert not shown("Timeout", 90, text)
    assert not shown("MemorySize", 60, text)
    assert not shown("Name", "other", text)

"""Twenty changes of the stack, each with what AWS's page of the property says of an update.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/<page>.html
"""

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from mutation import mutated

from drtemplate.cloudformation.changes import compare
from drtemplate.cloudformation.schemas import REGION, resource_facts
from drtemplate.cloudformation.updates import Behaviour, property_path, verdict

IN_PLACE, SOME, UNSUPPORTED, PERHAPS, CONDITIONED, REPLACED = Behaviour
GUARD = {"IpProtocol": "tcp", "FromPort": 8443, "ToPort": 8443, "CidrIp": "10.0.0.0/8"}
RULES = {"Rules": [{"Id": "All", "Status": "Enabled", "ExpirationInDays": 1}]}
KEYS = [{"AttributeName": "Other", "KeyType": "HASH"}]
# Change -> resource, property, new value, verdict, page.
TWENTY = {
    "VPC CIDR": ("VPC", "CidrBlock", "10.9.0.0/16", REPLACED, "aws-resource-ec2-vpc"),
    "a subnet's zone": ("PublicSubnet1", "AvailabilityZone", "us-east-1f", REPLACED, "aws-resource-ec2-subnet"),
    "a security group's description": ("ALBSecurityGroup", "GroupDescription", "other", REPLACED, "aws-resource-ec2-securitygroup"),
    "an added ingress rule": ("DatabaseSecurityGroup", "SecurityGroupIngress", [GUARD], SOME, "aws-resource-ec2-securitygroup"),
    "key rotation": ("KMSKey", "EnableKeyRotation", False, IN_PLACE, "aws-resource-kms-key"),
    "key alias name": ("KMSKeyAlias", "AliasName", "alias/other", REPLACED, "aws-resource-kms-alias"),
    "bucket name": ("ConfigurationBucket", "BucketName", "other", REPLACED, "aws-resource-s3-bucket"),
    "bucket lifecycle": ("ConfigurationBucket", "LifecycleConfiguration", RULES, IN_PLACE, "aws-resource-s3-bucket"),
    "cluster DatabaseName": ("AuroraDBCluster", "DatabaseName", "other", REPLACED, "aws-resource-rds-dbcluster"),
    "cluster EngineVersion (minor)": ("AuroraDBCluster", "EngineVersion", "8.0.mysql_aurora.3.11.0", SOME, "aws-resource-rds-dbcluster"),
    "cluster KmsKeyId": ("AuroraDBCluster", "KmsKeyId", "other", REPLACED, "aws-resource-rds-dbcluster"),
    # The page: some interruptions; the schema: conditional. The more cautious one counts.
    "MasterUsername": ("AuroraDBCluster", "MasterUsername", "other", PERHAPS, "aws-resource-rds-dbcluster"),
    "instance class": ("PrimaryDBInstance", "DBInstanceClass", "db.r6g.4xlarge", SOME, "aws-resource-rds-dbinstance"),
    # As MasterUsername.
    "instance zone": ("PrimaryDBInstance", "AvailabilityZone", "us-east-1f", PERHAPS, "aws-resource-rds-dbinstance"),
    "table key schema": ("FailoverStateTable", "KeySchema", KEYS, REPLACED, "aws-resource-dynamodb-table"),
    "table billing mode": ("FailoverStateTable", "BillingMode", "PROVISIONED", IN_PLACE, "aws-resource-dynamodb-table"),
    "target group port": ("PrimaryTargetGroup", "Port", 8443, REPLACED, "aws-resource-elasticloadbalancingv2-targetgroup"),
    "health check RequestInterval": ("PrimaryHealthCheck", "HealthCheckConfig.RequestInterval", 30, REPLACED, "aws-properties-route53-healthcheck-healthcheckconfig"),
    "function runtime": ("HealthMonitorFunction", "Runtime", "python3.14", IN_PLACE, "aws-resource-lambda-function"),
    "AlertTopic name": ("AlertTopic", "TopicName", "other", REPLACED, "aws-resource-sns-topic"),
}  # fmt: skip


def changed(template, title, path, value):
    """The template with a property of a resource set; a list is made longer by a list."""
    if path == "SecurityGroupIngress":
        value = template["Resources"][title]["Properties"][path] + value
    return mutated(template, ("Resources", title, "Properties", *path.split(".")), value)


@pytest.mark.parametrize("name", TWENTY)
def test_what_aws_documents(template, name):
    title, path, value, behaviour, _ = TWENTY[name]
    found = compare(template, changed(template, title, path, value))
    (own,) = [one for one in found.resources if one.changes]
    assert own.logical_id == title
    assert own.behaviour == behaviour
    assert {one.verdict.behaviour for one in own.changes} == {behaviour}


@pytest.mark.parametrize(
    ("type_", "path", "behaviour", "words"),
    [
        ("AWS::Route53::RecordSet", "Name", REPLACED, "documented: replacement, schema: in place"),
        ("AWS::EC2::EIP", "Domain", REPLACED, "documented: replacement, schema: in place"),
        ("AWS::KMS::Key", "MultiRegion", REPLACED, "documented: replacement, schema: in place"),
        ("AWS::EC2::VPCGatewayAttachment", "VpcId", REPLACED, "documented: no interruption, schema: replacement"),
        ("AWS::DynamoDB::Table", "KeySchema", REPLACED, "documented: replacement, schema: conditional"),
        # All of it, so what needs a replacement too.
        ("AWS::Route53::HealthCheck", "HealthCheckConfig", REPLACED, "documented: no interruption, schema: replacement"),
        # A schema says nothing of interruptions, and the guide nothing of this type.
        ("AWS::RDS::DBInstance", "DBInstanceClass", SOME, ""),
        ("AWS::S3::BucketPolicy", "Bucket", REPLACED, ""),
        ("Custom::Anything", "Property", PERHAPS, ""),
        ("AWS::CloudFormation::CustomResource", "Property", PERHAPS, ""),
        ("Custom::Anything", "ServiceToken", UNSUPPORTED, ""),
        ("Any::Own::Kind::MODULE", "Property", PERHAPS, ""),
        ("AWS::Serverless::GraphQLApi", "Name", PERHAPS, ""),
        ("AWS::EC2::Volume", "AvailabilityZone", UNSUPPORTED, "documented: not supported, schema: in place"),
    ],
)  # fmt: skip
def test_of_two_sources_the_more_cautious_one_counts(type_, path, behaviour, words):
    found = verdict(type_, path)
    assert (found.behaviour, found.disagreement) == (behaviour, words)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("Tags[Name].Value", "Tags.Value"),
        ("HealthCheckConfig.Fn::If[1].RequestInterval", "HealthCheckConfig.RequestInterval"),
        ("AvailabilityZone.Fn::Select[1].Fn::GetAZs", "AvailabilityZone"),
        ("SecurityGroupIngress[CidrIp=10.0.0.0/8 FromPort=80]", "SecurityGroupIngress"),
        ("PolicyDocument.Statement[0].Action[s3:get]", "PolicyDocument.Statement.Action"),
    ],
)
def test_the_property_of_a_leaf(path, names):
    assert property_path(path) == names


def test_only_what_names_the_resource_itself_is_its_name():
    names = {
        "AWS::DynamoDB::Table": "TableName",
        "AWS::ElasticLoadBalancingV2::TargetGroup": "Name",
        "AWS::S3::BucketPolicy": "",
        "AWS::Lambda::Permission": "",
        "AWS::EC2::Route": "",
        "AWS::EC2::VPC": "",
        "AWS::CodeBuild::Project": "Name",
        "AWS::DocDB::DBCluster": "DBClusterIdentifier",
        "AWS::EC2::LaunchTemplate": "LaunchTemplateName",
        "AWS::EC2::SecurityGroup": "GroupName",
        "AWS::ECS::Service": "ServiceName",
        "AWS::ElastiCache::ReplicationGroup": "ReplicationGroupId",
        "AWS::ElastiCache::User": "UserId",
        "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
        "AWS::MSK::Cluster": "ClusterName",
        "AWS::SNS::Topic": "TopicName",
        "AWS::SQS::Queue": "QueueName",
        "AWS::SecretsManager::Secret": "Name",
        "AWS::StepFunctions::StateMachine": "StateMachineName",
        "AWS::WAFv2::WebACL": "Name",
    }
    assert {type_: resource_facts(type_).name for type_ in names} == names
    scopes = {
        "AWS::ECS::Service": {"Cluster"},
        "AWS::EKS::Nodegroup": {"ClusterName"},
        "AWS::WAFv2::WebACL": {"Scope"},
        "AWS::DocDB::DBCluster": set(),
    }
    assert {type_: resource_facts(type_).scope for type_ in scopes} == scopes


def test_every_type_has_a_verdict():
    for type_ in (
        *PROVIDER_SCHEMA_MANAGER.get_resource_types(REGION),
        "A::B::C::MODULE",
        "Custom::X",
    ):
        facts = resource_facts(type_)
        expected = IN_PLACE if facts else PERHAPS
        assert verdict(type_, "NoSuchProperty").behaviour == expected, type_
        assert facts is None or {facts.name, *facts.scope} <= {*facts.create_only, ""}, type_

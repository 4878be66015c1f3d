"""Templates of other people: none of our rules says a word of what works, nor of what it cannot know."""

import copy

import pytest
import yaml

FUNCTION = """
  Worker:
    Type: AWS::Lambda::Function
    Properties:
      LoggingConfig: {LogGroup: {Ref: WorkerLog}}
      Code: %s
  WorkerLog: {Type: AWS::Logs::LogGroup}
"""
PUBLISHES = """
        ZipFile: |
          import os, boto3
          def handler(event, context):
              boto3.client("cloudwatch").put_metric_data(
                  Namespace=%s, MetricData=[{"MetricName": "Orders", "Value": 1}])
"""
ALARM = """
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties: {%s}
"""
ORDERS = ALARM % "Namespace: Shop, MetricName: Orders, Period: 60"
QUICK_ORDERS = ALARM % "Namespace: Shop, MetricName: Orders, Period: 10"
IN_S3 = "{S3Bucket: b, S3Key: k}"
INLINE = PUBLISHES % '"Shop"'
BALANCER = """
  Balancer: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, Properties: {Type: network}}
  Check:
    Type: AWS::Route53::HealthCheck
    Properties:
      HealthCheckConfig: {Type: HTTPS, FullyQualifiedDomainName: {"Fn::GetAtt": [Balancer, DNSName]}}
"""
LISTENER = """
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties: {LoadBalancerArn: {Ref: Balancer}, Port: %s, Protocol: %s}
"""
OFFICE = """
  Office:
    Type: AWS::EC2::SecurityGroup
    Properties: {SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, %s}]}
"""
SECURED = BALANCER.replace("Type: network", "SecurityGroups: [{Ref: Office}]")
NETWORK = """
  Internet: {Type: AWS::EC2::InternetGateway}
  Attachment: {Type: AWS::EC2::VPCGatewayAttachment, Properties: {InternetGatewayId: {Ref: Internet}}}
"""
FILTER = """
  Filter:
    Type: AWS::Logs::MetricFilter
    Properties:
      MetricTransformations: [{MetricNamespace: Shop, MetricName: Orders, MetricValue: 1}]
"""

SILENT = {
    "a metric of the template's own filter": FUNCTION % "{ZipFile: 'x = 1'}" + FILTER + ORDERS,
    "a metric of a function in a bucket": FUNCTION % IN_S3 + ORDERS,
    "ten seconds for a metric of a function in a bucket": FUNCTION % IN_S3 + QUICK_ORDERS,
    "a metric of a function in JavaScript": FUNCTION % "{ZipFile: 'exports.x = () => {}'}" + ORDERS,
    "a metric of the agent beside functions": FUNCTION % INLINE
    + ALARM
    % "Namespace: CWAgent, MetricName: disk_used_percent, Dimensions: [{Name: host, Value: a}]",
    "a metric of servers beside functions": FUNCTION % INLINE
    + "  Server: {Type: AWS::EC2::Instance}\n"
    + ALARM % "Namespace: Shop, MetricName: Visits",
    "a namespace in the environment": (
        (FUNCTION % (PUBLISHES % 'os.environ["SPACE"]')).replace(
            "Code:", "Environment: {Variables: {SPACE: Shop}}\n      Code:"
        )
        + ORDERS
    ),
    "a computed namespace": FUNCTION % (PUBLISHES % 'f"{event}"') + ORDERS,
    "a namespace by parameter": FUNCTION % INLINE
    + ALARM % "Namespace: {Ref: Space}, MetricName: Orders",
    "all functions of the account": ALARM % "Namespace: AWS/Lambda, MetricName: Errors",
    "a function of the serverless model": "  Served: {Type: AWS::Serverless::Function}\n"
    + ALARM
    % "Namespace: AWS/Lambda, MetricName: Errors, Dimensions: [{Name: FunctionName, Value: {Ref: Served}}]",
    "a load balancer of a nested stack": "  Nested: {Type: AWS::CloudFormation::Stack}\n"
    + ALARM
    % "Namespace: AWS/ApplicationELB, MetricName: HealthyHostCount, Dimensions: ["
    "{Name: LoadBalancer, Value: {'Fn::GetAtt': [Nested, Outputs.Balancer]}}, "
    "{Name: TargetGroup, Value: {'Fn::GetAtt': [Nested, Outputs.Group]}}]",
    "a metric of servers in the namespace of a filter": FILTER
    + ALARM % "Namespace: Shop, MetricName: Visits",
    "the same name in a namespace of somebody else": FUNCTION % INLINE
    + ALARM % "Namespace: Warehouse, MetricName: Orders",
    "a cluster of DocumentDB": "  Documents: {Type: AWS::DocDB::DBCluster}\n"
    + ALARM
    % "Namespace: AWS/DocDB, MetricName: CPUUtilization, Dimensions: ["
    "{Name: DBClusterIdentifier, Value: {Ref: Documents}}]",
    "dimensions on a condition": ALARM
    % "Namespace: AWS/RDS, MetricName: EngineUptime, Dimensions: ["
    "{'Fn::If': [C, {Name: DBClusterIdentifier, Value: a}, {Ref: 'AWS::NoValue'}]}]",
    "a role by parameter": ALARM % "Namespace: AWS/RDS, MetricName: EngineUptime, Dimensions: ["
    "{Name: DBClusterIdentifier, Value: a}, {Name: Role, Value: {Ref: Role}}]",
    "connections of a proxy": ALARM
    % "Namespace: AWS/RDS, MetricName: DatabaseConnections, Dimensions: [{Name: ProxyName, Value: a}]",
    **{
        f"{name} of {namespace}": ALARM % f"Namespace: {namespace}, MetricName: {name}"
        for namespace, name in [
            ("AWS/RDS", "FreeStorageSpace"),
            ("AWS/RDS", "AuroraBinlogReplicaLag"),
            ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count"),
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible"),
            ("AWS/Lambda", "ConcurrentExecutions"),
        ]
    },
    "HTTPS through a TCP listener": BALANCER + LISTENER % (443, "TCP"),
    "a listener of a port by parameter": BALANCER + LISTENER % ("{Ref: Port}", "TCP"),
    "listeners of another stack": BALANCER,
    "the checkers' prefix list": SECURED + OFFICE % "SourcePrefixListId: pl-1",
    "the checkers' own range": SECURED + OFFICE % "CidrIp: 15.177.0.0/18",
    "a range by parameter": SECURED + OFFICE % "CidrIp: {Ref: Range}",
    "a pause before a call": FUNCTION
    % """
        ZipFile: |
          import time, boto3
          def handler(event, context):
              time.sleep(1)
              boto3.client("sns").publish(Message="x")
""",
    "a private NAT gateway": NETWORK
    + "  Nat: {Type: AWS::EC2::NatGateway, Properties: {ConnectivityType: private}}\n",
    "a route to the office": NETWORK
    + "  Office: {Type: AWS::EC2::VPNGateway}\n"
    + "  Route: {Type: AWS::EC2::Route, Properties: {GatewayId: {Ref: Office}}}\n",
    "a load balancer that is public or not by parameter": NETWORK
    + BALANCER.replace("Type: network", "Scheme: {Ref: Scheme}"),
}

# One step further, and something is known to be wrong.
FOUND = {
    "a misspelt metric in the namespace of an inline function": (
        FUNCTION % INLINE + ALARM % "Namespace: Shop, MetricName: Order",
        "E9404",
    ),
    "ten seconds for a metric that comes once a minute": (
        FUNCTION % INLINE + QUICK_ORDERS,
        "E9405",
    ),
    "fifteen seconds for a metric that nobody sees": (
        FUNCTION % IN_S3 + ORDERS.replace("60", "15"),
        "E9405",
    ),
    "HTTPS from a listener of HTTP": (BALANCER + LISTENER % (443, "HTTP"), "E9201"),
    "a way in for the office alone": (SECURED + OFFICE % "CidrIp: 10.0.0.0/8", "E9202"),
    "a public load balancer before the gateway": (NETWORK + BALANCER, "E9703"),
    "a sleep beyond the time-out": (
        FUNCTION % "{ZipFile: 'import time; time.sleep(9)'}",
        "E9301",
    ),
    "a function by the Ref of something else": (
        ALARM
        % "Namespace: AWS/Lambda, MetricName: Errors, Dimensions: [{Name: FunctionName, Value: {Ref: T}}]"
        + "  T: {Type: AWS::SNS::Topic}\n",
        "E9403",
    ),
}


def parsed(text):
    return {"Resources": yaml.safe_load(text)}


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT)
def test_what_may_work_is_not_found(find, text):
    assert find(parsed(text)) == []


@pytest.mark.parametrize(("text", "rule"), FOUND.values(), ids=FOUND)
def test_what_cannot_work_is_found(find, text, rule):
    assert [found for found, _ in find(parsed(text))] == [rule]


def test_a_function_in_a_bucket_may_publish_what_the_stack_looks_at(find, template):
    """A derived stack: with one handler in a bucket nobody can tell any more what it publishes."""
    derived = copy.deepcopy(template)
    derived["Resources"]["HealthMonitorFunction"]["Properties"]["Code"] = {
        "S3Bucket": "b",
        "S3Key": "k",
    }
    assert "E9404" not in {rule for rule, _ in find(derived)}

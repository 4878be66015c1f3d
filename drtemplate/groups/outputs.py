"""What a deployer needs afterwards: endpoints, names, and where to attach the servers."""

from troposphere import Export, Output, Sub, ec2

from drtemplate.groups.alerts import Alerts
from drtemplate.groups.database import Database
from drtemplate.groups.encryption import Encryption
from drtemplate.groups.functions import Functions
from drtemplate.groups.load_balancing import LoadBalancing
from drtemplate.groups.network import Network
from drtemplate.groups.parameters import Parameters
from drtemplate.groups.security_groups import SecurityGroups
from drtemplate.groups.state import State
from drtemplate.groups.storage import Storage
from drtemplate.template import ExistingResource, StackTemplate, bundle, stack_name, variable


@bundle
class Results:
    """The bundles that the outputs are taken from."""

    parameters: Parameters
    network: Network
    security_groups: SecurityGroups
    encryption: Encryption
    storage: Storage
    database: Database
    state: State
    sides: LoadBalancing
    alerts: Alerts
    functions: Functions


def add_outputs(template: StackTemplate, results: Results) -> None:
    """Add the author's outputs, then those that let a user attach servers."""
    for output in (
        *_network_and_endpoints(results),
        *_data(results),
        *_operation(results, template.global_name("-dr-monitoring").data["Fn::Sub"]),
        *_places_for_servers(results),
    ):
        template.add_output(output)


def _output(title: str, description: str, value: object, **more: object) -> Output:
    return Output(title, Description=description, Value=value, **more)


def _network_and_endpoints(results: Results) -> list[Output]:
    primary, standby = results.sides.primary, results.sides.standby
    cluster = results.database.cluster
    return [
        _output(
            "VPCId",
            "The VPC; exported, so that other stacks can import it",
            results.network.vpc.ref(),
            Export=Export(stack_name("-VPC")),
        ),
        _output(
            "PrimaryEndpoint",
            "Load balancer of the primary side, to look at it alone; clients call DomainName, "
            "which follows a failover",
            primary.load_balancer.get_att("DNSName"),
        ),
        _output(
            "StandbyEndpoint",
            "Load balancer of the standby side, to look at it alone; clients call DomainName, "
            "which follows a failover",
            standby.load_balancer.get_att("DNSName"),
        ),
        _output(
            "DatabaseEndpoint",
            "Where applications read and write, port 3306. Follows the writer in a failover: do "
            "not cache its address beyond the TTL of 5 seconds",
            cluster.get_att("Endpoint.Address"),
        ),
        _output(
            "DatabaseReadEndpoint",
            "Where applications only read, port 3306: the reader, or the writer while there is no "
            "reader",
            cluster.get_att("ReadEndpoint.Address"),
        ),
        _output(
            "DatabaseSecretArn",
            "Secret with the master user's password, if RDS keeps it; rotated every seven days",
            cluster.get_att("MasterUserSecret.SecretArn"),
            Condition=results.parameters.manages_password,
        ),
    ]


def _data(results: Results) -> list[Output]:
    return [
        _output(
            "SessionTableName",
            "Table for the sessions of the application: SessionId is the key, an index finds them "
            "by UserId, and an item expires at its ExpiresAt (epoch seconds)",
            results.state.sessions.ref(),
        ),
        _output(
            "FailoverStateTableName",
            'State and history of the failovers. To be read only; how: runbook, "Read the state"',
            results.state.failover.ref(),
        ),
        _output(
            "ArtifactsBucket",
            "Bucket for what is deployed to the servers; objects expire after DataRetentionDays",
            results.storage.artifacts.ref(),
        ),
        _output(
            "ConfigBucket",
            "Bucket for the configuration of the servers; objects do not expire",
            results.storage.configuration.ref(),
        ),
        _output(
            "KMSKeyId",
            "Key of database, sessions and buckets. Outlives the stack: without it what a delete "
            "keeps cannot be read",
            results.encryption.data.ref(),
        ),
        _output(
            "OperationsKeyId",
            "Key of alerts, failover state and logs. Outlives the stack, as the state table does",
            results.encryption.operations.ref(),
        ),
    ]


def _list_of(subnets: tuple[ec2.Subnet | ExistingResource, ...]) -> Sub | str:
    """The ids with commas between; nothing is left to CloudFormation if they are there already."""
    text = ",".join(map(variable, subnets))
    return Sub(text) if "${" in text else text


def _operation(results: Results, dashboard: str) -> list[Output]:
    return [
        _output(
            "AlertTopicArn",
            "Topic of all alerts; subscribe whoever else must hear them",
            results.alerts.topic.ref(),
        ),
        _output(
            "DashboardURL",
            "Dashboard of database, targets and automation; open it in the console",
            Sub(
                "https://console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}"
                f"#dashboards:name={dashboard}"
            ),
        ),
        _output(
            "FailoverFunctionArn",
            'The orchestrator. How to invoke it by hand: runbook, "Read the state", "Planned '
            'failover" and "Fail back"',
            results.functions.orchestrator.get_att("Arn"),
        ),
        _output(
            "HealthMonitorFunctionArn",
            "The health monitor, started every minute. Not to be invoked by hand; its log says "
            "what it saw",
            results.functions.monitors[0].get_att("Arn"),
        ),
    ]


def _places_for_servers(results: Results) -> list[Output]:
    primary, standby = results.sides.primary, results.sides.standby
    return [
        _output(
            "PrimaryTargetGroupArn",
            "Register the servers of the primary side here: port 80, GET /health answers 200",
            primary.target_group.ref(),
        ),
        _output(
            "StandbyTargetGroupArn",
            "Register the servers of the standby side here: port 80, GET /health answers 200",
            standby.target_group.ref(),
        ),
        _output(
            "ApplicationSubnetIds",
            "Put the servers into these subnets, one in each zone",
            _list_of(results.network.private_subnets),
        ),
        _output(
            "ApplicationSecurityGroupId",
            "Give the servers this group: the load balancers reach it, and it reaches the database",
            results.security_groups.application.ref(),
        ),
    ]

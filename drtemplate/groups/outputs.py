"""What a deployer needs afterwards: endpoints, names, and where to attach the servers."""

from troposphere import Export, Output, Sub

from drtemplate.groups.alerts import Alerts
from drtemplate.groups.database import Database
from drtemplate.groups.encryption import Encryption
from drtemplate.groups.functions import Functions
from drtemplate.groups.load_balancing import LoadBalancing
from drtemplate.groups.network import Network
from drtemplate.groups.security_groups import SecurityGroups
from drtemplate.groups.state import State
from drtemplate.groups.storage import Storage
from drtemplate.template import StackTemplate, bundle, stack_name, variable


@bundle
class Results:
    """The bundles that the outputs are taken from."""

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
    template.add_output(
        Output("VPCId", Value=results.network.vpc.ref(), Export=Export(stack_name("-VPC")))
    )
    values = {**_authors_values(results), **_values_for_servers(results)}
    for title, value in values.items():
        template.add_output(Output(title, Value=value))


def _authors_values(results: Results) -> dict[str, object]:
    sides, cluster = results.sides, results.database.cluster
    return {
        "PrimaryEndpoint": sides.primary.load_balancer.get_att("DNSName"),
        "StandbyEndpoint": sides.standby.load_balancer.get_att("DNSName"),
        "DatabaseEndpoint": cluster.get_att("Endpoint.Address"),
        "DatabaseReadEndpoint": cluster.get_att("ReadEndpoint.Address"),
        "SessionTableName": results.state.sessions.ref(),
        "FailoverStateTableName": results.state.failover.ref(),
        "ArtifactsBucket": results.storage.artifacts.ref(),
        "ConfigBucket": results.storage.configuration.ref(),
        "AlertTopicArn": results.alerts.topic.ref(),
        "DashboardURL": Sub(
            "https://console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}"
            "#dashboards:name=${AWS::StackName}-dr-monitoring"
        ),
        "KMSKeyId": results.encryption.key.ref(),
        "FailoverFunctionArn": results.functions.orchestrator.get_att("Arn"),
        "HealthMonitorFunctionArn": results.functions.monitor.get_att("Arn"),
    }


def _values_for_servers(results: Results) -> dict[str, object]:
    return {
        "PrimaryTargetGroupArn": results.sides.primary.target_group.ref(),
        "StandbyTargetGroupArn": results.sides.standby.target_group.ref(),
        "ApplicationSubnetIds": Sub(",".join(map(variable, results.network.private_subnets))),
        "ApplicationSecurityGroupId": results.security_groups.application.ref(),
    }

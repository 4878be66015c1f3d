"""The stack's table of contents: every group, in the order in which a reader meets it."""

from drtemplate.groups.alerts import Alerts, add_alerts
from drtemplate.groups.backups import add_backups
from drtemplate.groups.chats import add_chats
from drtemplate.groups.configuration import add_configuration
from drtemplate.groups.dashboard import add_dashboard
from drtemplate.groups.database import Database, add_database
from drtemplate.groups.dns import Dns, add_dns
from drtemplate.groups.encryption import Encryption, add_encryption
from drtemplate.groups.endpoints import add_endpoints
from drtemplate.groups.functions import Functions, add_functions
from drtemplate.groups.incidents import add_incident_query
from drtemplate.groups.key_loss import add_key_loss
from drtemplate.groups.load_balancing import LoadBalancing, add_load_balancing
from drtemplate.groups.monitoring import add_monitoring
from drtemplate.groups.network import Network, add_network
from drtemplate.groups.orchestration import add_orchestration
from drtemplate.groups.outputs import Results, add_outputs
from drtemplate.groups.parameters import Parameters, add_parameters
from drtemplate.groups.permissions import Dependencies
from drtemplate.groups.records import LogBucket, add_records, bucket_logging
from drtemplate.groups.security_groups import SecurityGroups, add_security_groups
from drtemplate.groups.state import State, add_state
from drtemplate.groups.storage import Storage, add_storage
from drtemplate.settings import Settings
from drtemplate.template import StackTemplate, bundle

DESCRIPTION = (
    "Active-passive disaster recovery in one region: two load balancers behind Route 53 failover, "
    "Aurora MySQL with a writer and {readers} in two zones, and functions that watch both, fail "
    "over, record it and tell people. Survives the loss of a server, a database instance or a "
    "zone, not of the region. Has no servers of its own: attach yours to the target groups in the "
    "outputs. On call: docs/runbook.md."
)


@bundle
class Foundation:
    """What all else stands in: what a user gives, the network, the keys, where logs go."""

    parameters: Parameters
    network: Network
    security_groups: SecurityGroups
    encryption: Encryption
    logs: LogBucket | None


@bundle
class Traffic:
    """How clients come in: two sides of load balancing, and DNS failover between them."""

    sides: LoadBalancing
    dns: Dns


@bundle
class DataTier:
    """What must not be lost."""

    storage: Storage
    database: Database
    state: State


def build(settings: Settings) -> StackTemplate:
    """Build the whole stack. Pure: the same settings and handlers give the same template.

    Raises:
        BuildError: a group is not what CloudFormation knows; the message names it.
        HandlerError: a handler cannot become inline code.
    """
    template = StackTemplate(DESCRIPTION.format(readers=_readers(settings)), settings.names)
    if settings.zones:
        # Zones by name are a choice here, where cfn-lint would warn. What a template ignores stands in
        # place of what .cfnlintrc does, so that this is repeated.
        template.set_metadata({"cfn-lint": {"config": {"ignore_checks": ["W1011", "W3010"]}}})
    base = _foundation(template, settings)
    traffic = _traffic(template, base, settings)
    data = _data_tier(template, base, traffic, settings)
    alerts = _alerting(template, base, data, settings)
    functions = _automation(template, base, traffic, data, alerts, settings)
    with template.group("Outputs"):
        add_outputs(
            template,
            Results(
                parameters=base.parameters,
                network=base.network,
                security_groups=base.security_groups,
                encryption=base.encryption,
                storage=data.storage,
                database=data.database,
                state=data.state,
                sides=traffic.sides,
                alerts=alerts,
                functions=functions,
            ),
        )
    return template


def _readers(settings: Settings) -> str:
    count = settings.database.readers
    return "a reader" if count == 1 else f"{count} readers"


def _foundation(template: StackTemplate, settings: Settings) -> Foundation:
    group = template.group
    with group("Parameters"):
        parameters = add_parameters(template, settings.protection)
    with group("Network", "one VPC, three tiers of subnets in two zones, a way out of each zone"):
        network = add_network(template, settings)
    with group(
        "Security groups",
        "clients reach load balancers, these reach servers, servers reach the database",
    ):
        security_groups = add_security_groups(template, network, settings)
    with group("Endpoints", "S3 and DynamoDB without the internet"):
        if network.private_route_tables:
            add_endpoints(template, network)
    with group("Encryption", "a key for data, another for alerts, failover state and logs"):
        backups = settings.protection.backups
        encryption = add_encryption(
            template,
            settings.protection.key_deletion_role,
            settings.existing.key,
            backups.copy_to if backups else "",
        )
    with group("Records", "logs of network, load balancers and buckets; for a setting only"):
        logs = add_records(template, network, settings.records, settings.existing.log_bucket)
    return Foundation(
        parameters=parameters,
        network=network,
        security_groups=security_groups,
        encryption=encryption,
        logs=logs,
    )


def _traffic(template: StackTemplate, base: Foundation, settings: Settings) -> Traffic:
    group = template.group
    with group("Load balancing", "a primary and a standby side; the user attaches servers"):
        sides = add_load_balancing(
            template, base.parameters, base.network, base.security_groups, base.logs, settings
        )
    with group("DNS", "a health check a side, and the failover records that clients resolve"):
        failures = settings.automation.health_check_failures
        dns = add_dns(template, base.parameters, sides, failures)
    return Traffic(sides=sides, dns=dns)


def _data_tier(
    template: StackTemplate, base: Foundation, traffic: Traffic, settings: Settings
) -> DataTier:
    group = template.group
    parameters, encryption, dns = base.parameters, base.encryption, traffic.dns
    with group(
        "Storage",
        "what is deployed and how it is configured; private, versioned, encrypted, TLS only",
    ):
        logging = bucket_logging(base.logs)
        storage = add_storage(template, parameters, encryption, settings.protection, **logging)
    with group(
        "Database",
        f"Aurora MySQL, a writer and {_readers(settings)} in two zones, on shared storage",
    ):
        database = add_database(
            template, parameters, base.network, base.security_groups, encryption, dns, settings
        )
    with group("State", "user sessions, and the state of the failover"):
        state = add_state(template, parameters, encryption, dns)
    return DataTier(storage=storage, database=database, state=state)


def _alerting(
    template: StackTemplate, base: Foundation, data: DataTier, settings: Settings
) -> Alerts:
    group = template.group
    parameters, encryption, endpoints = base.parameters, base.encryption, settings.alert_endpoints
    with group("Alerts", "where people are told"):
        alerts = add_alerts(template, parameters, encryption, endpoints)
    with group("Key loss", "where people are told that a key is lost, and the alerts with it"):
        key_loss = add_key_loss(template, parameters, encryption, endpoints)
    with group("Backups", "AWS Backup, with a copy elsewhere; for a setting only"):
        add_backups(
            template,
            encryption,
            data.database,
            data.state,
            data.storage,
            alerts,
            settings.protection.backups,
            settings.roles,
        )
    with group("Chats", "channels that hear both topics; for a setting only"):
        add_chats(template, (alerts.topic, key_loss.topic), endpoints, settings.roles)
    return alerts


def _automation(
    template: StackTemplate,
    base: Foundation,
    traffic: Traffic,
    data: DataTier,
    alerts: Alerts,
    settings: Settings,
) -> Functions:
    group = template.group
    parameters, sides, database = base.parameters, traffic.sides, data.database
    with group("Configuration", "what operators and applications read in Parameter Store"):
        configuration = add_configuration(
            template, parameters, sides, database, settings.automation
        )
    with group("Functions", "two observers and the actor; their code is that of handlers/"):
        functions = add_functions(
            template,
            settings,
            Dependencies(
                parameters=parameters,
                network=base.network,
                security_groups=base.security_groups,
                encryption=base.encryption,
                database=database,
                state=data.state,
                sides=sides,
                dns=traffic.dns,
                alerts=alerts,
                configuration=configuration,
            ),
        )
    with group("Orchestration", "what starts the functions"):
        add_orchestration(template, functions, database, configuration, alerts)
    with group(
        "Monitoring",
        "what tells people, and what starts the automation without the observers",
    ):
        add_monitoring(template, database, sides, alerts, functions, settings.automation)
        add_dashboard(template, database, sides.primary, parameters)
        add_incident_query(template, functions)
    return functions

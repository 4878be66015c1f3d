"""The stack's table of contents: every group, in the order in which a reader meets it."""

from drtemplate.groups.alerts import add_alerts
from drtemplate.groups.backups import add_backups
from drtemplate.groups.chats import add_chats
from drtemplate.groups.configuration import add_configuration
from drtemplate.groups.dashboard import add_dashboard
from drtemplate.groups.database import add_database
from drtemplate.groups.dns import add_dns
from drtemplate.groups.encryption import add_encryption
from drtemplate.groups.endpoints import add_endpoints
from drtemplate.groups.functions import add_functions
from drtemplate.groups.incidents import add_incident_query
from drtemplate.groups.key_loss import add_key_loss
from drtemplate.groups.load_balancing import add_load_balancing
from drtemplate.groups.monitoring import add_monitoring
from drtemplate.groups.network import add_network
from drtemplate.groups.orchestration import add_orchestration
from drtemplate.groups.outputs import Results, add_outputs
from drtemplate.groups.parameters import add_parameters
from drtemplate.groups.permissions import Dependencies
from drtemplate.groups.records import add_records, bucket_logging
from drtemplate.groups.security_groups import add_security_groups
from drtemplate.groups.state import add_state
from drtemplate.groups.storage import add_storage
from drtemplate.settings import Settings
from drtemplate.template import StackTemplate

DESCRIPTION = (
    "Active-passive disaster recovery in one region: two load balancers behind Route 53 failover, "
    "Aurora MySQL with a writer and {readers} in two zones, and functions that watch both, fail "
    "over, record it and tell people. Survives the loss of a server, a database instance or a "
    "zone, not of the region. Has no servers of its own: attach yours to the target groups in the "
    "outputs. On call: docs/runbook.md."
)


def build(settings: Settings) -> StackTemplate:
    """Build the whole stack. Pure: the same settings and handlers give the same template.

    Raises:
        BuildError: a group is not what CloudFormation knows; the message names it.
        HandlerError: a handler cannot become inline code.
    """
    count = settings.database.readers
    readers = "a reader" if count == 1 else f"{count} readers"
    template = StackTemplate(DESCRIPTION.format(readers=readers), settings.names)
    group = template.group
    if settings.zones:
        # Zones by name are a choice here, where cfn-lint would warn. What a template ignores stands in
        # place of what .cfnlintrc does, so that this is repeated.
        template.set_metadata({"cfn-lint": {"config": {"ignore_checks": ["W1011", "W3010"]}}})
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
    with group("Load balancing", "a primary and a standby side; the user attaches servers"):
        sides = add_load_balancing(
            template,
            parameters,
            network,
            security_groups,
            logs,
            settings,
        )
    with group("DNS", "a health check a side, and the failover records that clients resolve"):
        dns = add_dns(template, parameters, sides, settings.automation.health_check_failures)
    with group(
        "Storage",
        "what is deployed and how it is configured; private, versioned, encrypted, TLS only",
    ):
        storage = add_storage(
            template,
            parameters,
            encryption,
            settings.protection,
            **bucket_logging(logs),
        )
    with group("Database", f"Aurora MySQL, a writer and {readers} in two zones, on shared storage"):
        database = add_database(
            template, parameters, network, security_groups, encryption, dns, settings
        )
    with group("State", "user sessions, and the state of the failover"):
        state = add_state(template, parameters, encryption, dns)
    with group("Alerts", "where people are told"):
        alerts = add_alerts(template, parameters, encryption, settings.alert_endpoints)
    with group("Key loss", "where people are told that a key is lost, and the alerts with it"):
        key_loss = add_key_loss(template, parameters, encryption, settings.alert_endpoints)
    with group("Backups", "AWS Backup, with a copy elsewhere; for a setting only"):
        add_backups(
            template,
            encryption,
            database,
            state,
            storage,
            alerts,
            backups,
            settings.roles,
        )
    with group("Chats", "channels that hear both topics; for a setting only"):
        add_chats(
            template, (alerts.topic, key_loss.topic), settings.alert_endpoints, settings.roles
        )
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
                network=network,
                security_groups=security_groups,
                encryption=encryption,
                database=database,
                state=state,
                sides=sides,
                dns=dns,
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
    with group("Outputs"):
        add_outputs(
            template,
            Results(
                parameters=parameters,
                network=network,
                security_groups=security_groups,
                encryption=encryption,
                storage=storage,
                database=database,
                state=state,
                sides=sides,
                alerts=alerts,
                functions=functions,
            ),
        )
    return template

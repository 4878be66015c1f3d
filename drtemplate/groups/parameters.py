"""What a deployer chooses: what the console shows of it, and which values the template refuses.

A constraint's description ends the console's sentence "Parameter X ..." when a value is refused.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from troposphere import Equals, Not, Parameter, Ref

from drtemplate.controls import LONGEST, Protection
from drtemplate.groups.handlers import ARMING
from drtemplate.template import StackTemplate, bundle

# RDS takes 8 to 41 printable ASCII characters except / " and @; a blank would not survive a shell.
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html
PASSWORD_PATTERN = r"^$|^[!#-.0-?A-~]{8,41}$"
DOMAIN_PATTERN = r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$"
# A certificate's common name has at most 64 characters.
# https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
CERTIFICATE_NAME_LENGTH = 64
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html
LONGEST_BACKTRACK = 259_200  # seconds: 72 hours
# The groups in which the console shows the parameters.
CLIENTS, OPERATION, DATABASE = "Where clients find it", "How it is operated", "Database"


@bundle
class Parameters:
    """The stack's parameters, and the conditions that follow from them.

    There is no name of a master user where a snapshot has it.
    """

    environment: Parameter
    domain_name: Parameter
    hosted_zone_id: Parameter
    db_master_username: Parameter | None
    db_master_password: Parameter
    alert_email: Parameter
    data_retention_days: Parameter
    backtrack_window: Parameter
    auto_failover: Parameter
    is_production: str
    has_password: str
    manages_password: str


def add_parameters(template: StackTemplate, protection: Protection) -> Parameters:
    """Add the parameters, and the conditions that follow from them."""
    domain_name, hosted_zone_id = _add_client_parameters(template)
    environment, auto_failover = _add_mode_parameters(template)
    alert_email, retention = _add_record_parameters(template, protection)
    username = None if protection.snapshot else _add_username(template)
    password, backtrack_window = _add_database_parameters(template, protection)
    production = Equals(Ref(environment), "Production")
    return Parameters(
        environment=environment,
        auto_failover=auto_failover,
        domain_name=domain_name,
        hosted_zone_id=hosted_zone_id,
        db_master_username=username,
        db_master_password=password,
        backtrack_window=backtrack_window,
        alert_email=alert_email,
        data_retention_days=retention,
        is_production=template.add_condition("IsProduction", production),
        has_password=template.add_condition("HasPassword", Not(Equals(Ref(password), ""))),
        manages_password=template.add_condition("ManagesPassword", Equals(Ref(password), "")),
    )


def _add_parameter(
    template: StackTemplate,
    title: str,
    value_type: str,
    *,
    group: str,
    label: str,
    description: str,
    constraint: str,
    **properties: object,
) -> Parameter:
    """Add a parameter with everything that the console shows of it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudformation-interface.html
    """
    parameter = template.add_parameter(
        Parameter(
            title,
            Type=value_type,
            Description=description,
            **properties,
            ConstraintDescription=constraint,
        )
    )
    template.add_parameter_to_group(parameter, group)
    template.set_parameter_label(parameter, label)
    return parameter


def _add_client_parameters(template: StackTemplate) -> tuple[Parameter, Parameter]:
    domain_name = _add_parameter(
        template,
        "DomainName",
        "String",
        group=CLIENTS,
        label="Name that clients call",
        description=(
            "The name that clients call, such as pay.example.com. The stack gets a certificate for "
            "it and makes its failover records."
        ),
        constraint=(
            "must be a domain name in lower case, such as pay.example.com, of at most 64 "
            "characters, without a dot at the end"
        ),
        AllowedPattern=DOMAIN_PATTERN,
        MaxLength=CERTIFICATE_NAME_LENGTH,
    )
    hosted_zone_id = _add_parameter(
        template,
        "HostedZoneId",
        "String",
        group=CLIENTS,
        label="Hosted zone of that name",
        description=(
            "Id of the public Route 53 hosted zone that holds the name. The certificate is "
            "validated through it."
        ),
        constraint=(
            "must be the id of a hosted zone: a Z, then up to 31 capital letters and digits, "
            "without /hostedzone/ before it"
        ),
        AllowedPattern="^Z[A-Z0-9]{1,31}$",
    )
    return domain_name, hosted_zone_id


def _add_mode_parameters(template: StackTemplate) -> tuple[Parameter, Parameter]:
    environment = _add_parameter(
        template,
        "Environment",
        "String",
        group=OPERATION,
        label="Environment",
        description=(
            "Production protects the cluster and the tables from deletion. The rollback of a first "
            "deployment would stop at that protection: deploy as Staging first, then as Production."
        ),
        constraint="must be Production or Staging",
        Default="Production",
        AllowedValues=["Production", "Staging"],
    )
    auto_failover = _add_parameter(
        template,
        "AutoFailover",
        "String",
        group=OPERATION,
        label="Automatic failover",
        description=(
            "What the automation may do by itself. ON: fail over. DRY_RUN: decide and record, and "
            "change nothing. OFF: nothing. A failover by hand works with all three."
        ),
        constraint="must be ON, DRY_RUN or OFF",
        Default="ON",
        AllowedValues=list(ARMING),
    )
    return environment, auto_failover


def _add_record_parameters(
    template: StackTemplate, protection: Protection
) -> tuple[Parameter, Parameter]:
    alert_email = _add_parameter(
        template,
        "AlertEmail",
        "String",
        group=OPERATION,
        label="Address that gets the alerts",
        description=(
            "E-mail address that gets every alert. AWS sends it a link first, and no alert arrives "
            "before somebody has followed it."
        ),
        constraint="must be one e-mail address, such as oncall@example.com",
        AllowedPattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
    )
    # The lock has a limit, expiry has none that counts.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html
    most = {"MaxValue": LONGEST} if protection.object_lock else {}
    top = f", at most {LONGEST}" if most else ""
    retention = _add_parameter(
        template,
        "DataRetentionDays",
        "Number",
        group=OPERATION,
        label="Retention (days)",
        description=(
            "Days after which artifacts and the records of failovers expire; an artifact that was "
            "overwritten or has expired is kept as long again. 2555 days are seven years. Whatever is "
            "older when you make it shorter is deleted within days, for good."
        ),
        constraint=f"must be a whole number of days, {protection.retention_floor_days} or more{top}",
        Default=protection.retention_days,
        MinValue=protection.retention_floor_days,
        **most,
    )
    return alert_email, retention


def _add_username(template: StackTemplate) -> Parameter:
    return _add_parameter(
        template,
        "DBMasterUsername",
        "String",
        group=DATABASE,
        label="Name of the master user",
        description="Name of the database's master user. It cannot be changed afterwards.",
        constraint="must be 1 to 16 letters and digits, a letter first, and not rdsadmin, which is RDS's own",
        Default="admin",
        NoEcho=False,
        # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Security.html
        AllowedPattern="^(?!(?i:rdsadmin)$)[A-Za-z][A-Za-z0-9]{0,15}$",
    )


def _add_database_parameters(
    template: StackTemplate, protection: Protection
) -> tuple[Parameter, Parameter]:
    given = (
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-rds-dbcluster.html
        "With a password here the snapshot's own stays as it was, and this one is not used."
        if protection.snapshot
        else "A password that you give is yours to keep and rotate."
    )
    password = _add_parameter(
        template,
        "DBMasterPassword",
        "String",
        group=DATABASE,
        label="Password of the master user",
        description=(
            "Leave it empty, and RDS makes a password, keeps it in Secrets Manager under the "
            f"stack's key, and rotates it every seven days. {given}"
        ),
        constraint=(
            "must be empty, or 8 to 41 printable ASCII characters other than blank, slash, double "
            "quote and at sign"
        ),
        Default="",
        NoEcho=True,
        AllowedPattern=PASSWORD_PATTERN,
    )
    backtrack_window = _add_parameter(
        template,
        "BacktrackWindow",
        "Number",
        group=DATABASE,
        label="Backtrack window (seconds)",
        description=(
            "How far back the cluster can be rewound, in seconds; 259200 are 72 hours. 0 leaves "
            "backtrack off, for regions that do not offer it; it cannot be turned on later."
        ),
        constraint="must be a whole number of seconds from 0 to 259200",
        Default=LONGEST_BACKTRACK,
        MinValue=0,
        MaxValue=LONGEST_BACKTRACK,
    )
    return password, backtrack_window

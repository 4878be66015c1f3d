"""What a deployer chooses, with patterns that let the template itself refuse a typo early."""

from troposphere import Equals, Not, Parameter, Ref

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


@bundle
class Parameters:
    """The stack's parameters, and the conditions that follow from them."""

    environment: Parameter
    domain_name: Parameter
    hosted_zone_id: Parameter
    db_master_username: Parameter
    db_master_password: Parameter
    alert_email: Parameter
    data_retention_days: Parameter
    backtrack_window: Parameter
    auto_failover: Parameter
    is_production: str
    has_password: str


def add_parameters(template: StackTemplate) -> Parameters:
    """Add the parameters, and the conditions that follow from them."""
    added = {parameter.title: template.add_parameter(parameter) for parameter in _parameters()}
    environment, password = added["Environment"], added["DBMasterPassword"]
    production = Equals(Ref(environment), "Production")
    return Parameters(
        environment=environment,
        auto_failover=added["AutoFailover"],
        domain_name=added["DomainName"],
        hosted_zone_id=added["HostedZoneId"],
        db_master_username=added["DBMasterUsername"],
        db_master_password=password,
        backtrack_window=added["BacktrackWindow"],
        alert_email=added["AlertEmail"],
        data_retention_days=added["DataRetentionDays"],
        is_production=template.add_condition("IsProduction", production),
        has_password=template.add_condition("HasPassword", Not(Equals(Ref(password), ""))),
    )


def _parameters() -> list[Parameter]:
    """All of them; every byte of a description counts, so the README says the rest."""
    return [
        Parameter(
            "Environment",
            Type="String",
            Default="Production",
            AllowedValues=["Production", "Staging"],
        ),
        Parameter(
            "AutoFailover",
            Type="String",
            Default="ON",
            AllowedValues=["ON", "DRY_RUN", "OFF"],
        ),
        Parameter(
            "DomainName",
            Type="String",
            AllowedPattern=DOMAIN_PATTERN,
            MaxLength=CERTIFICATE_NAME_LENGTH,
        ),
        Parameter("HostedZoneId", Type="String", AllowedPattern="^Z[A-Z0-9]{1,31}$"),
        Parameter(
            "DBMasterUsername",
            Type="String",
            Default="admin",
            NoEcho=False,
            AllowedPattern="^[A-Za-z][A-Za-z0-9]{0,15}$",
        ),
        Parameter(
            "DBMasterPassword",
            Type="String",
            Default="",
            NoEcho=True,
            AllowedPattern=PASSWORD_PATTERN,
        ),
        Parameter(
            "BacktrackWindow",
            Type="Number",
            Default=LONGEST_BACKTRACK,
            MinValue=0,
            MaxValue=LONGEST_BACKTRACK,
        ),
        Parameter("AlertEmail", Type="String", AllowedPattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$"),
        Parameter("DataRetentionDays", Type="Number", Default=2555, MinValue=1),
    ]

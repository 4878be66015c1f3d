"""What a deployer chooses, with patterns that let the template itself refuse a typo early."""

from troposphere import Equals, Not, Parameter, Ref

from drtemplate.template import StackTemplate, bundle

# RDS takes 8 to 41 printable ASCII characters except / " and @; a blank would not survive a shell.
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html
PASSWORD_PATTERN = r"^$|^[!#-.0-?A-~]{8,41}$"
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
    is_production: str
    has_password: str


def add_parameters(template: StackTemplate) -> Parameters:
    """Add the parameters, grouped for the console, and the conditions."""
    domain = _add_domain(template)
    database = _add_database(template)
    operation = _add_operation(template)
    environment, password = operation["environment"], database["db_master_password"]
    return Parameters(
        **domain,
        **database,
        **operation,
        is_production=template.add_condition(
            "IsProduction", Equals(Ref(environment), "Production")
        ),
        has_password=template.add_condition("HasPassword", Not(Equals(Ref(password), ""))),
    )


def _add_operation(template: StackTemplate) -> dict[str, Parameter]:
    return {
        "environment": _add(
            template,
            "Operation",
            Parameter(
                "Environment",
                Description="Production turns deletion protection on",
                Type="String",
                Default="Production",
                AllowedValues=["Production", "Staging"],
            ),
        ),
        "alert_email": _add(
            template,
            "Operation",
            Parameter(
                "AlertEmail",
                Description="Gets the alerts, once it has confirmed the subscription",
                Type="String",
                AllowedPattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
            ),
        ),
        "data_retention_days": _add(
            template,
            "Operation",
            Parameter(
                "DataRetentionDays",
                Description="Days to keep artifacts, old versions included",
                Type="Number",
                Default=2555,
                MinValue=1,
            ),
        ),
    }


def _add_domain(template: StackTemplate) -> dict[str, Parameter]:
    return {
        "domain_name": _add(
            template,
            "Domain",
            Parameter(
                "DomainName",
                Description="Name that clients call, inside the hosted zone",
                Type="String",
                AllowedPattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$",
                MaxLength=CERTIFICATE_NAME_LENGTH,
            ),
        ),
        "hosted_zone_id": _add(
            template,
            "Domain",
            Parameter(
                "HostedZoneId",
                Description="Public zone for the records and the certificate's validation",
                Type="String",
                AllowedPattern="^Z[A-Z0-9]{1,31}$",
            ),
        ),
    }


def _add_database(template: StackTemplate) -> dict[str, Parameter]:
    return {
        "db_master_username": _add(
            template,
            "Database",
            Parameter(
                "DBMasterUsername",
                Type="String",
                Default="admin",
                NoEcho=False,
                AllowedPattern="^[A-Za-z][A-Za-z0-9]{0,15}$",
            ),
        ),
        "db_master_password": _add(
            template,
            "Database",
            Parameter(
                "DBMasterPassword",
                Description="Empty lets RDS keep and rotate it in Secrets Manager",
                Type="String",
                Default="",
                NoEcho=True,
                AllowedPattern=PASSWORD_PATTERN,
                ConstraintDescription='8 to 41 printable characters, no blank / " or @',
            ),
        ),
        "backtrack_window": _add(
            template,
            "Database",
            Parameter(
                "BacktrackWindow",
                Description="Seconds; 0 in regions without backtrack. Only a new cluster can turn it on",
                Type="Number",
                Default=LONGEST_BACKTRACK,
                MinValue=0,
                MaxValue=LONGEST_BACKTRACK,
            ),
        ),
    }


def _add(template: StackTemplate, group: str, parameter: Parameter) -> Parameter:
    template.add_parameter_to_group(parameter, group)
    return template.add_parameter(parameter)

"""What a user gives: a name for the stack, and the parameters that have no default."""

from account import Account

STACK = "payments-dr"


def least(aws: Account) -> dict[str, str]:
    """The parameters without a default; the zone is made."""
    return {
        "DomainName": "pay.example.com",
        "HostedZoneId": aws.hosted_zone("example.com"),
        "AlertEmail": "oncall@example.com",
    }

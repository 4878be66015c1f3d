"""The account that the tests share, with the default template deployed once."""

from collections.abc import Iterator

import pytest
from account import Account, account

STACK = "payments-dr"


@pytest.fixture(scope="package")
def aws() -> Iterator[Account]:
    with account() as made:
        yield made


@pytest.fixture(scope="package")
def parameters(aws: Account) -> dict[str, str]:
    """What a user has to give."""
    return {
        "DomainName": "pay.example.com",
        "HostedZoneId": aws.hosted_zone("example.com"),
        "AlertEmail": "oncall@example.com",
    }


@pytest.fixture(scope="package")
def deployed(aws: Account, parameters: dict[str, str]) -> tuple[Account, str]:
    """The account and the name of the stack, deployed with the defaults."""
    done = aws.deploy(STACK, parameters)
    assert done.returncode == 0, done.stdout + done.stderr
    return aws, STACK

"""The account that the tests share, the default template deployed once, and the figures."""

import subprocess
import time
from collections.abc import Iterator

import pytest
from account import AWS, PATIENT, Account, account
from given import STACK, least
from services import Deployed

from drtemplate.deploying import account as deploying

FIGURES: list[str] = []


@pytest.fixture(scope="session")
def figures() -> list[str]:
    """Lines that the run prints at its end."""
    return FIGURES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures."""
    if FIGURES:
        terminalreporter.section("end to end", sep="-")
        for line in FIGURES:
            terminalreporter.line(line)


@pytest.fixture(scope="session", autouse=True)
def one_client(figures: list[str]) -> Iterator[None]:
    """What deploys runs the same AWS CLI as the tests do."""
    told = subprocess.run([AWS, "--version"], capture_output=True, text=True, check=True).stdout
    figures.append(told.partition(" ")[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("drtemplate.deploying.preparation.find_aws", lambda: AWS)
        # The emulator makes the whole stack before it answers, which no clock of ours may cut short.
        patch.setattr(deploying, "_CONFIG", deploying._CONFIG.merge(PATIENT))
        yield


@pytest.fixture(scope="package")
def aws() -> Iterator[Account]:
    with account() as made:
        yield made


@pytest.fixture(scope="module")
def own(request: pytest.FixtureRequest) -> Iterator[Account]:
    """An account of the module's own, in its ``REGION`` if it names one."""
    with account(getattr(request.module, "REGION", "us-east-1")) as made:
        yield made


@pytest.fixture(scope="package")
def parameters(aws: Account) -> dict[str, str]:
    """What a user has to give."""
    return least(aws)


@pytest.fixture(scope="package")
def pristine(figures: list[str]) -> Iterator[Deployed]:
    """The default template, deployed in an account of its own, to be looked at only."""
    with account() as own:
        given = least(own)
        begun = time.perf_counter()
        done = own.deploy(STACK, given)
        figures.append(f"aws cloudformation deploy: {time.perf_counter() - begun:.1f} s")
        assert done.returncode == 0, done.stdout + done.stderr
        yield Deployed(own, STACK, given)

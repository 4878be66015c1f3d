"""When something counts as bad, and how long it is waited for."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from drtemplate.choices import STRICT, Choice, check


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    """When something counts as bad, and how long it is waited for.

    Raises:
        SettingsError: a value is out of range.
    """

    __pydantic_config__: ClassVar = STRICT

    rto_seconds: Annotated[
        int,
        Choice(
            meaning="a run that takes longer raises -slow-failover",
            unit="seconds",
            least=1,
            most=3600,
        ),
    ] = 30
    rpo_seconds: Annotated[
        int,
        Choice(
            meaning="a reader that is further behind raises -replication-lag",
            unit="seconds",
            least=1,
            most=3600,
        ),
    ] = 1
    connections: Annotated[
        int,
        Choice(
            meaning="more connections on average raise -db-connections",
            unit="connections",
            least=1,
            most=16_000,
        ),
    ] = 80
    probe_interval_seconds: Annotated[
        int,
        Choice(meaning="between two looks of an observer", unit="seconds", least=1, most=10),
    ] = 5
    consecutive_failures: Annotated[
        int,
        Choice(
            meaning="missed probes in a row until the writer counts as dead",
            unit="probes",
            least=1,
            most=5,
        ),
    ] = 2
    database_grace_seconds: Annotated[
        int,
        Choice(
            meaning="left to Aurora when only the writer is dead", unit="seconds", least=0, most=45
        ),
    ] = 20
    application_grace_seconds: Annotated[
        int,
        Choice(
            meaning="left to the targets when only they are dead", unit="seconds", least=0, most=45
        ),
    ] = 30
    cooldown_seconds: Annotated[
        int,
        Choice(
            meaning="after a move, per component, until the automation moves it again",
            unit="seconds",
            least=0,
            most=86_400,
        ),
    ] = 3600
    # https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
    health_check_failures: Annotated[
        int,
        Choice(
            meaning="health checks of Route 53, 10 seconds apart, until a side counts as bad or good",
            unit="checks",
            least=1,
            most=10,
        ),
    ] = 2
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
    target_interval_seconds: Annotated[
        int,
        Choice(
            meaning="between two health checks of a server",
            unit="seconds",
            least=5,
            most=300,
        ),
    ] = 5
    target_failures: Annotated[
        int,
        Choice(
            meaning="health checks in a row until a server counts as bad or good",
            unit="checks",
            least=2,
            most=10,
        ),
    ] = 2

    def __post_init__(self) -> None:
        check(self)

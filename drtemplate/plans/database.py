"""The cluster, its instances, and when they are maintained."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from drtemplate.choices import STRICT, Choice, check
from drtemplate.plans.network import ZONES

# The cluster's hour, half an hour for each instance an hour apart: nothing meets anything else.
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY, _WEEK = 24 * 60, 7 * 24 * 60  # minutes
_STANDBY, _PRIMARY, _APART = 90, 150, 60  # minutes behind the cluster's begin
MOST_READERS = (
    15  # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.html
)
LOWEST_TIER = 15
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_DatabaseInsights.Engines.html
_WITHOUT_INSIGHTS = ("db.t2.", "db.t3.", "db.t4g.micro", "db.t4g.small")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabasePlan:
    """The cluster, its instances and its times.

    Raises:
        SettingsError: a value is out of range, or two windows meet.
    """

    __pydantic_config__: ClassVar = STRICT

    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.DBInstanceClass.html
    instance_class: Annotated[
        str,
        Choice(
            meaning="of the writer and of every reader, so that each of them can be promoted",
            pattern=re.compile(r"db\.(r|t|x)[0-9a-z]{1,6}\.[0-9]{0,2}[a-z]{5,6}"),
            wanted="an instance class of Aurora MySQL, such as db.r6g.large",
        ),
    ] = "db.r6g.xlarge"
    readers: Annotated[
        int,
        Choice(
            meaning="instances beside the writer; any of them may be promoted",
            unit="instances",
            least=1,
            most=MOST_READERS,
        ),
    ] = 1
    reader_zones: Annotated[
        tuple[int, ...],
        Choice(
            meaning="the zone of each reader, 1 or 2; empty: the second zone first, then in turns",
            least=1,
            most=ZONES,
            many=True,
        ),
    ] = ()
    reader_tiers: Annotated[
        tuple[int, ...],
        Choice(
            meaning="the promotion tier of each reader, the lowest is promoted first; empty: 1, 2, 3...",
            least=0,
            most=LOWEST_TIER,
            many=True,
        ),
    ] = ()
    # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html
    backup_retention_days: Annotated[
        int,
        Choice(
            meaning="how far back the cluster can be restored to any second",
            unit="days",
            least=1,
            most=35,
        ),
    ] = 35
    backup_window: Annotated[
        str,
        Choice(
            meaning="when the daily backup may begin, UTC; half an hour at least",
            pattern=re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d"),
            wanted="two times of the day, such as 03:00-04:00",
        ),
    ] = "03:00-04:00"
    maintenance_start: Annotated[
        str,
        Choice(
            meaning="when the weekly maintenance begins, UTC: the cluster's hour, after 90 minutes the "
            "standby's half hour, after 150 the primary's, then each further reader's an hour apart",
            pattern=re.compile(rf"({'|'.join(_DAYS)}):([01]\d|2[0-3]):[0-5]\d"),
            wanted="a day and a time, such as sun:04:00",
        ),
    ] = "sun:04:00"

    def __post_init__(self) -> None:
        check(self, self._relations)

    @property
    def has_insights(self) -> bool:
        """Whether the class is one of which RDS shows the load."""
        return not self.instance_class.startswith(_WITHOUT_INSIGHTS)

    def _relations(self) -> Iterator[str]:
        for name in ("reader_zones", "reader_tiers"):
            count = len(getattr(self, name))
            if count not in (0, self.readers):
                yield (
                    f"database.{name} has {count} values for {self.readers} readers; "
                    "give one for each, or none"
                )
        if (
            self.reader_zones
            and 2 not in self.reader_zones
            and len(self.reader_zones) == self.readers
        ):
            yield (
                f"database.reader_zones {list(self.reader_zones)} has no reader in zone 2: with zone 1, "
                "where the writer starts, all would be lost; put one into zone 2"
            )
        begin, end = (_minutes(f"mon:{part}") for part in self.backup_window.split("-"))
        length = (end - begin) % _DAY
        if length < 30:
            yield f"database.backup_window {self.backup_window} is not half an hour at least; widen it"
            return
        for start, minutes in self._windows():
            # Both clocks go round; the backup comes every day.
            offset = (start - begin) % _DAY
            if offset < length or offset + minutes > _DAY:
                yield (
                    f"database.backup_window {self.backup_window} meets the maintenance window "
                    f"{_window(start, minutes)}, which follows from maintenance_start and readers; move one"
                )

    def _windows(self) -> Iterator[tuple[int, int]]:
        """Begin and length of each maintenance window: the cluster's, the primary's, each reader's."""
        start = _minutes(self.maintenance_start)
        yield start % _WEEK, 60
        yield (start + _PRIMARY) % _WEEK, 30
        yield (start + _STANDBY) % _WEEK, 30
        for number in range(1, self.readers):
            yield (start + _PRIMARY + number * _APART) % _WEEK, 30

    def maintenance_windows(self) -> list[str]:
        """The cluster's maintenance window, the primary's, and each reader's.

        The standby's comes before the primary's, so that what a patch breaks is seen where nothing
        writes.
        """
        return [_window(*one) for one in self._windows()]

    def zones(self) -> tuple[int, ...]:
        """The zone of each reader, counted from 0."""
        chosen = [zone - 1 for zone in self.reader_zones]
        return tuple(chosen or ((number + 1) % ZONES for number in range(self.readers)))

    def tiers(self) -> tuple[int, ...]:
        """The promotion tier of each reader."""
        return self.reader_tiers or tuple(range(1, self.readers + 1))


def _minutes(text: str) -> int:
    """A day and a time as minutes of the week."""
    day, hour, minute = text.split(":")
    return _DAYS.index(day) * _DAY + int(hour) * 60 + int(minute)


def _window(start: int, length: int) -> str:
    def at(minute: int) -> str:
        day, rest = divmod(minute % _WEEK, _DAY)
        return f"{_DAYS[day]}:{rest // 60:02}:{rest % 60:02}"

    return f"{at(start)}-{at(start + length)}"

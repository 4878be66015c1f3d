"""What the stack is made of and how it is named: addresses, database, names, roles, what exists already."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Annotated, ClassVar

from drtemplate.choices import STRICT, Choice, check, flag

# A subnet may be as small as /28 and a VPC as large as /16.
# https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
LARGEST_PREFIX = 16
SMALLEST_PREFIX = 28
ZONES = 2
_TIERS = ("public", "private", "database")
_BLOCK = re.compile(
    ".*", re.DOTALL
)  # any text: what is wrong with a block is said more closely below


def _blocks(meaning: str) -> Choice:
    return Choice(
        meaning=f"{meaning}, one block for each zone",
        many=True,
        pattern=_BLOCK,
        wanted="a CIDR block",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPlan:
    """The CIDR blocks of the VPC and of its subnets, one subnet of each tier per zone.

    Raises:
        SettingsError: a block is malformed, too large or small, outside the VPC, or overlaps.
    """

    __pydantic_config__: ClassVar = STRICT

    vpc: Annotated[
        str, Choice(meaning="the VPC's block, /16 to /28", pattern=_BLOCK, wanted="a CIDR block")
    ] = "10.0.0.0/16"
    public: Annotated[tuple[str, ...], _blocks("subnets of load balancers and NAT gateways")] = (
        "10.0.1.0/24",
        "10.0.2.0/24",
    )
    private: Annotated[tuple[str, ...], _blocks("subnets of servers and observers")] = (
        "10.0.10.0/24",
        "10.0.11.0/24",
    )
    database: Annotated[tuple[str, ...], _blocks("subnets of the database")] = (
        "10.0.20.0/24",
        "10.0.21.0/24",
    )

    def __post_init__(self) -> None:
        check(self, self._relations)

    def _relations(self) -> Iterator[str]:
        networks: dict[str, IPv4Network] = {}
        for name, block in self._named():
            try:
                networks[name] = _network(block)
            except ValueError as exc:
                yield f"{name} {block!r} {exc}"
        for tier in _TIERS:
            if (count := len(getattr(self, tier))) != ZONES:
                yield f"addresses.{tier} has {count} blocks; give {ZONES}, one per zone"
        if (vpc := networks.pop("vpc", None)) is None:
            return
        taken: list[tuple[str, IPv4Network]] = []
        for name, network in networks.items():
            if not network.subnet_of(vpc):
                yield f"{name} {network} lies outside the VPC {vpc}; move it inside"
                continue
            for other, place in taken:
                if network.overlaps(place):
                    yield f"{name} {network} overlaps {other} {place}; part them"
            taken.append((name, network))

    def _named(self) -> Iterator[tuple[str, str]]:
        yield "vpc", self.vpc
        for tier in _TIERS:
            for number, block in enumerate(getattr(self, tier), 1):
                yield f"{tier} subnet {number}", block


def _network(block: str) -> IPv4Network:
    """The block as a network.

    Raises:
        ValueError: what it is instead, to stand behind name and block.
    """
    try:
        network = IPv4Network(block)
    except ValueError as exc:
        raise ValueError(f"is not a CIDR block: {exc}") from exc
    if str(network) != block:
        raise ValueError(f"is not a CIDR block: write it as {network}")
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        raise ValueError(f"must be between /{LARGEST_PREFIX} and /{SMALLEST_PREFIX}")
    return network


# The cluster's hour, half an hour for each instance an hour apart: nothing meets anything else.
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY, _WEEK = 24 * 60, 7 * 24 * 60  # minutes
_STANDBY, _PRIMARY, _APART = 90, 150, 60  # minutes behind the cluster's begin
MOST_READERS = (
    15  # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.html
)
LOWEST_TIER = 15


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What physical names have beside the stack's name. Set for a new stack: a change replaces.

    Raises:
        SettingsError: a value cannot begin a name.
    """

    __pydantic_config__: ClassVar = STRICT

    prefix: Annotated[
        str,
        Choice(
            meaning="stands before the stack's name in every physical name but those of load balancers "
            "and target groups, which have no room for it",
            pattern=re.compile(r"(?!aws|ssm|internal-|sthree-|amzn-s3)[a-z][a-z0-9]{0,8}-"),
            empty=True,
            wanted="a word of at most 9 lower-case letters and digits and a hyphen, not beginning "
            "with aws, ssm or internal",
        ),
    ] = ""
    region: Annotated[
        bool,
        flag(
            "the region stands in names that no two regions may share: buckets and the dashboard; so "
            "stacks of one name can live in several"
        ),
    ] = False

    def __post_init__(self) -> None:
        check(self, self._relations)

    def _relations(self) -> Iterator[str]:
        # Of the 63 characters of a bucket's name, stack, suffix, account and region take 58.
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
        if self.region and len(self.prefix) > 5:
            yield (
                f"names.prefix {self.prefix!r} is too long with names.region: buckets have room for "
                "five characters; shorten it"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """What an organisation asks of every IAM role.

    Raises:
        SettingsError: a value is none of its kind.
    """

    __pydantic_config__: ClassVar = STRICT

    boundary: Annotated[
        str,
        Choice(
            meaning="the permissions boundary of every role",
            pattern=re.compile(r"arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]{1,512}"),
            empty=True,
            wanted="the ARN of an IAM policy",
        ),
    ] = ""
    # https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
    path: Annotated[
        str,
        Choice(
            meaning="the path of every role",
            pattern=re.compile(r"/([\w+=,.@-]{1,60}/){1,5}", re.ASCII),
            empty=True,
            wanted="a path with a slash at both ends, such as /platform/",
        ),
    ] = ""
    name_prefix: Annotated[
        str,
        Choice(
            meaning="begins every role's name, before stack and region; empty: CloudFormation names "
            "them. With it a deployment needs CAPABILITY_NAMED_IAM",
            pattern=re.compile(r"[\w+=,.@-]{1,12}", re.ASCII),
            empty=True,
            wanted="at most 12 letters, digits or any of _+=,.@-",
        ),
    ] = ""

    def __post_init__(self) -> None:
        check(self)


def _id(kind: str, meaning: str, many: bool = False) -> Choice:
    return Choice(
        meaning=meaning,
        pattern=re.compile(rf"{kind}-([0-9a-f]{{8}}|[0-9a-f]{{17}})"),
        empty=not many,
        many=many,
        wanted=f"an id such as {kind}-0123456789abcdef0",
    )


def _arn(service: str, resource: str, meaning: str, wanted: str) -> Choice:
    return Choice(
        meaning=meaning,
        pattern=re.compile(
            rf"arn:aws[a-z-]*:{service}:[a-z0-9-]+:\d{{12}}:{resource}/[0-9A-Za-z-]+"
        ),
        empty=True,
        wanted=wanted,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """What is there already and is used instead of one of the stack's own.

    Raises:
        SettingsError: a value is none of its kind, or the VPC is named without all of its subnets.
    """

    __pydantic_config__: ClassVar = STRICT

    vpc: Annotated[
        str,
        _id(
            "vpc",
            "a VPC with a way to the internet from each subnet of the first two kinds; its subnets "
            "are named too, and [addresses] says their blocks",
        ),
    ] = ""
    public_subnets: Annotated[
        tuple[str, ...], _id("subnet", "for the load balancers, in the order of zones", many=True)
    ] = ()
    private_subnets: Annotated[
        tuple[str, ...], _id("subnet", "for the observers, in the order of zones", many=True)
    ] = ()
    database_subnets: Annotated[
        tuple[str, ...], _id("subnet", "for the database, in the order of zones", many=True)
    ] = ()
    private_route_tables: Annotated[
        tuple[str, ...],
        _id(
            "rtb",
            "that get gateway endpoints for S3 and DynamoDB; empty: the VPC has its own",
            many=True,
        ),
    ] = ()
    # The other key stays the stack's: its policy names the services that must go on telling.
    key: Annotated[
        str,
        _arn(
            "kms",
            "key",
            "the key of database, sessions and buckets; its policy lets the account's IAM decide",
            "the ARN of a KMS key",
        ),
    ] = ""
    certificate: Annotated[
        str,
        _arn(
            "acm",
            "certificate",
            "the certificate that the load balancers show; it covers DomainName",
            "the ARN of an ACM certificate",
        ),
    ] = ""
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    log_bucket: Annotated[
        str,
        Choice(
            meaning="the bucket for the logs of [records], whose policy lets the services in",
            pattern=re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"),
            empty=True,
            wanted="the name of a bucket",
        ),
    ] = ""

    def __post_init__(self) -> None:
        check(self, self._relations)

    def _relations(self) -> Iterator[str]:
        tiers = [f"{tier}_subnets" for tier in _TIERS]
        for name in (*tiers, "private_route_tables"):
            values = getattr(self, name)
            if values and not self.vpc:
                yield f"existing.{name} does nothing without existing.vpc; name the VPC too"
            if len(set(values)) < len(values):
                yield f"existing.{name} has one twice; keep it once"
        for name in tiers:
            if self.vpc and (count := len(getattr(self, name))) != ZONES:
                yield f"existing.{name} has {count} subnets; give {ZONES}, one per zone"


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

"""Every choice that is made at generation time. What a deployer chooses is a parameter instead."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path

from drtemplate.controls import AlertEndpoint, Protection, Records
from drtemplate.errors import SettingsError

PROJECT = Path(__file__).resolve().parent.parent

# A subnet may be as small as /28 and a VPC as large as /16.
# https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
LARGEST_PREFIX = 16
SMALLEST_PREFIX = 28
ZONES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressPlan:
    """The CIDR blocks of the VPC and of its subnets, one subnet of each tier per zone.

    Raises:
        SettingsError: a block is malformed, too large or small, outside the VPC, or overlaps.
    """

    vpc: str = "10.0.0.0/16"
    public: tuple[str, ...] = ("10.0.1.0/24", "10.0.2.0/24")
    private: tuple[str, ...] = ("10.0.10.0/24", "10.0.11.0/24")
    database: tuple[str, ...] = ("10.0.20.0/24", "10.0.21.0/24")

    def __post_init__(self) -> None:
        vpc = _network("vpc", self.vpc)
        taken: list[tuple[str, IPv4Network]] = []
        for tier in ("public", "private", "database"):
            blocks: tuple[str, ...] = getattr(self, tier)
            if len(blocks) != ZONES:
                raise SettingsError(
                    f"settings: addresses.{tier} has {len(blocks)} blocks; give {ZONES}, one per zone"
                )
            for number, block in enumerate(blocks, 1):
                name = f"{tier} subnet {number}"
                _place(name, _network(name, block), vpc, taken)


def _network(name: str, block: str) -> IPv4Network:
    try:
        network = IPv4Network(block)
        if str(network) != block:
            raise ValueError(f"write it as {network}")
    except ValueError as exc:
        raise SettingsError(f"settings: {name} {block!r} is not a CIDR block: {exc}") from exc
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        raise SettingsError(
            f"settings: {name} {block} must be between /{LARGEST_PREFIX} and /{SMALLEST_PREFIX}"
        )
    return network


def _place(
    name: str, block: IPv4Network, vpc: IPv4Network, taken: list[tuple[str, IPv4Network]]
) -> None:
    if not block.subnet_of(vpc):
        raise SettingsError(f"settings: {name} {block} lies outside the VPC {vpc}; move it inside")
    for other, network in taken:
        if block.overlaps(network):
            raise SettingsError(f"settings: {name} {block} overlaps {other} {network}; part them")
    taken.append((name, block))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the generator may decide.

    Attributes:
        addresses: the CIDR blocks.
        engine_version: Aurora MySQL on its 3.10 LTS line, kept for at least three years.
            https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Update.SpecialVersions.html
        runtime: of both functions.
            https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
        regions: those that every render is validated for.
        handlers: the folder of the Lambda code.
        protection: what keeps data from being lost.
        records: what is logged besides.
        alert_endpoints: who reads the alerts besides ``AlertEmail``.
        close_application_egress: servers reach the database, and the internet over HTTPS only.

    Raises:
        SettingsError: a value is out of range.
    """

    addresses: AddressPlan = field(default_factory=AddressPlan)
    engine_version: str = "8.0.mysql_aurora.3.10.6"
    runtime: str = "python3.13"
    regions: tuple[str, ...] = ("us-east-1", "us-west-2")
    handlers: Path = PROJECT / "handlers"
    protection: Protection = field(default_factory=Protection)
    records: Records = field(default_factory=Records)
    alert_endpoints: tuple[AlertEndpoint, ...] = ()
    close_application_egress: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch(r"8\.0\.mysql_aurora\.3\.\d+\.\d+", self.engine_version):
            raise SettingsError(
                f"settings: engine_version {self.engine_version!r} is not Aurora MySQL 3; "
                "give one like 8.0.mysql_aurora.3.10.6"
            )
        if not re.fullmatch(r"python3\.\d+", self.runtime):
            raise SettingsError(f"settings: runtime {self.runtime!r} cannot run Python handlers")
        if not self.regions or isinstance(self.regions, str):
            raise SettingsError("settings: regions must be a tuple of at least one region's name")
        if len(set(self.alert_endpoints)) < len(self.alert_endpoints):
            raise SettingsError("settings: alert_endpoints has one twice; leave it out once")
        if not isinstance(self.close_application_egress, bool):
            raise SettingsError("settings: close_application_egress must be true or false")


def unknown_regions(wanted: Iterable[str], known: Iterable[str]) -> list[str]:
    """The wanted regions that are not known, in their order."""
    names = set(known)
    return [region for region in wanted if region not in names]

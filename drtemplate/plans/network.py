"""The address plan."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Annotated, ClassVar

from drtemplate.choices import STRICT, Choice, check

# A subnet may be as small as /28 and a VPC as large as /16.
# https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
LARGEST_PREFIX = 16
SMALLEST_PREFIX = 28
# Of load balancers.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
SMALLEST_PUBLIC = 27
ZONES = 2
TIERS = ("public", "private", "database")
# Any text: what is wrong with a block is said more closely below.
_BLOCK = re.compile(".*", re.DOTALL)


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
    public: Annotated[
        tuple[str, ...], _blocks("subnets of load balancers and NAT gateways, /27 or larger")
    ] = (
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
        for tier in TIERS:
            if (count := len(getattr(self, tier))) != ZONES:
                yield f"addresses.{tier} has {count} blocks; give {ZONES}, one per zone"
        if (vpc := networks.pop("vpc", None)) is None:
            return
        if vpc.is_loopback or vpc.is_link_local or vpc.is_multicast or vpc.is_reserved:
            # https://www.rfc-editor.org/rfc/rfc6890
            yield f"vpc {vpc} is of addresses that no host can have; take private ones, as 10.0.0.0/16"
        taken: list[tuple[str, IPv4Network]] = []
        for name, network in networks.items():
            if not network.subnet_of(vpc):
                yield f"{name} {network} lies outside the VPC {vpc}; move it inside"
                continue
            if name.startswith("public") and network.prefixlen > SMALLEST_PUBLIC:
                yield (
                    f"{name} {network} is too small for load balancers; "
                    f"give it /{SMALLEST_PUBLIC} or more"
                )
            for other, place in taken:
                if network.overlaps(place):
                    yield f"{name} {network} overlaps {other} {place}; part them"
            taken.append((name, network))

    def _named(self) -> Iterator[tuple[str, str]]:
        yield "vpc", self.vpc
        for tier in TIERS:
            for number, block in enumerate(getattr(self, tier), 1):
                yield f"{tier} subnet {number}", block


def _network(block: str) -> IPv4Network:
    """The block as a network.

    Raises:
        ValueError: what it is instead, to stand behind name and block.
    """
    try:
        network = IPv4Network(block, strict=False)
    except ValueError as exc:
        raise ValueError(f"is not a CIDR block such as 10.0.0.0/16: {exc}") from exc
    if str(network) != block:
        raise ValueError(f"is not a CIDR block: write it as {network}")
    if not LARGEST_PREFIX <= network.prefixlen <= SMALLEST_PREFIX:
        raise ValueError(f"must be between /{LARGEST_PREFIX} and /{SMALLEST_PREFIX}")
    return network

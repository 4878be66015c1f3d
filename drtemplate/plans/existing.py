"""What the stack takes as it is there already."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from drtemplate.choices import STRICT, Choice, check
from drtemplate.plans.network import TIERS, ZONES


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
        tiers = [f"{tier}_subnets" for tier in TIERS]
        for name in (*tiers, "private_route_tables"):
            values = getattr(self, name)
            if values and not self.vpc:
                yield f"existing.{name} does nothing without existing.vpc; name the VPC too"
            if len(set(values)) < len(values):
                yield f"existing.{name} has one twice; keep it once"
        everywhere = Counter(one for name in tiers for one in {*getattr(self, name)})
        for subnet in sorted(one for one, count in everywhere.items() if count > 1):
            yield (
                f"{subnet} is a subnet of several kinds; name others: what is public must not "
                "hold the database"
            )
        for name in tiers:
            if self.vpc and (count := len(getattr(self, name))) != ZONES:
                yield f"existing.{name} has {count} subnets; give {ZONES}, one per zone"

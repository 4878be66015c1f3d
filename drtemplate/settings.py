"""Every choice that is made at generation time. What a deployer chooses is a parameter instead."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, ClassVar

from drtemplate.choices import STRICT, Choice, check, flag
from drtemplate.controls import RECORDS_RETENTION, AlertEndpoint, Protection, Records
from drtemplate.plans import ZONES, AddressPlan, Automation, DatabasePlan, Existing, Names, Roles

PROJECT = Path(__file__).resolve().parent.parent
# What CloudWatch Logs takes, up to the ten years that AWS's other logs are kept here at most.
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTIONS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
_REGION = r"[a-z]+(-[a-z]+)*-\d{1,2}"  # whether there is one, cfn-lint knows

# A stack takes these from its own region alone.
_OF_THE_REGION = ("existing.key", "existing.certificate", "protection.snapshot")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-isob-": "aws-iso-b",
    "us-iso-": "aws-iso",
}


def _partition(region: str) -> str:
    """The partition of a region, as an ARN names it."""
    found = (name for begin, name in _PARTITIONS.items() if region.startswith(begin))
    return next(found, "aws")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the generator may decide.

    ``handlers`` is the folder of the Lambda code, and no choice of a file.

    Raises:
        SettingsError: a value is out of range, or two do not go together.
    """

    __pydantic_config__: ClassVar = STRICT

    # The 3.10 LTS line is kept for at least three years.
    # https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Update.SpecialVersions.html
    engine_version: Annotated[
        str,
        Choice(
            meaning="of the database; 3.10 is a line with long-term support",
            pattern=re.compile(r"8\.0\.mysql_aurora\.3\.\d{1,3}\.\d{1,3}"),
            wanted="Aurora MySQL 3, such as 8.0.mysql_aurora.3.10.6",
        ),
    ] = "8.0.mysql_aurora.3.10.6"
    # https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
    runtime: Annotated[
        str,
        Choice(
            meaning="of the functions",
            pattern=re.compile(r"python3\.\d{1,2}"),
            wanted="a runtime that runs Python handlers, such as python3.13",
        ),
    ] = "python3.13"
    regions: Annotated[
        tuple[str, ...],
        Choice(
            meaning="every render is validated for these",
            many=True,
            pattern=re.compile(_REGION),
            wanted="a region's name",
        ),
    ] = ("us-east-1", "us-west-2")
    zones: Annotated[
        tuple[str, ...],
        Choice(
            meaning="the two availability zones, the writer's first; empty: the first two that the "
            "region lists. A change of a live stack replaces its subnets",
            many=True,
            pattern=re.compile(rf"{_REGION}[a-z]"),
            wanted="an availability zone, such as us-east-1a",
        ),
    ] = ()
    log_retention_days: Annotated[
        int,
        Choice(
            meaning="how long the functions' logs are kept", unit="days", allowed=LOG_RETENTIONS
        ),
    ] = 90
    close_application_egress: Annotated[
        bool, flag("servers reach the database, and the internet over HTTPS only")
    ] = False
    handlers: Path = PROJECT / "handlers"
    addresses: AddressPlan = field(default_factory=AddressPlan)
    database: DatabasePlan = field(default_factory=DatabasePlan)
    automation: Automation = field(default_factory=Automation)
    names: Names = field(default_factory=Names)
    roles: Roles = field(default_factory=Roles)
    existing: Existing = field(default_factory=Existing)
    protection: Protection = field(default_factory=Protection)
    records: Records = field(default_factory=Records)
    alert_endpoints: tuple[AlertEndpoint, ...] = ()

    def __post_init__(self) -> None:
        check(self, self._relations)

    def _relations(self) -> Iterator[str]:
        if not self.regions:
            yield "regions is empty; name at least one"
        if len(set(self.regions)) < len(self.regions):
            yield f"regions {', '.join(self.regions)} has one twice; name it once"
        if len(set(self.alert_endpoints)) < len(self.alert_endpoints):
            yield "alert_endpoints has one twice; leave it out once"
        yield from self._zone_relations()
        existing = self.existing
        if existing.vpc and not self.zones:
            yield "existing.vpc needs zones: name those of its subnets, in their order"
        if existing.vpc and self.records.flow_logs:
            yield (
                "records.flow_logs does not go with existing.vpc: whoever keeps the VPC logs it; "
                "leave it out"
            )
        if existing.log_bucket and not self.records.has_bucket:
            yield (
                "existing.log_bucket does nothing without a log; set records.flow_logs, "
                "load_balancer_logs or bucket_logs too"
            )
        if existing.key and self.protection.key_deletion_role:
            yield (
                "protection.key_deletion_role cannot hold for existing.key, whose policy is not the "
                "stack's; leave one of them out"
            )
        if existing.log_bucket and self.records.retention_days != RECORDS_RETENTION:
            yield (
                "records.retention_days cannot hold for existing.log_bucket, whose lifecycle is not the "
                "stack's; leave one of them out"
            )
        # Of a role's 64 characters, stack, region and the longest suffix take 48.
        # https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
        if self.roles.name_prefix and len(self.roles.name_prefix + self.names.prefix) > 16:
            yield (
                f"roles.name_prefix {self.roles.name_prefix!r} and names.prefix {self.names.prefix!r} have "
                "more than 16 characters, for which role names have no room; shorten one"
            )
        yield from self._arn_relations()

    def _arn_relations(self) -> Iterator[str]:
        wanted = {*map(_partition, self.regions)}
        backups, endpoints = self.protection.backups, self.alert_endpoints
        arns = {
            "existing.key": self.existing.key,
            "existing.certificate": self.existing.certificate,
            "protection.snapshot": self.protection.snapshot,
            "protection.key_deletion_role": self.protection.key_deletion_role,
            "protection.backups.copy_to": backups.copy_to if backups else "",
            "roles.boundary": self.roles.boundary,
            **{f"alert_endpoints[{n}]": one.endpoint for n, one in enumerate(endpoints, 1)},
        }
        for name, arn in arns.items():
            if not arn.startswith("arn:"):
                continue
            _, partition, _, region, *_ = arn.split(":")
            if self.regions and partition not in wanted:
                yield (
                    f"{name} is of the partition {partition}, and regions {', '.join(self.regions)} of "
                    f"{' and '.join(sorted(wanted))}; name one of the stack's partition"
                )
            elif name in _OF_THE_REGION and region not in self.regions:
                yield (
                    f"{name} is in {region}, which is none of regions "
                    f"{', '.join(self.regions)}; name one of the stack's region"
                )

    def _zone_relations(self) -> Iterator[str]:
        if not self.zones:
            return
        if len(self.zones) != ZONES:
            yield f"zones has {len(self.zones)} values; give {ZONES}, or none"
        if len(set(self.zones)) < len(self.zones):
            yield f"zones {', '.join(self.zones)} has one twice; a lost zone would take both sides"
        found = {zone[:-1] for zone in self.zones}
        if len(found) > 1:
            yield f"zones {', '.join(self.zones)} are of several regions; a stack is in one"
        for region in sorted(found - {*self.regions}):
            yield f"zones are of {region}, which is none of regions {', '.join(self.regions)}"
        if len(found) == 1 and found < {*self.regions}:
            yield (
                f"zones are of {min(found)}, and regions {', '.join(self.regions)} has others, where no "
                "such stack can be; name that region alone"
            )


def unknown_regions(wanted: Iterable[str], known: Iterable[str]) -> list[str]:
    """The wanted regions that are not known, in their order."""
    names = set(known)
    return [region for region in wanted if region not in names]

"""Where the stack's subnets are, where they would be today, and whether databases can be there."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from drtemplate.cloudformation.reading import of_type
from drtemplate.deploying.account import Account, UnansweredError, account_call
from drtemplate.deploying.living import Living

_SUBNET, _INSTANCE = "AWS::EC2::Subnet", "AWS::RDS::DBInstance"


def placement_problems(living: Living, say: Callable[[str], None]) -> Iterator[str]:
    """Subnets that an update would move, and instances that no zone of theirs could hold."""
    if not dict(of_type(living.template, _SUBNET)):
        return
    try:
        living = replace(living, zones=_zones_today(living.account))
        yield from _moved(living)
        yield from _not_offered(living, say)
    except UnansweredError as exc:
        say(f"not checked: the zones of subnets and instances: {exc}")


def _zones_today(account: Account) -> list[str]:
    """What GetAZs gives: the zones with a default subnet, or all if none has one.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getavailabilityzones.html
    """
    with account_call("ask for the availability zones"):
        found = account.client("ec2").describe_subnets(
            Filters=[{"Name": "default-for-az", "Values": ["true"]}]
        )
        zones = {one["AvailabilityZone"] for one in found["Subnets"]}
        if not zones:
            told = account.client("ec2").describe_availability_zones(
                Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}]
            )
            zones = {
                one["ZoneName"] for one in told["AvailabilityZones"] if one["State"] == "available"
            }
    return sorted(zones)


def _moved(living: Living) -> Iterator[str]:
    wanted = {
        living.ids[title]: (title, living.text(properties.get("AvailabilityZone", "")))
        for title, properties in of_type(living.template, _SUBNET)
        if title in living.ids
    }
    if not wanted:
        return
    with account_call("ask for the stack's subnets"):
        found = living.account.client("ec2").describe_subnets(SubnetIds=list(wanted))["Subnets"]
    moved = [
        f"{title} from {subnet['AvailabilityZone']} to {zone}"
        for subnet in found
        for title, zone in [wanted[subnet["SubnetId"]]]
        if zone and zone != subnet["AvailabilityZone"]
    ]
    if moved:
        yield (
            f"the region's list of zones has changed, and an update would move {', '.join(moved)}, "
            "which fails; name the zones in the settings, or give the default VPC its subnets back"
        )


def _not_offered(living: Living, say: Callable[[str], None]) -> Iterator[str]:
    clusters = dict(of_type(living.template, "AWS::RDS::DBCluster"))
    version = next((living.text(one.get("EngineVersion", "")) for one in clusters.values()), "")
    wanted: dict[tuple[str, str], dict[str, str]] = {}
    for title, properties in of_type(living.template, _INSTANCE):
        zone = living.text(properties.get("AvailabilityZone", ""))
        engine, size = (
            living.text(properties.get(name, "")) for name in ("Engine", "DBInstanceClass")
        )
        if zone and engine and size and title not in living.ids:
            wanted.setdefault((engine, size), {})[title] = zone
    for (engine, size), places in wanted.items():
        offered = _offered(living.account, engine, version, size)
        if not offered:
            say(f"not checked: RDS names no zone that offers {size} for {engine} {version}")
            continue
        for title, zone in places.items():
            if zone not in offered:
                yield (
                    f"{zone}, where {title} is to be, does not offer {size} for {engine} {version}; "
                    f"{', '.join(sorted(offered))} do"
                )


def _offered(account: Account, engine: str, version: str, size: str) -> set[str]:
    given = {"Engine": engine, "DBInstanceClass": size}
    given |= {"EngineVersion": version} if version else {}
    with account_call(f"ask which zones offer {size}"):
        told = account.client("rds").describe_orderable_db_instance_options(**given, Vpc=True)
        return {
            zone["Name"]
            for option in told["OrderableDBInstanceOptions"]
            if option.get("DBInstanceClass", size) == size
            for zone in option.get("AvailabilityZones", [])
        }

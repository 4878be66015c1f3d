"""Two deployments side by side: an account's, in the names of a template's reading, and that one."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from services import Deployed

from drtemplate.world.deployment import SIDES
from drtemplate.world.physical import ACCOUNT, GIVEN, STACK, Resolver


class Names:
    """What the account made up -> what the reading of the template makes up for it."""

    def __init__(self, of: Deployed, resolver: Resolver) -> None:
        ids, cluster, rds = of.ids, of.cluster(), of.aws.client("rds")
        known = {physical: resolver.ref(logical) for logical, physical in ids.items()}
        known |= {of.parameters[name]: value for name, value in GIVEN.items()}
        known |= {of.stack: STACK, of.aws.number: ACCOUNT}

        def attribute(real: str, logical: str, name: str) -> None:
            known[real] = resolver.attribute(logical, name)

        attribute(cluster["Endpoint"], "AuroraDBCluster", "Endpoint.Address")
        attribute(cluster["ReaderEndpoint"], "AuroraDBCluster", "ReadEndpoint.Address")
        for logical in ("PrimaryDBInstance", "StandbyDBInstance"):
            found = rds.describe_db_instances(DBInstanceIdentifier=ids[logical])["DBInstances"][0]
            attribute(found["Endpoint"]["Address"], logical, "Endpoint.Address")
        for side in SIDES:
            balancer, group = of.load_balancer(side), ids[f"{side}TargetGroup"]
            full_name = balancer["LoadBalancerArn"].partition(":loadbalancer/")[2]
            attribute(balancer["DNSName"], f"{side}ALB", "DNSName")
            attribute(full_name, f"{side}ALB", "LoadBalancerFullName")
            attribute(group.rpartition(":")[2], f"{side}TargetGroup", "TargetGroupFullName")
        self.known = {real: made for real, made in known.items() if real}
        longest = sorted(map(re.escape, self.known), key=len, reverse=True)
        self.pattern = re.compile("|".join(longest))

    def __call__(self, text: str) -> str:
        return self.pattern.sub(lambda one: self.known[one[0]], text)


def plain(value: Any, names: Callable[[str], str] = str) -> Any:
    """A deployment as mappings, lists and texts, with other names; its code as it is.

    What has a name goes by it. The order of statements, instances, alarms and rules says nothing.
    """
    if is_dataclass(value):
        return {
            one.name: plain(getattr(value, one.name), str if one.name == "code" else names)
            for one in fields(value)
        }
    if isinstance(value, Mapping):
        return {names(key): plain(one, names) for key, one in value.items()}
    if isinstance(value, str):
        return names(value)
    if isinstance(value, frozenset):
        return sorted(plain(one, names) for one in value)
    if not isinstance(value, tuple | list):
        return value
    listed = [plain(one, names) for one in value]
    if not value or not is_dataclass(value[0]):
        return listed
    key = next((one for one in ("name", "arn") if hasattr(value[0], one)), None)
    assert key is None or len({one[key] for one in listed}) == len(listed)
    return {one[key]: one for one in listed} if key else sorted(listed, key=repr)


def differences(real: Any, made: Any, path: str = "") -> dict[str, tuple[Any, Any]]:
    """Path -> what the account has, and what the template says."""
    if not (isinstance(real, dict) and isinstance(made, dict)):
        return {} if real == made else {path: (real, made)}
    return {
        where: found
        for key in sorted(real.keys() | made.keys())
        for where, found in differences(
            real.get(key), made.get(key), f"{path}.{key}".removeprefix(".")
        ).items()
    }

"""What stands in the hosted zone already: records of the name, a delegation, and CAA."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from drtemplate.cloudformation.reading import of_type
from drtemplate.deploying.account import UnansweredError, account_call
from drtemplate.deploying.living import Living

_ADDRESSES = ("A", "AAAA", "CNAME")
# Who must be allowed to issue. https://docs.aws.amazon.com/acm/latest/userguide/setup-caa.html
_ISSUERS = ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com")
Record = dict[str, Any]


def record_problems(living: Living, say: Callable[[str], None]) -> Iterator[str]:
    """Why records or the certificate of the stack could not be made, each as words for people."""
    wanted: dict[tuple[str, str], None] = {}
    for title, record in of_type(living.template, "AWS::Route53::RecordSet"):
        domain = living.text(record.get("Name", "")).rstrip(".").lower()
        zone = living.text(record.get("HostedZoneId", ""))
        if domain and zone and not (title in living.ids and _same_name(living, record)):
            wanted[domain, zone] = None
    for domain, zone in wanted:
        try:
            with account_call(f"ask for the records of {domain}"):
                yield from _problems(living, domain, zone)
                say(_above(living, zone))
        except UnansweredError as exc:
            say(f"not checked: what stands in the zone {zone}: {exc}")


def _same_name(living: Living, record: Any) -> bool:
    """Whether the stack's own record has this name already."""
    before = replace(living, values={**living.values, **living.stack.parameters})
    return before.text(record.get("Name", "")) == living.text(record.get("Name", ""))


def _problems(living: Living, domain: str, zone: str) -> Iterator[str]:
    for record in _at(living, domain, zone):
        if record["Type"] in _ADDRESSES:
            yield (
                f"the zone {zone} has a record {record['Type']} of {domain} already; delete it, or "
                "take another name"
            )
            break
    apex = ""
    issuers: Sequence[str] | None = None
    name = domain
    while "." in name:
        records = {record["Type"]: record for record in _at(living, name, zone)}
        if "SOA" in records:
            apex = name
        elif "NS" in records:
            yield (
                f"{name} is delegated from the zone {zone} to another one, in which nobody would "
                "see these records; give that zone"
            )
        if issuers is None and "CAA" in records:
            issuers = _issuers(records["CAA"])
        if apex:
            break
        name = name.partition(".")[2]
    if issuers is not None and not any(one in issuers for one in _ISSUERS):
        yield (
            f"the CAA record above {domain} lets {', '.join(issuers) or 'nobody'} issue "
            "certificates, and not amazon.com; add that"
        )


def _above(living: Living, zone: str) -> str:
    """What only DNS itself could tell: whether the world asks this zone, and CAA further up."""
    told = living.account.route53.get_hosted_zone(Id=zone)
    apex = str(told["HostedZone"]["Name"]).rstrip(".")
    servers = sorted(told.get("DelegationSet", {}).get("NameServers", []))
    return (
        f"note: only DNS can tell whether {apex} is delegated to this zone's name servers "
        f"({', '.join(servers)}), and what CAA stands above it; without the delegation no certificate is "
        f"issued, and the stack waits in vain: dig +short NS {apex}"
    )


def _at(living: Living, name: str, zone: str) -> list[Record]:
    """The records of exactly this name."""
    answer = living.account.route53.list_resource_record_sets(
        HostedZoneId=zone, StartRecordName=name, MaxItems="100"
    )
    return [one for one in answer["ResourceRecordSets"] if one["Name"].rstrip(".").lower() == name]


def _issuers(record: Record) -> list[str]:
    """Who may issue, of values such as ``0 issue "amazon.com; policy=x"``."""
    found = []
    for one in record.get("ResourceRecords", []):
        _, tag, value = (*str(one["Value"]).split(None, 2), "", "")[:3]
        if tag.lower() == "issue":
            found.append(value.strip('"').partition(";")[0].strip().lower())
    return found or list(_ISSUERS)  # without an issue property everybody may

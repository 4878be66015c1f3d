"""Other values than the defaults: each field's, pairs of them, and whole settings drawn by a seed."""

import gc
import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from drtemplate.checks.findings import Finding
from drtemplate.checks.validation import validate
from drtemplate.pipeline import render
from drtemplate.settings import Settings
from drtemplate.settings_file import check

ACCOUNT = "111122223333"
SUBNETS = [[f"subnet-{tier}{zone:016x}" for zone in (1, 2)] for tier in "abc"]
VPC = {
    "existing.vpc": "vpc-0123456789abcdef0",
    "existing.public_subnets": SUBNETS[0],
    "existing.private_subnets": SUBNETS[1],
    "existing.database_subnets": SUBNETS[2],
    "zones": ["us-east-1a", "us-east-1c"],
    "regions": ["us-east-1"],
}
LOGS = {"records.load_balancer_logs": True, "records.bucket_logs": True}
# By field: the fields that are set for it; a field that needs another one brings it.
VARIATIONS: dict[str, list[dict[str, Any]]] = {
    "engine_version": [{"engine_version": "8.0.mysql_aurora.3.10.5"}],
    "runtime": [{"runtime": "python3.14"}],
    "regions": [{"regions": ["eu-west-1"]}],
    "zones": [{"zones": ["us-east-1b", "us-east-1d"], "regions": ["us-east-1"]}],
    "log_retention_days": [{"log_retention_days": 1}, {"log_retention_days": 3653}],
    "close_application_egress": [{"close_application_egress": True}],
    "alert_endpoints": [
        {
            "alert_endpoints": [
                {"protocol": "email", "endpoint": "second@bank.example"},
                {"protocol": "https", "endpoint": "https://hooks.bank.example/x"},
                {"protocol": "slack", "endpoint": "T01ABCDEF/C01ABCDEF"},
            ]
        }
    ],
    "addresses": [
        {
            "addresses.vpc": "172.20.0.0/20",
            "addresses.public": ["172.20.0.0/26", "172.20.0.64/26"],
            "addresses.private": ["172.20.4.0/22", "172.20.8.0/22"],
            "addresses.database": ["172.20.1.0/28", "172.20.1.16/28"],
        }
    ],
    "database.instance_class": [{"database.instance_class": "db.r6g.large"}],
    "database.readers": [
        {"database.readers": 2},
        {"database.readers": 5, "database.reader_zones": [2, 1, 2, 1, 2]},
        {"database.readers": 15, "database.reader_tiers": [*range(15)]},
    ],
    "database.backup_retention_days": [{"database.backup_retention_days": 1}],
    "database.backup_window": [{"database.backup_window": "23:45-00:30"}],
    "database.maintenance_start": [{"database.maintenance_start": "sat:04:30"}],
    "automation.rto_seconds": [{"automation.rto_seconds": 60}],
    "automation.rpo_seconds": [{"automation.rpo_seconds": 5}],
    "automation.connections": [{"automation.connections": 2000}],
    "automation.probe_interval_seconds": [{"automation.probe_interval_seconds": 10}],
    "automation.consecutive_failures": [{"automation.consecutive_failures": 5}],
    "automation.graces": [
        {"automation.database_grace_seconds": 0, "automation.application_grace_seconds": 45}
    ],
    "automation.cooldown_seconds": [{"automation.cooldown_seconds": 0}],
    "automation.health_check_failures": [{"automation.health_check_failures": 3}],
    "automation.targets": [
        {"automation.target_interval_seconds": 30, "automation.target_failures": 3}
    ],
    "names.prefix": [{"names.prefix": "acme-"}],
    "names.region": [{"names.region": True}],
    "roles.boundary": [{"roles.boundary": f"arn:aws:iam::{ACCOUNT}:policy/Boundary"}],
    "roles.path": [{"roles.path": "/platform/dr/"}],
    "roles.name_prefix": [{"roles.name_prefix": "acme-"}],
    "existing.vpc": [VPC, VPC | {"existing.private_route_tables": ["rtb-01234567"]}],
    "existing.key": [
        {"existing.key": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0a1b2c3d", "regions": ["us-east-1"]}
    ],
    "existing.certificate": [
        {
            "existing.certificate": f"arn:aws:acm:us-east-1:{ACCOUNT}:certificate/0a1b2c3d",
            "regions": ["us-east-1"],
        }
    ],
    "existing.log_bucket": [{"existing.log_bucket": "acme-logs", **LOGS}],
    "protection.retention": [
        {"protection.retention_days": 3650, "protection.retention_floor_days": 2555}
    ],
    "protection.object_lock": [{"protection.object_lock": "COMPLIANCE"}],
    "protection.key_deletion_role": [
        {"protection.key_deletion_role": f"arn:aws:iam::{ACCOUNT}:role/KeyKeeper"}
    ],
    "protection.snapshot": [{"protection.snapshot": "payments-final"}],
    "protection.extended_support": [{"protection.extended_support": False}],
    "protection.backups": [
        {"protection.backups": {}},
        {
            "protection.backups": {
                "copy_to": f"arn:aws:backup:eu-west-1:{ACCOUNT}:backup-vault:copies",
                "lock": True,
                "retention_days": 90,
            }
        },
    ],
    "records.logs": [LOGS, {"records.flow_logs": True, "records.retention_days": 30}],
    "records.database_audit": [{"records.database_audit": ["CONNECT", "QUERY_DDL"]}],
}


def nested(fields: dict[str, Any]) -> dict[str, Any]:
    """Dotted fields as the tables of a file."""
    tables: dict[str, Any] = {}
    for path, value in fields.items():
        *parts, name = path.split(".")
        table = tables
        for part in parts:
            table = table.setdefault(part, {})
        table[name] = value
    return tables


def agree(*chosen: dict[str, Any]) -> bool:
    """Whether no two of the choices set one field to different values."""
    fields: dict[str, Any] = {}
    for one in chosen:
        if any(fields.get(name, value) != value for name, value in one.items()):
            return False
        fields |= one
    return True


def settings_of(*chosen: dict[str, Any]) -> Settings | None:
    """The settings with all of the fields; None if the choices contradict each other."""
    if not agree(*chosen):
        return None
    fields = {name: value for one in chosen for name, value in one.items()}
    return check(nested(fields), "drawn")


# What the settings refuse together, with a reason.
EXCLUDED = (
    {"existing.vpc", "records.flow_logs"},
    {"existing.key", "protection.key_deletion_role"},
    {"existing.log_bucket", "records.retention_days"},
)


def go_together(*chosen: dict[str, Any]) -> bool:
    fields = {name for one in chosen for name in one}
    return not any(pair <= fields for pair in EXCLUDED)


def drawn(number: int, seed: int) -> Iterator[Settings]:
    """Whole settings: each field as by default or otherwise."""
    chance = random.Random(seed)
    while number:
        chosen = [chance.choice(values) for values in VARIATIONS.values() if chance.random() < 0.4]
        if go_together(*chosen) and (made := settings_of(*chosen)):
            yield made
            number -= 1


def checked(number: int, seed: int) -> list[Settings]:
    """So many settings for cfn-lint: those in which every two values meet, and drawn ones.

    The first alone has its fifteen readers, of which cfn-lint looks at each.
    """
    pairs = list(covering())
    made = [*pairs, *drawn(number - len(pairs), seed)]
    many = [one for one in made if one.database.readers > 5][1:]
    few = {"readers": 2, "reader_tiers": (), "reader_zones": ()}
    return [
        replace(one, database=replace(one.database, **few)) if one in many else one for one in made
    ]


def alone() -> Iterator[Settings]:
    """Each value of each field, with the other fields as by default."""
    for those in VARIATIONS.values():
        for value in those:
            yield check(nested(value), "alone")


def covering(seed: int = 1) -> Iterator[Settings]:
    """Settings in which each value of a field stands beside each value of each other that it goes with.

    Few are enough, since one holds a value of many fields.
    """
    values = [(field, value) for field, those in VARIATIONS.items() for value in those]
    wanted = {
        (one, other)
        for one, other in itertools.combinations(range(len(values)), 2)
        if values[one][0] != values[other][0]
        and go_together(values[one][1], values[other][1])
        and agree(values[one][1], values[other][1])
    }
    chance = random.Random(seed)
    while wanted:
        row = list(chance.choice(sorted(wanted)))
        for number in chance.sample(range(len(values)), len(values)):
            chosen = [values[one] for one in row]
            facts = [value for _, value in chosen]
            if (
                values[number][0] not in {field for field, _ in chosen}
                and go_together(*facts, values[number][1])
                and agree(*facts, values[number][1])
            ):
                row.append(number)
        wanted -= set(itertools.combinations(sorted(row), 2))
        made = settings_of(*(values[one][1] for one in row))
        assert made
        yield made


def validated(settings: Settings) -> list[Finding]:
    """What cfn-lint finds in what they render."""
    # What earlier tests have left is not looked through again and again.
    gc.freeze()
    gc.disable()
    try:
        return validate(render(settings), settings)
    finally:
        gc.enable()
        gc.collect()

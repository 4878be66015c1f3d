"""Database instances that are not their cluster's, and parameters that Aurora does not take."""

from collections.abc import Iterator

from drtemplate.checks.findings import Finding
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import (
    Properties,
    Template,
    branches,
    number_of,
    of_type,
    properties_of,
    target_of,
)

CLUSTER = "AWS::RDS::DBCluster"
# In no list of cluster-level parameters, or not to be modified there.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Reference.ParameterGroups.html
UNMODIFIABLE = frozenset({"sync_binlog"})
# The parameters that turn the enhanced binlog on, with the values that it needs.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Enhanced.binlog.html
ENHANCED = {"aurora_enhanced_binlog": 1, "binlog_backup": 0, "binlog_replication_globaldb": 0}


def check_database(template: Template) -> Iterator[Finding]:
    """Instances and parameter groups that RDS refuses once the cluster is being made."""
    for title, properties in of_type(template, "AWS::RDS::DBInstance"):
        yield from _instance(template, title, properties)
    for title, properties in of_type(template, "AWS::RDS::DBClusterParameterGroup"):
        yield from _parameters(template, title, properties.get("Parameters", {}))


def _instance(template: Template, title: str, properties: Properties) -> Iterator[Finding]:
    """The cluster decides engine and version; an instance may repeat them, not differ."""
    # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    cluster = target_of(properties.get("DBClusterIdentifier"))[0]
    facts = properties_of(template, cluster, CLUSTER)
    if facts is None:
        return
    for key in ("Engine", "EngineVersion"):
        wanted = text_of(facts.get(key))
        for value in branches(properties.get(key)):
            if text_of(value) != wanted:
                yield Finding(
                    f"Resources.{title}.Properties.{key}",
                    "engine",
                    f"is {text_of(value)}, and {cluster}'s is {wanted}; give the cluster's, or no "
                    "version at all",
                )


def _parameters(template: Template, title: str, given: Properties) -> Iterator[Finding]:
    where = f"Resources.{title}.Properties.Parameters"
    for name in sorted(UNMODIFIABLE & given.keys()):
        yield Finding(
            f"{where}.{name}",
            "cluster-parameter",
            "cannot be set for an Aurora cluster, and RDS refuses the group; leave it out",
        )
    if number_of(given.get("aurora_enhanced_binlog", 0)) == 0:
        return
    for name, value in ENHANCED.items():
        if number_of(given.get(name)) != value:
            yield Finding(
                where,
                "enhanced-binlog",
                f"aurora_enhanced_binlog needs {name} = {value} beside it; set it",
            )
    for cluster, properties in of_type(template, CLUSTER):
        group = target_of(properties.get("DBClusterParameterGroupName"))[0]
        if group == title and number_of(properties.get("BacktrackWindow", 0)) != 0:
            yield Finding(
                f"{where}.aurora_enhanced_binlog",
                "enhanced-binlog",
                f"excludes backtrack, which {cluster} has, now and for ever after; leave one out",
            )

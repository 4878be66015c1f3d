"""Database instances that are not their cluster's, and parameters that Aurora does not take."""

from collections.abc import Iterator

from cfnlint.rules import RuleMatch

from drtemplate.checks.rules.rule import TemplateRule, at_property
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import (
    Properties,
    Template,
    branches,
    mapping_of,
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
BINLOG = "aurora_enhanced_binlog"
ENHANCED = {BINLOG: 1, "binlog_backup": 0, "binlog_replication_globaldb": 0}


class InstanceEngine(TemplateRule):
    """An instance of another engine or version than its cluster."""

    id = "E9601"
    shortdesc = "An instance has its cluster's engine and version"
    description = (
        "The cluster decides both; an instance may repeat them, not differ, and RDS refuses one that "
        "does when the cluster has long been made."
    )
    source_url = (
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html"
    )
    tags = ["rds"]
    example = ("Resources.PrimaryDBInstance.Properties.EngineVersion", "8.0.mysql_aurora.3.08.0")

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each instance that differs from its cluster."""
        for title, properties in of_type(template, "AWS::RDS::DBInstance"):
            cluster = target_of(properties.get("DBClusterIdentifier"))[0]
            facts = properties_of(template, cluster, CLUSTER)
            for key in ("Engine", "EngineVersion") if facts is not None else ():
                wanted = text_of(mapping_of(facts).get(key))
                for value in branches(properties.get(key)):
                    if text_of(value) != wanted:
                        yield at_property(
                            title,
                            key,
                            message=f"{title} has {key} {text_of(value)}, and {cluster} has {wanted}; "
                            "give the cluster's, or no version at all",
                        )


def _groups(template: Template) -> Iterator[tuple[str, Properties]]:
    """Each parameter group for clusters, and its parameters."""
    for title, properties in of_type(template, "AWS::RDS::DBClusterParameterGroup"):
        yield title, mapping_of(properties.get("Parameters"))


class ClusterParameter(TemplateRule):
    """A parameter that cannot be set for an Aurora cluster."""

    id = "E9602"
    shortdesc = "A cluster's parameter group sets only what Aurora lets be set"
    description = "RDS refuses the whole group for one parameter that a cluster does not have."
    source_url = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Reference.ParameterGroups.html"
    tags = ["rds"]
    example = ("Resources.DBClusterParameterGroup.Properties.Parameters.sync_binlog", 1)

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each such parameter."""
        for title, given in _groups(template):
            for name in sorted(UNMODIFIABLE & given.keys()):
                yield at_property(
                    title,
                    "Parameters",
                    name,
                    message=f"{name} cannot be set for an Aurora cluster, and RDS refuses the group; "
                    "leave it out",
                )


class EnhancedBinlog(TemplateRule):
    """The enhanced binlog without the parameters that it needs."""

    id = "E9603"
    shortdesc = "The enhanced binlog is turned on by all of its parameters"
    description = f"RDS refuses {BINLOG} unless backup and replication of the binlog are off."
    source_url = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Enhanced.binlog.html"
    tags = ["rds"]
    example = (f"Resources.DBClusterParameterGroup.Properties.Parameters.{BINLOG}", 1)

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each parameter that is missing or has another value."""
        for title, given in _groups(template):
            for name, value in ENHANCED.items() if _is_enhanced(given) else ():
                if number_of(given.get(name)) != value:
                    yield at_property(
                        title,
                        "Parameters",
                        message=f"{BINLOG} needs {name} = {value} beside it; set it",
                    )


class EnhancedBinlogBesideBacktrack(TemplateRule):
    """The enhanced binlog in a cluster that has backtrack."""

    id = "E9604"
    shortdesc = "A cluster has the enhanced binlog or backtrack, not both"
    description = (
        "Each excludes the other, and a cluster made with backtrack can never have the "
        "enhanced binlog."
    )
    source_url = EnhancedBinlog.source_url
    tags = ["rds"]
    example = (
        "Resources.DBClusterParameterGroup.Properties.Parameters",
        {BINLOG: 1, "binlog_backup": 0, "binlog_replication_globaldb": 0},
    )

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each cluster that has both."""
        enhanced = {title for title, given in _groups(template) if _is_enhanced(given)}
        for cluster, properties in of_type(template, CLUSTER):
            group = target_of(properties.get("DBClusterParameterGroupName"))[0]
            if group in enhanced and number_of(properties.get("BacktrackWindow", 0)) != 0:
                yield at_property(
                    group,
                    "Parameters",
                    BINLOG,
                    message=f"{BINLOG} excludes backtrack, which {cluster} has, now and for ever "
                    "after; leave one out",
                )


def _is_enhanced(given: Properties) -> bool:
    """Whether the parameters turn the enhanced binlog on, or a parameter of the stack may."""
    return number_of(given.get(BINLOG, 0)) != 0

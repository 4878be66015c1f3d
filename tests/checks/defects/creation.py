"""What the creation of the stack would meet: the database's version and parameters, order, values."""

from defects.edits import Edit, change, independent, several, within


def engine(**values: object) -> Edit:
    """Other parameters of the engine."""
    return within("DBClusterParameterGroup", "Parameters", **values)


DEFECTS = {
    "E9601": {
        "an instance of another version": change(
            "PrimaryDBInstance", EngineVersion="8.0.mysql_aurora.3.08.0"
        ),
        "an instance of another engine": change("StandbyDBInstance", Engine="aurora-postgresql"),
        "a cluster that leaves the version open": several(
            change("AuroraDBCluster", EngineVersion=None),
            change("PrimaryDBInstance", EngineVersion="8.0.mysql_aurora.3.10.6"),
        ).at("PrimaryDBInstance"),
    },
    "E9602": {"a parameter that Aurora does not take": engine(sync_binlog=1)},
    "E9603": {"the source's binlog": engine(aurora_enhanced_binlog=1)},
    "E9604": {
        "the enhanced binlog beside backtrack": engine(
            aurora_enhanced_binlog="1", binlog_backup=0, binlog_replication_globaldb="0"
        )
    },
    "E9701": {
        "a secure string": change("DatabaseEndpointParameter", Type="SecureString"),
        "a secure string in production": change(
            "DatabaseEndpointParameter", Type={"Fn::If": ["IsProduction", "SecureString", "String"]}
        ),
    },
    "E9702": {
        "a mapping that is not there": change(
            "DatabaseEndpointParameter", Value={"Fn::FindInMap": ["Nothing", "a", "b"]}
        )
    },
    "E9703": {
        "a load balancer before the gateway": independent("PrimaryALB"),
        "an address before the gateway": independent("EIP2"),
        "a gateway of the first address only": independent("EIP1").at("NATGateway1"),
        "a route before the gateway": independent("PublicRoute"),
        "a load balancer after a route that waits for nothing": independent("PublicRoute").at(
            "StandbyALB"
        ),
    },
}

# Not as the project writes it, and works all the same.
FINE = {
    "the version of the cluster": change(
        "PrimaryDBInstance", EngineVersion="8.0.mysql_aurora.3.10.6"
    ),
    "the enhanced binlog without backtrack": several(
        engine(aurora_enhanced_binlog=1, binlog_backup=0, binlog_replication_globaldb=0),
        change("AuroraDBCluster", BacktrackWindow=0),
    ),
    "the enhanced binlog turned off": engine(aurora_enhanced_binlog=0),
}

"""What matters of a deployed stack, asked of each service's own API.

Every check yields its findings as text; a sound stack has none.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from account import Account


@dataclass(frozen=True)
class Deployed:
    """A stack and the parameters it was deployed with."""

    aws: Account
    stack: str
    parameters: dict[str, str]

    @cached_property
    def ids(self) -> dict[str, str]:
        return self.aws.physical_ids(self.stack)

    @property
    def production(self) -> bool:
        return self.parameters.get("Environment", "Production") == "Production"

    def function_arn(self, logical_id: str) -> str:
        found = self.aws.client("lambda").get_function(FunctionName=self.ids[logical_id])
        return str(found["Configuration"]["FunctionArn"])

    def is_key(self, value: Any, title: str = "KMSKey") -> bool:
        """Whether it names a key of the stack, by id or ARN."""
        return str(value).rpartition("/")[2] == self.ids[title]

    def cluster(self) -> dict[str, Any]:
        found = self.aws.client("rds").describe_db_clusters(
            DBClusterIdentifier=self.ids["AuroraDBCluster"]
        )
        return found["DBClusters"][0]

    def member_endpoints(self) -> dict[str, str]:
        """Each member's own endpoint, and the instance."""
        rds = self.aws.client("rds")
        names = [one["DBInstanceIdentifier"] for one in self.cluster()["DBClusterMembers"]]
        found = [
            rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0] for name in names
        ]
        return {one["Endpoint"]["Address"]: one["DBInstanceIdentifier"] for one in found}

    def load_balancer(self, side: str) -> dict[str, Any]:
        found = self.aws.client("elbv2").describe_load_balancers(
            LoadBalancerArns=[self.ids[f"{side}ALB"]]
        )
        return found["LoadBalancers"][0]


SIDES = {"Primary": "PRIMARY", "Standby": "SECONDARY"}


def network(of: Deployed) -> Iterator[str]:
    ec2, ids = of.aws.client("ec2"), of.ids
    for attribute in ("enableDnsSupport", "enableDnsHostnames"):
        answer = ec2.describe_vpc_attribute(VpcId=ids["VPC"], Attribute=attribute)
        if not answer[attribute[0].upper() + attribute[1:]]["Value"]:
            yield f"VPC: {attribute} is off"
    subnets = {s["SubnetId"]: s for s in ec2.describe_subnets()["Subnets"]}
    gateways = {g["NatGatewayId"]: g for g in ec2.describe_nat_gateways()["NatGateways"]}
    for number in "12":
        zone = subnets[ids[f"PrivateSubnet{number}"]]["AvailabilityZone"]
        public = _default_route(ec2, ids[f"PublicSubnet{number}"])
        if public.get("GatewayId") != ids["InternetGateway"]:
            yield f"PublicSubnet{number}: no way to the internet"
        gateway = gateways.get(
            _default_route(ec2, ids[f"PrivateSubnet{number}"]).get("NatGatewayId")
        )
        if not gateway or subnets[gateway["SubnetId"]]["AvailabilityZone"] != zone:
            yield f"PrivateSubnet{number}: no NAT gateway of its own zone"
        if _default_route(ec2, ids[f"DatabaseSubnet{number}"]):
            yield f"DatabaseSubnet{number}: has a default route"
    private = {ids["PrivateRouteTable"], ids["PrivateRouteTable2"]}
    for name in ("S3Endpoint", "DynamoDBEndpoint"):
        (found,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[ids[name]])["VpcEndpoints"]
        if set(found["RouteTableIds"]) != private:
            yield f"{name}: not in the private route tables"
    for kind in ("Public", "Private", "Database"):
        zones = {subnets[ids[f"{kind}Subnet{n}"]]["AvailabilityZone"] for n in "12"}
        if len(zones) != 2:
            yield f"{kind} subnets: not in two zones"


def _default_route(ec2: Any, subnet: str) -> dict[str, Any]:
    mine = [{"Name": "association.subnet-id", "Values": [subnet]}]
    routes = [
        r for t in ec2.describe_route_tables(Filters=mine)["RouteTables"] for r in t["Routes"]
    ]
    return next((r for r in routes if r.get("DestinationCidrBlock") == "0.0.0.0/0"), {})


def security_groups(of: Deployed) -> Iterator[str]:
    ids = of.ids
    expected = {
        "ALBSecurityGroup": {(80, "0.0.0.0/0"), (443, "0.0.0.0/0")},
        "AppSecurityGroup": {(80, ids["ALBSecurityGroup"])},
        "DatabaseSecurityGroup": {
            (3306, ids["AppSecurityGroup"]),
            (3306, ids["LambdaSecurityGroup"]),
        },
        "LambdaSecurityGroup": set(),
    }
    database = {(3306, "10.0.20.0/24"), (3306, "10.0.21.0/24")}
    ways_out = {
        "ALBSecurityGroup": {(80, "10.0.10.0/24"), (80, "10.0.11.0/24")},
        "AppSecurityGroup": {(None, "0.0.0.0/0")},
        "DatabaseSecurityGroup": {(None, "127.0.0.1/32")},
        "LambdaSecurityGroup": {(443, "0.0.0.0/0")} | database,
    }
    for name, wanted in expected.items():
        found = of.aws.client("ec2").describe_security_groups(GroupIds=[ids[name]])
        rules = found["SecurityGroups"][0]["IpPermissions"]
        out = found["SecurityGroups"][0]["IpPermissionsEgress"]
        reached = {(r.get("FromPort"), o["CidrIp"]) for r in out for o in r["IpRanges"]}
        if reached != ways_out[name]:
            yield f"{name}: reaches {sorted(reached, key=str)}"
        got = {(r["FromPort"], o["CidrIp"]) for r in rules for o in r["IpRanges"]}
        got |= {(r["FromPort"], o["GroupId"]) for r in rules for o in r["UserIdGroupPairs"]}
        if got != wanted:
            yield f"{name}: lets in {sorted(got)}"


def key(of: Deployed) -> Iterator[str]:
    kms = of.aws.client("kms")
    for title, suffix in (("KMSKey", "key"), ("OperationsKey", "operations")):
        if not kms.get_key_rotation_status(KeyId=of.ids[title])["KeyRotationEnabled"]:
            yield f"{title}: is not rotated"
        aliases = kms.list_aliases(KeyId=of.ids[title])["Aliases"]
        if [one["AliasName"] for one in aliases] != [f"alias/{of.stack}-{suffix}"]:
            yield f"{title}Alias: {aliases}"


def buckets(of: Deployed) -> Iterator[str]:
    s3, days = of.aws.client("s3"), int(of.parameters.get("DataRetentionDays", 2555))
    for name in ("ApplicationArtifactsBucket", "ConfigurationBucket"):
        bucket = of.ids[name]
        (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"][
            "Rules"
        ]
        default = rule["ApplyServerSideEncryptionByDefault"]
        if default["SSEAlgorithm"] != "aws:kms" or not of.is_key(default.get("KMSMasterKeyID")):
            yield f"{name}: encrypted with {default}"
        if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
            yield f"{name}: keeps no versions"
        block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        if not all(block.values()) or len(block) != 4:
            yield f"{name}: may become public: {block}"
        (statement,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
        if (statement["Effect"], statement["Principal"]) != ("Deny", "*") or str(
            statement["Condition"]
        ).lower() != "{'bool': {'aws:securetransport': false}}":
            yield f"{name}: takes plain HTTP"
    bucket = of.ids["ApplicationArtifactsBucket"]
    rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    (rule,) = (one for one in rules if "Expiration" in one)
    kept = {rule["Expiration"]["Days"], rule["NoncurrentVersionExpiration"]["NoncurrentDays"]}
    if kept != {days} or rule["Status"] != "Enabled":
        yield f"ApplicationArtifactsBucket: keeps {kept} days, not {days}"


def database(of: Deployed) -> Iterator[str]:
    rds, ids, cluster = of.aws.client("rds"), of.ids, of.cluster()
    if not cluster["StorageEncrypted"] or not of.is_key(cluster["KmsKeyId"]):
        yield "AuroraDBCluster: not encrypted with the stack's key"
    password = bool(of.parameters.get("DBMasterPassword"))
    secret = cluster.get("MasterUserSecret", {})
    if (password and secret) or not (password or of.is_key(secret.get("KmsKeyId"))):
        yield f"AuroraDBCluster: master password is kept as {secret}"
    expected = {
        "DeletionProtection": of.production,
        "BacktrackWindow": int(of.parameters.get("BacktrackWindow", 259_200)),
        "BackupRetentionPeriod": 35,
        "IAMDatabaseAuthenticationEnabled": True,
        "EnabledCloudwatchLogsExports": ["error"],
        "DBClusterParameterGroup": ids["DBClusterParameterGroup"],
        "DBSubnetGroup": ids["DBSubnetGroup"],
    }
    for name, wanted in expected.items():
        if cluster.get(name) != wanted:
            yield f"AuroraDBCluster: {name} is {cluster.get(name)}"
    if [g["VpcSecurityGroupId"] for g in cluster["VpcSecurityGroups"]] != [
        ids["DatabaseSecurityGroup"]
    ]:
        yield "AuroraDBCluster: other security groups"
    members = {m["DBInstanceIdentifier"]: m for m in cluster["DBClusterMembers"]}
    roles = [("PrimaryDBInstance", True, 0), ("StandbyDBInstance", False, 1)]
    zones = set()
    for name, writer, tier in roles:
        member = members.get(ids[name], {})
        if (member.get("IsClusterWriter"), member.get("PromotionTier")) != (writer, tier):
            yield f"{name}: is member {member}"
        found = rds.describe_db_instances(DBInstanceIdentifier=ids[name])["DBInstances"][0]
        zones.add(found["AvailabilityZone"])
        if found["PubliclyAccessible"] or found["AutoMinorVersionUpgrade"]:
            yield f"{name}: public, or upgraded by itself"
    if len(zones) != 2:
        yield f"instances: both in {zones}"
    group = rds.describe_db_subnet_groups(DBSubnetGroupName=ids["DBSubnetGroup"])["DBSubnetGroups"][
        0
    ]
    if {s["SubnetIdentifier"] for s in group["Subnets"]} != {
        ids["DatabaseSubnet1"],
        ids["DatabaseSubnet2"],
    }:
        yield "DBSubnetGroup: other subnets"


def tables(of: Deployed) -> Iterator[str]:
    dynamodb = of.aws.client("dynamodb")
    keys = {"SessionStateTable": "KMSKey", "FailoverStateTable": "OperationsKey"}
    for name, key_title in keys.items():
        table = dynamodb.describe_table(TableName=of.ids[name])["Table"]
        sse = table.get("SSEDescription", {})
        if sse.get("SSEType") != "KMS" or not of.is_key(sse.get("KMSMasterKeyArn"), key_title):
            yield f"{name}: encrypted with {sse}"
        if table["DeletionProtectionEnabled"] != of.production:
            yield f"{name}: DeletionProtectionEnabled is {table['DeletionProtectionEnabled']}"
        backups = dynamodb.describe_continuous_backups(TableName=of.ids[name])
        recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        if recovery["PointInTimeRecoveryStatus"] != "ENABLED":
            yield f"{name}: no point-in-time recovery"
        ttl = dynamodb.describe_time_to_live(TableName=of.ids[name])["TimeToLiveDescription"]
        if (ttl["TimeToLiveStatus"], ttl.get("AttributeName")) != ("ENABLED", "ExpiresAt"):
            yield f"{name}: items never expire"


def load_balancers(of: Deployed) -> Iterator[str]:
    elbv2, ids = of.aws.client("elbv2"), of.ids
    certificate = of.aws.client("acm").describe_certificate(CertificateArn=ids["Certificate"])
    facts = certificate["Certificate"]
    if (facts["DomainName"], facts["Status"]) != (of.parameters["DomainName"], "ISSUED"):
        yield f"Certificate: {facts['DomainName']} {facts['Status']}"
    for side in SIDES:
        balancer = of.load_balancer(side)
        if balancer["Scheme"] != "internet-facing" or len(balancer["AvailabilityZones"]) != 2:
            yield f"{side}ALB: {balancer['Scheme']} in {balancer['AvailabilityZones']}"
        if balancer["SecurityGroups"] != [ids["ALBSecurityGroup"]]:
            yield f"{side}ALB: other security groups"
        shown = elbv2.describe_load_balancer_attributes(LoadBalancerArn=ids[f"{side}ALB"])
        attributes = {one["Key"]: one["Value"] for one in shown["Attributes"]}
        if attributes["deletion_protection.enabled"] != str(of.production).lower():
            yield f"{side}ALB: deletion protection is {attributes['deletion_protection.enabled']}"
        found = elbv2.describe_listeners(LoadBalancerArn=ids[f"{side}ALB"])["Listeners"]
        listeners = {one["Port"]: one for one in found}
        if listeners.keys() != {80, 443}:
            yield f"{side}ALB: listens on {sorted(listeners)}"
        plain = listeners[80]["DefaultActions"][0]
        if plain["Type"] != "redirect" or plain["RedirectConfig"]["Protocol"] != "HTTPS":
            yield f"{side}Listener: answers in plain HTTP"
        secure = listeners.get(443, {})
        if secure.get("Protocol") != "HTTPS" or "TLS13" not in secure.get("SslPolicy", ""):
            yield f"{side}HTTPSListener: {secure.get('Protocol')} {secure.get('SslPolicy')}"
        used = [one["CertificateArn"] for one in secure.get("Certificates", ())]
        if used != [ids["Certificate"]]:
            yield f"{side}HTTPSListener: shows {used}"
        if (
            secure
            and secure["DefaultActions"][0].get("TargetGroupArn") != ids[f"{side}TargetGroup"]
        ):
            yield f"{side}HTTPSListener: forwards elsewhere"
        (group,) = elbv2.describe_target_groups(TargetGroupArns=[ids[f"{side}TargetGroup"]])[
            "TargetGroups"
        ]
        pace = (group["HealthCheckIntervalSeconds"], group["UnhealthyThresholdCount"])
        if (group["HealthCheckPath"], pace) != ("/health", (5, 2)) or group["VpcId"] != ids["VPC"]:
            yield f"{side}TargetGroup: checks {group['HealthCheckPath']} at {pace}"


def dns(of: Deployed) -> Iterator[str]:
    route53, ids = of.aws.client("route53"), of.ids
    zone = of.parameters["HostedZoneId"]
    found = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    domain = of.parameters["DomainName"] + "."
    records = {r["Failover"]: r for r in found if r["Name"] == domain and "Failover" in r}
    for side, failover in SIDES.items():
        balancer, record = of.load_balancer(side), records.get(failover, {})
        alias = record.get("AliasTarget", {})
        wanted = (balancer["DNSName"], balancer["CanonicalHostedZoneId"], True)
        got = (alias.get("DNSName"), alias.get("HostedZoneId"), alias.get("EvaluateTargetHealth"))
        if got != wanted or record.get("HealthCheckId") != ids[f"{side}HealthCheck"]:
            yield f"{side}Record: {record}"
        check = route53.get_health_check(HealthCheckId=ids[f"{side}HealthCheck"])
        config = check["HealthCheck"]["HealthCheckConfig"]
        ports = of.aws.client("elbv2").describe_listeners(LoadBalancerArn=ids[f"{side}ALB"])
        heard = {(one["Protocol"], one["Port"]) for one in ports["Listeners"]}
        if (config["Type"], config["Port"]) not in heard - {("HTTP", 80)}:
            yield f"{side}HealthCheck: nothing listens for {config['Type']} on {config['Port']}"
        if config["FullyQualifiedDomainName"] != balancer["DNSName"]:
            yield f"{side}HealthCheck: looks at {config['FullyQualifiedDomainName']}"
    if not any(r["Type"] == "CNAME" and r["Name"].endswith(f".{domain}") for r in found):
        yield "Certificate: no validation record"

"""Types that serve and switch clients: certificate, load balancers, DNS."""

from typing import Any

from emulator.kinds import Kind, Refused, Resource, Source, call
from emulator.network import constant, ident, physical_name, prop


def full_name(after: str) -> Source:
    """The rest of the ARN: the name that CloudWatch's dimensions take."""
    return lambda r: str(r.physical_id).partition(after)[2]


def has_gateway(resource: Resource) -> None:
    """An internet-facing load balancer needs a VPC whose internet gateway is attached.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html
    """
    if resource.properties.get("Scheme") == "internal":
        return
    ec2 = resource.client("ec2")
    subnets = ec2.describe_subnets(SubnetIds=resource.properties["Subnets"])["Subnets"]
    wanted = [{"Name": "attachment.vpc-id", "Values": [subnets[0]["VpcId"]]}]
    if not ec2.describe_internet_gateways(Filters=wanted)["InternetGateways"]:
        raise Refused(f"VPC {subnets[0]['VpcId']} has no internet gateway")


def load_balancer_check(resource: Resource) -> None:
    """At most 32 characters, not beginning with ``internal-``; moto takes any."""
    name = resource.properties.get("Name", "")
    if len(name) > 32 or name.startswith("internal-"):
        raise Refused(f"The load balancer name '{name}' is longer than 32 characters or reserved")
    has_gateway(resource)


def record(action: str) -> Source:
    """A record as a change batch of one."""

    def batch(resource: Resource) -> dict[str, Any]:
        values = {k: v for k, v in resource.properties.items() if k != "HostedZoneId"}
        if "ResourceRecords" in values:
            values["ResourceRecords"] = [{"Value": one} for one in values["ResourceRecords"]]
        return {"Changes": [{"Action": action, "ResourceRecordSet": values}]}

    return batch


def validation(action: str) -> Source:
    """The record by which CloudFormation proves that the domain is the user's."""

    def batch(resource: Resource) -> dict[str, Any]:
        acm = resource.client("acm")
        found = acm.describe_certificate(CertificateArn=resource.physical_id)["Certificate"]
        record = found["DomainValidationOptions"][0]["ResourceRecord"]
        values = {"Name": record["Name"], "Type": record["Type"], "TTL": 300}
        values["ResourceRecords"] = [{"Value": record["Value"]}]
        return {"Changes": [{"Action": action, "ResourceRecordSet": values}]}

    return batch


def validation_zone(resource: Resource) -> Any:
    """The zone of the first validation option."""
    return resource.properties["DomainValidationOptions"][0].get("HostedZoneId")


def validation_option(option: dict[str, Any]) -> dict[str, Any]:
    """Nothing of an option goes to ACM; one that has more than a domain and a zone is refused."""
    return {k: v for k, v in option.items() if k not in {"DomainName", "HostedZoneId"}}


CERTIFICATE = Kind(
    type="AWS::CertificateManager::Certificate",
    service="acm",
    create=call("request_certificate", "DomainName ValidationMethod Tags"),
    identity="CertificateArn",
    then=(
        call(
            "change_resource_record_sets",
            each="DomainValidationOptions",
            service="route53",
            HostedZoneId=validation_zone,
            ChangeBatch=validation("UPSERT"),
        ),
    ),
    waiter=("certificate_validated", "CertificateArn"),
    delete=(call("delete_certificate", CertificateArn=ident),),
    convert={"DomainValidationOptions": lambda given: [validation_option(one) for one in given]},
)


LOAD_BALANCER = Kind(
    type="AWS::ElasticLoadBalancingV2::LoadBalancer",
    service="elbv2",
    create=call("create_load_balancer", "Name Type Scheme SecurityGroups Subnets Tags"),
    identity="LoadBalancers[0].LoadBalancerArn",
    attributes={
        "DNSName": "LoadBalancers[0].DNSName",
        "CanonicalHostedZoneID": "LoadBalancers[0].CanonicalHostedZoneId",
        "LoadBalancerName": "LoadBalancers[0].LoadBalancerName",
        "LoadBalancerArn": ident,
        "LoadBalancerFullName": full_name(":loadbalancer/"),
    },
    delete=(call("delete_load_balancer", LoadBalancerArn=ident),),
    check=load_balancer_check,
)

TARGET_GROUP = Kind(
    type="AWS::ElasticLoadBalancingV2::TargetGroup",
    service="elbv2",
    create=call(
        "create_target_group",
        "Name Port Protocol VpcId HealthCheckEnabled HealthCheckPath HealthCheckIntervalSeconds"
        " HealthCheckTimeoutSeconds HealthyThresholdCount UnhealthyThresholdCount Tags",
    ),
    identity="TargetGroups[0].TargetGroupArn",
    attributes={
        "TargetGroupArn": ident,
        "TargetGroupName": "TargetGroups[0].TargetGroupName",
        "TargetGroupFullName": lambda r: "targetgroup/" + full_name(":targetgroup/")(r),
    },
    delete=(call("delete_target_group", TargetGroupArn=ident),),
)

LISTENER = Kind(
    type="AWS::ElasticLoadBalancingV2::Listener",
    service="elbv2",
    create=call(
        "create_listener", "LoadBalancerArn Port Protocol SslPolicy Certificates DefaultActions"
    ),
    identity="Listeners[0].ListenerArn",
    attributes={"ListenerArn": ident},
    delete=(call("delete_listener", ListenerArn=ident),),
)

HEALTH_CHECK = Kind(
    type="AWS::Route53::HealthCheck",
    service="route53",
    create=call("create_health_check", "HealthCheckConfig", CallerReference=physical_name()),
    identity="HealthCheck.Id",
    then=(
        call(
            "change_tags_for_resource",
            "HealthCheckTags>AddTags",
            ResourceType=constant("healthcheck"),
            ResourceId=ident,
        ),
    ),
    attributes={"HealthCheckId": ident},
    delete=(call("delete_health_check", HealthCheckId=ident),),
)

RECORD = Kind(
    type="AWS::Route53::RecordSet",
    service="route53",
    create=call("change_resource_record_sets", "HostedZoneId", ChangeBatch=record("CREATE")),
    identity=prop("Name"),
    delete=(
        call(
            "change_resource_record_sets",
            HostedZoneId=prop("HostedZoneId"),
            ChangeBatch=record("DELETE"),
        ),
    ),
    whole=True,
)

KINDS = (CERTIFICATE, LOAD_BALANCER, TARGET_GROUP, LISTENER, HEALTH_CHECK, RECORD)

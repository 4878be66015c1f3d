"""Health checks, and what they look at: listeners, load balancers, target groups."""

from defects.edits import Edit, Resources, change, properties, ref, remove, within


def health_check(**values: object) -> Edit:
    return within("PrimaryHealthCheck", "HealthCheckConfig", **values)


def listener(**values: object) -> Edit:
    return change("PrimaryHTTPSListener", **values).at("PrimaryHealthCheck")


def only_from_home(resources: Resources) -> None:
    for rule in properties(resources, "ALBSecurityGroup")["SecurityGroupIngress"]:
        rule["CidrIp"] = "10.0.0.0/8"


def open_to_all(**facts: object) -> Edit:
    return change("ALBSecurityGroup", SecurityGroupIngress=[{"CidrIp": "0.0.0.0/0", **facts}])


DEFECTS = {
    "E9201": {
        "the source's listeners": remove("PrimaryHTTPSListener", "StandbyHTTPSListener").at(
            "PrimaryHealthCheck"
        ),
        "a listener on another port": change("StandbyHTTPSListener", Port=8443).at(
            "StandbyHealthCheck"
        ),
        "a listener of another protocol": listener(Protocol="HTTP"),
        "a listener at the other load balancer": listener(LoadBalancerArn=ref("StandbyALB")),
        "a health check of another port": health_check(Port=444),
        "plain HTTP to the HTTPS port": health_check(Type="HTTP"),
        "a listener without a port": listener(Port=None),
    },
    "E9202": {
        "an internal load balancer": change("PrimaryALB", Scheme="internal").at(
            "PrimaryHealthCheck"
        ),
        "a security group for the office": Edit("StandbyHealthCheck", only_from_home),
        "no way in at all": change("ALBSecurityGroup", SecurityGroupIngress=None).at(
            "PrimaryHealthCheck"
        ),
    },
    "E9203": {
        "a time-out as long as the interval": change(
            "PrimaryTargetGroup", HealthCheckTimeoutSeconds=5
        ),
        "the default time-out above the interval": change(
            "StandbyTargetGroup", HealthCheckTimeoutSeconds=None
        ),
    },
}

# Not as the project writes it, and works all the same.
FINE = {
    "a listener of all traffic": open_to_all(IpProtocol="-1"),
    "a range of ports": open_to_all(IpProtocol="tcp", FromPort=0, ToPort=1024),
    "a security group from elsewhere": change("PrimaryALB", SecurityGroups=[ref("DomainName")]),
    "a port as text": change("PrimaryHTTPSListener", Port="443"),
    "the default port": health_check(Port=443, Type="HTTPS_STR_MATCH"),
}

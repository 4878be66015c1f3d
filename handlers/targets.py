"""What a load balancer says of a side's targets."""


def read_targets(elbv2, group):
    """The states in which the target group's targets are.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
    """
    found = elbv2.describe_target_health(TargetGroupArn=group)
    return {target["TargetHealth"]["State"] for target in found["TargetHealthDescriptions"]}


def targets_dead(states):
    """Whether a target is unhealthy and none healthy; any other mix says nothing against the side."""
    return "unhealthy" in states and "healthy" not in states

"""Names, which AWS limits: their length and their characters."""

from defects.edits import change, sub

DEFECTS = {
    "E9501": {
        "a load balancer's name": change(
            "PrimaryALB", Name=sub("${AWS::StackName}-primary-balancer")
        ),
        "a load balancer's name of 33 characters": change(
            "PrimaryALB", Name=sub("${AWS::StackName}-primary-alb2")
        ),
        "a bucket's name with a region": change(
            "ConfigurationBucket",
            BucketName=sub("${AWS::StackName}-config-${AWS::AccountId}-${AWS::Region}-12345678"),
        ),
        "a cluster's double hyphen": change(
            "AuroraDBCluster", DBClusterIdentifier=sub("${AWS::StackName}--cluster")
        ),
        "a role's name": change("HealthMonitorRole", RoleName=sub("${AWS::StackName}-" + "m" * 44)),
        "a target group's name": change(
            "StandbyTargetGroup", Name=sub("${AWS::StackName}-standby-group")
        ),
        "a bucket's name": change(
            "ConfigurationBucket",
            BucketName=sub("${AWS::StackName}-configuration-files-of-the-stack-${AWS::AccountId}"),
        ),
        "a bucket's capital": change(
            "ConfigurationBucket", BucketName=sub("${AWS::StackName}-Config")
        ),
        "a function's name": change(
            "HealthMonitorFunction", FunctionName=sub("${AWS::StackName}-" + "m" * 44)
        ),
        "a name of two regions": change(
            "PrimaryTargetGroup", Name=sub("${AWS::Region}-${AWS::Region}-group")
        ),
        "a reserved parameter": change("DatabaseEndpointParameter", Name="/aws/database"),
    }
}

# Not as the project writes it, and works all the same.
FINE = {
    "a bucket that AWS names": change("ConfigurationBucket", BucketName=None),
    "a name by parameter": change("PrimaryALB", Name=sub("${DomainName}")),
}

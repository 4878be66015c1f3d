"""Single properties that pass every schema, and that the service refuses or undoes."""

from collections.abc import Iterator

from drtemplate.checks.findings import Finding
from drtemplate.checks.rules.reading import (
    Template,
    branches,
    of_type,
    properties_of,
    target_of,
    text_of,
)


def check_resources(template: Template) -> Iterator[Finding]:
    """Database instances that are not their cluster's, and parameters CloudFormation cannot make."""
    yield from _instances(template)
    yield from _parameters(template)


def _instances(template: Template) -> Iterator[Finding]:
    """The cluster decides engine and version; an instance may repeat them, not differ."""
    # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    for title, properties in of_type(template, "AWS::RDS::DBInstance"):
        cluster = target_of(properties.get("DBClusterIdentifier"))[0]
        facts = properties_of(template, cluster, "AWS::RDS::DBCluster")
        for key in ("Engine", "EngineVersion") if facts is not None else ():
            wanted = text_of((facts or {}).get(key))
            for value in branches(properties.get(key)):
                if text_of(value) != wanted:
                    yield Finding(
                        f"Resources.{title}.Properties.{key}",
                        "engine",
                        f"is {text_of(value)}, and {cluster}'s is {wanted}; leave it to the cluster"
                        if key == "EngineVersion"
                        else f"is {text_of(value)}, and {cluster}'s is {wanted}; give the cluster's",
                    )


def _parameters(template: Template) -> Iterator[Finding]:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ssm-parameter.html
    for title, properties in of_type(template, "AWS::SSM::Parameter"):
        for kind in branches(properties.get("Type")):
            if text_of(kind) == "SecureString":
                yield Finding(
                    f"Resources.{title}.Properties.Type",
                    "secure-string",
                    "CloudFormation cannot make a SecureString; use String for what is no secret, "
                    "and Secrets Manager for what is",
                )

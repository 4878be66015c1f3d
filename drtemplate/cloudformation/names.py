"""Physical names: what each service takes, and what a stack's own name must leave room for.

The template makes names from the stack's own, as ``<stack>-primary-alb``; so a service's limit
becomes one on the name of the stack.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import Template, branches, of_type, section, value_at

# What the project promises a stack's name; every name of the template must leave room for it.
STACK_NAME_LENGTH = 20


@dataclass(frozen=True, slots=True)
class PhysicalName:
    """A name that the template gives.

    Attributes:
        path: steps to it from the template's root.
        what: the kind of thing that it names, as ``LoadBalancer``.
        naming: the service's rule for it.
        text: the name, as a Sub has it; None if no text can be known here.
    """

    path: tuple[str, ...]
    what: str
    naming: "Naming"
    text: str | None


@dataclass(frozen=True, slots=True)
class Naming:
    """A service's rule for a name.

    Attributes:
        key: the property that holds the name.
        longest: characters.
        pattern: what the whole name must match.
        forms: the pattern in words.
        reserved: beginnings that the service keeps for itself, lower case.
    """

    key: str
    longest: int
    pattern: str
    forms: str
    reserved: tuple[str, ...] = ()


_BALANCER = Naming(
    "Name",
    32,
    r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?",
    "letters, digits and hyphens, no hyphen first or last",
    ("internal-",),
)
_SOME = "letters, digits, hyphens and underscores"
_DATABASE = r"[A-Za-z](-?[A-Za-z0-9])*"
_DATABASE_FORMS = "letters, digits and single hyphens, a letter first, no hyphen last"
NAMINGS: Mapping[str, Naming] = {
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _BALANCER,
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
    "AWS::ElasticLoadBalancingV2::TargetGroup": Naming(
        "Name", 32, _BALANCER.pattern, _BALANCER.forms
    ),
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    "AWS::S3::Bucket": Naming(
        "BucketName",
        63,
        r"[a-z0-9][a-z0-9.-]+[a-z0-9]",
        "lower-case letters, digits, hyphens and dots, a letter or digit first and last",
        ("xn--", "sthree-", "amzn-s3-demo-"),
    ),
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
    "AWS::EC2::SecurityGroup": Naming(
        "GroupName",
        255,
        r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]+",
        "letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*",
        ("sg-",),
    ),
    # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
    "AWS::Events::Rule": Naming("Name", 64, r"[A-Za-z0-9._-]+", f"{_SOME} and dots"),
    # https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
    "AWS::IAM::Role": Naming("RoleName", 64, r"[A-Za-z0-9_+=,.@-]+", f"{_SOME} and +=,.@"),
    # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html
    "AWS::RDS::DBCluster": Naming("DBClusterIdentifier", 63, _DATABASE, _DATABASE_FORMS),
    # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
    "AWS::RDS::DBInstance": Naming("DBInstanceIdentifier", 63, _DATABASE, _DATABASE_FORMS),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
    "AWS::SQS::Queue": Naming("QueueName", 80, r"[A-Za-z0-9_-]+(\.fifo)?", _SOME),
    # https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    "AWS::Lambda::Function": Naming("FunctionName", 64, r"[A-Za-z0-9_-]+", _SOME),
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
    "AWS::DynamoDB::Table": Naming("TableName", 255, r"[A-Za-z0-9_.-]{3,}", f"{_SOME} and dots"),
    # https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html
    "AWS::Backup::BackupVault": Naming("BackupVaultName", 50, r"[A-Za-z0-9_-]{2,}", _SOME),
    # https://docs.aws.amazon.com/chatbot/latest/APIReference/API_CreateSlackChannelConfiguration.html
    "AWS::Chatbot::SlackChannelConfiguration": Naming(
        "ConfigurationName", 128, r"[A-Za-z0-9_-]+", _SOME
    ),
    # https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
    "AWS::SNS::Topic": Naming("TopicName", 256, r"[A-Za-z0-9_-]+(\.fifo)?", _SOME),
    # https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
    "AWS::KMS::Alias": Naming(
        "AliasName", 256, r"alias/[A-Za-z0-9/_-]+", f"alias/, then {_SOME}", ("alias/aws/",)
    ),
    # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    "AWS::SSM::Parameter": Naming(
        "Name",
        1011,
        r"[A-Za-z0-9/_.-]+",
        f"{_SOME}, dots and slashes",
        ("aws", "ssm", "/aws", "/ssm"),
    ),
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    "AWS::CloudWatch::Alarm": Naming("AlarmName", 255, r"[^\x00-\x1f]+", "no control characters"),
    "AWS::CloudWatch::CompositeAlarm": Naming(
        "AlarmName", 255, r"[^\x00-\x1f]+", "no control characters"
    ),
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
    "AWS::CloudWatch::Dashboard": Naming("DashboardName", 255, r"[A-Za-z0-9_-]+", _SOME),
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
    "AWS::Logs::LogGroup": Naming(
        "LogGroupName", 512, r"[A-Za-z0-9._/#-]+", f"{_SOME}, dots, slashes and #", ("aws/",)
    ),
}
# No page gives a limit for an export's name; this is the one of its output's.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
EXPORT = Naming("Name", 255, r".+", "one line of text")
# What stands for a pseudo parameter: the longest region's name and an account's twelve digits.
# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
_PSEUDO = {"AWS::AccountId": "1" * 12, "AWS::Region": "ap-southeast-1", "AWS::Partition": "aws"}
_VARIABLE = re.compile(r"\$\{([^}]+)\}")


def physical_names(template: Template) -> Iterator[PhysicalName]:
    """Each physical name that the template gives a resource or an export."""
    for kind, naming in NAMINGS.items():
        for title, properties in of_type(template, kind):
            path = ("Resources", title, "Properties", naming.key)
            for value in branches(properties.get(naming.key)):
                yield PhysicalName(path, kind.rpartition(":")[2], naming, text_of(value))
    for title, output in section(template, "Outputs"):
        path = ("Outputs", title, "Export", EXPORT.key)
        for value in branches(value_at(output, "Export", EXPORT.key)):
            yield PhysicalName(path, "Export", EXPORT, text_of(value))


def name_problems(template: Template, stack: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each name that a service would refuse in a stack of this name: its path, and the reason."""
    for name in physical_names(template):
        text = _filled(name.text, stack)
        if text and (problem := _problem(name.naming, text, name.what)):
            yield name.path, problem


def _filled(text: str | None, stack: str) -> str | None:
    """The name with its pseudo parameters filled in; None if it depends on anything else."""
    values = _PSEUDO | {"AWS::StackName": stack}
    if text is None or any(name not in values for name in _VARIABLE.findall(text)):
        return None
    return _VARIABLE.sub(lambda found: values[found[1]], text)


def _problem(naming: Naming, name: str, what: str) -> str:
    if len(name) > naming.longest:
        return (
            f"the {what}'s name {name} would have {len(name)} characters, of at most "
            f"{naming.longest}"
        )
    for beginning in naming.reserved:
        if name.lower().startswith(beginning):
            return f"the {what}'s name {name} would begin with {beginning}, which is reserved"
    if not re.fullmatch(naming.pattern, name):
        return f"the {what}'s name {name} would not be of the form: {naming.forms}"
    return ""

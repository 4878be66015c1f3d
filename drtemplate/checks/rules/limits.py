"""Limits of the services, counted in texts that have references in them.

cfn-lint has some of the template's own (E1002 its size, E1003 its description, E3010 and E6010 the
number of resources and outputs), and a schema's longest text (E3033) where a value is plain. Of a text
with references only the literal parts are counted: the rest is known to the deployed stack alone.
"""

from collections.abc import Iterator

from cfnlint.rules import RuleMatch

from drtemplate.checks.rules.callers import ALARM_TYPES, FUNCTION, environment_of
from drtemplate.checks.rules.rule import TemplateRule, at_property
from drtemplate.cloudformation.lookups import literal_of
from drtemplate.cloudformation.reading import Template, mapping_of, of_type, value_at

LIMITS_PAGE = (
    "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
)
MAX_COUNTS = {"Parameters": 200, "Mappings": 200}
MAX_DESCRIPTION = 1_024  # bytes
MAX_ALARM_DESCRIPTION = 1_024  # characters
MAX_PARAMETER_VALUE = 4_096  # characters, in the standard tier
MAX_ENVIRONMENT = 4_096  # bytes of all names and values
MAX_INLINE_CODE = 4_194_304  # bytes


class DescriptionSize(TemplateRule):
    """A description of the template that is too long in bytes, though not in characters."""

    id = "E9801"
    shortdesc = f"The template's description has at most {MAX_DESCRIPTION:,} bytes"
    description = "CloudFormation counts bytes; cfn-lint's E1003 counts characters."
    source_url = LIMITS_PAGE
    tags = ["limits"]
    example = ("Description", "é" * (MAX_DESCRIPTION // 2 + 1))

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """The description, if it is too long."""
        size = len(literal_of(template.get("Description")).encode())
        if problem := _over(size, MAX_DESCRIPTION, "bytes"):
            yield RuleMatch(["Description"], f"the description {problem}")


class SectionCount(TemplateRule):
    """A section with more entries than CloudFormation takes."""

    id = "E9806"
    shortdesc = "A template has at most 200 parameters and 200 mappings"
    description = "cfn-lint counts resources and outputs (E3010, E6010), and not these."
    source_url = LIMITS_PAGE
    tags = ["limits"]
    example = ("Mappings", {f"M{number}": {"a": {"b": "c"}} for number in range(201)})

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each section that has too many."""
        for name, limit in MAX_COUNTS.items():
            if problem := _over(len(mapping_of(template.get(name))), limit, "entries"):
                yield RuleMatch([name], f"{name} {problem}")


class AlarmDescriptionSize(TemplateRule):
    """A description of an alarm that CloudWatch refuses."""

    id = "E9802"
    shortdesc = f"An alarm's description has at most {MAX_ALARM_DESCRIPTION:,} characters"
    description = "CloudWatch refuses the alarm in the middle of the deployment."
    source_url = (
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
    )
    tags = ["limits", "cloudwatch"]
    example = (
        "Resources.CompositeAlarm.Properties.AlarmDescription",
        {"Fn::Sub": "x" * MAX_ALARM_DESCRIPTION + "${AWS::StackName}x"},
    )

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each description that is too long."""
        for title, properties in of_type(template, *ALARM_TYPES):
            size = len(literal_of(properties.get("AlarmDescription")))
            if problem := _over(size, MAX_ALARM_DESCRIPTION, "characters"):
                yield at_property(
                    title, "AlarmDescription", message=f"the description of {title} {problem}"
                )


class ParameterValueSize(TemplateRule):
    """A value that Parameter Store does not take in its standard tier."""

    id = "E9803"
    shortdesc = f"A standard parameter's value has at most {MAX_PARAMETER_VALUE:,} characters"
    description = "Parameter Store refuses it; the advanced tier takes more and costs more."
    source_url = "https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
    tags = ["limits", "ssm"]
    example = (
        "Resources.FailoverConfigParameter.Properties.Value",
        {"Fn::Sub": "x" * MAX_PARAMETER_VALUE + "${AWS::StackName}x"},
    )

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each value that is too long."""
        for title, properties in of_type(template, "AWS::SSM::Parameter"):
            size = len(literal_of(properties.get("Value")))
            standard = properties.get("Tier", "Standard") == "Standard"
            problem = _over(size, MAX_PARAMETER_VALUE, "characters")
            if standard and problem:
                yield at_property(title, "Value", message=f"the value of {title} {problem}")


class EnvironmentSize(TemplateRule):
    """An environment that Lambda does not take."""

    id = "E9804"
    shortdesc = f"A function's environment has at most {MAX_ENVIRONMENT:,} bytes"
    description = "All names and values together; Lambda refuses the function otherwise."
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
    tags = ["limits", "lambda"]
    example = (
        "Resources.FailoverOrchestratorFunction.Properties.Environment.Variables.NOTE",
        "x" * MAX_ENVIRONMENT,
    )

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each environment that is too large."""
        for title, properties in of_type(template, FUNCTION):
            variables = environment_of(properties)
            size = sum(len((str(k) + literal_of(value)).encode()) for k, value in variables.items())
            if problem := _over(size, MAX_ENVIRONMENT, "bytes"):
                yield at_property(
                    title, "Environment", message=f"the environment of {title} {problem}"
                )


class InlineCodeSize(TemplateRule):
    """Inline code that CloudFormation does not take."""

    id = "E9805"
    shortdesc = f"A function's inline code has at most {MAX_INLINE_CODE:,} bytes"
    description = "CloudFormation refuses the function; code in a bucket may be larger."
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html"
    tags = ["limits", "lambda"]
    example = (
        "Resources.FailoverOrchestratorFunction.Properties.Code.ZipFile",
        {"Fn::Join": ["x" * 65_536, [""] * (MAX_INLINE_CODE // 65_536 + 2)]},
    )

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each function with too much."""
        for title, properties in of_type(template, FUNCTION):
            size = len(literal_of(value_at(properties, "Code", "ZipFile")).encode())
            if problem := _over(size, MAX_INLINE_CODE, "bytes"):
                yield at_property(
                    title, "Code", "ZipFile", message=f"the inline code of {title} {problem}"
                )


def _over(size: int, limit: int, unit: str) -> str:
    """What is to be said of something that large; '' if it may be."""
    return f"has {size:,} {unit}; AWS takes at most {limit:,}" if size > limit else ""

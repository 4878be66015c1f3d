"""The limits of CloudFormation and of the services behind it, each by its name.

Of a text with references in it only the literal parts are counted: what they refer to is known to the
deployed stack alone.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from drtemplate.checks.findings import Finding
from drtemplate.cloudformation.intrinsics import without_variables

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_BYTES = 1_000_000  # "1 MB" of a template in S3
MAX_COUNTS = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}
MAX_DESCRIPTION = 1_024  # bytes of the template's description
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
MAX_ALARM_DESCRIPTION = 1_024  # characters
ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
# https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
MAX_PARAMETER_VALUE = 4_096  # characters, in the standard tier
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_ENVIRONMENT = 4_096  # bytes of all names and values of a function's environment
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-code.html
MAX_INLINE_CODE = 4_194_304  # bytes of Code.ZipFile


def check_limits(template: Mapping[str, Any], text: str) -> list[Finding]:
    """Compare a template and the file that was written of it with what AWS takes.

    Args:
        template: as plain dictionaries, intrinsics in long form.
        text: the file.
    """
    return [*_of_template(template, text), *_of_resources(template)]


def _of_template(template: Mapping[str, Any], text: str) -> Iterator[Finding]:
    yield from _over("the template", "template-size", len(text.encode()), MAX_BYTES, "bytes")
    for section, limit in MAX_COUNTS.items():
        count = len(template.get(section, {}))
        yield from _over(section, "section-count", count, limit, "entries")
    description = len(str(template.get("Description", "")).encode())
    yield from _over("Description", "description-size", description, MAX_DESCRIPTION, "bytes")


def _of_resources(template: Mapping[str, Any]) -> Iterator[Finding]:
    for title, resource in template.get("Resources", {}).items():
        kind, properties = resource.get("Type"), resource.get("Properties", {})
        where = f"Resources.{title}.Properties"
        if kind in ALARMS:
            yield from _over(
                f"{where}.AlarmDescription",
                "alarm-description-size",
                len(_literal(properties.get("AlarmDescription"))),
                MAX_ALARM_DESCRIPTION,
                "characters",
            )
        elif kind == "AWS::SSM::Parameter" and properties.get("Tier", "Standard") == "Standard":
            yield from _over(
                f"{where}.Value",
                "parameter-value-size",
                len(_literal(properties.get("Value"))),
                MAX_PARAMETER_VALUE,
                "characters",
            )
        elif kind == "AWS::Lambda::Function":
            yield from _of_function(where, properties)


def _of_function(where: str, properties: Mapping[str, Any]) -> Iterator[Finding]:
    variables = properties.get("Environment", {}).get("Variables", {})
    size = sum(len((name + _literal(value)).encode()) for name, value in variables.items())
    yield from _over(f"{where}.Environment", "environment-size", size, MAX_ENVIRONMENT, "bytes")
    code = len(_literal(properties.get("Code", {}).get("ZipFile")).encode())
    yield from _over(f"{where}.Code.ZipFile", "inline-code-size", code, MAX_INLINE_CODE, "bytes")


def _over(where: str, rule: str, size: int, limit: int, unit: str) -> Iterator[Finding]:
    if size > limit:
        yield Finding(where, rule, f"has {size:,} {unit}; AWS takes at most {limit:,}")


def _literal(value: Any) -> str:
    """The text, or what of it is known whatever its references stand for."""
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list):
        return "".join(_literal(item) for item in value)
    match value:
        case {"Fn::Sub": str() as text} | {"Fn::Sub": [str() as text, _]}:
            return without_variables(text)
        case {"Fn::Join": [str() as delimiter, list() as parts]}:
            return delimiter.join(_literal(part) for part in parts)
    return ""

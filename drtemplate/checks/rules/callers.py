"""Who calls a function asynchronously, or publishes: alarms, event rules, and other functions."""

from collections.abc import Iterator
from dataclasses import dataclass

from drtemplate.checks.rules.code import Code, read_code
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.reading import (
    Properties,
    Template,
    list_of,
    mapping_of,
    mappings_of,
    of_type,
    target_of,
    value_at,
)

FUNCTION = "AWS::Lambda::Function"
EVENTS = "events.amazonaws.com"
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
ALARM_CALLER = "lambda.alarms.cloudwatch.amazonaws.com"
ALARM_TYPES = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


@dataclass(frozen=True, slots=True)
class Caller:
    """Something that calls a function without waiting for its answer.

    Attributes:
        function: the function's logical id.
        title: the caller's logical id.
        principal: the service that calls; empty if it is another function, by its role.
        arns: the caller's ARNs, as the texts of a Sub.
    """

    function: str
    title: str
    principal: str
    arns: tuple[str, ...] = ()


def callers(template: Template) -> Iterator[Caller]:
    """Each asynchronous caller of a function of the template."""
    functions = {title for title, _ in of_type(template, FUNCTION)}
    for function, caller in _calls(template):
        if function in functions:
            yield Caller(function, *caller)


def _calls(template: Template) -> Iterator[tuple[str | None, tuple[str, str, tuple[str, ...]]]]:
    for title, alarm in of_type(template, *ALARM_TYPES):
        name = text_of(alarm.get("AlarmName")) or f"${{{title}}}"
        arn = (
            f"arn:${{AWS::Partition}}:cloudwatch:${{AWS::Region}}:${{AWS::AccountId}}:alarm:{name}"
        )
        for action in [action for key in ACTIONS for action in list_of(alarm.get(key))]:
            yield target_of(action)[0], (title, ALARM_CALLER, (arn, f"${{{title}.Arn}}"))
    for title, rule in of_type(template, "AWS::Events::Rule"):
        for target in mappings_of(rule.get("Targets")):
            yield target_of(target.get("Arn"))[0], (title, EVENTS, (f"${{{title}.Arn}}",))
    for title, properties in of_type(template, FUNCTION):
        code = code_of(properties)
        for value in environment_of(properties).values() if code and code.asynchronous else ():
            yield target_of(value)[0], (title, "", ())


def code_of(properties: Properties) -> Code | None:
    """What the function's inline code says of itself; None without inline Python."""
    text = value_at(properties, "Code", "ZipFile")
    return read_code(text) if isinstance(text, str) else None


def environment_of(properties: Properties) -> Properties:
    """The function's environment variables."""
    return mapping_of(value_at(properties, "Environment", "Variables"))

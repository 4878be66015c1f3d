"""Functions: time for their waits, a log group of their own, and who may call them how."""

from collections.abc import Iterator
from typing import Any

from drtemplate.checks.findings import Finding
from drtemplate.checks.rules.code import Code, read_code
from drtemplate.checks.rules.keys import ACTIONS, ALARM_TYPES, EVENTS
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.policies import like
from drtemplate.cloudformation.reading import (
    Properties,
    Template,
    list_of,
    number_of,
    of_type,
    properties_of,
    target_of,
)

FUNCTION = "AWS::Lambda::Function"
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
ALARM_CALLER = "lambda.alarms.cloudwatch.amazonaws.com"
# Seconds. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-function.html
DEFAULT_TIMEOUT = 3.0


def code_of(properties: Properties) -> Code | None:
    """What the function's inline code says of itself; None without inline Python."""
    text = properties.get("Code", {}).get("ZipFile")
    return read_code(text) if isinstance(text, str) else None


def check_functions(template: Template) -> Iterator[Finding]:
    """Functions that outlive their time-out, log nowhere, are retried, or may not be called."""
    callers = list(_callers(template))
    for title, properties in of_type(template, FUNCTION):
        if code := code_of(properties):
            yield from _time(title, properties, code)
        # A group that the function makes itself is unencrypted, and the stack's then collides.
        # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html
        group = target_of(properties.get("LoggingConfig", {}).get("LogGroup"))[0]
        if properties_of(template, group, "AWS::Logs::LogGroup") is None:
            yield Finding(
                f"Resources.{title}.Properties",
                "log-group",
                "may write before its log group exists; name the group in LoggingConfig",
            )
        if any(called == title for called, *_ in callers):
            yield from _asynchronous(template, title)
    for called, caller, principal, arns in callers:
        if principal and not _permitted(template, called, principal, arns):
            yield Finding(
                f"Resources.{caller}",
                "permission",
                f"calls {called}, and no Permission lets {principal} do that for {caller}; add one",
            )


def _time(title: str, properties: Properties, code: Code) -> Iterator[Finding]:
    """The waits, and after them at least one API call, must fit into the time-out."""
    timeout = number_of(properties.get("Timeout", DEFAULT_TIMEOUT))
    where = f"Resources.{title}.Properties.Timeout"
    if timeout is None:
        return
    if code.waits + code.call > timeout:
        yield Finding(
            where,
            "function-wait",
            f"Lambda ends it after {timeout:g} s, and its code waits for {code.waits:g} s and may "
            f"then spend {code.call:g} s in one API call; raise the time-out or shorten the wait",
        )
    if code.reserve is None:
        return
    # After the last good look at the clock: a sleep, one more look, and a call to tell the end.
    needed = code.pause + 2 * code.call
    if not needed <= code.reserve < timeout:
        yield Finding(
            where,
            "function-reserve",
            f"the code keeps {code.reserve:g} s of {timeout:g} s back, and its end may take "
            f"{needed:g} s; keep back more than that, and less than the time-out",
        )


def _callers(template: Template) -> Iterator[tuple[str, str, str, tuple[str, ...]]]:
    """Who calls a function asynchronously: function, caller, principal ('' if by role), ARNs."""
    functions = {title for title, _ in of_type(template, FUNCTION)}
    for title, alarm in of_type(template, *ALARM_TYPES):
        name = text_of(alarm.get("AlarmName")) or f"${{{title}}}"
        arn = (
            f"arn:${{AWS::Partition}}:cloudwatch:${{AWS::Region}}:${{AWS::AccountId}}:alarm:{name}"
        )
        for action in [one for key in ACTIONS for one in list_of(alarm.get(key))]:
            if (called := target_of(action)[0]) in functions:
                yield str(called), title, ALARM_CALLER, (arn, f"${{{title}.Arn}}")
    for title, rule in of_type(template, "AWS::Events::Rule"):
        for target in list_of(rule.get("Targets")):
            if (called := target_of(target.get("Arn"))[0]) in functions:
                yield str(called), title, EVENTS, (f"${{{title}.Arn}}",)
    for title, properties in of_type(template, FUNCTION):
        code = code_of(properties)
        for value in _variables(properties) if code and code.asynchronous else ():
            if (called := target_of(value)[0]) in functions:
                yield str(called), title, "", ()


def _variables(properties: Properties) -> list[Any]:
    return list(properties.get("Environment", {}).get("Variables", {}).values())


def _asynchronous(template: Template, title: str) -> Iterator[Finding]:
    """Without a word Lambda runs a failed event twice more, which may be two more failovers."""
    # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    retries = [
        number_of(config.get("MaximumRetryAttempts"))
        for _, config in of_type(template, "AWS::Lambda::EventInvokeConfig")
        if target_of(config.get("FunctionName"))[0] == title
        and text_of(config.get("Qualifier")) == "$LATEST"
    ]
    if 0 not in retries:
        yield Finding(
            f"Resources.{title}",
            "invoke-config",
            "is called asynchronously, and Lambda would run a failed event again; add an "
            "EventInvokeConfig for $LATEST with MaximumRetryAttempts 0",
        )


def _permitted(template: Template, called: str, principal: str, arns: tuple[str, ...]) -> bool:
    for _, permission in of_type(template, "AWS::Lambda::Permission"):
        # Without a source, whatever the principal calls for may call; else by StringLike.
        # https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
        source = text_of(permission.get("SourceArn", "*")) or ""
        if (
            target_of(permission.get("FunctionName"))[0] == called
            and text_of(permission.get("Principal")) == principal
            and text_of(permission.get("Action")) == "lambda:InvokeFunction"
            and any(like(source, arn) for arn in arns)
        ):
            return True
    return False

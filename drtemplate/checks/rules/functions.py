"""Functions: time for their waits, a log group of their own, and who may call them how."""

from collections.abc import Iterator

from cfnlint.rules import RuleMatch

from drtemplate.checks.rules.callers import FUNCTION, Caller, callers, code_of
from drtemplate.checks.rules.code import Code
from drtemplate.checks.rules.rule import TemplateRule, at_property, at_resource
from drtemplate.cloudformation.lookups import text_of
from drtemplate.cloudformation.policies import matches_wildcard
from drtemplate.cloudformation.reading import (
    Template,
    number_of,
    of_type,
    properties_of,
    target_of,
    value_at,
)

# Seconds. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-function.html
DEFAULT_TIMEOUT = 3.0


def _timed(template: Template) -> Iterator[tuple[str, float, Code]]:
    """Each function whose time-out and code are known: logical id, seconds, what its code says."""
    for title, properties in of_type(template, FUNCTION):
        timeout = number_of(properties.get("Timeout", DEFAULT_TIMEOUT))
        code = code_of(properties)
        if timeout is not None and code is not None:
            yield title, timeout, code


class FunctionWait(TemplateRule):
    """A function that Lambda ends while it still waits."""

    id = "E9301"
    shortdesc = "A function's waits fit into its time-out"
    description = (
        "Read from the inline code: sleeps, and clocks that are compared with numbers. A function that "
        "is ended half-way has acted and told nobody."
    )
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html"
    tags = ["lambda"]
    example = ("Resources.HealthMonitorFunction.Properties.Timeout", 60)

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each function that waits too long."""
        for title, timeout, code in _timed(template):
            if code.waits > timeout:
                yield at_property(
                    title,
                    "Timeout",
                    message=f"Lambda ends {title} after {timeout:g} s, and its code waits for "
                    f"{code.waits:g} s; raise the time-out or shorten the wait",
                )


class FunctionLastCall(TemplateRule):
    """A function that waits almost to its time-out, and may be ended in the call after that."""

    id = "W9306"
    shortdesc = "After a function's longest wait, one call fits into its time-out"
    description = (
        "A call whose every attempt hangs takes the time-outs of its client that many times; botocore's "
        "own are 60 seconds and five attempts. Found where the code watches a clock or counts rounds: "
        "whoever plans the time of a run must leave some for its end."
    )
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html"
    tags = ["lambda"]
    example = ("Resources.HealthMonitorFunction.Properties.Timeout", 122)

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each function whose last call may not fit."""
        for title, timeout, code in _timed(template):
            if 0 < code.watches <= timeout < code.watches + code.call:
                yield at_property(
                    title,
                    "Timeout",
                    message=f"Lambda ends {title} after {timeout:g} s, and its code waits for "
                    f"{code.watches:g} s and may then spend {code.call:g} s in one API call; raise "
                    "the time-out, or shorten the wait or the client's time-outs",
                )


class FunctionReserve(TemplateRule):
    """A function that watches its remaining time and keeps too little of it back."""

    id = "E9302"
    shortdesc = "What a function keeps back of its time is enough for its end"
    description = (
        "After the last good look at get_remaining_time_in_millis come a sleep, one more look and a "
        "call to tell the end; these must fit, and the reserve must be less than the time-out."
    )
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"
    tags = ["lambda"]
    example = ("Resources.FailoverOrchestratorFunction.Properties.Timeout", 45)

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each reserve that does not fit."""
        for title, timeout, code in _timed(template):
            needed = code.pause + 2 * code.call
            if code.reserve is not None and not needed <= code.reserve < timeout:
                yield at_property(
                    title,
                    "Timeout",
                    message=f"the code of {title} keeps {code.reserve:g} s of {timeout:g} s back, and "
                    f"its end may take {needed:g} s; keep back more than that, and less than the "
                    "time-out",
                )


class FunctionLogGroup(TemplateRule):
    """A function that may write before its log group exists."""

    id = "W9303"
    shortdesc = "A function's LoggingConfig names a log group of the template"
    description = (
        "Lambda makes a missing group by itself, unencrypted and without retention, and the stack's "
        "own group of the same name then collides with it."
    )
    source_url = (
        "https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html"
    )
    tags = ["lambda", "logs"]
    example = ("Resources.HealthMonitorFunction.Properties.LoggingConfig", {"LogFormat": "JSON"})

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each function that names none."""
        for title, properties in of_type(template, FUNCTION):
            group = target_of(value_at(properties, "LoggingConfig", "LogGroup"))[0]
            if properties_of(template, group, "AWS::Logs::LogGroup") is None:
                yield at_property(
                    title,
                    "LoggingConfig",
                    message=f"{title} may write before its log group exists; name the group in "
                    "LoggingConfig",
                )


class InvokeRetries(TemplateRule):
    """A function that Lambda would run again for an event that failed."""

    id = "W9304"
    shortdesc = "What is called asynchronously is not retried"
    description = (
        "Without a word Lambda runs a failed event twice more, which may be two more failovers. An "
        "EventInvokeConfig for $LATEST turns that off."
    )
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html"
    tags = ["lambda"]
    example = ("Resources.HealthMonitorInvokeConfig.Properties.MaximumRetryAttempts", 1)

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each function that is called so and may be retried."""
        called = {caller.function for caller in callers(template)}
        for title in [title for title, _ in of_type(template, FUNCTION) if title in called]:
            retries = [
                number_of(config.get("MaximumRetryAttempts"))
                for _, config in of_type(template, "AWS::Lambda::EventInvokeConfig")
                if target_of(config.get("FunctionName"))[0] == title
                and text_of(config.get("Qualifier")) == "$LATEST"
            ]
            if 0 not in retries:
                yield at_resource(
                    title,
                    f"{title} is called asynchronously, and Lambda would run a failed event again; "
                    "add an EventInvokeConfig for $LATEST with MaximumRetryAttempts 0",
                )


class InvokePermission(TemplateRule):
    """An alarm or an event rule that may not call its function."""

    id = "E9305"
    shortdesc = "A Permission lets each alarm and event rule call its function"
    description = (
        "Without one the call is refused and nobody is told: the alarm rings, the rule matches, and "
        "nothing happens."
    )
    source_url = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html"
    tags = ["lambda", "cloudwatch", "events"]
    example = ("Resources.AlarmPermission.Properties.Principal", "cloudwatch.amazonaws.com")

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each call that is not permitted."""
        for caller in callers(template):
            if caller.principal and not _permitted(template, caller):
                yield at_resource(
                    caller.title,
                    f"{caller.title} calls {caller.function}, and no Permission lets "
                    f"{caller.principal} do that for {caller.title}; add one",
                )


def _permitted(template: Template, caller: Caller) -> bool:
    for _, permission in of_type(template, "AWS::Lambda::Permission"):
        # Without a source, whatever the principal calls for may call; else by StringLike.
        # https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
        source = text_of(permission.get("SourceArn", "*")) or ""
        if (
            target_of(permission.get("FunctionName"))[0] == caller.function
            and text_of(permission.get("Principal")) == caller.principal
            and text_of(permission.get("Action")) == "lambda:InvokeFunction"
            and any(matches_wildcard(source, arn) for arn in caller.arns)
        ):
            return True
    return False

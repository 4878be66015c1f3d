"""What Lambda itself does in a function's role: interfaces, logs, and the failure destination."""

from collections.abc import Callable

from drtemplate.world.deployment import Function
from drtemplate.world.roles import Roles

LAMBDA = "lambda"
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
INTERFACES = (
    "DescribeSubnets",
    "CreateNetworkInterface",
    "DescribeNetworkInterfaces",
    "DeleteNetworkInterface",
)


class OwnCalls:
    """Lambda's own calls; a denial is noted with the roles, and ends no run.

    Args:
        roles: None allows all.
        publish: takes a topic, a subject and a text.
    """

    def __init__(self, roles: Roles | None, publish: Callable[[str, str, str], None]) -> None:
        self.roles = roles
        self.publish = publish

    def attach(self, function: Function) -> None:
        """Make and remove the network interfaces of a function within a VPC."""
        for operation in INTERFACES if function.zones else ():
            self._may(function, "ec2", operation)

    def open_log(self, function: Function) -> None:
        """A fresh execution environment has a log stream of its own."""
        self._may(function, "logs", "CreateLogStream", logGroupName=function.log_group)

    def write_log(self, function: Function) -> None:
        """What a run printed goes to the log."""
        self._may(function, "logs", "PutLogEvents", logGroupName=function.log_group)

    def tell(self, function: Function, subject: str, record: str) -> None:
        """The record of an event that failed for good goes to the failure destination."""
        topic = function.on_failure
        if topic and self._may(function, "sns", "Publish", TopicArn=topic):
            self.publish(topic, subject, record)

    def _may(self, function: Function, service: str, operation: str, **params: str) -> bool:
        if self.roles is None:
            return True
        return self.roles.denial(function.logical, service, operation, params, LAMBDA) is None

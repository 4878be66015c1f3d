"""A stack on a clock of its own."""

from datetime import UTC, datetime, timedelta

from botocore.exceptions import ClientError

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
STACK_ID = "arn:aws:cloudformation:us-east-1:111122223333:stack/payments-dr/1"


def refusal(code, message="", operation="DescribeStackEvents"):
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class World:
    """CloudFormation on a clock.

    Attributes:
        plan: (second, logical id, status, reason) of every event to come.
        errors: what the next calls raise; None lets one through.
        page: events on a page.
    """

    def __init__(self, plan=(), page=2, exists=True):
        self.plan, self.page, self.exists = list(plan), page, exists
        self.now, self.errors, self.calls, self.naps = 0.0, [], 0, []
        self.shift = 0

    # CloudFormation

    def describe_stack_events(self, StackName, NextToken="0"):
        self.calls += 1
        error = self.errors.pop(0) if self.errors else None
        if error:
            raise error
        if not self.exists:
            raise refusal("ValidationError", f"Stack [{StackName}] does not exist")
        events = [self.event(number) for number, one in enumerate(self.plan) if one[0] <= self.now]
        events.reverse()
        start = max(0, int(NextToken) - self.shift)
        answer = {"StackEvents": events[start : start + self.page]}
        if start + self.page < len(events):
            answer["NextToken"] = str(int(NextToken) + self.page)
        return answer

    def event(self, number):
        second, title, status, reason = (*self.plan[number], "")[:4]
        return {
            "EventId": f"{title}-{number}",
            "StackId": STACK_ID,
            "PhysicalResourceId": STACK_ID if title == "payments-dr" else title.lower(),
            "LogicalResourceId": title,
            "ResourceStatus": status,
            "Timestamp": EPOCH + timedelta(seconds=second),
        } | ({"ResourceStatusReason": reason} if reason else {})

    def status(self):
        states = [one[2] for one in self.plan if one[0] <= self.now and one[1] == "payments-dr"]
        return states[-1] if states else ""

    # time

    def sleep(self, seconds):
        self.naps.append(seconds)
        self.now += seconds

    def clock(self):
        return 1000 + self.now

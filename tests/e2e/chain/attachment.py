"""What a user attaches to a deployed stack: an application, and a subscriber of the alerts."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from chain.deployment import Deployment

SIDES = ("Primary", "Standby")


class Attachment:
    """An instance registered with each target group, and a queue subscribed to the topic.

    Attributes:
        instances: Side -> id of its instance.
    """

    def __init__(self, deployment: Deployment, client: Callable[[str], Any]) -> None:
        self.deployment, self.client = deployment, client
        self.images: list[str] = []
        self.mailbox = self._subscribe()
        self.instances = {side: self._launch(number) for number, side in enumerate(SIDES)}
        for side in SIDES:
            self.register(side)

    def register(self, side: str) -> None:
        """Put the side's instance into service."""
        self.client("elbv2").register_targets(**self._target(side))

    def deregister(self, side: str) -> None:
        """Take the side's instance out of service."""
        self.client("elbv2").deregister_targets(**self._target(side))

    def _target(self, side: str) -> dict[str, Any]:
        group = self.deployment.ids[f"{side}TargetGroup"]
        return {"TargetGroupArn": group, "Targets": [{"Id": self.instances[side]}]}

    def mails(self) -> Iterator[tuple[str, str]]:
        """(subject, message) of each message, which is gone then."""
        while (
            found := self.client("sqs")
            .receive_message(QueueUrl=self.mailbox, MaxNumberOfMessages=10, WaitTimeSeconds=0)
            .get("Messages")
        ):
            for one in found:
                self.client("sqs").delete_message(
                    QueueUrl=self.mailbox, ReceiptHandle=one["ReceiptHandle"]
                )
                mail = json.loads(one["Body"])
                yield mail.get("Subject", ""), mail["Message"]

    def close(self) -> None:
        """Take everything away again."""
        for side in SIDES:
            self.deregister(side)
        self.client("ec2").terminate_instances(InstanceIds=list(self.instances.values()))
        for image in self.images:
            self.client("ec2").deregister_image(ImageId=image)
        self.client("sns").unsubscribe(SubscriptionArn=self.subscription)
        self.client("sqs").delete_queue(QueueUrl=self.mailbox)

    def _subscribe(self) -> str:
        sqs, sns = self.client("sqs"), self.client("sns")
        url = str(sqs.create_queue(QueueName=f"{self.deployment.stack}-mailbox")["QueueUrl"])
        facts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        self.subscription = sns.subscribe(
            TopicArn=self.deployment.ids["AlertTopic"],
            Protocol="sqs",
            Endpoint=facts["Attributes"]["QueueArn"],
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        return url

    def _launch(self, number: int) -> str:
        """An instance of the application, in the subnets that the outputs give."""
        ec2 = self.client("ec2")
        outputs = self.deployment.account.outputs(self.deployment.stack)
        image = ec2.register_image(Name=f"application-{number}")["ImageId"]
        self.images.append(image)
        (made,) = ec2.run_instances(
            ImageId=image,
            MinCount=1,
            MaxCount=1,
            SubnetId=outputs["ApplicationSubnetIds"].split(",")[number],
            SecurityGroupIds=[outputs["ApplicationSecurityGroupId"]],
        )["Instances"]
        return str(made["InstanceId"])

"""Policies of the key and of the topic: who may use them."""

from defects.edits import Edit, Resources, change, key, properties, ref, remove, sub, topic

TOPIC = "AlertTopic"
CONTEXT = "kms:EncryptionContext:aws:logs:arn"
DEAF = {"StringEquals": {"aws:SourceAccount": ref("AWS::AccountId")}}
SOURCE_STATEMENT = {
    "Effect": "Allow",
    "Principal": {"Service": ["rds.amazonaws.com", "s3.amazonaws.com", "lambda.amazonaws.com"]},
    "Action": ["kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant"],
    "Resource": "*",
}


def logs(**values: object) -> Edit:
    """Another statement of the key's for CloudWatch Logs."""
    return key("logs.", **values).at("FailoverLogGroup")


def source_key_policy(resources: Resources) -> None:
    """The source's own: the account, and services that need no statement."""
    policy = properties(resources, "OperationsKey")["KeyPolicy"]
    policy["Statement"] = [policy["Statement"][0], SOURCE_STATEMENT]


DEFECTS = {
    "E9101": {
        "the source's key policy": Edit("FailoverLogGroup", source_key_policy),
        "a key policy for nobody": change("OperationsKey", KeyPolicy=None).at("FailoverLogGroup"),
        "a key policy without Logs": key("logs.").at("HealthMonitorLogGroup"),
        "Logs without GenerateDataKey": logs(
            Action=["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:Describe*"]
        ),
        "Logs of a fixed region": logs(Principal={"Service": "logs.us-east-1.amazonaws.com"}),
        "Logs denied": logs(Effect="Deny"),
        "Logs for other groups": change(
            "HealthMonitorLogGroup", LogGroupName=sub("/apps/${AWS::StackName}-monitor")
        ),
        "Logs under an unknown condition": logs(
            Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
        ),
        # An ARN is compared part by part, so one wildcard stands for one part.
        "Logs for an ARN of too few parts": logs(Condition={"ArnLike": {CONTEXT: "arn:*"}}),
        # IAM knows no classes of characters.
        "Logs for a class of characters": logs(Condition={"StringLike": {CONTEXT: "[a]rn:*"}}),
        "Logs under an operator that is not known": logs(
            Condition={"StringNotEquals": {"aws:SourceAccount": "111122223333"}}
        ),
    },
    "E9102": {
        "a key policy without alarms": key("cloudwatch.").at(TOPIC),
        "alarms that may only decrypt": key("cloudwatch.", Action="kms:Decrypt").at(TOPIC),
        "alarms of another account": key(
            "cloudwatch.", Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}}
        ).at(TOPIC),
        "a key policy without EventBridge": key("events.").at(TOPIC),
        "EventBridge under a condition": key("events.", Condition=DEAF).at(TOPIC),
        "SNS's own key": change(TOPIC, KmsMasterKeyId="alias/aws/sns"),
    },
    "E9103": {
        "a topic policy without EventBridge": topic("events.").at(TOPIC),
        "a topic policy without alarms": topic("cloudwatch.").at(TOPIC),
        "a topic policy with a condition for EventBridge": topic("events.", Condition=DEAF).at(
            TOPIC
        ),
        "no topic policy": remove("AlertTopicPolicy").at(TOPIC),
    },
}

# Not as the project writes it, and works all the same.
FINE = {
    "a key for every log group": key(
        "logs.",
        Condition={
            "ArnEquals": {
                CONTEXT: sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:*")
            }
        },
    ),
    "a key for every log group of every account": key(
        "logs.", Condition={"StringLike": {CONTEXT.upper(): "arn:*"}}
    ),
    "actions as one wildcard": key("cloudwatch.", Action="kms:*"),
    "several principals": key(
        "events.", Principal={"Service": ["s3.amazonaws.com", "events.amazonaws.com"]}
    ),
    "a key that is not the stack's": change(TOPIC, KmsMasterKeyId=ref("DomainName")),
    "no key at all": change(TOPIC, KmsMasterKeyId=None),
}

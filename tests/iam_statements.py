"""Statements of IAM in a few words, and what they are about."""

from drtemplate.cloudformation.policies import statements

KEY = "arn:aws:kms:eu-west-1:111122223333:key/k"
TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/t"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:topic"
CLUSTER = "arn:aws:rds:eu-west-1:111122223333:cluster:c"


def policy(*given):
    return statements({"Version": "2012-10-17", "Statement": list(given)})


def allow(action, resource="*", effect="Allow", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def when(operator, key, values):
    return {"Condition": {operator: {key: values}}}


NAMESPACE = when("StringEquals", "cloudwatch:namespace", ["DRSystem", "Other"])

"""How IAM compares and decides."""

import pytest
from iam_statements import CLUSTER, KEY, NAMESPACE, TOPIC, allow, policy, when

from drtemplate.cloudformation.policies import (
    OPERATORS,
    Request,
    allows,
    arn_like,
    matches_wildcard,
    statements,
)

HERE = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}"


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("kms:Decrypt", "kms:Decrypt", True),
        ("kms:Decrypt", "kms:decrypt", False),
        ("kms:*", "kms:Decrypt", True),
        ("*", "", True),
        ("kms:?ecrypt", "kms:Decrypt", True),
        ("kms:?Decrypt", "kms:Decrypt", False),
        ("kms:D", "kms:Decrypt", False),
        ("Decrypt", "kms:Decrypt", False),
        ("a*", "a\nb", True),
        # No other wildcard: neither a class of characters nor a regular expression.
        ("[k]ms", "kms", False),
        ("[k]ms", "[k]ms", True),
        ("k.s", "kms", False),
        ("${A}", "${A}", True),
    ],
)
def test_like(pattern, text, expected):
    assert matches_wildcard(pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "arn", "expected"),
    [
        ("arn:aws:sns:eu-west-1:1:t", "arn:aws:sns:eu-west-1:1:t", True),
        ("arn:aws:sns:*:1:t", "arn:aws:sns:eu-west-1:1:t", True),
        ("arn:aws:sns:eu-west-?:1:*", "arn:aws:sns:eu-west-1:1:t:s", True),
        ("arn:aws:sns:eu-west-2:1:t", "arn:aws:sns:eu-west-1:1:t", False),
        # A wildcard does not reach over a colon before the last part.
        ("arn:aws:*:t", "arn:aws:sns:eu-west-1:1:t", False),
        ("arn:*", "arn:aws:sns:eu-west-1:1:t", False),
        ("*", "*", False),
        # The colons of a Sub's variable part nothing.
        (f"{HERE}:*", f"{HERE}:log-group:/a", True),
        (f"{HERE}:log-group:/${{AWS::StackName}}-*", f"{HERE}:log-group:/${{AWS::StackName}}-x", True),
        (f"{HERE}:log-group:/${{AWS::StackName}}-*", f"{HERE}:log-group:/${{Other}}-x", False),
        ("arn:*:logs:${AWS::Region}:${AWS::AccountId}:*", f"{HERE}:log-group:/a", True),
        ("arn:${AWS::Partition}:logs:*", f"{HERE}:log-group:/a", False),
    ],
)  # fmt: skip
def test_arn_like(pattern, arn, expected):
    assert arn_like(pattern, arn) is expected


ARN, ANY = "arn:aws:sns:eu-west-1:1:t", "arn:aws:sns:*:1:*"


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "expected"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "A", "a", False),
        ("StringEquals", "*", "a", False),
        ("StringEqualsIgnoreCase", "A", "a", True),
        ("StringEqualsIgnoreCase", "*", "a", False),
        ("StringLike", "a*", "abc", True),
        ("StringLike", "arn:*", ARN, True),
        ("ArnEquals", ANY, ARN, True),
        ("ArnEquals", "arn:*", ARN, False),
        ("ArnLike", ANY, ARN, True),
        ("ArnLike", "arn:*", ARN, False),
        ("Bool", "true", "True", True),
        ("Bool", "true", "false", False),
    ],
)
def test_an_operator(operator, wanted, given, expected):
    assert OPERATORS[operator](wanted, given) is expected


EVENTS = ("Service", "events.amazonaws.com")
DECISIONS = [
    ([allow("rds:FailoverDBCluster", CLUSTER)], CLUSTER, {}, True),
    ([allow(["rds:DescribeDBClusters", "rds:FailoverDBCluster"], [CLUSTER])], CLUSTER, {}, True),
    ([allow("RDS:failoverdbcluster", CLUSTER)], CLUSTER, {}, True),
    ([allow("rds:Failover*")], CLUSTER, {}, True),
    ([allow("rds:FailoverDBCluste?")], CLUSTER, {}, True),
    ([allow("*")], CLUSTER, {}, True),
    ([allow("rds:Describe*")], CLUSTER, {}, False),
    ([allow("rds:FailoverDB")], CLUSTER, {}, False),
    ([allow("rds:FailoverDBCluster", CLUSTER + "2")], CLUSTER, {}, False),
    ([allow("rds:FailoverDBCluster", CLUSTER[:-1])], CLUSTER, {}, False),
    ([allow("rds:FailoverDBCluster", CLUSTER[:-1] + "*")], CLUSTER, {}, True),
    ([allow("rds:FailoverDBCluster", CLUSTER.replace("rds", "*"))], CLUSTER, {}, True),
    ([allow("rds:FailoverDBCluster", "arn:aws:rds:*:cluster:c")], CLUSTER, {}, False),
    (
        [allow("rds:FailoverDBCluster", CLUSTER.replace("eu-west-1", "eu-west-2"))],
        CLUSTER,
        {},
        False,
    ),
    ([allow("rds:FailoverDBCluster", CLUSTER.upper())], CLUSTER, {}, False),
    ([allow("rds:FailoverDBCluster", CLUSTER)], "*", {}, False),
    ([], CLUSTER, {}, False),
    ([allow("rds:*"), allow("rds:FailoverDBCluster", effect="Deny")], CLUSTER, {}, False),
    ([allow("rds:*"), allow("rds:StopDBCluster", effect="Deny")], CLUSTER, {}, True),
    ([allow("rds:FailoverDBCluster", effect="Deny")], CLUSTER, {}, False),
    ([allow("rds:*", **NAMESPACE)], CLUSTER, {"cloudwatch:namespace": "Other"}, True),
    ([allow("rds:*", **NAMESPACE)], CLUSTER, {"cloudwatch:namespace": "drsystem"}, False),
    ([allow("rds:*", **NAMESPACE)], CLUSTER, {}, False),
    (
        [allow("rds:*"), allow("rds:*", effect="Deny", **NAMESPACE)],
        CLUSTER,
        {"cloudwatch:namespace": "DRSystem"},
        False,
    ),
    ([allow("rds:*", **when("StringLike", "A:B", "x*z"))], CLUSTER, {"a:b": "xyz"}, True),
    ([allow("rds:*", **when("StringLike", "a:b", "x*z"))], CLUSTER, {"a:b": "xy"}, False),
    ([allow("rds:*", **when("StringEquals", "a:b", "x*z"))], CLUSTER, {"a:b": "xyz"}, False),
    ([allow("rds:*", **when("ArnLike", "a:b", TOPIC[:-2] + "*"))], CLUSTER, {"a:b": TOPIC}, True),
    ([allow("rds:*", **when("ArnEquals", "a:b", KEY))], CLUSTER, {"a:b": TOPIC}, False),
    ([allow("rds:*", **when("ArnLike", "a:b", "arn:*"))], CLUSTER, {"a:b": TOPIC}, False),
    ([allow("rds:*", **when("Bool", "a:b", False))], CLUSTER, {"a:b": "false"}, True),
    ([allow("rds:*", **when("Bool", "a:b", "true"))], CLUSTER, {"a:b": "false"}, False),
]


@pytest.mark.parametrize(("given", "resource", "context", "expected"), DECISIONS)
def test_a_decision(given, resource, context, expected):
    request = Request(action="rds:FailoverDBCluster", resource=resource, context=context)
    assert allows(policy(*given), request) is expected


@pytest.mark.parametrize(
    ("principal", "asked", "expected"),
    [
        ({"Service": "events.amazonaws.com"}, EVENTS, True),
        ({"Service": ["a.amazonaws.com", "events.amazonaws.com"]}, EVENTS, True),
        ("*", EVENTS, True),
        ({"AWS": "events.amazonaws.com"}, EVENTS, False),
        ({"Service": "lambda.amazonaws.com"}, EVENTS, False),
        ({"Service": "events.amazonaws.com"}, None, False),
    ],
)
def test_a_principal(principal, asked, expected):
    given = policy(allow("lambda:InvokeFunction", Principal=principal))
    request = Request(action="lambda:InvokeFunction", resource=TOPIC, principal=asked)
    assert allows(given, request) is expected


@pytest.mark.parametrize(
    "given",
    [
        {"NotAction": "rds:*"},
        {"NotResource": "*"},
        {"NotPrincipal": {"AWS": "x"}},
        when("StringNotEquals", "a:b", "x"),
        when("StringEqualsIfExists", "a:b", "x"),
    ],
)
def test_what_is_not_known_is_an_error(given):
    with pytest.raises(ValueError, match="does not know"):
        policy(allow("rds:*") | given)


@pytest.mark.parametrize(("who", "denied"), [("keeper", False), ("other", True), (None, True)])
def test_a_negated_operator_holds_for_all_others_and_where_nothing_is_carried(who, denied):
    condition = {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/keeper"}}
    policy = {
        "Statement": [
            {"Effect": "Allow", "Action": "kms:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "kms:DisableKey", "Resource": "*", "Condition": condition},
        ]
    }
    context = {"aws:principalarn": f"arn:aws:iam::111122223333:role/{who}"} if who else {}
    request = Request(action="kms:DisableKey", resource="*", context=context)
    assert allows(statements(policy), request) is not denied

"""How IAM compares."""

import pytest

from drtemplate.cloudformation.policies import OPERATORS, arn_like, matches_wildcard

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

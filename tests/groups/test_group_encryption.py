import pytest

from drtemplate.cloudformation.policies import arn_like, matches_wildcard

ARN = "arn:aws-test:logs:xx-test-1:111122223333:log-group:"
LOG_GROUPS = ["FailoverLogGroup", "HealthMonitorLogGroup"]


@pytest.fixture
def statements(properties):
    """By principal; each has one statement."""
    found = {}
    for statement in properties["KMSKey"]["KeyPolicy"]["Statement"]:
        ((_, principal),) = statement["Principal"].items()
        assert statement["Effect"] == "Allow"
        assert principal not in found
        found[principal] = statement
    return found


def allows(statement, action):
    return any(matches_wildcard(pattern, action) for pattern in statement["Action"])


def test_the_key_names_exactly_these_principals(statements):
    assert set(statements) == {
        "arn:aws-test:iam::111122223333:root",
        "logs.xx-test-1.amazonaws.com",
        "cloudwatch.amazonaws.com",
        "events.amazonaws.com",
    }


def test_the_account_keeps_the_key_in_hand(statements):
    account = statements["arn:aws-test:iam::111122223333:root"]
    assert account["Action"] == ["kms:*"]
    assert "Condition" not in account


@pytest.mark.parametrize(
    "action",
    [
        "kms:Encrypt",
        "kms:Decrypt",
        "kms:ReEncryptFrom",
        "kms:GenerateDataKey",
        "kms:DescribeKey",
    ],
)
def test_cloudwatch_logs_may_use_the_key(statements, action):
    assert allows(statements["logs.xx-test-1.amazonaws.com"], action)


@pytest.mark.parametrize("title", LOG_GROUPS)
def test_cloudwatch_logs_may_use_the_key_for_the_log_groups(statements, properties, title):
    condition = statements["logs.xx-test-1.amazonaws.com"]["Condition"]
    pattern = condition["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert arn_like(pattern, ARN + properties[title]["LogGroupName"])


@pytest.mark.parametrize("name", ["/aws/lambda/other-health-monitor", "/aws/rds/dr-test-x"])
def test_cloudwatch_logs_may_not_use_the_key_for_others(statements, name):
    condition = statements["logs.xx-test-1.amazonaws.com"]["Condition"]
    pattern = condition["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert not arn_like(pattern, ARN + name)


@pytest.mark.parametrize("service", ["cloudwatch", "events"])
@pytest.mark.parametrize("action", ["kms:Decrypt", "kms:GenerateDataKey"])
def test_a_publisher_may_use_the_topics_key(statements, service, action):
    assert allows(statements[f"{service}.amazonaws.com"], action)


@pytest.mark.parametrize("service", ["cloudwatch", "events"])
@pytest.mark.parametrize("action", ["kms:CreateGrant", "kms:PutKeyPolicy", "kms:Encrypt"])
def test_a_publisher_may_do_no_more_with_the_key(statements, service, action):
    assert not allows(statements[f"{service}.amazonaws.com"], action)


def test_cloudwatch_may_use_the_key_for_this_account_only(statements):
    condition = statements["cloudwatch.amazonaws.com"]["Condition"]
    assert condition == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_eventbridge_has_no_condition_because_it_sends_no_source(statements):
    assert "Condition" not in statements["events.amazonaws.com"]


def test_the_key_rotates(properties):
    assert properties["KMSKey"]["EnableKeyRotation"] is True


def test_the_alias_names_the_stack(properties):
    assert properties["KMSKeyAlias"] == {"AliasName": "alias/dr-test-key", "TargetKeyId": "KMSKey"}

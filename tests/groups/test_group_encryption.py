import pytest

from drtemplate.cloudformation.policies import arn_like, matches_wildcard

ARN = "arn:aws-test:logs:xx-test-1:111122223333:log-group:"
LOG_GROUPS = ["FailoverLogGroup", "HealthMonitorLogGroup"]


@pytest.fixture
def statements(properties):
    """Those of the second key, by principal; each has one statement."""
    found = {}
    for statement in properties["OperationsKey"]["KeyPolicy"]["Statement"]:
        ((_, principal),) = statement["Principal"].items()
        assert statement["Effect"] == "Allow"
        assert principal not in found
        found[principal] = statement
    return found


def allows(statement, action):
    return any(matches_wildcard(pattern, action) for pattern in statement["Action"])


def test_the_data_key_names_the_account_and_no_service(properties):
    (statement,) = properties["KMSKey"]["KeyPolicy"]["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws-test:iam::111122223333:root"}


def test_the_second_key_names_exactly_these_principals(statements):
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
    patterns = condition["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert any(arn_like(one, ARN + properties[title]["LogGroupName"]) for one in patterns)


@pytest.mark.parametrize("name", ["/aws/lambda/other-health-monitor", "/aws/rds/dr-test-x"])
def test_cloudwatch_logs_may_not_use_the_key_for_others(statements, name):
    condition = statements["logs.xx-test-1.amazonaws.com"]["Condition"]
    patterns = condition["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert not any(arn_like(one, ARN + name) for one in patterns)


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


@pytest.mark.parametrize(
    ("title", "suffix"), {"KMSKey": "key", "OperationsKey": "operations"}.items()
)
def test_a_key_rotates_and_is_found_by_the_stacks_name(properties, title, suffix):
    assert properties[title]["EnableKeyRotation"] is True
    alias = {"AliasName": f"alias/dr-test-{suffix}", "TargetKeyId": title}
    assert properties[f"{title}Alias"] == alias


def keys_of(properties):
    """Logical id -> the key that it says it is under."""
    found = {}
    for title, facts in properties.items():
        under = {text.removesuffix(".Arn") for text in texts(facts) if text.split(".")[0] in KEYS}
        if under and not title.startswith(("KMSKey", "OperationsKey")):
            found[title] = under
    return found


def texts(node):
    if isinstance(node, str):
        yield node
    for one in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from texts(one)


KEYS = {"KMSKey", "OperationsKey"}


def test_data_has_a_key_and_what_tells_of_its_loss_another(properties):
    data = {
        "ApplicationArtifactsBucket",
        "ConfigurationBucket",
        "AuroraDBCluster",
        "SessionStateTable",
    }
    operations = {
        "AlertTopic", "FailoverStateTable", "FailoverLogGroup", "HealthMonitorLogGroup",
        "HealthMonitorLogGroup2",
        "LambdaExecutionRole",
    }  # fmt: skip
    found = keys_of(properties)
    assert {title for title, under in found.items() if under == {"KMSKey"}} == data
    assert {title for title, under in found.items() if under == {"OperationsKey"}} == operations
    assert {title for title, under in found.items() if under == KEYS} == {"KeyLossRule"}

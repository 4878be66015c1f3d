import pytest

from drtemplate.cloudformation.patterns import matches


@pytest.fixture
def pattern(properties):
    return properties["KeyLossRule"]["EventPattern"]


def event(name="DisableKey", key="KMSKey", source="kms.amazonaws.com"):
    """As CloudTrail hands it to EventBridge."""
    return {
        "source": "aws.kms",
        "detail-type": "AWS API Call via CloudTrail",
        "detail": {
            "eventSource": source,
            "eventName": name,
            "requestParameters": {"keyId": key},
        },
    }


@pytest.mark.parametrize("name", ["DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy"])
@pytest.mark.parametrize("key", ["KMSKey", "KMSKey.Arn", "OperationsKey", "OperationsKey.Arn"])
def test_the_loss_of_either_key_is_told_however_it_was_named(pattern, name, key):
    assert matches(pattern, event(name, key))


@pytest.mark.parametrize("other", [event("EnableKey"), event(key="other"), event(source="s3")])
def test_nothing_else_is_told(pattern, other):
    assert not matches(pattern, other)


def test_it_is_told_on_a_topic_that_outlives_both_keys(properties):
    (target,) = properties["KeyLossRule"]["Targets"]
    assert target["Arn"] == "KeyLossTopic"
    assert "KmsMasterKeyId" not in properties["KeyLossTopic"]


def test_only_eventbridge_may_publish(properties):
    policy = properties["KeyLossTopicPolicy"]
    assert policy["Topics"] == ["KeyLossTopic"]
    (statement,) = (
        one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"
    )
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Action"] == ["sns:Publish"]
    assert "Condition" not in statement


def test_it_goes_to_the_same_address(evaluate):
    topic = evaluate(AlertEmail="ops@example.com")["KeyLossTopic"]
    assert topic["Subscription"] == [{"Endpoint": "ops@example.com", "Protocol": "email"}]

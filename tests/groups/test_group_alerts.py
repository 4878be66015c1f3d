import pytest


@pytest.fixture
def statements(properties):
    policy = properties["AlertTopicPolicy"]
    assert policy["Topics"] == ["AlertTopic"]
    found = [one for one in policy["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"]
    by_service = {statement["Principal"]["Service"]: statement for statement in found}
    assert len(by_service) == len(found)
    return by_service


def test_only_cloudwatch_and_eventbridge_may_publish(statements):
    assert statements.keys() == {"cloudwatch.amazonaws.com", "events.amazonaws.com"}


@pytest.mark.parametrize("service", ["cloudwatch", "events"])
def test_a_service_may_publish_to_this_topic_and_do_no_more(statements, service):
    statement = statements[f"{service}.amazonaws.com"]
    assert statement["Effect"] == "Allow"
    assert [action.casefold() for action in statement["Action"]] == ["sns:publish"]
    assert statement["Resource"] == ["AlertTopic"]


def test_cloudwatch_publishes_for_this_account_only(statements):
    condition = statements["cloudwatch.amazonaws.com"]["Condition"]
    assert condition == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_eventbridge_has_no_condition_because_topic_policies_take_none(statements):
    assert "Condition" not in statements["events.amazonaws.com"]


@pytest.mark.parametrize("topic", ["AlertTopic", "KeyLossTopic"])
def test_nobody_publishes_without_tls(properties, topic):
    found = properties[f"{topic}Policy"]["PolicyDocument"]["Statement"]
    (denied,) = (one for one in found if one["Effect"] == "Deny")
    assert denied["Principal"] in ("*", {"AWS": "*"})
    assert (denied["Action"], denied["Resource"]) == (["sns:Publish"], [topic])
    # Not StringEquals nor IfExists: a service that sends no such key would be refused.
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": False}}


def test_whoever_publishes_may_use_the_key(statements, properties):
    key_users = {
        statement["Principal"].get("Service")
        for statement in properties["OperationsKey"]["KeyPolicy"]["Statement"]
    }
    assert statements.keys() <= key_users


def test_alerts_go_to_the_address_given(evaluate):
    topic = evaluate(AlertEmail="ops@example.com")["AlertTopic"]
    assert topic["Subscription"] == [{"Endpoint": "ops@example.com", "Protocol": "email"}]


def test_mails_say_where_they_come_from(properties):
    assert properties["AlertTopic"]["DisplayName"] == "DR System Alerts"

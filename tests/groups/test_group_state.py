import pytest

TABLES = ["SessionStateTable", "FailoverStateTable"]


@pytest.mark.parametrize("title", TABLES)
def test_items_expire(properties, title):
    assert properties[title]["TimeToLiveSpecification"] == {
        "AttributeName": "ExpiresAt",
        "Enabled": True,
    }


@pytest.mark.parametrize("title", TABLES)
def test_a_table_can_be_restored_to_a_point_in_time(properties, title):
    recovery = properties[title]["PointInTimeRecoverySpecification"]
    assert recovery["PointInTimeRecoveryEnabled"] is True


@pytest.mark.parametrize("title", TABLES)
@pytest.mark.parametrize(("environment", "protected"), [("Production", True), ("Staging", False)])
def test_production_is_protected_from_deletion(evaluate, title, environment, protected):
    table = evaluate(Environment=environment)[title]
    assert table["DeletionProtectionEnabled"] is protected


@pytest.mark.parametrize("title", TABLES)
def test_a_table_is_paid_per_request(properties, title):
    assert properties[title]["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("title", TABLES)
def test_exactly_the_key_attributes_are_defined(properties, title):
    """DynamoDB refuses a definition that no key uses."""
    table = properties[title]
    keys = [table["KeySchema"]]
    keys += [index["KeySchema"] for index in table.get("GlobalSecondaryIndexes", [])]
    used = {part["AttributeName"] for schema in keys for part in schema}
    assert {one["AttributeName"] for one in table["AttributeDefinitions"]} == used


@pytest.mark.parametrize(
    ("title", "key"), [("SessionStateTable", "SessionId"), ("FailoverStateTable", "StateKey")]
)
def test_a_table_has_the_sources_key(properties, title, key):
    assert properties[title]["KeySchema"] == [{"AttributeName": key, "KeyType": "HASH"}]


def test_sessions_are_found_by_user(properties):
    (index,) = properties["SessionStateTable"]["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "UserIdIndex"
    assert index["KeySchema"] == [{"AttributeName": "UserId", "KeyType": "HASH"}]


def test_the_tables_are_named_after_the_stack(properties):
    names = [properties[title]["TableName"] for title in TABLES]
    assert names == ["dr-test-sessions", "dr-test-failover-state"]


def test_no_graph_shows_the_ids_of_sessions_in_plain_text(properties):
    """A false, not its absence, turns off what a live stack has."""
    assert properties["SessionStateTable"]["ContributorInsightsSpecification"] == {"Enabled": False}

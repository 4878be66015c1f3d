"""Conditions of DynamoDB."""

from decimal import Decimal

import pytest
from boto3.dynamodb.conditions import Attr

from drtemplate.world.aws.table import holds

ITEM = {"StateKey": "x", "Token": Decimal(7), "Status": "IDLE"}


@pytest.mark.parametrize(
    ("condition", "result"),
    [
        (Attr("Token").exists(), True),
        (Attr("Token").not_exists(), False),
        (Attr("Token").eq(7), True),
        (Attr("Token").eq("7"), False),
        (Attr("Token").ne("7"), True),
        (Attr("Token").lt(8) & ~Attr("Status").eq("7"), True),
        (Attr("Token").lt("8") | Attr("Token").gt(7) | Attr("Token").lte(6), False),
        (Attr("Missing").eq(7) | Attr("Token").gte(8), False),
        (Attr("Missing").ne(7), False),
    ],
)
def test_conditions(condition, result):
    assert holds(condition, ITEM) is result


def test_a_condition_that_is_not_known_is_no_silent_yes():
    with pytest.raises(NotImplementedError, match="begins_with"):
        holds(Attr("Status").begins_with("I"), ITEM)

"""What an EventBridge rule's pattern and schedule say."""

import pytest

from drtemplate.cloudformation.patterns import matches, period

EVENT = {
    "source": "aws.rds",
    "detail-type": "RDS DB Cluster Event",
    "resources": [],
    "detail": {
        "EventCategories": ["failover", "other"],
        "SourceArn": "a",
        "Nothing": None,
        "Empty": "",
        "Count": 1,
        "Flag": True,
        "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
    },
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"source": ["aws.rds"]}, True),
        ({"source": ["aws.ec2", "aws.rds"]}, True),
        ({"source": ["aws.ec2"]}, False),
        ({"source": ["AWS.RDS"]}, False),
        ({"source": ["aws.rds"], "detail-type": ["RDS DB Instance Event"]}, False),
        # A list in the event: one of its members is enough.
        ({"detail": {"EventCategories": ["failover"], "SourceArn": ["a"]}}, True),
        ({"detail": {"EventCategories": ["failover"], "SourceArn": ["b"]}}, False),
        ({"detail": {"EventCategories": ["creation", "other"]}}, True),
        ({"detail": {"EventCategories": ["creation"]}}, False),
        ({"resources": ["a"]}, False),
        ({"resources": [None]}, False),
        # Of objects in a list, one must have it all.
        ({"detail": {"Tags": {"Key": ["b"], "Value": ["2"]}}}, True),
        ({"detail": {"Tags": {"Key": ["a"], "Value": ["2"]}}}, False),
        # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-null-values.html
        ({"detail": {"Nothing": [None]}}, True),
        ({"detail": {"Empty": [""]}}, True),
        ({"detail": {"Empty": [None]}}, False),
        ({"detail": {"Nothing": [""]}}, False),
        ({"detail": {"Missing": [None]}}, False),
        ({"detail": {"Missing": ["a"]}}, False),
        ({"detail": {"Missing": {"deeper": ["a"]}}}, False),
        ({"source": {"deeper": ["aws.rds"]}}, False),
        ({"detail": {"Nothing": {"deeper": [None]}}}, False),
        ({"detail": ["a"]}, False),
        # Values are compared as they are written.
        ({"detail": {"Count": [1]}}, True),
        ({"detail": {"Count": [1.0]}}, False),
        ({"detail": {"Count": ["1"]}}, False),
        ({"detail": {"Count": [True]}}, False),
        ({"detail": {"Flag": [True]}}, True),
        ({"detail": {"Flag": [1]}}, False),
        ({"source": [{"prefix": "aws."}]}, True),
        ({"source": ["other", {"prefix": "aws."}]}, True),
        ({"source": [{"prefix": "rds"}]}, False),
        ({"detail": {"EventCategories": [{"prefix": "oth"}]}}, True),
        ({"detail": {"Count": [{"prefix": ""}]}}, False),
    ],
)
def test_a_pattern(pattern, expected):
    assert matches(pattern, EVENT) is expected


WRONG = [
    ({"source": "aws.rds"}, "object"),
    ({"source": None}, "object"),
    ({"source": []}, "empty list"),
    ({"detail": {}}, "object"),
    ({}, "object"),
    ('{"source": ["aws.rds"]}', "object"),
    ({"source": [["aws.rds"]]}, "a list in the list"),
    ({"source": [{"suffix": "rds"}]}, "suffix"),
    ({"source": [{"anything-but": "aws.rds"}]}, "anything-but"),
    ({"source": [{"exists": True}]}, "exists"),
    ({"source": [{"prefix": {"equals-ignore-case": "AWS"}}]}, "equals-ignore-case"),
    ({"source": [{"prefix": "aws", "suffix": "rds"}]}, "suffix"),
    ({"source": [{}]}, "operator"),
    ({"$or": [{"source": ["aws.rds"]}, {"source": ["aws.ec2"]}]}, r"the key \$or"),
    ({"detail.SourceArn": ["a"]}, "detail.SourceArn"),
    # Whatever else stands in the pattern, and whatever the event has.
    ({"source": ["aws.rds", {"suffix": "rds"}]}, "suffix"),
    ({"source": ["other"], "detail": {"Missing": {"deeper": [{"cidr": "10.0.0.0/8"}]}}}, "cidr"),
]


@pytest.mark.parametrize(("pattern", "words"), WRONG)
def test_a_pattern_that_is_none_or_not_known_is_an_error(pattern, words):
    with pytest.raises(ValueError, match=words):
        matches(pattern, EVENT)


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [("rate(1 minute)", 60), ("rate(2 hours)", 7200), ("rate(3 days)", 259_200)],
)
def test_a_rate(schedule, seconds):
    assert period(schedule) == seconds


@pytest.mark.parametrize("schedule", ["cron(0 * * * ? *)", "rate(1 second)", "rate(1 minute) "])
def test_a_schedule_that_is_no_rate_is_an_error(schedule):
    with pytest.raises(ValueError, match="only rates"):
        period(schedule)

"""What is metered and what it costs: by hand, and a usual month of the old stack and of this one."""

import re
from decimal import Decimal

import pytest

from drtemplate.drill.lines import MOST, moment_of
from drtemplate.drill.prices import LINE, MONTH, RUN_LINES, Usage, bill
from drtemplate.drill.runner import drill
from drtemplate.drill.scenarios import select
from drtemplate.settings import PROJECT
from drtemplate.world.reading import load_deployment

OLD = PROJECT / "tests" / "releases" / "0.1.0.yaml"


def test_a_bill_by_hand(deployment):
    usage = Usage()
    usage.ran(1_000_000, 512)
    usage.invocations = 1_000_000
    for operation in (
        "PutMetricData",
        "GetMetricStatistics",
        "DescribeAlarms",
        "DescribeDBClusters",
    ):
        for _ in range(1000):
            usage.called("cloudwatch", operation, {})
    for size in (10, 1500):
        usage.called("dynamodb", "PutItem", {"Item": {"K": "x" * size, "N": Decimal(1)}})
    usage.called("dynamodb", "GetItem", {})
    usage.printed("x" * 74)
    usage.metrics = {("N", "M", frozenset({("Observer", one)})) for one in ("zone-1", "zone-2")}
    assert (usage.requests, usage.writes, usage.reads) == (3000, 3, 1)
    assert usage.log_bytes == 74 + LINE
    quick = sum(one.period < 60 for one in deployment.alarms)
    alarms = 0.1 * (len(deployment.alarms) - quick) + 0.3 * quick + 0.5 * len(deployment.composites)
    expected = {
        "Lambda": 1_000_000 / 2 * 0.0000166667 + 0.2,
        "CloudWatch requests": 0.03,
        "custom metrics": 0.6,
        "alarms": alarms,
        "DynamoDB": 0.0,
        "logs": (100 + 1_000_000 * RUN_LINES) * 0.5 / 2**30,
    }
    assert bill(deployment, usage, MONTH) == {key: round(one, 2) for key, one in expected.items()}
    twice = bill(deployment, usage, MONTH / 2)
    assert twice["Lambda"] == pytest.approx(2 * expected["Lambda"], abs=0.01)
    assert (twice["alarms"], twice["custom metrics"]) == (round(alarms, 2), 0.6)


def test_a_usual_month_costs_at_most_twice_the_old_one_and_what_the_document_says(
    deployment, timings
):
    months = [
        drill(stack, timings, select(["quiet_week"]), runs=2, seed=1)[0]
        for stack in (load_deployment(OLD), deployment)
    ]
    old, new = (one.cost_per_month for one in months)
    assert old < new <= 2 * old
    text = (PROJECT / "docs" / "drill.md").read_text(encoding="utf-8")
    for name in (*months[1].costs, "in all"):
        told = re.search(
            rf"^\| {name} \| \$([\d.]+) \| \$([\d.]+) \|$", text, re.MULTILINE
        ).groups()
        found = [one.costs.get(name, one.cost_per_month) for one in months]
        assert [float(dollars) for dollars in told] == pytest.approx(found, rel=0.05, abs=0.02), (
            name
        )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"event": "ACT", "ms": 7, "act": "FailoverDBCluster", "writer": "a", "target": "b"}',
         "ACT: FailoverDBCluster, a, b"),
        ('{"event": "CALL", "components": ["database", "application"], "writer": null}',
         "CALL: database and application"),
        ('{"event": "ACCEPTED", "component": "application", "latch": false}', "ACCEPTED: application, false"),
        ('{"event": "NEW", "reason": "x"}', "NEW"),
        ("START RequestId: 1", None),
        ("[1]", None),
        ('{"event": 7}', None),
    ],
)  # fmt: skip
def test_a_line_in_words(line, words):
    assert moment_of(line) == words


def test_a_long_line_is_cut():
    assert len(moment_of('{"event": "ERROR", "error": "%s"}' % ("x" * 900))) == MOST

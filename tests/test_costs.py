"""The month that docs/costs.md tells: its counts are the template's, and its sums are right."""

import re

import pytest

from drtemplate.cloudformation.reading import of_type
from drtemplate.drill.prices import MONTH
from drtemplate.settings import PROJECT, Settings
from drtemplate.topologies.one_region import build

PAGE = (PROJECT / "docs" / "costs.md").read_text()
ROW = re.compile(r"(?m)^\| (.+?) \| (\d+) \| \$([\d.]+) an? (hour|month) \| \$([\d.]+) \|")
ROWS = {what: tuple(others) for what, *others in ROW.findall(PAGE)}
TYPES = {
    "Aurora instances": "AWS::RDS::DBInstance",
    "NAT gateways": "AWS::EC2::NatGateway",
    "application load balancers": "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "keys": "AWS::KMS::Key",
    "dashboard": "AWS::CloudWatch::Dashboard",
}
TEMPLATE = build(Settings()).to_dict()


@pytest.mark.parametrize("what", TYPES)
def test_a_count_is_that_of_the_template(what):
    (row,) = [row for name, row in ROWS.items() if name.startswith(what)]
    assert int(row[0]) == len(list(of_type(TEMPLATE, TYPES[what])))


def test_addresses_features_and_class_are_those_of_the_template():
    count = {name.partition(":")[0]: int(row[0]) for name, row in ROWS.items()}
    balancers = [facts for _, facts in of_type(TEMPLATE, TYPES["application load balancers"])]
    addresses = len(list(of_type(TEMPLATE, "AWS::EC2::EIP")))
    assert count["public IPv4 addresses"] == addresses + sum(
        len(one["Subnets"]) for one in balancers
    )
    checks = [
        facts["HealthCheckConfig"] for _, facts in of_type(TEMPLATE, "AWS::Route53::HealthCheck")
    ]
    features = sum((one["Type"] == "HTTPS") + (one["RequestInterval"] == 10) for one in checks)
    features += sum(bool(one.get("MeasureLatency")) for one in checks)
    assert count["Route 53 health checks"] == features
    assert f", {Settings().database.instance_class}" in next(iter(ROWS))


@pytest.mark.parametrize("what", ROWS)
def test_a_product_is_right(what):
    number, price, unit, month = ROWS[what]
    hours = MONTH / 3600 if unit == "hour" else 1
    assert float(month) == pytest.approx(int(number) * float(price) * hours, abs=0.01)


def test_the_sum_is_right_and_is_what_the_readme_says():
    total = sum(float(row[3]) for row in ROWS.values())
    assert float(re.search(r"\| in all \|.*\$([\d.]+)", PAGE)[1]) == pytest.approx(total, abs=0.01)
    told = re.search(r"about \$(\d+) a month", (PROJECT / "README.md").read_text())[1]
    assert float(told) == pytest.approx(total, abs=10)


def test_the_automation_is_what_the_drill_counts():
    text = (PROJECT / "docs" / "drill.md").read_text()
    items = re.findall(r"(?m)^\| (.+) \| \$([\d.]+) \| \$([\d.]+) \|$", text)
    months = {name: (float(old), float(new)) for name, old, new in items}
    totals = months.pop("in all")
    assert totals == tuple(
        pytest.approx(sum(column)) for column in zip(*months.values(), strict=True)
    )
    assert all(f"${dollars:.2f}" in PAGE for dollars in totals)
    assert float(ROWS["the automation, as a drill of a quiet week counts it"][1]) == totals[1]

import dataclasses

import pytest
from refusals import one_line

from drtemplate.errors import SettingsError
from drtemplate.settings import AddressPlan, Settings, unknown_regions
from drtemplate.topologies.one_region import build

OTHER_PLAN = {
    "vpc": "172.20.0.0/20",
    "public": ("172.20.0.0/26", "172.20.0.64/26"),
    "private": ("172.20.4.0/22", "172.20.8.0/22"),
    "database": ("172.20.1.0/28", "172.20.1.16/28"),
}

BAD_PLANS = {
    "VPC is no CIDR block": ({"vpc": "ten.zero/16"}, "vpc"),
    "VPC is empty": ({"vpc": ""}, "vpc"),
    "VPC is IPv6": ({"vpc": "fd00::/16"}, "vpc"),
    "VPC has five octets": ({"vpc": "10.0.0.0.0/16"}, "vpc"),
    "VPC has no prefix": ({"vpc": "10.0.0.0"}, "vpc"),
    "VPC is written with a netmask": ({"vpc": "10.0.0.0/255.255.0.0"}, "vpc"),
    "VPC has host bits": ({"vpc": "10.0.0.1/16"}, "vpc"),
    "VPC is /8": ({"vpc": "10.0.0.0/8"}, "/16"),
    "VPC is /15": ({"vpc": "10.0.0.0/15"}, "/16"),
    "VPC is /29": ({"vpc": "10.0.0.0/29"}, "/28"),
    "subnet is no CIDR block": ({"public": ("10.0.1.0/24", "10.0.2")}, "public subnet 2"),
    "subnet is written with a netmask": (
        {"public": ("10.0.1.0/24", "10.0.2.0/255.255.255.0")},
        "public subnet 2",
    ),
    "subnet has host bits": ({"private": ("10.0.10.1/24", "10.0.11.0/24")}, "private subnet 1"),
    "subnet is /29": ({"database": ("10.0.20.0/29", "10.0.21.0/24")}, "database subnet 1"),
    "subnet too small for load balancers": (
        {"public": ("10.0.1.0/24", "10.0.2.0/28")},
        "public subnet 2 10.0.2.0/28 is too small",
    ),
    "subnet is /8": ({"database": ("10.0.0.0/8", "10.0.21.0/24")}, "database subnet 1"),
    "subnet outside the VPC": ({"public": ("10.1.1.0/24", "10.0.2.0/24")}, "outside"),
    "subnets of one tier overlap": ({"public": ("10.0.1.0/24", "10.0.1.128/25")}, "overlaps"),
    "subnets of one tier are equal": ({"private": ("10.0.10.0/24", "10.0.10.0/24")}, "overlaps"),
    "subnets of two tiers overlap": ({"database": ("10.0.20.0/24", "10.0.10.0/28")}, "overlaps"),
    "one zone only": ({"public": ("10.0.1.0/24",)}, "addresses.public"),
    "three zones": ({"private": tuple(f"10.0.{n}.0/24" for n in (30, 31, 32))}, "addresses.priv"),
    "no subnets": ({"database": ()}, "addresses.database"),
}

BAD_SETTINGS = {
    "Aurora MySQL 2": ({"engine_version": "5.7.mysql_aurora.2.11.4"}, "engine_version"),
    "RDS for MySQL": ({"engine_version": "8.0.39"}, "engine_version"),
    "Aurora PostgreSQL": ({"engine_version": "16.4"}, "engine_version"),
    "no engine": ({"engine_version": ""}, "engine_version"),
    "no minor version": ({"engine_version": "8.0.mysql_aurora.3."}, "engine_version"),
    "Node": ({"runtime": "nodejs22.x"}, "runtime"),
    "Python 2": ({"runtime": "python2.7"}, "runtime"),
    "no minor version of Python": ({"runtime": "python3."}, "runtime"),
    "no runtime": ({"runtime": ""}, "runtime"),
    "no regions": ({"regions": ()}, "regions"),
}


def by_name(cases):
    return [pytest.param(*case, id=name) for name, case in cases.items()]


@pytest.mark.parametrize(("choice", "named"), by_name(BAD_PLANS))
def test_a_bad_address_plan_is_refused_in_one_line(choice, named):
    assert named in one_line(SettingsError, AddressPlan, **choice)


@pytest.mark.parametrize(("choice", "named"), by_name(BAD_SETTINGS))
def test_a_bad_setting_is_refused_in_one_line(choice, named):
    assert named in one_line(SettingsError, Settings, **choice)


def test_a_line_break_in_a_bad_block_stays_in_one_line():
    one_line(SettingsError, AddressPlan, vpc="10.0.0.0/16\n")


def test_the_largest_and_the_smallest_block_are_allowed():
    smallest = iter(f"10.0.0.{start}/28" for start in range(0, 64, 16))
    tiers = {tier: (next(smallest), next(smallest)) for tier in ("private", "database")}
    plan = AddressPlan(vpc="10.0.0.0/16", public=("10.0.0.64/27", "10.0.0.96/27"), **tiers)
    assert plan.database == ("10.0.0.32/28", "10.0.0.48/28")


def test_another_plan_is_rendered():
    plan = AddressPlan(**OTHER_PLAN)
    resources = build(Settings(addresses=plan)).to_dict()["Resources"]
    blocks = {
        title: resource["Properties"]["CidrBlock"]
        for title, resource in resources.items()
        if resource["Type"] in {"AWS::EC2::VPC", "AWS::EC2::Subnet"}
    }
    assert blocks == {
        "VPC": "172.20.0.0/20",
        "PublicSubnet1": "172.20.0.0/26",
        "PublicSubnet2": "172.20.0.64/26",
        "PrivateSubnet1": "172.20.4.0/22",
        "PrivateSubnet2": "172.20.8.0/22",
        "DatabaseSubnet1": "172.20.1.0/28",
        "DatabaseSubnet2": "172.20.1.16/28",
    }


def test_no_default_block_remains_in_another_plan():
    rendered = build(Settings(addresses=AddressPlan(**OTHER_PLAN))).to_json()
    assert '"10.0.' not in rendered


def test_another_engine_version_is_rendered():
    version = "8.0.mysql_aurora.3.10.7"
    resources = build(Settings(engine_version=version)).to_dict()["Resources"]
    assert resources["AuroraDBCluster"]["Properties"]["EngineVersion"] == version


def test_another_runtime_is_that_of_every_function():
    resources = build(Settings(runtime="python3.14")).to_dict()["Resources"]
    runtimes = {
        resource["Properties"]["Runtime"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Lambda::Function"
    }
    assert runtimes == {"python3.14"}


@pytest.mark.parametrize("choices", [Settings(), AddressPlan()], ids=["Settings", "AddressPlan"])
def test_settings_cannot_be_changed(choices):
    name = dataclasses.fields(choices)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(choices, name, None)


def test_unknown_regions_come_in_the_order_in_which_they_were_wanted():
    wanted = ["zz-1", "us-east-1", "aa-1"]
    assert unknown_regions(wanted, {"us-east-1", "us-west-2"}) == ["zz-1", "aa-1"]


def test_known_regions_are_not_reported():
    assert unknown_regions(["us-east-1"], ["us-east-1"]) == []

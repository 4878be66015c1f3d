import re

import pytest

PASSWORDS = {
    "": True,
    "8charac!": True,
    "a" * 8: True,
    "a" * 41: True,
    "Tr0ub4dor&3~$%^*()_+-=[]{}|;:',.<>?": True,
    "!#$%&'()*+,-.:;<=>?[\\]^_`{|}~": True,
    "a" * 7: False,
    "a" * 42: False,
    "pass/word": False,
    'pass"word': False,
    "pass@word": False,
    "pass word": False,
    " password": False,
    "        ": False,
    "password\n": False,
    "pass\tword": False,
    "passwörter": False,
}
USERNAMES = {
    "admin": True,
    "a": True,
    "A1b2": True,
    "a" * 16: True,
    "a" * 17: False,
    "": False,
    "1admin": False,
    "ad-min": False,
    "ad_min": False,
    "admin ": False,
    "admín": False,
}
LABEL = "a" * 63
DOMAIN_NAMES = {
    "example.com": True,
    "api.example.com": True,
    "a.co": True,
    "1.example.com": True,
    "my-api.eu-2.example.museum": True,
    "xn--mnchen-3ya.example": True,
    "example.xn--p1ai": True,
    "a" * 60 + ".com": True,
    "b." + "a" * 58 + ".com": True,
    "b." + "a" * 59 + ".com": False,
    f"{LABEL}.com": False,
    "a" * 64 + ".com": False,
    "API.example.com": False,
    "api.example.COM": False,
    "api.example.com.": False,
    ".example.com": False,
    "api..example.com": False,
    "localhost": False,
    "": False,
    "-api.example.com": False,
    "api-.example.com": False,
    "my_api.example.com": False,
    "*.example.com": False,
    "https://example.com": False,
    "example.com/health": False,
    "10.0.0.1": False,
    "example.com\n": False,
    "münchen.example": False,
}
HOSTED_ZONE_IDS = {
    "Z2FDTNDATAQYW2": True,
    "Z0123456789ABCDEFGHIJ": True,
    "Z" + "A" * 31: True,
    "Z" + "A" * 32: False,
    "Z": False,
    "": False,
    "z2fdtndataqyw2": False,
    "/hostedzone/Z2FDTNDATAQYW2": False,
    "E2FDTNDATAQYW2": False,
    "Z2FDTNDATAQYW2 ": False,
    "example.com": False,
}
EMAILS = {
    "ops@example.com": True,
    "first.last+dr@mail.example.co.uk": True,
    "ops": False,
    "": False,
    "ops@example": False,
    "@example.com": False,
    "ops@": False,
    "ops@@example.com": False,
    "a@b@example.com": False,
    "the ops@example.com": False,
    "ops@example.com ": False,
    "ops@example.com\n": False,
}
BACKTRACKS = {0: True, 1: True, 259_200: True, 259_201: False, -1: False}
RETENTIONS = {1: True, 2555: True, 0: False, -1: False}
ENVIRONMENTS = {"Production": True, "Staging": True, "production": False, "": False}
TABLES = {
    "DBMasterPassword": PASSWORDS,
    "DBMasterUsername": USERNAMES,
    "DomainName": DOMAIN_NAMES,
    "HostedZoneId": HOSTED_ZONE_IDS,
    "AlertEmail": EMAILS,
    "BacktrackWindow": BACKTRACKS,
    "DataRetentionDays": RETENTIONS,
    "Environment": ENVIRONMENTS,
}


def accepts(parameter, value):
    """As CloudFormation does: the whole value must match the pattern."""
    if "AllowedValues" in parameter and value not in parameter["AllowedValues"]:
        return False
    if parameter["Type"] == "Number":
        lowest, highest = parameter.get("MinValue", value), parameter.get("MaxValue", value)
        return lowest <= value <= highest
    shortest, longest = parameter.get("MinLength", 0), parameter.get("MaxLength", len(value))
    pattern = parameter.get("AllowedPattern", "(?s).*")
    return shortest <= len(value) <= longest and re.fullmatch(pattern, value, re.ASCII) is not None


@pytest.mark.parametrize(
    ("name", "value", "good"),
    [
        pytest.param(name, value, good, id=f"{name}-{'good' if good else 'bad'}-{number}")
        for name, table in TABLES.items()
        for number, (value, good) in enumerate(table.items())
    ],
)
def test_a_parameter_accepts_good_values_only(template, name, value, good):
    assert accepts(template["Parameters"][name], value) is good


def test_every_default_is_accepted(template):
    refused = [
        name
        for name, parameter in template["Parameters"].items()
        if "Default" in parameter and not accepts(parameter, parameter["Default"])
    ]
    assert refused == []


def test_every_text_is_constrained(template):
    free = [
        name
        for name, parameter in template["Parameters"].items()
        if parameter["Type"] == "String"
        and not parameter.keys() & {"AllowedPattern", "AllowedValues"}
    ]
    assert free == []


def test_the_password_is_not_shown_and_the_user_name_is(template):
    parameters = template["Parameters"]
    assert parameters["DBMasterPassword"]["NoEcho"] is True
    assert parameters["DBMasterUsername"]["NoEcho"] is False


def test_backtrack_is_72_hours_unless_chosen_otherwise(template):
    assert template["Parameters"]["BacktrackWindow"]["Default"] == 72 * 60 * 60

"""The first half of forty settings, among which every two values meet: what they render passes cfn-lint."""

import pytest
from variations import checked, validated

SETTINGS = checked(40, 15)[::2]


@pytest.mark.parametrize("settings", SETTINGS, ids=range(len(SETTINGS)))
def test_drawn_settings_pass_cfn_lint(settings):
    assert validated(settings) == []

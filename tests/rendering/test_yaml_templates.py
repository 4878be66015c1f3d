"""Whole templates: that of the project, and any other."""

import re

import pytest
import yaml
from emitted import assert_round_trip
from hypothesis import given
from templates_at_random import PROPERTY, templates

from drtemplate.rendering.yaml import WIDTH, to_yaml
from drtemplate.settings import Settings
from drtemplate.topologies.one_region import build


@pytest.fixture(scope="module")
def stack():
    return build(Settings())


@pytest.fixture(scope="module")
def text(stack):
    return to_yaml(stack.to_dict(), stack.banners)


def test_the_stack_is_read_back_and_written_the_same_twice(stack, text):
    assert_round_trip(stack.to_dict(), text)
    other = build(Settings())
    assert to_yaml(other.to_dict(), other.banners) == text


def test_the_stack_has_neither_tabs_nor_trailing_blanks(text):
    assert "\t" not in text
    assert not re.search(r" $", text, re.MULTILINE)


def test_each_group_of_the_stack_has_one_banner(stack, text):
    banners = re.findall(r"^  # (.*)$", text, re.MULTILINE)
    assert banners == list(dict.fromkeys(stack.banners.values()))


def test_the_stack_is_in_block_style_and_in_lines_that_a_screen_holds(text):
    events = list(yaml.parse(text, yaml.SafeLoader))
    assert not [event for event in events if getattr(event, "flow_style", False)]
    # A line breaks at the first blank behind the width; what has no blanks cannot.
    prose = [line for line in text.splitlines() if " " in line[WIDTH:].strip()]
    assert [line for line in prose if not line.startswith(" " * 10)] == []


def test_the_stack_has_no_long_form_but_around_another_function(text):
    assert all(" !" in line for line in re.findall(r"^.*\bFn::\w+:.*$", text, re.MULTILINE))
    assert not re.search(r"""["']?Ref["']?: """, text)


@given(templates)
@PROPERTY
def test_any_template_is_read_back_and_has_neither_tabs_nor_trailing_blanks(template):
    text = to_yaml(template)
    assert_round_trip(template, text)
    assert text == to_yaml(template)
    assert "\t" not in text
    assert not re.search(r" $", text, re.MULTILINE)

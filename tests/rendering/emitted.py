"""A value in a template as the emitter writes it, and as each of AWS's readers reads that."""

import json

import cfn_flip
from awscli.customizations.cloudformation.yamlhelper import yaml_parse
from cfnlint.decode import cfn_yaml

from drtemplate.rendering.yaml import WIDTH, to_yaml

LOADERS = {"cfn_flip": cfn_flip.load_yaml, "awscli": yaml_parse, "cfn-lint": cfn_yaml.loads}
LONG = "x" * (WIDTH + 10)


def plain(value):
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def canonical(template):
    """Compare as JSON, where 1, 1.0, True and '1' differ."""
    return json.dumps(plain(template), sort_keys=True, default=repr)


def holding(value):
    """The value in the middle of a template: something follows it, as in a real file."""
    return {
        "Resources": {
            "R": {"Type": "A::B::C", "Properties": {"K": value}},
            "S": {"Type": "D::E::F"},
        },
        "Outputs": {"O": {"Value": "v"}},
    }


def written(value):
    """The lines of property K, without their indentation."""
    text = to_yaml({"Resources": {"R": {"Type": "T", "Properties": {"K": value}}}})
    lines = text.removesuffix("\n").split("\n")
    return [line.removeprefix(" " * 6) for line in lines[lines.index("    Properties:") + 1 :]]


def assert_round_trip(template, text=None):
    text = text or to_yaml(template)
    for name, load in LOADERS.items():
        assert canonical(load(text)) == canonical(template), f"{name} read another template"


def assert_written(value, lines):
    """So, and read back as what it was."""
    assert written(value) == lines
    assert_round_trip(holding(value))

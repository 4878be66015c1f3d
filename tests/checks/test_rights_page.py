import copy

import pytest

from drtemplate.checks.rights import PAGE, page, rights
from drtemplate.errors import InputError


def test_the_page_has_the_rights_of_the_template(template):
    text = PAGE.read_text()
    assert page(text, template) == text, "python -m drtemplate.checks.rights"


def test_every_role_and_every_statement_has_its_row(template):
    text = rights(template)
    for title, one in template["Resources"].items():
        policies = one.get("Properties", {}).get("Policies", ())
        for statement in (
            each for policy in policies for each in policy["PolicyDocument"]["Statement"]
        ):
            assert f"| {title} | {statement['Sid']} |" in text


@pytest.mark.parametrize(
    ("change", "row"),
    [
        (
            {"Action": "rds:DeleteDBCluster"},
            "| LambdaExecutionRole | ReadTheConfiguration | `rds:DeleteDBCluster` |",
        ),
        (
            {"Effect": "Deny"},
            "| LambdaExecutionRole | ReadTheConfiguration | **never** `ssm:GetParameter` |",
        ),
    ],
)
def test_another_right_is_another_page(template, change, row):
    other = copy.deepcopy(template)
    policy = other["Resources"]["LambdaExecutionRole"]["Properties"]["Policies"][0]
    policy["PolicyDocument"]["Statement"][0].update(change)
    assert row in rights(other)
    assert page(PAGE.read_text(), other) != PAGE.read_text()


def test_a_right_on_a_part_only_is_told_as_one(template):
    """What everybody may put through the endpoint are answers to CloudFormation, into its own buckets."""
    (row,) = [one for one in rights(template).splitlines() if "LetCloudFormationBeAnswered" in one]
    assert "| `s3:PutObject` | `arn:${AWS::Partition}:s3:::cloudformation-waitcondition-" in row
    assert "`arn:${AWS::Partition}:s3:::cloudformation-custom-resource-response-" in row


def test_a_page_without_its_marks_is_refused(template):
    with pytest.raises(InputError, match="put them back"):
        page("# Security\n", template)

"""Physical names that a service would refuse."""

from collections.abc import Iterator

from cfnlint.rules import RuleMatch

from drtemplate.checks.rules.rule import TemplateRule
from drtemplate.cloudformation.names import STACK_NAME_LENGTH, name_problems
from drtemplate.cloudformation.reading import Template


class PhysicalNameRefused(TemplateRule):
    """A name that is refused, or too long, where the stack's own has its 20 characters."""

    id = "E9501"
    shortdesc = "A physical name is of the form and length that its service takes"
    description = (
        "Names are made from the stack's, as <stack>-primary-alb. A service refuses one that is too "
        "long, of other characters or reserved, in the middle of the deployment. Checked for a stack "
        f"name of {STACK_NAME_LENGTH} characters; drtemplate/cloudformation/names.py has each "
        "service's page."
    )
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html"
    tags = ["names", "limits"]
    example = (
        "Resources.PrimaryALB.Properties.Name",
        {"Fn::Sub": "${AWS::StackName}-primary-balancer"},
    )

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Each name that would be refused."""
        for path, problem in name_problems(template, "s" * STACK_NAME_LENGTH):
            yield RuleMatch(
                list(path),
                f"{problem} where the stack's name has {STACK_NAME_LENGTH} characters; mend it",
            )

"""What our rules have in common: each reads the whole template, and has an example that it finds."""

from collections.abc import Iterator
from typing import ClassVar

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template as LintedTemplate

from drtemplate.cloudformation.reading import Template


class TemplateRule(CloudFormationLintRule):
    """A rule about things that stand in different places of a template.

    cfn-lint makes one of each class with an ``id``, from the modules that ``.cfnlintrc`` names. A rule
    may meet any template, however broken; what is not of CloudFormation's shape is cfn-lint's to tell.

    Attributes:
        example: a path into the rendered stack, as ``Resources.VPC.Properties.CidrBlock``, and a value
            with which this rule has something to say. docs/rules.md shows it, and a test tries it.
    """

    example: ClassVar[tuple[str, object]]

    def match(self, cfn: LintedTemplate) -> list[RuleMatch]:
        """What cfn-lint calls."""
        return list(self.find(cfn.template))

    def find(self, template: Template) -> Iterator[RuleMatch]:
        """Everything in the template that the rule has something to say about."""
        raise NotImplementedError


def at_property(title: str, *steps: str | int, message: str) -> RuleMatch:
    """A finding at a property of a resource, or below one."""
    return RuleMatch(["Resources", title, "Properties", *steps], message)


def at_resource(title: str, message: str) -> RuleMatch:
    """A finding about a resource as a whole."""
    return RuleMatch(["Resources", title], message)

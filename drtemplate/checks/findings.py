"""The one shape in which every check says what it found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that must be mended before the template is written.

    Attributes:
        where: path into the template, as ``Resources.VPC.Properties.CidrBlock``.
        rule: the rule's id, as E3002; docs/rules.md lists our own.
        message: what is wrong and, where it is not plain, the remedy.
    """

    where: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.rule} {self.message}"

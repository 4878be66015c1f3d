"""Everything that a rendered template must pass before it is written."""

from drtemplate.checks import lint
from drtemplate.checks.findings import Finding
from drtemplate.pipeline import Rendered
from drtemplate.settings import Settings


def validate(rendered: Rendered, settings: Settings) -> list[Finding]:
    """What cfn-lint finds with our own rules, in a text that says what was built.

    Raises:
        InputError: as ``drtemplate.checks.lint.lint``.
    """
    template, unreadable = lint.decoded(rendered.text)
    if not unreadable and template != rendered.template:
        message = "the text does not say what was built; report it"
        return [Finding("the template", "written-wrong", message)]
    return lint.lint(rendered.text, settings.regions)

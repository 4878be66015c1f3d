"""Everything that a rendered template must pass before it is written."""

from drtemplate.checks import lint
from drtemplate.checks.findings import Finding
from drtemplate.checks.handlers import check_handler
from drtemplate.groups.handlers import HANDLERS
from drtemplate.pipeline import Rendered
from drtemplate.settings import Settings


def validate(rendered: Rendered, settings: Settings) -> list[Finding]:
    """What cfn-lint finds with our own rules, in a text that says what was built.

    Raises:
        HandlerError: as ``check_handlers``.
        InputError: as ``drtemplate.checks.lint.lint``.
    """
    check_handlers(rendered, settings)
    template, unreadable = lint.decoded(rendered.text)
    if not unreadable and template != rendered.template:
        message = "the text does not say what was built; report it"
        return [Finding("the template", "written-wrong", message)]
    return lint.lint(rendered.text, settings.regions)


def check_handlers(rendered: Rendered, settings: Settings) -> None:
    """See that Lambda can run the functions' code.

    Raises:
        HandlerError: it cannot; the message names the file.
    """
    for function, handler in HANDLERS.items():
        code = rendered.template["Resources"][function]["Properties"]["Code"]["ZipFile"]
        check_handler(settings.handlers / handler, code)

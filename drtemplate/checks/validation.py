"""Everything that a rendered template must pass before it is written."""

from drtemplate.checks import lint
from drtemplate.checks.findings import Finding
from drtemplate.checks.handlers import check_handler
from drtemplate.checks.limits import check_limits
from drtemplate.checks.rules import check_rules
from drtemplate.cloudformation.document import parse
from drtemplate.groups.functions import HANDLERS
from drtemplate.pipeline import Rendered
from drtemplate.settings import Settings


def validate(rendered: Rendered, settings: Settings) -> list[Finding]:
    """What the template's checks find; the cheap ones go first.

    Raises:
        HandlerError: as ``check_handlers``.
        InputError: as ``drtemplate.checks.lint.lint``.
    """
    check_handlers(rendered, settings)
    found = check_limits(rendered.template, rendered.text)
    if not found and not _reads_back(rendered):
        found.append(
            Finding("the template", "written-wrong", "the text is not the template; report it")
        )
    found += check_rules(rendered.template)
    return found or lint.lint(rendered.text, settings.regions)


def _reads_back(rendered: Rendered) -> bool:
    """Whether the text says what was built: what the checks below look at is what is deployed."""
    return bool(parse(rendered.text) == rendered.template)


def check_handlers(rendered: Rendered, settings: Settings) -> None:
    """See that Lambda can run the functions' code.

    Raises:
        HandlerError: it cannot; the message names the file.
    """
    for function, handler in HANDLERS.items():
        code = rendered.template["Resources"][function]["Properties"]["Code"]["ZipFile"]
        check_handler(settings.handlers / handler, code)

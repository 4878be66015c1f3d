"""cfn-lint in process, with the same ``.cfnlintrc`` that the pre-commit hook reads: its rules and ours."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from cfnlint.config import ConfigMixIn
from cfnlint.decode.decode import decode_str
from cfnlint.exceptions import CfnLintExitException
from cfnlint.helpers import REGIONS
from cfnlint.runner import Runner

from drtemplate.checks.findings import Finding
from drtemplate.cloudformation.document import MAX_TEMPLATE_BYTES
from drtemplate.errors import InputError
from drtemplate.settings import PROJECT, unknown_regions

CONFIGURATION = PROJECT / ".cfnlintrc"


def check_regions(regions: Sequence[str]) -> None:
    """Refuse a region that cfn-lint has no schemas for.

    Raises:
        InputError: a region is unknown.
    """
    if unknown := unknown_regions(regions, REGIONS):
        raise InputError(f"unknown region {', '.join(unknown)}; give one like us-east-1")


@lru_cache(maxsize=1)
def decoded(text: str) -> tuple[Any, list[Any]]:
    """The template that cfn-lint reads in a text, and what it finds wrong in reading it."""
    template, matches = decode_str(text)
    return template, list(matches)


def lint(
    text: str,
    regions: Sequence[str],
    configuration: Path = CONFIGURATION,
    advise: bool = False,
) -> list[Finding]:
    """Run cfn-lint over a template's text; errors and warnings alike are findings.

    Args:
        text: YAML or JSON.
        regions: those to validate for.
        configuration: the ``.cfnlintrc``; the working directory's own is not looked at.
        advise: whether its informational rules find something too.

    Raises:
        InputError: a region is unknown, or the configuration cannot be read.
    """
    check_regions(regions)
    if not configuration.is_file():
        raise InputError(f"{configuration}: no such file; restore cfn-lint's configuration")
    if (size := len(text.encode())) > MAX_TEMPLATE_BYTES:
        # cfn-lint's own rule looks at files alone.
        message = f"has {size:,} bytes; AWS takes at most {MAX_TEMPLATE_BYTES:,}"
        return [Finding("the template", "E1002", message)]
    template, matches = decoded(text)
    decoded.cache_clear()  # a validation changes the template, and another text may be the same
    if not matches:
        try:
            options = ["--config-file", str(configuration), "--regions", *regions]
            runner = Runner(ConfigMixIn(options + ["--include-checks", "I"] * advise))
        except CfnLintExitException as exc:
            raise InputError(f"{configuration}: cfn-lint cannot use it: {exc}; mend it") from exc
        matches = list(runner.validate_template(template))
    return sorted(
        Finding(
            ".".join(map(str, getattr(match, "path", None) or ())) or "the template",
            match.rule.id,
            f"{match.message} (line {match.linenumber})",
        )
        for match in matches
    )

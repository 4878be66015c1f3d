"""The command line: data goes to standard output, words for people to standard error.

Exit codes: 0 fine or equal; 1 findings, stale or different; 2 wrong use or cannot run.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from drtemplate.drill.command import add_parser as add_drill
from drtemplate.errors import DrTemplateError, InputError
from drtemplate.settings import Settings

if TYPE_CHECKING:
    from drtemplate.pipeline import Rendered

    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]

FINE, FOUND, CANNOT = 0, 1, 2


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    """Run a sub-command and return its exit code; ``render`` if none is named."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        try:
            options = _parser().parse_args(_with_command(words))
            command: Callable[[argparse.Namespace, Settings], int] = options.command
            return command(options, settings or Settings())
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except DrTemplateError as exc:
        _say("error: " + " ".join(str(exc).splitlines()))
    except KeyboardInterrupt:
        _say("error: interrupted; nothing more is done")
    except BrokenPipeError:
        _drop_output()  # the reader has seen enough
    except OSError as exc:
        _say(f"error: cannot write to standard output: {exc.strerror}")
        _drop_output()
    return CANNOT


def _drop_output() -> None:
    """What is still to be flushed at the end has nowhere to go."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _with_command(words: list[str]) -> list[str]:
    """``generate.py --stdout`` means ``generate.py render --stdout``."""
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        return ["render", *words]
    return words


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="generate.py",
        description="Render the disaster-recovery stack as CloudFormation, and check it.",
        epilog="Exit codes: 0 fine or equal; 1 findings, stale or different; 2 cannot run.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (_add_render, _add_lint, _add_equivalence, _add_deploy, add_drill):
        add(commands)
    return parser


def _add_render(commands: "Commands") -> None:
    render = commands.add_parser("render", help="render, validate and write the template (default)")
    where = render.add_mutually_exclusive_group()
    where.add_argument(
        "--output", type=Path, metavar="PATH", help="write here instead of templates/"
    )
    where.add_argument("--stdout", action="store_true", help="print the template, write no file")
    render.add_argument("--format", choices=("yaml", "json"), default="yaml")
    render.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if the file is not current"
    )
    render.set_defaults(command=_render)


def _add_lint(commands: "Commands") -> None:
    lint = commands.add_parser("lint", help="run cfn-lint with our own rules")
    lint.add_argument(
        "--region", action="append", metavar="R", help="validate for R; may be given repeatedly"
    )
    lint.add_argument("--format", choices=("text", "json"), default="text")
    lint.add_argument(
        "--rules", action="store_true", help="print what our own rules look for, as Markdown"
    )
    lint.set_defaults(command=_lint)


def _add_equivalence(commands: "Commands") -> None:
    equivalence = commands.add_parser(
        "equivalence", help="compare with the source template, leaf by leaf"
    )
    equivalence.add_argument(
        "--source", type=Path, metavar="FILE", help="a template to compare with, not the contract"
    )
    equivalence.add_argument(
        "--ledger", type=Path, metavar="FILE", help="deviations, not templates/deviations.yaml"
    )
    equivalence.add_argument("--format", choices=("text", "json"), default="text")
    equivalence.set_defaults(command=_equivalence)


def _add_deploy(commands: "Commands") -> None:
    deploy = commands.add_parser("deploy", help="deploy the template with the AWS CLI, and follow")
    deploy.add_argument("--stack", required=True, metavar="NAME", help="the stack's name")
    deploy.add_argument(
        "--params", required=True, type=Path, metavar="FILE", help="the parameters, as JSON"
    )
    deploy.add_argument("--template", type=Path, metavar="FILE", help="not templates/'s own")
    deploy.add_argument("--region", metavar="R", help="not the AWS CLI's own choice")
    deploy.add_argument("--endpoint-url", metavar="URL", help="of a server other than AWS's")
    deploy.add_argument("--force", action="store_true", help="although the failover latch is on")
    deploy.add_argument("--dry-run", action="store_true", help="check everything, send nothing")
    deploy.set_defaults(command=_deploy)


def _render(options: argparse.Namespace, settings: Settings) -> int:
    from drtemplate import pipeline  # noqa: PLC0415  --help needs no Troposphere

    if options.check and options.stdout:
        _say("error: --check compares a file; leave --stdout out")
        return CANNOT
    rendered = pipeline.render(settings, options.format)
    path = options.output or pipeline.default_output(options.format)
    if options.check:
        if pipeline.is_current(path, rendered.text):
            return FINE
        pipeline.check_handlers(rendered, settings)  # a broken one has a better name than stale
        _say(f"{_short(path)} is stale: run `make template` and commit the file")
        return FOUND
    if findings := pipeline.validate(rendered, settings):
        for finding in findings:
            _say(str(finding))
        _say(f"{len(findings)} findings; nothing is written")
        return FOUND
    if options.stdout:
        _print(rendered.text.removesuffix("\n"))
    else:
        written = pipeline.store(path, rendered.text)
        _say(f"{_short(path)}: {'written' if written else 'unchanged'}")
    _report(rendered)
    return FINE


def _report(rendered: "Rendered") -> None:
    """How large the template is."""
    resources = rendered.template["Resources"]
    types = {resource["Type"] for resource in resources.values()}
    size = len(rendered.text.encode())
    _say(f"{len(resources)} resources of {len(types)} types, {size:,} bytes")


def _lint(options: argparse.Namespace, settings: Settings) -> int:
    from drtemplate import pipeline  # noqa: PLC0415
    from drtemplate.checks.lint import check_regions  # noqa: PLC0415

    if options.rules:
        from drtemplate.checks.catalogue import as_markdown, load_rules  # noqa: PLC0415

        _print(as_markdown(load_rules()).removesuffix("\n"))
        return FINE
    if options.region:
        settings = replace(settings, regions=tuple(options.region))
    check_regions(settings.regions)
    findings = pipeline.validate(pipeline.render(settings), settings)
    if options.format == "json":
        _print(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            _print(str(finding))
        _say(f"{len(findings)} findings in {', '.join(settings.regions)}")
    return FOUND if findings else FINE


def _equivalence(options: argparse.Namespace, settings: Settings) -> int:
    from drtemplate import pipeline  # noqa: PLC0415
    from drtemplate.checks import equivalence  # noqa: PLC0415
    from drtemplate.checks.ledger import LEDGER, load_ledger  # noqa: PLC0415
    from drtemplate.cloudformation.document import load_template  # noqa: PLC0415

    source = load_template(options.source or equivalence.CONTRACT, "source template")
    ledger = load_ledger(options.ledger or LEDGER)
    result = equivalence.compare(source, pipeline.render(settings).template, ledger)
    if options.format == "json":
        _print(json.dumps(equivalence.as_json(result), indent=2))
    else:
        _print(equivalence.as_table(result))
    return FINE if result.holds else FOUND


def _deploy(options: argparse.Namespace, _: Settings) -> int:
    from drtemplate.deploying.deploy import Request, deploy  # noqa: PLC0415  boto3 is slow
    from drtemplate.pipeline import default_output  # noqa: PLC0415

    request = Request(
        stack=options.stack,
        parameters=options.params,
        template=options.template or default_output("yaml"),
        region=options.region,
        endpoint_url=options.endpoint_url,
        force=options.force,
        dry_run=options.dry_run,
    )
    return FINE if deploy(request, _say, _print) else FOUND


def _short(path: Path) -> str:
    """The path as people know it: relative to where they stand, if it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _print(text: str) -> None:
    """Data, to standard output."""
    if sys.stdout is None:
        raise InputError("standard output is closed; nowhere to print to")
    print(text)


def _say(line: str) -> None:
    """Words for people, to standard error; without one they are lost, not mixed with data."""
    if sys.stderr is not None:
        print(line, file=sys.stderr)

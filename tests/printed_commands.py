"""The commands that a page prints, and whether the tool that each is for would take it."""

import argparse
import importlib
import re
import shlex

import botocore.session
from botocore import xform_name

from drtemplate.cli import COMMANDS
from drtemplate.commands import add_settings
from drtemplate.settings import PROJECT

MAKEFILE = (PROJECT / "Makefile").read_text()
# Commands that are the AWS CLI's own, with their options; botocore knows the others.
# https://docs.aws.amazon.com/cli/latest/reference/
CUSTOM = {
    ("cloudformation", "deploy"): (
        "stack-name template-file s3-bucket capabilities parameter-overrides"
    ),
    ("logs", "tail"): "since follow",
    ("s3", "mb"): "",
}
GLOBAL = "query output region profile endpoint-url cli-read-timeout cli-binary-format".split()


def prose(text):
    """The page without its fenced blocks."""
    return re.sub(r"(?ms)^(`{3,}).*?^\1$", "", text)


def commands(text):
    """The commands of a page, as words: lines of its shell blocks, and code that begins with one."""
    found = re.findall(r"(?ms)^```sh\n(.*?)^```$", text)
    found += re.findall(r"(?<!`)`((?:(?:python )?generate\.py|make|aws) [^`]+)`", prose(text))
    for block in found:
        lines = re.sub(r"\\\n\s*", " ", block) if "\n" in block.strip() else block
        if not block.endswith("\n"):
            lines = " ".join(lines.split())
        for line in lines.splitlines():
            inner = re.search(r"\$\((.*)\)", line)
            yield shlex.split(inner[1] if inner else line, comments=True)


def problem(words):
    """Why the tool would not take the command; None if it would, or if it is of another tool."""
    for name, check in (("generate.py", generate), ("make", make), ("aws", aws)):
        if name in words[:3]:
            rest = words[words.index(name) + 1 :]
            stop = next((at for at, word in enumerate(rest) if word in (">", "|", "&&", ";")), None)
            return check(rest[:stop])
    return None


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise ValueError(message)


def generate(words):
    name, rest = (words[0], words[1:]) if words and words[0] in COMMANDS else ("render", words)
    command = importlib.import_module(f"drtemplate.commands.{name}")
    parser = _Parser()
    command.add_options(parser)
    add_settings(parser)
    try:
        parser.parse_args(rest)
    except ValueError as exc:
        return str(exc)
    return None


def make(words):
    targets = set(re.findall(r"(?m)^([a-z0-9-]+):.*## ", MAKEFILE))
    for word in words:
        name, given, _ = word.partition("=")
        if given and not re.search(rf"\b{name}\b", MAKEFILE):
            return f"no variable {name}"
        if not given and word not in targets and word != "..." and not word.startswith("-"):
            return f"no target {word}"
    return None


def aws(words):
    service, operation, *rest = words
    options = [word[2:].partition("=")[0] for word in rest if word.startswith("--")]
    session = botocore.session.get_session()
    if (service, operation) in CUSTOM:
        known = CUSTOM[service, operation].split()
    else:
        name = "s3" if service == "s3api" else service
        if name not in session.get_available_services():
            return f"no service {service}"
        model = session.get_service_model(name)
        names = {xform_name(one, "-"): one for one in model.operation_names}
        if operation == "wait":
            waiters = session.get_waiter_model(name)
            found = {xform_name(one, "-"): one for one in waiters.waiter_names}.get(rest[0])
            names = {"wait": waiters.get_waiter(found).operation} if found else {}
        if operation not in names:
            return f"{service} has no {operation}"
        members = model.operation_model(names[operation]).input_shape.members
        known = [xform_name(member, "-") for member in members]
        known += [f"no-{one}" for one in known]
    unknown = [one for one in options if one not in [*known, *GLOBAL]]
    return f"{service} {operation} has no --{', --'.join(unknown)}" if unknown else None

"""From settings to a file: build, write as text, validate, store."""

import gc
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drtemplate.errors import InputError
from drtemplate.groups.functions import HANDLERS
from drtemplate.rendering.yaml import to_yaml
from drtemplate.settings import PROJECT, Settings
from drtemplate.stack import build

if TYPE_CHECKING:
    from drtemplate.checks.findings import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A template as dictionaries, its groups (logical id -> title), and its text."""

    template: Mapping[str, Any]
    groups: Mapping[str, str]
    text: str

    @property
    def is_json(self) -> bool:
        """Whether the text is JSON, not YAML."""
        return self.text.startswith("{")


def default_output(form: str) -> Path:
    """Where a render goes if the user names no path."""
    return PROJECT / "templates" / f"dr-template.{form}"


def render(settings: Settings, form: str = "yaml") -> Rendered:
    """Build the stack and write it as text.

    Args:
        settings: the choices.
        form: yaml, which deploys as it is, or json on one line, for programs.

    Raises:
        DrTemplateError: a setting, handler or value cannot be used.
    """
    # A render lives for seconds and leaves few cycles; looking for them takes a tenth of the process.
    gc.set_threshold(100_000, 50, 50)
    stack = build(settings)
    template = stack.to_dict()
    if form == "json":
        text = json.dumps(template, separators=(",", ":")) + "\n"
    else:
        text = to_yaml(template, stack.groups)
    return Rendered(template=template, groups=stack.groups, text=text)


def validate(rendered: Rendered, settings: Settings) -> "list[Finding]":
    """Everything that a template must pass before it is written; the cheap checks go first.

    Raises:
        HandlerError: as ``check_handlers``.
    """
    # A freshness check validates nothing, so it need not wait for these either.
    from drtemplate.checks.limits import check_limits  # noqa: PLC0415
    from drtemplate.checks.lint import lint  # noqa: PLC0415
    from drtemplate.checks.rules import check_rules  # noqa: PLC0415

    check_handlers(rendered, settings)
    found = check_limits(rendered.template, rendered.text)
    found += check_rules(rendered.template)
    return found or lint(rendered.text, settings.regions)


def check_handlers(rendered: Rendered, settings: Settings) -> None:
    """Prove that the functions' code is the program that stands in the folder of handlers.

    Raises:
        HandlerError: a handler is none that Lambda can run, or the code is another program.
    """
    from drtemplate.checks.handlers import check_handler  # noqa: PLC0415

    for function, handler in HANDLERS.items():
        code = rendered.template["Resources"][function]["Properties"]["Code"]["ZipFile"]
        check_handler(settings.handlers / handler, code)


def is_current(path: Path, text: str) -> bool:
    """Whether the file holds exactly this text.

    Raises:
        InputError: it exists and cannot be read.
    """
    try:
        return path.read_bytes() == text.encode()
    except FileNotFoundError:
        return False
    except OSError as exc:
        raise InputError(f"{path}: cannot read the file: {exc.strerror}") from exc


def store(path: Path, text: str) -> bool:
    """Write the file whole or not at all, and not if it holds the text already.

    Returns:
        Whether the file was written.

    Raises:
        InputError: the path cannot be written.
    """
    if is_current(path, text):
        return False
    import tempfile  # noqa: PLC0415  a render that finds nothing changed never needs it

    temporary = ""
    try:
        # In the same folder, or the rename would not be atomic.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(_mode(path))
        Path(temporary).replace(path)
    except OSError as exc:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink()
        raise InputError(f"{path}: cannot write the file: {exc.strerror}") from exc
    return True


def _mode(path: Path) -> int:
    """The mode of the file that is replaced, else what a plain ``open`` would give."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask

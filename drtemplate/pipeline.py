"""From settings to a file: build, write as text, store."""

import json
import os
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from drtemplate.errors import InputError
from drtemplate.rendering.yaml import to_yaml
from drtemplate.settings import PROJECT, Settings
from drtemplate.topologies.one_region import build

RULE = "-" * 98
HEADER = (
    "Rendered by drtemplate: `make template`. Not edited by hand: change drtemplate/ or handlers/.",
    "Every difference from the source template stands, with its reason, in templates/deviations.yaml.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A template as dictionaries, and its text."""

    template: Mapping[str, Any]
    text: str


def default_output(form: str) -> Path:
    """Where a render goes if the user names no path."""
    return PROJECT / "templates" / f"dr-template.{form}"


def output_of(file: Path | None, form: str) -> Path:
    """Where the render of a settings file goes: beside the default's, under the file's own name.

    Raises:
        InputError: that is the name of the default's.
    """
    default = default_output(form)
    if file is None:
        return default
    if file.stem == default.stem:
        raise InputError(
            f"{file}: {default.name} is what the defaults render; give the settings file another name, "
            "or the render a path with --output"
        )
    return default.with_name(f"{file.stem}.{form}")


def render(settings: Settings, form: str = "yaml") -> Rendered:
    """Build the stack and write it as text.

    Args:
        settings: the choices.
        form: yaml, which deploys as it is, or json on one line, for programs.

    Raises:
        DrTemplateError: a setting, handler or value cannot be used.
    """
    stack = build(settings)
    template = stack.to_dict()
    if form == "json":
        text = json.dumps(template, separators=(",", ":")) + "\n"
    else:
        text = to_yaml(template, stack.banners, header(settings))
    return Rendered(template=template, text=text)


def header(settings: Settings) -> str:
    """What stands above the template: what made it, from which settings, and how it is changed."""
    defaults = Settings()
    other = [
        f"  {field.name} = {getattr(settings, field.name)!r}"
        for field in fields(settings)
        # Where the handlers lie differs from machine to machine; their code stands below.
        if field.name != "handlers"
        and getattr(settings, field.name) != getattr(defaults, field.name)
    ]
    made_from = (
        ["Settings other than the defaults:", *other] if other else ["Settings: the defaults."]
    )
    return "\n".join([RULE, *HEADER, *made_from, RULE])


def is_current(path: Path, text: str) -> bool:
    """Whether the file holds exactly this text.

    Raises:
        InputError: it exists and cannot be read, or is no regular file.
    """
    wanted = text.encode()
    try:
        # Neither a pipe that nobody fills nor a device without end is waited for.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError(f"{path}: this is no regular file, and only one is ever replaced")
            return file.read(len(wanted) + 1) == wanted
    except FileNotFoundError:
        return False
    except OSError as exc:
        raise InputError(f"{path}: cannot read the file: {exc.strerror}") from exc
    except ValueError as exc:
        raise InputError(f"{str(path)!r}: this is no path: {exc}") from exc


def store(path: Path, text: str) -> bool:
    """Write the file whole or not at all, and not if it holds the text already.

    Returns:
        Whether the file was written.

    Raises:
        InputError: the path cannot be written.
    """
    if is_current(path, text):
        return False
    temporary = ""
    try:
        # A link stays one: what it leads to is written.
        path = path.resolve()
        # In the same folder, or the rename would not be atomic.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(_mode(path))
        Path(temporary).replace(path)
    except (OSError, RuntimeError) as exc:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink()
        reason = getattr(exc, "strerror", None) or exc
        raise InputError(f"{path}: cannot write the file: {reason}") from exc
    return True


def _mode(path: Path) -> int:
    """The mode of the file that is replaced, else what a plain ``open`` would give."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask

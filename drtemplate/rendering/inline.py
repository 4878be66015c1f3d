"""Handlers become inline code: read, refused where no template could hold them, and narrowed.

That the code is still the same program, and one that Lambda can run, is the concern of
``drtemplate.checks.handlers``; a render whose file is current needs no proof of it again.
"""

from pathlib import Path

from drtemplate.errors import HandlerError
from drtemplate.rendering.narrow import narrow


def inline_code(path: Path) -> str:
    """Read a handler and return the text for ``Code.ZipFile``.

    Raises:
        HandlerError: the file is missing or unreadable, is empty or not UTF-8, holds a tab, a null
            byte, a line end other than LF, or a string that ends a line with a blank.
    """
    code = narrow(read_handler(path))
    if not code:
        raise HandlerError(f"{path}: no function 'handler'; the file is empty")
    for line in code.split("\n"):
        if line != line.rstrip():
            raise HandlerError(
                f"{path}: a string ends the line {line.strip()!r} with a blank, "
                "which no literal block of YAML keeps readable; write it as \\x20"
            )
    return code


def read_handler(path: Path) -> str:
    """The source of a handler.

    Raises:
        HandlerError: as ``inline_code``.
    """
    try:
        source = path.read_bytes().decode("utf-8")
    except OSError as exc:
        raise HandlerError(f"{path}: cannot read the handler: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise HandlerError(f"{path}: the handler is not UTF-8; save it as UTF-8") from exc
    for character, name in (("\t", "a tab"), ("\r", "a carriage return"), ("\0", "a null byte")):
        if character in source:
            line = source.count("\n", 0, source.index(character)) + 1
            raise HandlerError(f"{path}:{line}: {name}; use text of spaces and LF line ends only")
    return source

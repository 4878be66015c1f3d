"""Handlers become inline code: the file in ``handlers/``, byte for byte.

That Lambda can run it is the concern of ``drtemplate.checks.handlers``; a render whose file is current
needs no proof of it again.
"""

from pathlib import Path

from drtemplate.errors import HandlerError
from drtemplate.rendering.yaml import not_in_a_block

NAMES = {
    "\t": "a tab",
    "\r": "a carriage return",
    "\0": "a null byte",
    " ": "a blank at the end of the line",
}


def inline_code(path: Path) -> str:
    """Read a handler: the text for ``Code.ZipFile``.

    Raises:
        HandlerError: the file is missing, unreadable or empty, is not UTF-8, or holds what no literal
            block of YAML takes: a tab, a blank at the end of a line, a line end other than LF.
    """
    try:
        source = path.read_bytes().decode("utf-8")
    except OSError as exc:
        raise HandlerError(f"{path}: cannot read the handler: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise HandlerError(f"{path}: the handler is not UTF-8; save it as UTF-8") from exc
    if not source.strip():
        raise HandlerError(f"{path}: no function 'handler'; the file is empty")
    if found := not_in_a_block(source):
        line, character = found
        what = NAMES.get(character, ascii(character))
        raise HandlerError(
            f"{path}:{line}: holds {what}, which no literal block of YAML takes; "
            "use text of spaces and LF line ends, and escapes in strings"
        )
    return source

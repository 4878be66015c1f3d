"""The same Python program in fewer bytes, by its layout alone.

Comments, docstrings and blank lines go, and blanks around operators; the indentation shrinks to one
space a level, what is continued is joined, and short statements share a line. Names stay, and every
other string to the letter. ``drtemplate.checks.handlers`` proves the result by its syntax tree.
"""

import re
from collections.abc import Iterable, Iterator

INDENT = 4  # spaces a level in the source
WIDTH = 155  # columns up to which lines are joined; the template's own, less its indentation
# Enough of Python's lexical rules: a string in one quote inside another of the same, which f-strings
# allow from 3.12 on, would fail the proof, not pass unseen.
_STRING_OR_COMMENT = re.compile(
    r'''("""|\'\'\')(?:\\.|(?!\1).)*\1|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|#[^\n]*''', re.DOTALL
)
# A string stands aside while the layout changes: a private character of its own, and as many more
# as it is long.
_PRIVATE, _FILL = 0xF0000, "\U00100000"
_ASIDE = re.compile(f"[\U000f0000-\U000fffff]{_FILL}*")
_DOCSTRING = re.compile(rf"\(?(\s*[rRuU]?{_ASIDE.pattern})+\s*\)?")
# What needs no blanks around it, or none behind it.
_OPERATORS = (
    "= == != <= >= < > := -> : + - * / // % ** | & ^ << >> += -= *= /= //= %= **= |= &= ^= <<= >>="
).split()
_COMPOUND = re.compile(
    r"(async|case|class|def|elif|else|except|finally|for|if|match|try|while|with)\b|@"
)
_DOCUMENTED = re.compile(r"(async +)?(class|def)\b")
# The level of a statement, and its text; what the width did not hold continues on further lines.
Statement = tuple[int, str]


def narrow(source: str) -> str:
    """Write a program shorter. What is no Python comes out as something that is none either."""
    strings: list[str] = []

    def set_aside(match: re.Match[str]) -> str:
        if match[0].startswith("#"):
            return ""
        strings.append(match[0])
        return chr(_PRIVATE + len(strings) - 1) + _FILL * (len(match[0]) - 1)

    text = _STRING_OR_COMMENT.sub(set_aside, source)
    for operator in _OPERATORS:
        text = text.replace(f" {operator} ", operator)
    text = text.replace(", ", ",").replace(": ", ":")
    statements = _with_suites(_sharing_lines(_without_docstrings(list(_statements(text)))))
    code = "".join(f"{' ' * level}{body}\n" for level, body in statements)
    return _ASIDE.sub(lambda match: strings[ord(match[0][0]) - _PRIVATE], code)


def _statements(text: str) -> Iterator[Statement]:
    """The statements, each with what continues it; brackets and backslashes hold lines together."""
    lines: list[str] = []
    level = depth = 0
    for line in text.split("\n"):
        code = line.strip()
        if not code:
            continue
        if not lines:
            level, lines = (len(line) - len(line.lstrip(" "))) // INDENT, [code]
        elif depth > 0:
            _continue(lines, code, level)
        else:
            lines.append(f"{' ' * ((len(line) - len(line.lstrip(' '))) // INDENT)}{code}")
        depth += sum(map(code.count, "([{")) - sum(map(code.count, ")]}"))
        if depth <= 0 and not code.endswith("\\"):
            yield level, "\n".join(lines)
            lines, depth = [], 0
    if lines:
        yield level, "\n".join(lines)


def _continue(lines: list[str], code: str, level: int) -> None:
    """Add a line inside a bracket to the last one, as far as the width allows."""
    last = lines[-1]
    width = len(last) + len(code) + (level if len(lines) == 1 else 0)
    if code[0] in ")]}" and width <= WIDTH:
        lines[-1] = last.removesuffix(",") + code
        return
    glue = "" if last[-1] in "([{,:=" else " "
    if width + len(glue) <= WIDTH:
        lines[-1] = last + glue + code
    else:
        lines.append(" " * (level + 1) + code)


def _without_docstrings(statements: list[Statement]) -> Iterator[Statement]:
    """Leave docstrings out; where a body had nothing else, ``pass`` takes the place."""
    opens: int | None = -1  # the level of what a docstring would belong to
    for number, (level, body) in enumerate(statements):
        if opens is not None and level > opens and _DOCSTRING.fullmatch(body):
            following = statements[number + 1][0] if number + 1 < len(statements) else 0
            if following < level:
                yield level, "pass"
            opens = None
            continue
        yield level, body
        opens = level if _DOCUMENTED.match(body) and body.endswith(":") else None


def _sharing_lines(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Simple statements that follow each other share a line while it is short."""
    row: Statement | None = None
    for level, body in statements:
        if _COMPOUND.match(body) or "\n" in body:
            if row:
                yield row
            row = None
            yield level, body
        elif row and row[0] == level and level + len(row[1]) + 1 + len(body) <= WIDTH:
            row = level, f"{row[1]};{body}"
        else:
            if row:
                yield row
            row = level, body
    if row:
        yield row


def _with_suites(statements: Iterable[Statement]) -> list[Statement]:
    """A body of one simple line goes behind its colon."""
    rows = list(statements)
    kept: list[Statement] = []
    for number, (level, body) in enumerate(rows):
        following = rows[number + 1][0] if number + 1 < len(rows) else 0
        head_level, head = kept[-1] if kept else (0, "")
        alone = following < level and number and rows[number - 1][0] == level - 1
        last = head.rsplit("\n", 1)[-1]
        width = (0 if "\n" in head else head_level) + len(last) + 1 + len(body)
        if alone and head.endswith(":") and not _COMPOUND.match(body) and width <= WIDTH:
            kept[-1] = head_level, f"{head} {body}"
        else:
            kept.append((level, body))
    return kept

"""Names of the template as words."""

import re

_STEP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def words(name: str) -> str:
    """``FailoverStateTable`` as *Failover state table*; an abbreviation stays as it is."""
    first, *others = _STEP.sub(" ", name).split()
    return " ".join([first, *(one if one.isupper() else one.lower() for one in others)])


def anchor(title: str) -> str:
    """The fragment by which GitHub links to a heading."""
    return re.sub(r"[^\w -]", "", title).lower().replace(" ", "-")


def cell(text: object) -> str:
    """A text in one cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")

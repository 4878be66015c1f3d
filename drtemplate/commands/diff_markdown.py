"""What ``generate.py diff --format markdown`` writes for a pull request: the meaning, the rest folded."""

import re
from collections.abc import Sequence

from drtemplate.cloudformation.changes import Differences
from drtemplate.cloudformation.consequences import Consequence, told
from drtemplate.commands.diff_text import sections, summary
from drtemplate.console import printable

# A comment on GitHub has at most 65,536 characters; some are left to whoever posts it.
# https://github.com/orgs/community/discussions/27190
MOST = 60_000
# A dollar sign begins a formula there.
# https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/writing-mathematical-expressions
_MARKUP = re.compile(r"[\\|`<>\[\]_*&#~$]")


def as_markdown(found: Differences, meaning: Sequence[Consequence]) -> str:
    """The consequences as a table, then each kind of change, folded, as ``diff`` prints it."""
    if not found.resources and not found.others:
        return "**The templates are equal**: an update changes nothing."
    lines = [f"**{summary(found)}**", ""]
    if meaning:
        lines += ["| resource | what it means | because |", "|---|---|---|"]
        lines += [_row(one.logical_id, told(one), one.because) for one in meaning]
    else:
        lines += ["No data, name, latch, instance or subscription is at stake."]
    left = MOST - len("\n".join(lines))
    for heading, group in sections(found):
        block = _folded(heading, [printable(line) for line in group])
        if len(block) > left:
            lines += ["", "*The rest is too long for a comment: `generate.py diff` has all of it.*"]
            break
        lines += ["", block]
        left -= len(block) + 2
    return "\n".join(lines)


def _folded(heading: str, group: Sequence[str]) -> str:
    """The lines as they are, in a fence that nothing in them can close."""
    longest = max(map(len, re.findall("`+", "\n".join(group))), default=0)
    fence = "`" * max(longest + 1, 3)
    resources = sum(not line.startswith("    ") for line in group)
    summary_line = f"<details><summary>{heading} ({resources})</summary>"
    return "\n".join([summary_line, "", f"{fence}text", *group, fence, "", "</details>"])


def _row(*cells: str) -> str:
    """A row of a table; what a cell holds is shown, and neither parts cells nor is markup."""
    shown = (_MARKUP.sub(r"\\\g<0>", printable(cell)) for cell in cells)
    return f"| {' | '.join(shown)} |"

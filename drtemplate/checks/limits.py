"""CloudFormation's limits, and where the bytes of a template go.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from collections.abc import Mapping
from typing import Any

from drtemplate.checks.findings import Finding
from drtemplate.rendering.yaml import sections

# A template in S3.
MAX_BYTES = 1_000_000
MAX_COUNTS = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}


def check_limits(template: Mapping[str, Any], text: str) -> list[Finding]:
    """Compare the written file's bytes, and the sections' entries, with CloudFormation's limits.

    Args:
        template: what was written.
        text: the file.
    """
    size = len(text.encode())
    found = []
    if size > MAX_BYTES:
        found.append(
            Finding(
                "the template",
                "size",
                f"has {size:,} bytes, {size - MAX_BYTES:,} more than the {MAX_BYTES:,} that CloudFormation "
                "takes; shorten handlers or descriptions",
            )
        )
    for section, limit in MAX_COUNTS.items():
        if (count := len(template.get(section, {}))) > limit:
            found.append(Finding(section, "count", f"has {count} entries, the limit is {limit}"))
    return found


def byte_table(template: Mapping[str, Any], groups: Mapping[str, str]) -> dict[str, int]:
    """Bytes of the YAML file by part: the sections, the groups, and the code of each handler.

    The code is counted apart from its group, so the values add up to the file's size.
    """
    table: dict[str, int] = {}
    handlers: dict[str, int] = {}
    for section, title, lines in sections(template, groups):
        size = sum(len(line.encode()) + 1 for line in lines)
        part = groups.get(title, section) if title else section
        if code := _code_lines(template, title, lines):
            handlers[f"  code of {title}"] = code
            size -= code
        table[part] = table.get(part, 0) + size
    # The banner line of Resources itself belongs to no group worth a row.
    return table | handlers


def _code_lines(template: Mapping[str, Any], title: str, lines: list[str]) -> int:
    """Bytes of the literal block that holds a function's code, its indentation included."""
    properties = template["Resources"].get(title, {}).get("Properties", {})
    code = properties.get("Code", {}).get("ZipFile")
    if not isinstance(code, str):
        return 0
    key = next(number for number, line in enumerate(lines) if line.strip().startswith("ZipFile:"))
    return sum(len(line.encode()) + 1 for line in lines[key + 1 : key + 1 + code.count("\n")])

"""Whether a bill of materials has every package of a lock, in its version and with its hashes: `make sbom`."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

LINE = re.compile(r"^(\S+)==(\S+).*\\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.M)


def lacking(lock: str, bill: Mapping[str, Any]) -> Iterator[str]:
    """What the bill lacks, and what it has too much, a line each."""
    told = {
        (one["name"], one["version"]): {
            each["content"]
            for reference in one.get("externalReferences", ())
            for each in reference.get("hashes", ())
        }
        for one in bill["components"]
    }
    locked = {
        (name, version): set(re.findall(r"[0-9a-f]{64}", hashes))
        for name, version, hashes in LINE.findall(lock)
    }
    for package in sorted(locked.keys() | told.keys()):
        if locked.get(package) != told.get(package):
            yield f"{'=='.join(package)}: the lock and the bill of materials differ"


if __name__ == "__main__":
    found = list(lacking(Path(sys.argv[1]).read_text(), json.loads(Path(sys.argv[2]).read_text())))
    sys.exit("\n".join(found) if found else 0)

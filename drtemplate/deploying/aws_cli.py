"""Which AWS CLI runs, and whether it goes where it is sent."""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from drtemplate.errors import DeployError

# The first releases that heed AWS_ENDPOINT_URL and AWS_ENDPOINT_URL_S3, by the major number.
# https://aws.amazon.com/blogs/developer/new-improved-flexibility-when-configuring-endpoint-urls-with-the-aws-sdks-and-tools/
_HEEDS_ENDPOINTS = {1: 29, 2: 13}
_VERSION = re.compile(r"aws-cli/(\d+)\.(\d+)")
VERSION_SECONDS = 60.0


def find_aws() -> Path:
    """The AWS CLI of this environment, which the project pins, else the one on PATH.

    Raises:
        DeployError: there is none.
    """
    own = Path(sys.executable).with_name("aws")
    found = str(own) if os.access(own, os.X_OK) else shutil.which("aws")
    if not found:
        raise DeployError(
            "the AWS CLI is missing; `make deploy` installs it, and so does: pip install -e '.[deploy]'"
        )
    return Path(found)


@cache
def check_heeds_endpoints(aws: Path) -> None:
    """Refuse an AWS CLI whose upload would go to AWS, whatever endpoint is set.

    Raises:
        DeployError: it is too old, or does not say its version.
    """
    try:
        words = [str(aws), "--version"]
        told = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=VERSION_SECONDS,
            check=False,
        ).stdout.decode(errors="replace")
    except (OSError, subprocess.SubprocessError) as exc:
        raise DeployError(f"{aws}: does not tell its version: {exc}") from exc
    found = _VERSION.search(told)
    major, minor = (int(found[1]), int(found[2])) if found else (0, 0)
    if not major or minor < _HEEDS_ENDPOINTS.get(major, 0):
        raise DeployError(
            f"{aws}: this AWS CLI ({found[0] if found else 'of no known version'}) would upload to AWS "
            "and not to the endpoint that is set; take 1.29, 2.13 or newer: make deploy installs one"
        )

"""Where a deployment goes: the region, and the addresses that requests are sent to."""

import ipaddress
import os
import re
from urllib.parse import urlsplit

from botocore.utils import get_environ_proxies

from drtemplate.errors import DeployError

# The form of all that AWS has.
# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
_DOMAINS = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".api.aws",
)
LONGEST = 40  # characters; the longest region's name has 16
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}")


def chosen_region(given: str | None) -> str | None:
    """The region that is asked for; None if a profile must decide.

    boto3 does not read AWS_REGION; every other SDK does, before AWS_DEFAULT_REGION of the AWS CLI.
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-region.html

    Raises:
        DeployError: it is no region's name.
    """
    for source, name in (
        ("--region", given),
        ("AWS_REGION", os.environ.get("AWS_REGION") or None),
        ("AWS_DEFAULT_REGION", os.environ.get("AWS_DEFAULT_REGION") or None),
    ):
        if name is not None:
            if len(name) > LONGEST or not _REGION.fullmatch(name):
                raise DeployError(
                    f"{source}: {name[:LONGEST]!r} is no region's name; give one such as us-east-1"
                )
            return name
    return None


def endpoint_of(url: str) -> str:
    """The address of a server, if a request may go there.

    Raises:
        DeployError: it is none, carries a password, or is plain http to another machine: parameters
            and credentials would be readable on the way.
    """
    remedy = "give one such as https://host:port"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as exc:
        raise DeployError(f"an endpoint's address cannot be read: {exc}; {remedy}") from exc
    if "@" in parts.netloc:
        raise DeployError(
            f"the endpoint of {host!r} has a user name or a password in its address, which would be "
            "shown; leave it out"
        )
    if parts.query or parts.fragment:
        raise DeployError(
            f"the endpoint of {host!r} has a query or a fragment in its address, to which nothing is "
            "sent; leave it out"
        )
    if parts.scheme not in ("http", "https") or not host or not url.isprintable() or " " in url:
        raise DeployError(f"{url!r} is no address of a server; {remedy}")
    if parts.scheme == "http" and not _is_loopback(host):
        raise DeployError(
            f"{url} is plain http to another machine, and secrets would be readable on the way; "
            "use https"
        )
    if parts.scheme == "http" and get_environ_proxies(url).get("http"):
        raise DeployError(
            f"{url} is plain http, and HTTP_PROXY would carry it to another machine, which could read "
            f"all secrets; set NO_PROXY={parts.netloc}"
        )
    return url


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_aws(url: str) -> bool:
    """Whether the address is one of AWS's own.

    https://docs.aws.amazon.com/general/latest/gr/rande.html
    """
    host = urlsplit(url).hostname or ""
    return url.startswith("https://") and host.endswith(_DOMAINS)

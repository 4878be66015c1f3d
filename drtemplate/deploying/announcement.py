"""What is about to happen, in lines for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from drtemplate.cloudformation.parameters import MASK, is_secret
from drtemplate.deploying.account import Account
from drtemplate.deploying.bucket import Bucket
from drtemplate.deploying.bucket_making import PROPERTIES
from drtemplate.deploying.command import Command, Target, key_prefix
from drtemplate.deploying.document import Document
from drtemplate.deploying.location import is_aws
from drtemplate.deploying.preflight import Stack

SERVICES = ("cloudformation", "s3", "sts", "route53")


def announce(
    command: Command,
    target: Target,
    stack: Stack,
    document: Document,
    bucket: Bucket,
    account: Account,
) -> Iterator[str]:
    """Which stack and where, which template through which bucket, and the command."""
    what = f"an update of {stack.status}" if stack.exists else "a new stack"
    yield f"{target.stack} in {target.region}: {what}"
    identity = account.identity()
    yield f"account {identity.account}, as {identity.arn}"
    yield from _endpoints(account)
    yield f"template: {document.size:,} bytes, SHA-256 {document.sha256}"
    yield f"through s3://{bucket.name}/{key_prefix(target, document)}/"
    if bucket.needs == "completed":
        yield "  an earlier run left the bucket without all its settings"
    if bucket.needs:
        yield f"  the bucket is to be {bucket.needs}: {PROPERTIES}"
    yield command.shown()
    if command.piped:
        yield "  /dev/fd/N is a pipe with the parameters, which keeps the secret out of sight"


def foreign_endpoints(account: Account) -> list[str]:
    """The addresses that requests go to and that are not AWS's."""
    addresses = {account.client(service).meta.endpoint_url for service in SERVICES}
    return sorted(address for address in addresses if not is_aws(address))


def _endpoints(account: Account) -> Iterator[str]:
    """Where requests go; AWS's own addresses in a word, any other one by itself."""
    others = foreign_endpoints(account)
    yield f"endpoints: {', '.join(others) if others else 'AWS'}" + (
        ", which is not AWS's" if others else "'s own"
    )


def table(
    declared: Mapping[str, Mapping[str, Any]],
    given: Mapping[str, str],
    kept: Mapping[str, str],
    values: Mapping[str, str],
) -> Iterator[str]:
    """Each parameter's value and where it comes from; what is secret is masked."""
    width = max(map(len, declared), default=0)
    for name, facts in declared.items():
        value = MASK if is_secret(facts) and values[name] else values[name] or "(empty)"
        origin = "" if name in given else "  (as in the stack)" if name in kept else "  (default)"
        yield f"  {name:<{width}}  {value}{origin}"

"""The template as it is sent: read once, so that what is checked is what goes to AWS."""

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drtemplate.cloudformation.document import MAX_TEMPLATE_BYTES, load_template, read_text
from drtemplate.errors import DeployError, InputError

_NO_COPY = "cannot keep a copy of the template; set TMPDIR to a folder that has room"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A template's file and what is in it.

    Attributes:
        path: the file that the user named.
        copy: the bytes that were checked, in a file that nobody else can read or write.
        size: of the copy, bytes.
        sha256: of the copy, 64 hexadecimal digits.
        template: the copy's content, intrinsics in long form.
    """

    path: Path
    copy: Path
    size: int
    sha256: str
    template: Mapping[str, Any]


@contextmanager
def _folder() -> Iterator[Path]:
    try:
        made = tempfile.TemporaryDirectory(prefix="drtemplate-", ignore_cleanup_errors=True)
    except OSError as exc:
        raise DeployError(f"{_NO_COPY}: {exc.strerror}") from exc
    with made as name:
        yield Path(name)


@contextmanager
def read_once(path: Path) -> Iterator[Document]:
    """Read a template; its copy is gone when the block is left.

    Raises:
        InputError: it cannot be read, or is no CloudFormation template.
        DeployError: it is larger than CloudFormation takes, or there is no room for a copy.
    """
    text = read_text(path, "template")
    # The AWS CLI reads every line end as \n and sends that.
    content = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    if len(content) > MAX_TEMPLATE_BYTES:
        raise DeployError(
            f"{path}: the template has {len(content):,} bytes, and CloudFormation takes "
            f"{MAX_TEMPLATE_BYTES:,}; render a shorter one"
        )
    with _folder() as folder:
        copy = folder / "template.yaml"
        try:
            copy.write_bytes(content)
            template = load_template(copy)
        except OSError as exc:
            raise DeployError(f"{_NO_COPY}: {exc.strerror}") from exc
        except InputError as exc:
            raise InputError(str(exc).replace(str(copy), str(path))) from exc
        yield Document(
            path=path,
            copy=copy,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            template=template,
        )

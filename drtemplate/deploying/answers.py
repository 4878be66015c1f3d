"""Answers of a server, each with an end: whoever answers at an endpoint need not be AWS."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, HTTPClientError
from urllib3.exceptions import HTTPError

# Bytes of one answer. The largest is a template of 1 MB, escaped; events and resources come in pages of 1 MB.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
MOST = 16 * 2**20
# Seconds for the body of one answer, however small the pieces that it comes in.
LONGEST = 60.0
_PIECE = 2**16
PAGES = 1000  # of one list; a page of events or resources has some 100


class EndlessError(BotoCoreError):
    """An answer is longer, takes longer, or has more pages than any of AWS's."""

    fmt = "{where} gives an answer without an end; look at --endpoint-url, AWS_ENDPOINT_URL and HTTPS_PROXY"


class BoundedSession:
    """Sends as botocore's own session does, which would read any answer to its end.

    What an operation gives as a stream is left to whoever reads it.
    """

    def __init__(self, session: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._session = session
        self._clock = clock

    def send(self, request: Any) -> Any:
        """The answer, read whole.

        Raises:
            EndlessError: it has no end.
            BotoCoreError: whatever botocore says of a connection.
        """
        if request.stream_output:
            return self._session.send(request)
        request.stream_output = True
        response = self._session.send(request)
        begun, content = self._clock(), bytearray()
        try:
            # read1 gives what has come; read would wait for a whole piece.
            while piece := response.raw.read1(_PIECE):
                content += piece
                if len(content) > MOST or self._clock() - begun > LONGEST:
                    response.raw.close()
                    raise EndlessError(where=request.url)
        except (HTTPError, OSError) as exc:
            raise HTTPClientError(error=exc) from exc
        response.raw.release_conn()
        response._content = bytes(content)
        return response

    def close(self) -> None:
        """Close all connections."""
        self._session.close()


def pages(ask: Callable[..., Any], **given: Any) -> Iterator[Any]:
    """Each page of what an operation lists.

    Raises:
        EndlessError: there is always another.
    """
    token: dict[str, str] = {}
    for _ in range(PAGES):
        page = ask(**given, **token)
        yield page
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}
    raise EndlessError(where=getattr(ask, "__name__", "a list"))


def bound(client: Any) -> None:
    """Let the client read no answer without an end."""
    client._endpoint.http_session = BoundedSession(client._endpoint.http_session)

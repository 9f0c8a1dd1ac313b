"""The limits of a request; defines why one is not read to its end, and makes the bytes of the answer to it."""

from http import HTTPStatus
from typing import NamedTuple

from mockexchange.server.http.request_cycle import STATUS_LINES
from mockexchange.server.http.rest_endpoint import MARK, PLAIN_TEXT, header_text
from mockexchange.server.loop_budget import UNFINISHED_BYTES_MAX
from mockexchange.venues.registry import DEFAULT

RAW_BYTES_MAX = 4_096
"""The most bytes of an incompletely read request that its journal entry keeps."""
HEAD_BYTES_MAX = 2 * 1024 * 1024
"""The largest request line with headers: enough to answer a target of a megabyte with the venue's own error."""
HEADERS_MAX = 256
HEADERS_BYTES_MAX = 32 * 1024
"""The largest size of all headers of a request; the proxies in front of real venues accept less."""
HEAD_S_MAX = 60.0
"""The seconds from the first byte of a request to the end of its headers."""
BODY_S_MAX = 60.0
"""The seconds from the end of the headers to the end of the body."""


class Cut(NamedTuple):
    """Why a request is not read to its end: the status of the answer, and advice for the user."""

    status: int
    diagnosis: str


NOT_HTTP = Cut(
    400,
    "these bytes are not an HTTP/1.1 request "
    "(https to a plain port? a non-ASCII path? a method in lower case, or an unknown one?)",
)
HEAD_TOO_LONG = Cut(431, f"the head of this request is longer than {HEAD_BYTES_MAX:,} bytes")
HEADERS_TOO_MANY = Cut(431, f"this request has more than {HEADERS_MAX:,} headers")
HEADERS_TOO_LONG = Cut(431, f"the headers of this request have more than {HEADERS_BYTES_MAX:,} bytes together")
HEAD_TOO_SLOW = Cut(408, f"the head of this request was not complete within {HEAD_S_MAX:.0f} s")
BODY_TOO_SLOW = Cut(408, f"the body of this request was not complete within {BODY_S_MAX:.0f} s")
TOO_MUCH_UNFINISHED = Cut(
    503, f"the incomplete requests of all clients have more than {UNFINISHED_BYTES_MAX:,} bytes together"
)


def answer_bytes(cut: Cut, body: bytes) -> bytes:
    """Return the bytes of the answer to a request that is not read to its end. The connection ends after them.

    The body of a 400 has the venue's format; others are plain text.
    """
    why, length = (b"x-mock-diagnosis", header_text(cut.diagnosis)), (b"content-length", b"%d" % len(body))
    kind = DEFAULT.rest.headers if cut.status == HTTPStatus.BAD_REQUEST else PLAIN_TEXT
    return raw_head(cut.status, [*kind, MARK, why, length]) + body


def raw_head(status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
    """Return the status line and the headers of an answer after which the server closes the connection."""
    lines = [*(b"%s: %s" % pair for pair in headers), b"connection: close"]
    return STATUS_LINES[status] + b"\r\n".join(lines) + b"\r\n\r\n"

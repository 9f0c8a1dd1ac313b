"""Defines the headers about positions in a sandbox's log: `X-Mock-Seq` and `X-Mock-Min-Seq`.

`X-Mock-Seq` in an answer is the number of the last command that the sandbox had executed. `X-Mock-Min-Seq` in a request
is the number of a command that the answer has to contain; followers obey it with `--reads session`.
"""

from collections.abc import Iterable

from mockexchange.sandbox.sandbox import Sandbox

SEQUENCE = b"x-mock-seq"
WANTED = b"x-mock-min-seq"
DIGITS_MAX = 18


def sequence_header(sandbox: Sandbox) -> tuple[bytes, bytes]:
    """Return the header of an answer with the number of the sandbox's last command."""
    return SEQUENCE, b"%d" % sandbox.exchange.state.sequence


def wanted_sequence(headers: Iterable[tuple[bytes, bytes]]) -> int | None:
    """Return the number of the command that an answer has to contain, from the request's headers.

    It is 0 without the header `X-Mock-Min-Seq`, and None if its value is no number.
    """
    for name, value in headers:
        if name == WANTED:
            return int(value) if value.isdigit() and len(value) <= DIGITS_MAX else None
    return 0

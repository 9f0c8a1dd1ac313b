"""The headers about positions in the log of a sandbox: what an answer contains, and what a request has to see.

`X-Mock-Seq` in an answer is the number of the last command that the sandbox had executed. `X-Mock-Min-Seq` in a request
is the number of a command that the answer has to contain; followers honour it with `--reads session`.
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
    """Return the number that an answer has to contain: 0 without the header, None if its value is no number."""
    for name, value in headers:
        if name == WANTED:
            return int(value) if value.isdigit() and len(value) <= DIGITS_MAX else None
    return 0

"""Requests and answers as plain values, without a web framework."""

from collections.abc import Callable, Generator
from typing import NamedTuple, TypeAlias, TypeVar

from msgspec import Struct, field

from mockexchange.core.commands import Command
from mockexchange.core.exchange import Outcome


class Request(Struct, frozen=True):
    """One request as it crossed the wire.

    `path` and `query` are raw (percent-encoded, latin-1 text, no "?"); header names are lower case. All headers are
    kept: the journal and the diagnosis of signatures need them.
    """

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""

    def header(self, name: bytes) -> str | None:
        """Return the first value of a header (lower-case name), or None."""
        for key, value in self.headers:
            if key == name:
                return value.decode("latin-1")
        return None

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


class Call(Request, frozen=True):
    """A command of a stream as the request that it would be over HTTP: a POST to the venue's base path.

    Its headers name the key of the stream, which the venue has verified already. `stream_path` is the path at which
    the stream was opened.
    """

    stream_path: str = ""


RATE_LIMIT_FINDING = "rate limit: "
"""Beginning of a finding about a request beyond a rate limit that is reported and not enforced."""
Pause = Callable[[], None]
Diagnose = Callable[[Pause], str]
"""Function that finds the reason of a refusal; it calls `Pause` between steps so that other threads can run."""


class Page(NamedTuple):
    """A kept page in the body of an answer: many answers have it, each between bytes of its own."""

    place: int
    raw: bytes


class Answer(Struct):
    """An answer, and what the journal records about it.

    `diagnosis` is the advice for the user; `diagnose` computes it if that takes work (a wrong signature): call it off
    the event loop.
    """

    status: int
    body: bytes
    operation: str | None = None
    account: str | None = None
    key_id: str | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()
    findings: list[str] = field(default_factory=list)
    diagnosis: str | None = None
    diagnose: Diagnose | None = None
    fault: str | None = None
    """Names of the faults that changed it."""
    stub: str | None = None
    """Name of the stub that made it, or would have if the caller were not refused."""
    refusal: str | None = None
    """Name of the refusal in the venue's tables, as one word."""
    pending: "Pending | None" = None
    """The rest of a write, which needs outcomes of commands before it is answered; None if the answer is complete."""
    page: Page | None = None
    """The kept page in the body, so that the journal keeps it once for all the answers that have it."""


Pending: TypeAlias = Generator[Command, Outcome, Answer]
"""A write: it yields commands, receives their outcomes and returns the complete answer. Other commands may be executed
between two of its own."""


T = TypeVar("T")


def resume(pending: Generator[Command, Outcome, T], outcome: Outcome | None = None) -> Command | T:
    """Return the next command of a write, or its answer; `outcome` is that of its last command, None at the start."""
    try:
        return next(pending) if outcome is None else pending.send(outcome)
    except StopIteration as end:
        answer: T = end.value
        return answer

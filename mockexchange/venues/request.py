"""The types of requests and answers, independent of any web framework."""

from collections.abc import Callable, Generator
from typing import NamedTuple, TypeAlias, TypeVar

from msgspec import Struct, field

from mockexchange.core.commands import Command
from mockexchange.core.exchange import Outcome
from mockexchange.core.refusals import Refusal, RefusalCode


class Request(Struct, frozen=True):
    """One HTTP request, with its bytes as the client sent them.

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
    """A command that a client sent on a stream, in the form of the HTTP POST with the same effect.

    Its headers name the key of the stream, which the venue has verified already. `stream_path` is the path at which the
    stream was opened.
    """

    stream_path: str = ""


RATE_LIMIT_FINDING = "rate limit: "
"""Prefix of a finding about a request beyond a rate limit that is only reported."""
Pause = Callable[[], None]
Diagnose = Callable[[Pause], str]
"""A function that finds the reason of a refusal; it calls `Pause` between steps so that other threads can run."""


class Page(NamedTuple):
    """The part of an answer's body that is a cached page. The journal stores its bytes once for all answers with it."""

    place: int
    raw: bytes


class Answer(Struct):
    """The answer to a request, and what the journal records about it.

    `diagnosis` is the advice for the user. If finding it takes work (a wrong signature), `diagnose` computes it, and
    has to be called off the event loop.
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
    """Names of the faults that changed the answer; None if there are none."""
    stub: str | None = None
    """Name of the stub that made the answer, or would have made it if the caller had not been refused."""
    refusal: str | None = None
    """Name of the refusal in the venue's tables, as one word; None if the request was not refused."""
    pending: "Pending | None" = None
    """The remaining steps of a write, which return the complete answer; None if this answer is complete."""
    ahead: list[Command] | None = None
    """The commands of a batch in the order in which `pending` yields them, from its first one on: a store takes them
    together. Empty if they are not known in advance; None if nothing is pending.
    """
    page: Page | None = None
    """The cached page in the body, which the journal keeps once for all the answers that contain it."""
    overlay: tuple[str, ...] = ()
    """The paths of fields that `serve --overlay` added to the body."""


Pending: TypeAlias = Generator[Command, Outcome, Answer]
"""The steps of a write: yields commands, receives their outcomes and returns the complete answer.

Other commands may be executed between two of its own.
"""


T = TypeVar("T")
KEY_TAKEN = Refusal(RefusalCode.KEY_IN_USE, "another sandbox on the port has this key id: take another one")
"""The outcome of a command that adds a key with an id of another sandbox. It is in no log, so it is told by identity:
an operation that makes ids up tries the next one.
"""


def resume(pending: Generator[Command, Outcome, T], outcome: Outcome | None = None) -> Command | T:
    """Let a write continue with the outcome of its previous command; return its next command, or at its end its answer.

    At the beginning of the write the outcome is None.
    """
    try:
        return next(pending) if outcome is None else pending.send(outcome)
    except StopIteration as end:
        answer: T = end.value
        return answer

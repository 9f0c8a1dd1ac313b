"""A request and an answer as plain values, so that nothing below the server knows a web framework."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it crossed the wire.

    `path` and `query` are raw (percent-encoded, latin-1 text, no "?"); header names are lower case; `host` signing
    mistakes and the journal need the headers whole.
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


@dataclass(frozen=True, slots=True)
class Call(Request):
    """A command of a stream as the request that it would be over HTTP: a POST to the venue's base path.

    Its headers say whose the stream is by now, of which the venue has had its proof. `stream_path` is where the stream
    was opened.
    """

    stream_path: str = ""


Pause = Callable[[], None]
Diagnose = Callable[[Pause], str]
"""Finds out why a request was refused; calls `Pause` between its steps so that other threads can run."""


@dataclass(slots=True)
class Answer:
    """What goes back, and what is known about it.

    `diagnosis` says in words what to change; `diagnose` finds that out where it takes work (a wrong signature): call
    it off the event loop.
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
    """What disturbed it on purpose."""
    stub: str | None = None
    """The literal answer that it is, or would be if it were no refusal."""
    refusal: str | None = None
    """Which of the venue's refusals it is, as one word."""

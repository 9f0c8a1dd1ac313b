"""Verdicts of a replay about one answer or frame."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deviation:
    """Bytes that differ from the journal: a title, the replayed and the recorded bytes."""

    title: str
    got: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict; `subject` is answer or frame. Without a deviation the bytes are equal or were not compared."""

    subject: str
    number: int
    deviation: Deviation | None = None
    is_skipped: bool = False
    """Whether it was not compared, because a fault changed it or its stream is unknown."""
    is_of_unknown_stream: bool = False
    """Whether it was skipped because the journal lacks its handshake: the stream is older than the journal."""


def deviation(subject: str, number: int, title: str, got: str | bytes, wanted: str | bytes) -> Verdict:
    return Verdict(subject, number, Deviation(f"{subject} {number or '-'} {title}", _text(got), _text(wanted)))


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")

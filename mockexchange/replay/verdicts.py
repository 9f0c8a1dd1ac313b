"""What a replay says of one answer or frame."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deviation:
    """Bytes that are not those in the journal: what they were of, and both."""

    title: str
    got: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`subject` is answer or frame. Without a deviation the bytes are the same, or were not compared."""

    subject: str
    number: int
    deviation: Deviation | None = None
    is_skipped: bool = False
    """Whether a fault touched it, so that it cannot come again; or its stream is unknown."""
    is_of_unknown_stream: bool = False
    """Whether it was skipped since its handshake is not in the journal: the stream began before the journal does."""


def deviation(subject: str, number: int, title: str, got: str | bytes, wanted: str | bytes) -> Verdict:
    return Verdict(subject, number, Deviation(f"{subject} {number or '-'} {title}", _text(got), _text(wanted)))


def _text(words: str | bytes) -> str:
    return words if isinstance(words, str) else words.decode("utf-8", "replace")

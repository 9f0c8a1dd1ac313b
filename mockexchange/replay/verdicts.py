"""Verdicts of a replay about one answer or frame."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deviation:
    """A difference from the journal: a title, the replayed bytes (`got`) and the recorded bytes (`wanted`)."""

    title: str
    got: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict about an answer or a frame (`subject`). No deviation means equal bytes, or bytes not compared."""

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

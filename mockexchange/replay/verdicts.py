"""The results of a replay: whether a repeated answer or frame has the recorded bytes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deviation:
    """A difference between a replay and the journal.

    It has a title, the replayed bytes as text (`got`) and the recorded ones (`wanted`).
    """

    title: str
    got: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of comparing one answer or frame with the recording.

    `subject` is "answer" or "frame", `number` is its number in the journal. Without a deviation the bytes are equal, or
    were not compared (`is_skipped`).
    """

    subject: str
    number: int
    deviation: Deviation | None = None
    is_skipped: bool = False
    """Whether the bytes were not compared, because a fault changed them or the stream is unknown."""
    is_of_unknown_stream: bool = False
    """Whether the frame was skipped because its stream is older than the journal, which lacks the handshake."""


def deviating(subject: str, number: int, title: str, got: str | bytes, wanted: str | bytes) -> Verdict:
    """Return the verdict about an answer or a frame that has other bytes than the recorded one."""
    return Verdict(subject, number, Deviation(f"{subject} {number or '-'} {title}", _text(got), _text(wanted)))


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")

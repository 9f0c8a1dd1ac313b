"""The interface of `serve --self-check`, which checks all answers and frames of a sandbox against the API documents."""

from typing import Protocol


class Inspector(Protocol):
    """Checks what a sandbox sends. Each method returns the problems that it found, as lines for the journal.

    `venue` is the name of the venue, `day` the day of its API date; None for `compat`, which serves all fields of all
    dates.
    """

    def check_answer(
        self,
        venue: str,
        day: str | None,
        method: str,
        target: str,
        status: int,
        *,
        headers: dict[str, str],
        content: bytes,
    ) -> list[str]: ...

    def check_frame(self, venue: str, day: str | None, raw: bytes) -> list[str]: ...

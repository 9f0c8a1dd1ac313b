"""The interface of a checker of everything that a sandbox sends: `serve --self-check`."""

from typing import Protocol


class Inspector(Protocol):
    """A checker of what a sandbox sends. Each method returns the problems that it found, as lines for the journal.

    `venue` is the name of the venue, `day` the day of its API date; None for the API date compat.
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

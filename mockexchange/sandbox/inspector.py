"""The interface of the object that checks all answers and frames of a sandbox against the API documents.

`serve --self-check` uses it.
"""

from typing import Protocol


class Inspector(Protocol):
    """Checks the answers and frames that a sandbox sends; each method returns the problems found, as lines of text.

    `venue` is the name of the venue, `day` the day of its API date; None for `compat`, which serves all fields of all
    dates. The journal stores the lines.
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

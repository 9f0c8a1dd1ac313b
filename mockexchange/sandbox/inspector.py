"""What looks at everything that leaves a sandbox, if somebody asked for it: `serve --self-check`."""

from typing import Protocol


class Inspector(Protocol):
    """Returns what is wrong, in lines for the journal.

    `venue` is the name of whose wire it is, `day` that of the API date, None for compat.
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

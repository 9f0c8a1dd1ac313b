"""The exception with which the JSON-RPC venues reject a request."""

from mockexchange.venues.diagnosis.search import no_pause
from mockexchange.venues.request import Answer, Diagnose


class Rejection(Exception):
    """An exception for a request that a venue answers with an error.

    `diagnosis` is the advice for the user, outside the answer's body: a text, or a function that finds it. `request_id`
    is the id (JSON text) of a malformed request, None if it could not be read.
    """

    request_id: str | None = None

    def __init__(self, label: object, diagnosis: str | Diagnose) -> None:
        super().__init__(label)
        self.diagnosis = diagnosis

    def explain(self) -> str:
        return self.diagnosis if isinstance(self.diagnosis, str) else self.diagnosis(no_pause)

    def report(self, answer: Answer) -> None:
        """Add the diagnosis to an answer; if finding it takes work, add the function that finds it."""
        if isinstance(self.diagnosis, str):
            answer.diagnosis = self.diagnosis
        else:
            answer.diagnose = self.diagnosis

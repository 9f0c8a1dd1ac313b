"""The rejection of a request, as the venues of JSON-RPC raise it."""

from mockexchange.venues.diagnosis.search import no_pause
from mockexchange.venues.request import Answer, Diagnose


class Rejection(Exception):
    """A request that a venue answers with an error.

    `diagnosis` is out of band: a text, or a function that finds it. `request_id` is the id (JSON text) of a request
    that could be read no further.
    """

    request_id: str | None = None

    def __init__(self, label: object, diagnosis: str | Diagnose) -> None:
        super().__init__(label)
        self.diagnosis = diagnosis

    def explain(self) -> str:
        return self.diagnosis if isinstance(self.diagnosis, str) else self.diagnosis(no_pause)

    def report(self, answer: Answer) -> None:
        """Add the diagnosis to an answer, or the function that finds it."""
        if isinstance(self.diagnosis, str):
            answer.diagnosis = self.diagnosis
        else:
            answer.diagnose = self.diagnosis

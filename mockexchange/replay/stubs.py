"""Repeats answers that stubs gave.

The log has the installed stubs, the journal the name of the stub that answered a request.
"""

from mockexchange.replay.installed_rules import InstalledRules
from mockexchange.replay.log_replay import Replay
from mockexchange.sandbox.stubs import SUBJECT, StubRequest, request_number, stub_answer
from mockexchange.scenario.stubs import STUB
from mockexchange.store.codec import LogError
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.venue import Venue


class StubReplay:
    """Repeats the answers of the stubs that are installed at the current position of a replay."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._stubs = InstalledRules(replay, SUBJECT, STUB.read)

    def answer(self, name: str, venue: Venue, request: Request, at: int, host_at: int, number: int) -> Answer:
        """Return the answer of the stub `name` to a recorded request, at its recorded times and with its number.

        Raises LogError if the log has no such stub.
        """
        stub = self._stubs.by_name.get(name)
        if stub is None:
            raise LogError(f"the journal says that stub {name!r} answered: the log never installed it")
        asked, context = StubRequest(venue, request), self._replay.contexts[venue.name]
        number_text = request_number(number, asked.has_path)
        return stub_answer(stub, asked, context, at, host_at, seed=self._replay.header.seed, number=number_text)

"""The literal answers of a recording: what was installed when is in the log, which of them answered in the journal."""

from mockexchange.core.commands import Note
from mockexchange.core.exchange import Outcome
from mockexchange.replay.running import Replay
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.source import Located, located_json
from mockexchange.scenario.stubs import STUB, Stub
from mockexchange.store.codec import LogError
from mockexchange.store.log import Record
from mockexchange.stubs import SUBJECT, literal_answer
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.venue import Venue


class StubReplay:
    """The stubs that there are at the place in the log that a replay has come to."""

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._by_name: dict[str, Stub] = {}
        replay.observers.append(self._observe)

    def answer(self, name: str, venue: Venue, request: Request, at: int, host_at: int) -> Answer:
        """Answer a journalled request as its stub did. Raises LogError where the log has no such stub."""
        stub = self._by_name.get(name)
        if stub is None:
            raise LogError(f"the journal says that stub {name!r} answered: the log never installed it")
        return literal_answer(stub, venue, self._replay.desks[venue.name], request, at, host_at)

    def _observe(self, record: Record, outcome: Outcome) -> None:
        if not isinstance(record.command, Note) or record.command.subject != SUBJECT:
            return
        try:
            match located_json(record.command.text, "", 0).value:
                case {"install": Located() as node}:
                    stub = STUB.read(node, "")
                    self._by_name[stub.name or ""] = stub
                case {"remove": Located(value=str(name))}:
                    self._by_name.pop(name, None)
        except ScenarioError as error:
            raise LogError(f"command {record.sequence}: expected a stub: {error}") from None

"""Rebuilds from the log which faults and stubs were installed at a position, and repeats the answers of stubs.

The log has a note for each installation and removal, the journal the name of the stub that answered a request.
"""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from mockexchange.core.commands import Note
from mockexchange.core.exchange import Outcome
from mockexchange.replay.log_replay import Replay
from mockexchange.sandbox.stubs import SUBJECT, StubRequest, request_number, stub_answer
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import Located, located_json
from mockexchange.scenario.stubs import STUB
from mockexchange.store.log import LogError, Record
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.venue import Venue

# Faults and stubs by the notes in the log


class NamedRule(Protocol):
    @property
    def name(self) -> str | None: ...


Installed = TypeVar("Installed", bound=NamedRule)
Read = Callable[[Located, str], Installed]
"""A function that makes a fault or a stub from the JSON in its note: (JSON node, path)."""


class InstalledRules(Generic[Installed]):
    """The faults, or the stubs, that are installed at the current position of a replay, by name.

    The log has a note for each installation and removal; `subject` selects the notes about faults or about stubs.
    """

    def __init__(self, replay: Replay, subject: str, read: Read[Installed]) -> None:
        self._subject, self._read = subject, read
        self.by_name: dict[str, Installed] = {}
        replay.observers.append(self._observe)

    def _observe(self, record: Record, outcome: Outcome) -> None:
        """Apply a note about an installed or removed rule; ignore other commands. Raises LogError if it is invalid."""
        if not isinstance(record.command, Note) or record.command.subject != self._subject:
            return
        try:
            match located_json(record.command.text, "", 0).value:
                case {"install": Located() as node}:
                    one = self._read(node, "")
                    self.by_name[one.name or ""] = one
                case {"remove": Located(value=str(name))}:
                    self.by_name.pop(name, None)
        except ScenarioError as error:
            raise LogError(f"command {record.sequence}: expected a {self._subject}: {error}") from None


# Answers of stubs


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

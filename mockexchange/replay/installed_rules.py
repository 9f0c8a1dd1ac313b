"""What was installed and removed in the course of a log: faults, and literal answers."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from mockexchange.core.commands import Note
from mockexchange.core.exchange import Outcome
from mockexchange.replay.log_replay import Replay
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import Located, located_json
from mockexchange.store.codec import LogError
from mockexchange.store.log import Record


class Named(Protocol):
    @property
    def name(self) -> str | None: ...


Installed = TypeVar("Installed", bound=Named)
Read = Callable[[Located, str], Installed]
"""Reads one as the log has it: (node, path)."""


class Installations(Generic[Installed]):
    """Those that there are at the place in the log that a replay has come to; `subject` is that of their notes."""

    def __init__(self, replay: Replay, subject: str, read: Read[Installed]) -> None:
        self._subject, self._read = subject, read
        self.by_name: dict[str, Installed] = {}
        replay.observers.append(self._observe)

    def _observe(self, record: Record, outcome: Outcome) -> None:
        """Raises LogError where a note is none of theirs."""
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

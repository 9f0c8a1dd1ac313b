"""The faults and stubs that are installed at each place of a log."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from mockexchange.core.commands import Note
from mockexchange.core.exchange import Outcome
from mockexchange.replay.log_replay import Replay
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.located_text import Located, located_json
from mockexchange.store.codec import LogError
from mockexchange.store.log import Record


class NamedRule(Protocol):
    @property
    def name(self) -> str | None: ...


Installed = TypeVar("Installed", bound=NamedRule)
Read = Callable[[Located, str], Installed]
"""Reads a rule from its note in the log: (node, path)."""


class InstalledRules(Generic[Installed]):
    """The rules that are installed at the current place of a replay; `subject` is that of their notes."""

    def __init__(self, replay: Replay, subject: str, read: Read[Installed]) -> None:
        self._subject, self._read = subject, read
        self.by_name: dict[str, Installed] = {}
        replay.observers.append(self._observe)

    def _observe(self, record: Record, outcome: Outcome) -> None:
        """Apply the note of a change. Raises LogError if it is invalid."""
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

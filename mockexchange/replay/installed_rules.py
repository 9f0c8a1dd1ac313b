"""Rebuilds from the notes in the log which faults and stubs were installed when a request was recorded."""

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

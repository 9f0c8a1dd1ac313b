"""The interface of a sandbox that its script, faults and stubs use, and the errors of sandboxes."""

import logging
from collections.abc import Callable, Collection
from typing import Any, NamedTuple, Protocol

from mockexchange.core.commands import Command, Note
from mockexchange.core.exchange import Exchange, Outcome
from mockexchange.sandbox.clock import ExchangeClock
from mockexchange.sandbox.journal.journal import Journal
from mockexchange.scenario.fault_rules import Rule
from mockexchange.scenario.plan import Plan
from mockexchange.scenario.script import ScriptedFrame
from mockexchange.store.log import Cause, Log, Record
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.venue import Venue

LOGGER = logging.getLogger(__name__)
Action = Command | ScriptedFrame | Rule
"""What a script step does: a command, a frame to send, or a fault to install."""


class SandboxEnded(Exception):
    """Raised if the sandbox was reset, deleted or stopped during an operation; the rest is not executed."""


class SandboxBroken(SandboxEnded):
    """Raised if a command failed halfway and the state could not be rebuilt.

    The sandbox answers nothing until its reset.
    """


NO_OWN_PORTS = "a sandbox of servers that share a database has no port of its own"


class SetAside(NamedTuple):
    """Why a sandbox of a store could not be opened. `keys` are the ids of all keys that its log adds."""

    reason: str
    keys: frozenset[str]
    has_scenario: bool
    """Whether its scenario could be read, with which a reset begins."""


class SandboxError(Exception):
    """Raised if a sandbox cannot be created or found; `code` is for programs, `status` is an HTTP status."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class KeyInUse(SandboxError):
    """Raised if another sandbox on the shared port has a key id, before a command that adds the key is logged.

    The message does not name the other sandbox: journals and scripts show it to whoever may see this one.
    """

    where: str | None = None
    """The place of the command in a request, such as "[0]"; None if it was not in a list."""

    def __init__(self, key_id: str, owner: str) -> None:
        """`owner` is the name of the other sandbox."""
        self.key_id, self.owner = key_id, owner
        super().__init__(409, "key_in_use", self.naming("another sandbox"))

    def naming(self, owner: str) -> str:
        """Return the message, with these words for the other sandbox."""
        advice = "take another key id, or a sandbox with a port of its own (port: 0)"
        return f"key id {self.key_id} is in use by {owner} on the shared port: {advice}"


class StoreUnavailable(Exception):
    """Raised if a command could not be stored and so was not executed; the message has the reason and what to do."""


class CommandFailed(Exception):
    """Raised if the mock's own code raised an exception in a command; the state is as it was before the command."""

    def __init__(self, sequence: int, command: Command, error: Exception) -> None:
        self.command = f"command {sequence} ({type(command).__name__})"
        super().__init__(
            f"the exchange made a mistake ({type(error).__name__}) in {self.command}, which changed nothing:"
            " the server's output tells where; please report it"
        )


def log_failure(subject: str, error: BaseException) -> str:
    """Log an exception of the mock's own code with its traceback; return a sentence about it for users."""
    LOGGER.error("%s failed", subject, exc_info=error)
    if isinstance(error, CommandFailed):
        return str(error)
    return f"the exchange made a mistake ({type(error).__name__}): the server's output tells where; please report it"


class Written(NamedTuple):
    """The record of a command in the log, and the command's outcome."""

    record: Record
    outcome: Outcome


class StubAnswers(Protocol):
    """The interface by which faults ask the stubs of a sandbox for an answer."""

    @property
    def installed(self) -> Collection[str]: ...

    def answer(self, venue: Venue, context: Any, request: Request, at: int, host_at: int) -> Answer | None: ...


class SandboxPort(Protocol):
    """The methods of a sandbox that its script, faults and stubs may call. `Sandbox` documents each of them.

    These parts refer to the sandbox weakly.
    """

    name: str
    plan: Plan
    exchange: Exchange
    log: Log
    clock: ExchangeClock
    contexts: dict[str, Any]
    journal: Journal
    broken: str | None

    @property
    def stubs(self) -> StubAnswers: ...
    @property
    def post_count(self) -> int: ...

    def itself(self) -> "SandboxPort": ...
    def moment(self) -> tuple[int, int, int]: ...
    def update_call_hook(self) -> None: ...
    def require_open(self) -> None: ...
    def require_settled(self) -> None: ...
    async def submit(self, command: Command, at: int | None = None, cause: Cause | None = None) -> Outcome: ...
    async def write(self, command: Command, at: int | None = None, cause: Cause | None = None) -> "Written": ...
    def post(self, note: Note, failed: Callable[[str], object]) -> None: ...

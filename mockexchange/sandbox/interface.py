"""What a sandbox and its parts share: the interface that script, faults and stubs use, requests, and errors."""

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from mockexchange.core.commands import Command, Note
from mockexchange.core.exchange import Exchange, Outcome
from mockexchange.sandbox.clock import ExchangeClock
from mockexchange.sandbox.journal import Journal
from mockexchange.scenario.plan import Plan
from mockexchange.store.log import Cause, Log, Record
from mockexchange.venues.registry import venue_at
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.venue import Venue

LOGGER = logging.getLogger(__name__)
NO_OWN_PORTS = "a sandbox of servers that share a database has no port of its own"


class RequestContext(Struct, frozen=True):
    """A request with its venue and the API key that it claims, which are determined once, when the request arrives."""

    request: Request
    venue: Venue
    """The venue of the path."""
    key_id: str | None
    """The id of the claimed key; it is not authenticated yet, and may be unknown."""

    @classmethod
    def of(cls, request: "Request | RequestContext") -> "RequestContext":
        """Return the context of a request; if the argument is a context already, it is returned unchanged."""
        if isinstance(request, RequestContext):
            return request
        venue = venue_at(request.path)
        return cls(request, venue, venue.auth.claimed_key(request))


# Errors


class SandboxEnded(Exception):
    """Raised if the sandbox was reset, deleted or stopped during an operation; the rest is not executed."""


class SandboxBroken(SandboxEnded):
    """Raised if a command failed halfway and the state could not be rebuilt.

    The sandbox answers nothing until its reset.
    """


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


# The interface of a sandbox


class Written(NamedTuple):
    """The record of a command in the log, and the command's outcome."""

    record: Record
    outcome: Outcome


Entry = tuple[Command, int, Cause | None]
"""A command for the log, its time and its cause."""


class StubAnswers(Protocol):
    """The stubs of a sandbox, as faults use them."""

    @property
    def installed(self) -> Collection[str]: ...

    def answer(self, venue: Venue, context: Any, request: Request, at: int, host_at: int) -> Answer | None: ...


class AnswerOverlay(Protocol):
    """Answers in the place of a venue, with the fields of a newer API document, as `serve --overlay` does."""

    def answer(self, venue: Venue, context: Any, request: Request, at: int, host_at: int) -> Answer: ...


class NoteWriter(Protocol):
    """The writer of a sandbox's log, as the script uses it; `Writer` documents each member."""

    @property
    def post_count(self) -> int: ...
    def post(self, note: Note, failed: Callable[[str], object]) -> None: ...
    def require_settled(self) -> None: ...


class SandboxPort(Protocol):
    """The methods of a sandbox that its script, faults and stubs may call. `Sandbox` documents each of them.

    These parts refer to the sandbox weakly.
    """

    name: str
    plan: Plan
    overlay: AnswerOverlay | None
    exchange: Exchange
    log: Log
    clock: ExchangeClock
    contexts: dict[str, Any]
    journal: Journal
    broken: str | None

    @property
    def stubs(self) -> StubAnswers: ...
    @property
    def writer(self) -> NoteWriter: ...

    @property
    def transaction_room(self) -> int: ...

    def itself(self) -> "SandboxPort": ...
    def moment(self) -> tuple[int, int, int]: ...
    def update_call_hook(self) -> None: ...
    def require_open(self) -> None: ...
    async def submit(self, command: Command, at: int | None = None, cause: Cause | None = None) -> Outcome: ...
    async def write(self, command: Command, at: int | None = None, cause: Cause | None = None) -> Written: ...
    def transaction(self, entries: Sequence[Entry]) -> AbstractContextManager[Sequence[Awaitable[Written]]]: ...

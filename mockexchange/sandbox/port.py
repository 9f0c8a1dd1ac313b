"""The interface of a sandbox that its script, its faults and its stubs use."""

from collections.abc import Collection
from typing import Any, Protocol

from mockexchange.core.commands import Command
from mockexchange.core.exchange import Exchange, Outcome
from mockexchange.sandbox.clock import ExchangeClock
from mockexchange.sandbox.journal import Journal
from mockexchange.scenario.actions import ScriptedFrame
from mockexchange.scenario.faults import Rule
from mockexchange.scenario.loader import Plan
from mockexchange.scenario.located_text import Located
from mockexchange.store.log import Cause, Log
from mockexchange.venues.request import Answer, Request
from mockexchange.venues.venue import Venue

Action = Command | ScriptedFrame | Rule
"""The action of a script step."""


class StubAnswers(Protocol):
    """The interface of a sandbox's stubs."""

    @property
    def installed(self) -> Collection[str]: ...

    def answer(self, venue: Venue, context: Any, request: Request, at: int, host_at: int) -> Answer | None: ...


class SandboxPort(Protocol):
    """The interface of a sandbox for its parts; `Sandbox` documents each member."""

    plan: Plan
    exchange: Exchange
    log: Log
    clock: ExchangeClock
    contexts: dict[str, Any]
    journal: Journal

    @property
    def stubs(self) -> StubAnswers: ...

    def moment(self) -> tuple[int, int, int]: ...
    def update_call_hook(self) -> None: ...
    async def submit(self, command: Command, at: int | None = None, cause: Cause | None = None) -> Outcome: ...
    async def perform(self, action: Action, at: int, cause: Cause, node: Located) -> None: ...

"""The routes of a sandbox's history: the worth of accounts over time, effects of faults and script steps, the log."""

import asyncio
import time
from collections import OrderedDict
from itertools import starmap
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.sandbox.forks import exported
from mockexchange.sandbox.journal_json import firing_to_json
from mockexchange.sandbox.ledger.equity import EquityCurve, series_to_json
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.control.access.roles import Access
from mockexchange.server.control.access.secret_filter import SecretFilter
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.json_text import (
    SLICE_S,
    PiecesResponse,
    answer_in_slices,
    object_pieces,
    sliced,
    taking_turns,
)
from mockexchange.server.control.route_table import Resource, resource
from mockexchange.server.control.sandboxes.sandbox_routes import known_account
from mockexchange.server.control.traffic.journal_queries import REDACT, read_query, read_switch
from mockexchange.server.server_state import ServerState
from mockexchange.store.codec import write_log

FOLDS_MAX = 4
"""The most copies of exchanges that are kept to compute worth over time; each is as large as its exchange."""
COMMANDS_MAX = 100_000
"""The longest log for which worth over time is computed: some ten seconds, while other tasks run in between."""
POINTS_DEFAULT, POINTS_MIN, POINTS_MAX = 600, 4, 10_000
KINDS = ("fault", "script", "trigger", "finding")


def history_routes(server_state: ServerState) -> list[Resource]:
    api, one = HistoryHandlers(server_state), "/_mock/sandboxes/{name}"
    return [
        resource(f"{one}/accounts/{{account}}/equity", GET=(Access.LOOK, api.equity)),
        resource(f"{one}/firings", GET=(Access.LOOK, api.firings)),
        resource(f"{one}/log", GET=(Access.LOOK_AT_SECRETS, api.log)),
    ]


class HistoryHandlers:
    """The handlers of requests about a sandbox's history, one for each operation of the control API."""

    def __init__(self, server_state: ServerState) -> None:
        self.server_state, self.folds = server_state, EquityCurves()

    async def equity(self, request: Request) -> Response:
        asked = read_query(request, (), ("points",))
        points_max = asked.get("points", POINTS_DEFAULT)
        if not POINTS_MIN <= points_max <= POINTS_MAX:
            raise ControlError(400, "bad_query", f"points: expected {POINTS_MIN} to {POINTS_MAX:,}, got {points_max}")
        sandbox = await self.server_state.sandboxes.caught_up(request.path_params["name"])
        account = known_account(sandbox, request.path_params["account"])
        fold = await self.folds.of(sandbox, account)
        members = {"account": account, "position": fold.position, "series": iter(series_to_json(fold, points_max))}
        return await answer_in_slices(object_pieces(members.items()))

    async def firings(self, request: Request) -> Response:
        asked = read_query(request, ("kind", "name"), ("after", "before", "last"))
        if asked.get("kind", KINDS[0]) not in KINDS:
            raise ControlError(
                400, "bad_query", f"kind: expected one of {', '.join(KINDS)}; got {asked['kind'][:40]!r}"
            )
        journal = (await self.server_state.sandboxes.inspectable(request.path_params["name"])).journal
        found = [(number, one) for number, one in journal.numbered_firings() if _matches(number, one, asked)]
        last = asked.get("last")
        first = journal.firing_count - len(journal.firings) + 1
        shown = starmap(firing_to_json, found if last is None else found[max(0, len(found) - last) :])
        members = {"first": first, "count": journal.firing_count, "firings": shown}
        return await answer_in_slices(object_pieces(members.items()))

    async def log(self, request: Request) -> Response:
        asked = read_query(request, (REDACT,), ("after", "last"))
        is_redacted = read_switch(asked, REDACT, default=False)
        sandbox = await self.server_state.sandboxes.inspectable(request.path_params["name"])
        if sandbox.aside:
            sandbox.require_working()  # what is unreadable of it is told by `mockexchange store export`
        last = asked.get("last", len(sandbox.log))
        is_whole = not is_redacted and not asked.keys() & {"after", "last"}
        after = max(asked.get("after", 0), len(sandbox.log) - last)
        lines = exported(sandbox) if is_whole else write_log(sandbox.log, after)
        if is_redacted:
            lines = map(SecretFilter.now(self.server_state.secrets).clean_line, lines)
        return PiecesResponse(taking_turns(sliced(lines)), media_type="application/jsonl")


def _matches(number: int, firing: Any, asked: dict[str, Any]) -> bool:
    is_in = asked.get("after", 0) < number < asked.get("before", number + 1)
    return is_in and all(getattr(firing, name) == asked[name] for name in ("kind", "name") if name in asked)


class EquityCurves:
    """Computes the worth of accounts over time from the log, and keeps what was computed last.

    A later read continues from there; one read computes at a time.
    """

    def __init__(self) -> None:
        self._folds: OrderedDict[tuple[Sandbox, str], EquityCurve] = OrderedDict()
        self._sandboxes: set[Sandbox] = set()
        """Those whose end is noticed."""
        self._turn = asyncio.Lock()

    async def of(self, sandbox: Sandbox, account: str) -> EquityCurve:
        """Return the worth of an account over time, computed to the end of the log.

        Raises ControlError if the log is too long.
        """
        if len(sandbox.log) > COMMANDS_MAX:
            message = f"the log has {len(sandbox.log):,} commands: worth over time is for at most {COMMANDS_MAX:,}"
            raise ControlError(409, "log_too_long", message)
        async with self._turn:
            fold = self._kept(sandbox, account)
            until = time.perf_counter() + SLICE_S
            for _ in fold.follow():
                if time.perf_counter() >= until:
                    await asyncio.sleep(0)
                    until = time.perf_counter() + SLICE_S
            return fold

    def _kept(self, sandbox: Sandbox, account: str) -> EquityCurve:
        key = (sandbox, account)
        if key not in self._folds:
            self._folds[key] = EquityCurve(sandbox.log, account)
            self._forget_at_its_end(sandbox)
        self._folds.move_to_end(key)
        while len(self._folds) > FOLDS_MAX:
            self._folds.popitem(last=False)
        return self._folds[key]

    def _forget_at_its_end(self, sandbox: Sandbox) -> None:
        if sandbox not in self._sandboxes:
            self._sandboxes.add(sandbox)
            sandbox.closing.append(lambda reason: self._forget(sandbox))

    def _forget(self, sandbox: Sandbox) -> None:
        self._sandboxes.discard(sandbox)
        for key in [key for key in self._folds if key[0] is sandbox]:
            del self._folds[key]

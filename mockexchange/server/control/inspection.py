"""The part of the control API that looks into a sandbox: order books, worth over time, effects of faults, the log."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from itertools import starmap
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.core.model.state import State
from mockexchange.sandbox.forks import exported
from mockexchange.sandbox.journal_json import firing_to_json
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.state_json import markets
from mockexchange.sandbox.state_json.equity import EquityCurve, series_to_json
from mockexchange.scenario.errors import did_you_mean
from mockexchange.server.control.access import Access
from mockexchange.server.control.answers import (
    ControlJson,
    PiecesResponse,
    answer_in_slices,
    answer_unchanged,
    in_turns,
    list_pieces,
    object_pieces,
    sliced,
    turn_after_each,
)
from mockexchange.server.control.errors import ControlError
from mockexchange.server.control.requests import REDACT, read_query, read_switch
from mockexchange.server.control.route_table import ONE_SANDBOX, Resource
from mockexchange.server.control.sandboxes import COMPARED_MAX, known_account
from mockexchange.server.control.secret_filter import SecretFilter
from mockexchange.server.server_state import ServerState
from mockexchange.store.codec import write_log

FOLDS_MAX = 4
"""The most copies of exchanges that are kept to compute worth over time; each is as large as its exchange."""
COMMANDS_MAX = 100_000
"""The longest log for which worth over time is computed: some ten seconds, while other tasks run in between."""
POINTS_DEFAULT, POINTS_MIN, POINTS_MAX = 600, 4, 10_000
KINDS = ("fault", "script", "trigger", "finding")
NAME_CHARS_SHOWN_MAX = 80


def inspection_routes(server_state: ServerState) -> list[Resource]:
    seen, past = MarketHandlers(server_state), HistoryHandlers(server_state)
    return [
        Resource(f"{ONE_SANDBOX}/markets", GET=(Access.LOOK, seen.list_markets)),
        Resource(f"{ONE_SANDBOX}/markets/{{market:path}}", GET=(Access.LOOK, seen.market)),
        Resource(f"{ONE_SANDBOX}/instruments", GET=(Access.LOOK, seen.list_instruments)),
        Resource(f"{ONE_SANDBOX}/instruments/{{instrument:path}}", GET=(Access.LOOK, seen.instrument)),
        Resource(f"{ONE_SANDBOX}/accounts/{{account}}/equity", GET=(Access.LOOK, past.equity)),
        Resource(f"{ONE_SANDBOX}/firings", GET=(Access.LOOK, past.firings)),
        Resource(f"{ONE_SANDBOX}/log", GET=(Access.LOOK_AT_SECRETS, past.log)),
    ]


# --- the markets of a sandbox


class MarketHandlers:
    """The handlers of requests about markets and derivatives, one for each operation of the control API."""

    def __init__(self, server_state: ServerState) -> None:
        self.server_state = server_state

    async def list_markets(self, request: Request) -> Response:
        state = await self._state(request)
        return await answer_unchanged(lambda: list_pieces(markets.market_rows(state)), lambda: state.sequence)

    async def market(self, request: Request) -> Response:
        state, name = await self._state(request), request.path_params["market"]
        return _shown("market", name, state, state.markets, markets.market_with_book)

    async def list_instruments(self, request: Request) -> Response:
        state = await self._state(request)
        return await answer_unchanged(lambda: list_pieces(markets.instrument_rows(state)), lambda: state.sequence)

    async def instrument(self, request: Request) -> Response:
        state, name = await self._state(request), request.path_params["instrument"]
        return _shown("instrument", name, state, state.derivatives.listed, markets.instrument_with_book)

    async def _state(self, request: Request) -> State:
        return (await self.server_state.sandboxes.caught_up(request.path_params["name"])).exchange.state


def _shown(
    kind: str, name: str, state: State, known: Mapping[str, object], show: Callable[[State, str], dict[str, Any]]
) -> Response:
    """Return the response with one row. Raises ControlError, with the nearest name, if it is unknown."""
    if name not in known:
        advice = did_you_mean(name, list(known)[:COMPARED_MAX])
        raise ControlError(404, f"unknown_{kind}", f"no {kind} {name[:NAME_CHARS_SHOWN_MAX]!r}{advice}")
    return ControlJson(show(state, name))


# --- the history of a sandbox


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
        after, before, last = asked.pop("after", 0), asked.pop("before", None), asked.pop("last", None)
        found = [
            (number, one)
            for number, one in journal.numbered_firings()
            if number > after
            and (before is None or number < before)
            and all(getattr(one, name) == value for name, value in asked.items())
        ]
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
        return PiecesResponse(turn_after_each(sliced(lines)), media_type="application/jsonl")


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
            key = (sandbox, account)
            if key not in self._folds:
                self._folds[key] = EquityCurve(sandbox.log, account)
            if sandbox not in self._sandboxes:
                self._sandboxes.add(sandbox)
                sandbox.closing.append(lambda reason: self._forget(sandbox))
            self._folds.move_to_end(key)
            while len(self._folds) > FOLDS_MAX:
                self._folds.popitem(last=False)
            fold = self._folds[key]
            async for _ in in_turns(fold.follow()):
                pass
            return fold

    def _forget(self, sandbox: Sandbox) -> None:
        self._sandboxes.discard(sandbox)
        for key in [key for key in self._folds if key[0] is sandbox]:
            del self._folds[key]

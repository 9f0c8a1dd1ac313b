"""The part of the control API about sandboxes: creation, reset, commands, clock and accounts."""

import time
from collections.abc import Callable, Iterator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from mockexchange.core.instants import format_instant, parse_duration
from mockexchange.core.model.state import State
from mockexchange.core.refusals import Refusal
from mockexchange.sandbox.interface import CommandFailed, KeyInUse, log_failure
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.script.schedule import ScriptOverrun
from mockexchange.sandbox.state_json.accounts import ledger_lists, position_rows
from mockexchange.sandbox.state_json.events import outcome_of
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.loop_turns import ITEMS_PER_TURN, take_turn
from mockexchange.scenario.steps import STEP, Step
from mockexchange.server.control.access import Access, grant_of
from mockexchange.server.control.answers import (
    MEDIA_TYPE,
    SLICE_S,
    ControlJson,
    answer_in_slices,
    answer_unchanged,
    encode,
    encoded_pieces,
    list_pieces,
    object_pieces,
)
from mockexchange.server.control.errors import ControlError, misread
from mockexchange.server.control.events import Feeds
from mockexchange.server.control.requests import (
    read_body,
    read_object,
    read_query,
    read_switch,
)
from mockexchange.server.control.route_table import ONE_SANDBOX, Resource
from mockexchange.server.control.sandbox_creation import (
    SandboxCreation,
    files_for,
    open_wanted,
    parse_creation,
)
from mockexchange.server.server_state import ServerState
from mockexchange.server.websocket.stream_transport import streams_drained
from mockexchange.venues.registry import DEFAULT, venue_of

COMPARED_MAX = 300
"""The most names with which a misspelt name is compared for a suggestion: a few milliseconds."""
ACCOUNTS_NAMED_MAX = 20
STEPS_MAX = 100_000
KEYS_AT_ONCE_MAX = 100
"""The most keys whose JSON is made at once, which takes a quarter of a millisecond."""
MINIMAL = "return=minimal"
"""The value of the header Prefer (RFC 7240) with which a client gets only the summary of a sandbox, without keys."""
EVENTS = "events"
"""The query parameter with which a client leaves out the events of executed steps."""


def sandbox_routes(server_state: ServerState, feeds: Feeds) -> list[Resource]:
    api = SandboxHandlers(server_state, feeds)
    return [
        Resource("/_mock/sandboxes", GET=(Access.LOOK, api.list_sandboxes), POST=(Access.CHANGE, api.create)),
        Resource(
            ONE_SANDBOX, GET=(Access.LOOK, api.show), PUT=(Access.CHANGE, api.put), DELETE=(Access.CHANGE, api.delete)
        ),
        Resource(f"{ONE_SANDBOX}/reset", POST=(Access.CHANGE, api.reset)),
        Resource(f"{ONE_SANDBOX}/commands", POST=(Access.CHANGE, api.commands)),
        Resource(f"{ONE_SANDBOX}/clock", GET=(Access.LOOK, api.show_clock), POST=(Access.CHANGE, api.set_clock)),
        Resource(f"{ONE_SANDBOX}/accounts", GET=(Access.LOOK, api.accounts)),
        Resource(f"{ONE_SANDBOX}/accounts/{{account}}/positions", GET=(Access.LOOK, api.positions)),
        Resource(f"{ONE_SANDBOX}/accounts/{{account}}/ledger", GET=(Access.LOOK, api.ledger)),
    ]


class SandboxHandlers:
    """The handlers of requests about sandboxes, one for each operation of the control API."""

    def __init__(self, server_state: ServerState, feeds: Feeds) -> None:
        self.server_state, self.feeds = server_state, feeds

    async def list_sandboxes(self, request: Request) -> Response:
        await self.server_state.drop_expired()
        sees = grant_of(request).sees
        found = [slot.sandbox for slot in self.server_state.sandboxes if sees(slot.sandbox.name)]
        return ControlJson([summary_of(sandbox, self.server_state.base_url(sandbox.name)) for sandbox in found])

    async def create(self, request: Request) -> Response:
        files = files_for(self.server_state, request)
        wanted = await read_body(request, lambda body: parse_creation(read_object(body), files=files))
        return await self._open(request, wanted, wanted.options.name or self.server_state.sandboxes.new_name())

    async def show(self, request: Request) -> Response:
        return await self._shown(request, await self._inspectable(request))

    async def put(self, request: Request) -> Response:
        name = request.path_params["name"]
        files = files_for(self.server_state, request)
        wanted = await read_body(request, lambda body: parse_creation(read_object(body), name, files))
        found = self.server_state.sandboxes.find(name)
        if found is not None and found.aside is None:
            return await self._shown(request, await self._inspectable(request))
        return await self._open(request, wanted, name)

    async def delete(self, request: Request) -> Response:
        await self.server_state.delete(request.path_params["name"])
        return Response(status_code=204)

    async def reset(self, request: Request) -> Response:
        return await self._shown(request, await self.server_state.reset(request.path_params["name"]))

    async def commands(self, request: Request) -> Response:
        steps = await read_body(request, read_steps)
        has_events = read_switch(read_query(request, (EVENTS,), ()), EVENTS, default=True)
        sandbox = await self._sandbox(request)
        outcomes = await execute_steps(sandbox, steps, has_events=has_events)
        if len(outcomes) == 1:  # whole, though this process was interrupted for longer than a slice
            return Response(b"[%b]" % outcomes[0], media_type=MEDIA_TYPE)
        return await answer_in_slices(encoded_pieces(outcomes))

    async def show_clock(self, request: Request) -> Response:
        return ControlJson(clock_of(await self._sandbox(request)))

    async def set_clock(self, request: Request) -> Response:
        change, text = await read_body(request, read_clock_change)
        sandbox = await self._sandbox(request)
        try:
            if change == "advance":
                await sandbox.advance(parse_duration(text))
            else:
                await sandbox.run_clock(text)
        except ValueError as error:
            raise ControlError(400, "bad_body", str(error)) from None
        except ScriptOverrun as overrun:
            raise ControlError(409, "too_many_steps", str(overrun)) from None
        finally:
            self.feeds.note_clock(sandbox, clock_of(sandbox))  # an advance that stops early moves time too
        sandbox.streams.flush()
        return ControlJson(clock_of(sandbox))

    async def accounts(self, request: Request) -> Response:
        sandbox = await self._sandbox(request)
        return await _unchanged(sandbox, lambda: list_pieces(accounts_of(sandbox)))

    async def positions(self, request: Request) -> Response:
        sandbox, state, name = await self._account(request)
        return await _unchanged(sandbox, lambda: list_pieces(position_rows(state, name)))

    async def ledger(self, request: Request) -> Response:
        sandbox, state, name = await self._account(request)
        return await _unchanged(sandbox, lambda: object_pieces(ledger_lists(state, name).items()))

    async def _account(self, request: Request) -> tuple[Sandbox, State, str]:
        sandbox = await self._sandbox(request)
        return sandbox, sandbox.exchange.state, known_account(sandbox, request.path_params["account"])

    async def _sandbox(self, request: Request) -> Sandbox:
        return await self.server_state.sandboxes.caught_up(request.path_params["name"])

    async def _inspectable(self, request: Request) -> Sandbox:
        return await self.server_state.sandboxes.inspectable(request.path_params["name"])

    async def _shown(self, request: Request, sandbox: Sandbox, status: int = 200) -> Response:
        if request.headers.get("prefer") == MINIMAL or grant_of(request).is_viewer:
            return ControlJson(summary_of(sandbox, self.server_state.base_url(sandbox.name)), status)
        members = sandbox_of(sandbox, self.server_state.urls(sandbox.name))
        if len(sandbox.keys) <= KEYS_AT_ONCE_MAX:
            return ControlJson({**members, "accounts": list(members["accounts"])}, status)
        return await answer_in_slices(object_pieces(members.items()), status)

    async def _open(self, request: Request, wanted: SandboxCreation, name: str) -> Response:
        try:
            sandbox = await open_wanted(self.server_state, wanted, name, request)
        except OSError as error:  # of the port: other problems have errors of their own
            reason = error.strerror or error
            raise ControlError(409, "port_unusable", f"port {wanted.port} cannot be used: {reason}", "port") from None
        return await self._shown(request, sandbox, 201)


def read_clock_change(body: Located) -> tuple[str, str]:
    """Return what a body asks of a clock: `advance` and a duration, or `run` and a mode. Raises ControlError."""
    members = read_object(body)
    for name in ("advance", "run"):
        if len(members) == 1 and name in members and isinstance(text := members[name].value, str):
            return name, text
    raise ControlError(400, "bad_body", 'expected {"advance": "5s"} or {"run": "paused"}')


def known_account(sandbox: Sandbox, name: str) -> str:
    """Return `name` if the sandbox has an account of that name.

    Else raise ControlError, which suggests similar names.
    """
    accounts = sandbox.exchange.state.accounts
    if name not in accounts:
        known = ", ".join(list(accounts)[:ACCOUNTS_NAMED_MAX]) or "none"
        advice = did_you_mean(name, list(accounts)[:COMPARED_MAX]) or ";"
        raise ControlError(404, "unknown_account", f"no account {name!r}{advice} known: {known}")
    return name


async def _unchanged(sandbox: Sandbox, make: Callable[[], Iterator[bytes]]) -> Response:
    return await answer_unchanged(make, lambda: sandbox.exchange.state.sequence)


def read_steps(body: Located) -> list[Step]:
    """Parse a list of steps that are executed now, without a time. Raises ControlError."""
    if not isinstance(body.value, list):
        raise ControlError(400, "bad_body", "expected a list of steps, such as [{'settle': {...}}]")
    if len(body.value) > STEPS_MAX:
        raise ControlError(400, "too_many_steps", f"expected at most {STEPS_MAX} steps, got {len(body.value)}")
    steps = []
    for place, node in enumerate(body.value):
        try:
            step = STEP.read(node, f"[{place}]")
        except ScenarioError as error:
            raise misread("bad_step", error) from None
        if step.at is not None or step.after_us is not None:
            message = "a step here happens now: expected neither `at` nor `after`"
            raise ControlError(400, "bad_step", message, f"[{place}]")
        steps.append(step)
        if len(steps) % ITEMS_PER_TURN == 0:
            take_turn()
    return steps


async def execute_steps(sandbox: Sandbox, steps: list[Step], *, has_events: bool = True) -> list[bytes]:
    """Execute steps, and return the JSON of their outcomes. The frames are sent before the last outcome is written.

    Raises ControlError, and the errors of `Sandbox.write`.
    """
    outcomes, until = [], time.perf_counter() + SLICE_S
    async with aclosing(sandbox.write_all([step.command for step in steps])) as written:
        for place in range(len(steps)):
            try:
                record, outcome = await anext(written)
            except KeyInUse as error:  # earlier steps are done, so both errors have the place of the step
                error.where = f"[{place}]"
                raise
            except CommandFailed as error:
                where, message = f"[{place}]", log_failure("a control request", error)
                raise ControlError(500, "internal_error", message, where) from None
            if place + 1 == len(steps):
                sandbox.streams.flush()  # clients get the frames while the answer is made
            shown = outcome if has_events or isinstance(outcome, Refusal) else ()
            outcomes.append(encode(outcome_of(record.sequence, record.at, shown)))
            if time.perf_counter() >= until:
                await streams_drained(sandbox)
                until = time.perf_counter() + SLICE_S
    await sandbox.run_due()
    sandbox.require_open()
    sandbox.streams.flush()
    return outcomes


# --- what is shown of a sandbox


def clock_of(sandbox: Sandbox) -> dict[str, str]:
    return {"mode": sandbox.clock.mode, "now": format_instant(sandbox.clock.now())}


def summary_of(sandbox: Sandbox, base_url: str) -> dict[str, Any]:
    return {
        "id": sandbox.name,
        "scenario": sandbox.plan.name,
        "seed": sandbox.plan.seed,
        "api_date": sandbox.options.api_date.name,
        "clock": clock_of(sandbox),
        "base_url": base_url,
        "commands": sandbox.exchange.state.sequence,
        "requests": sandbox.journal.count,
        "refused": sandbox.journal.counters.refused,
        "streams": len(list(sandbox.streams)),
        "idle_us": max(0, sandbox.options.host() - sandbox.touched_at),
        "broken": sandbox.broken,
    }


def sandbox_of(sandbox: Sandbox, urls: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return the JSON object of a sandbox, with all that a client needs to use it; `urls` has the URLs of each venue.

    The writer of the answer turns iterators in the object into lists.
    """
    default, credentials = urls[DEFAULT.name], map(sandbox.credential_of, sandbox.keys)
    return {
        **summary_of(sandbox, default["base_url"]),
        "ws_url": default["ws_url"],
        "venues": urls,
        "accounts": (
            {
                "name": one.account,
                "key": one.key,
                "kind": one.kind.value,
                "venue": one.venue,
                "key_id": one.key_id,
                "private_key_pem": one.private_pem,
                "secret": one.secret,
                "subtraders": one.subtraders,
            }
            for one in credentials
        ),
    }


def accounts_of(sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    """Yield the accounts of a sandbox with their subaccounts and keys, without secrets."""
    for account in sandbox.exchange.state.accounts.values():
        yield {
            "name": account.name,
            "kind": account.kind.value,
            "venue": venue_of(account.venue).name,
            "subaccounts": list(account.subaccounts),
            "keys": [
                {
                    "key": key.name,
                    "key_id": key.key_id,
                    "scopes": list(key.scopes),
                    "subaccount": key.subaccount,
                    "api_date": key.api_date,
                    "can_sign": bool(key.secret or sandbox.private_pems.get(key.key_id)),
                }
                for key in account.keys.values()
            ],
        }

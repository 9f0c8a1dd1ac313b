# Written by tools/write_sync_api.py from mockexchange/api/asynchronous/exchange.py: change that.
"""Defines the exchange object, which has a method for each operation on one sandbox.

Each method sends one request to the control API. It returns when the request is executed and the frames that it caused
are queued.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from starlette.types import ASGIApp

from mockexchange.api.environment import Environment, EnvironmentPatches
from mockexchange.api.errors import Closed, Unavailable, Unreachable, WrongRequest, short_traceback_contextmanager
from mockexchange.api.settling import Predicate, settle
from mockexchange.api.synchronous.inspection import Inspection
from mockexchange.api.synchronous.journal import Journal
from mockexchange.api.synchronous.steps import Steps
from mockexchange.api.synchronous.stream import Stream
from mockexchange.api.transport.connection import PATIENCE_S, Connection, Query
from mockexchange.api.values.arguments import Duration, Step, duration_text, read_instant, read_step, require, to_json
from mockexchange.api.values.records import Request
from mockexchange.api.values.results import (
    NOT_GIVEN,
    Fault,
    ScriptStep,
    Stub,
    VenueUrls,
    fault_body,
    read_fault,
    read_script_step,
    read_stub,
    stub_body,
    venues_of,
)
from mockexchange.api.values.sandbox_settings import Scenario, creation_body, fork_body, sent_scenario
from mockexchange.clients.published import GENERIC
from mockexchange.version import install_command

if TYPE_CHECKING:
    from mockexchange.api.transport.httpx_transports import AsyncHandler, Handler, Transport


Found = TypeVar("Found")


class Exchange(Steps, Inspection):
    """One sandbox of a server, until the end of the `with` block that created it.

    Methods raise Closed after that, Unreachable if a remote server is gone, and WrongRequest if the request cannot be
    executed.
    """

    def __init__(self, connection: Connection, shown: Mapping[str, Any]) -> None:
        super().__init__(connection.ask, shown["id"])
        self._connection, self._patches = connection, EnvironmentPatches(connection.ca_bundle)
        self._pid = os.getpid()  # a fork must not delete the sandbox of its parent
        self.scenario: str = shown["scenario"]
        """The name of the scenario."""
        self.api_date: str = shown["api_date"]
        """The API date: an alias such as 2026-10, a day, or compat."""
        self.venues: Mapping[str, VenueUrls] = venues_of(shown, connection.map_url)
        """The URLs of each venue, by its name."""
        self.accounts.read_rows(shown["accounts"])
        self.journal = Journal(self._guarded, self.name)
        """The requests and frames of the wire."""
        self.stream = Stream(self._guarded, self.name)
        """The open streams."""
        self.base_url = connection.map_url(shown["base_url"])
        """The base URL of the default venue, such as http://127.0.0.1:8600/trade-api/v2."""
        self.ws_url = connection.map_url(shown["ws_url"])
        """The URL of the default venue's stream."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} at {self.base_url}>"

    @property
    def control_url(self) -> str:
        """Return the URL of the server's control API, for programs in other languages."""
        return self._connection.control_url

    @property
    def token(self) -> str:
        """Return the token of the control API."""
        return self._connection.token

    @property
    def ca_cert(self) -> str | None:
        """Return the path of the certificate authority's certificate, which clients have to trust; None without TLS."""
        return self._connection.ca_cert

    @property
    def app(self) -> ASGIApp:
        """Return the sandbox as an ASGI application. Raises Unavailable if the server is in another process."""
        return self._connection.app_of(self.name)

    def httpx_transport(self) -> "Transport":
        """Return a transport for `httpx.Client` and `httpx.Client` that sends every request to the sandbox.

        Raises Unavailable if httpx is not installed; so do `httpx_handler` and `httpx_async_handler`.
        """
        transport: Transport = _httpx_transports().make_transport(
            self._connection.app_of, self.name, self.base_url, self.ca_cert
        )
        return transport

    @property
    def httpx_handler(self) -> "Handler":
        """Return a function that takes an `httpx.Request` and returns the sandbox's response, for example for respx."""
        handler: Handler = _httpx_transports().make_handler(self.httpx_transport())
        return handler

    @property
    def httpx_async_handler(self) -> "AsyncHandler":
        """Return the awaitable counterpart of `httpx_handler`, which does not block the loop."""
        handler: AsyncHandler = _httpx_transports().make_async_handler(self.httpx_transport())
        return handler

    # --- requests

    def call(self, account: str, method: str, target: str, body: str | None = None, key: str | None = None) -> Request:
        """Send a request that the server signs as `account`, and return the recorded request with its answer.

        `target` is the path with the venue's prefix and the query. Raises UnknownAccount, and WrongRequest if no key of
        the account can sign. A refusal by the venue raises nothing: it is in the status and the diagnosis.
        """
        require(account=account)
        given = {"account": account, "method": method, "target": target, "body": body, "key": key}
        sent = self._ask("POST", "/call", {name: value for name, value in given.items() if value is not None})
        return self.journal.get(sent["number"])

    # --- time

    def now(self) -> datetime:
        """Return the exchange time."""
        return read_instant((self._ask("GET", "/clock"))["now"])

    def advance(self, duration: Duration) -> datetime:
        """Move exchange time forward, execute all script steps that become due, and return the new time."""
        return read_instant((self._ask("POST", "/clock", {"advance": duration_text(duration)}))["now"])

    def run_clock(self, mode: str) -> datetime:
        """Set the clock's mode, which is real, paused, or a scale such as 10x, and return the exchange time."""
        return read_instant((self._ask("POST", "/clock", {"run": mode}))["now"])

    def reset(self) -> None:
        """Restart the sandbox with its own scenario. Journal, faults, stubs and added keys are removed, streams closed.

        The port and the scenario's accounts and keys stay.
        """
        self._take_in(self._ask("POST", "/reset"))

    def start_anew(self, scenario: Scenario) -> None:
        """Restart the sandbox with another scenario. Accounts that both scenarios have keep their keys.

        Like `reset`, it removes journal, faults, stubs and added keys. Raises WrongRequest with the place of the first
        error; the sandbox is then unchanged.
        """
        self._ask("PUT", "/scenario", {"scenario": sent_scenario(scenario)})
        self._take_in(self._ask("GET"))

    def _take_in(self, shown: Mapping[str, Any]) -> None:
        self.scenario = shown["scenario"]
        rows = shown["accounts"]
        self.accounts.keep({row["name"] for row in rows})
        self.accounts.read_rows(rows)

    # --- script

    def script(self, *steps: Step | str) -> list[ScriptStep]:
        """Add steps to the script and return them. Each is a mapping, or YAML text, as under `script` in a scenario.

        `script({"every": "1s", "times": 5, "price": {"market": "M", "price": "0.5$n"}})`. Either all steps are added or
        none; their times count from now. Without arguments it returns the script's steps with their progress.
        """
        if not steps:
            return [read_script_step(row) for row in self._ask("GET", "/script")]
        body = [
            read_step(each) if isinstance(each, str) else to_json(each, f"[{place}]")
            for place, each in enumerate(steps)
        ]
        return [read_script_step(row) for row in self._ask("POST", "/script", body)]

    def clear_script(self) -> None:
        """Remove all steps of the script, also those that have run only some of their `times`."""
        self._ask("DELETE", "/script")

    # --- faults, which disturb traffic, and stubs, which answer in place of the venue

    def fault(
        self,
        preset: str | None = None,
        *,
        match: Mapping[str, Any] | None = None,
        then: Mapping[str, Any] | None = None,
        times: int | None = None,
        name: str | None = None,
    ) -> list[Fault]:
        """Install a fault, written as in scenarios, or a preset.

        Presets are flaky, maintenance, 429-storm, lossy-stream and blocked-edge.
        `fault(match={"operation": "GetPositions", "nth": 3}, then={"status": 503}, times=1)`. A new fault replaces an
        installed one of the same name.
        """
        rows = self._ask("POST", "/faults", fault_body(preset, match=match, then=then, times=times, name=name))
        return [read_fault(row) for row in rows]

    def faults(self) -> list[Fault]:
        """Return the installed faults, with the numbers of requests or frames that each matched and disturbed."""
        return [read_fault(row) for row in self._ask("GET", "/faults")]

    def clear_faults(self, name: str | None = None) -> None:
        """Remove all faults, or only the fault named `name`."""
        self._ask("DELETE", "/faults" + _below(name))

    def respond(
        self,
        request: str,
        *,
        status: int = 200,
        json: Any = NOT_GIVEN,
        text: str | None = None,
        body: bytes | None = None,
        result: Any = NOT_GIVEN,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body_fields: Mapping[str, Any] | None = None,
        then: Sequence[Step] | None = None,
        times: int | None = None,
        signed: bool | None = None,
        name: str | None = None,
    ) -> Stub:
        """Install a stub: `respond("GET /trade-api/v2/milestones", json={"milestones": []}, times=2)`.

        The path need not be one that the mock knows. Unless `signed` is False, the signature is verified first, and a
        request with a wrong one gets the venue's own error. `*` in the path stands for any characters. `query` are
        parameters that the request must have; `body_fields` are fields of its JSON body by their path, such as
        order.price. At most one of `json`, `text`, `body` and, for a venue whose answers have an envelope, `result` is
        given; `headers` are added to the venue's.

        `then` are steps that are executed with each answer. Answers and steps may have variables such as `$path.id` for
        a path with `{id}`, `$query.limit`, `$body.price`, `$account`, `$now` and `$new_id`.
        """
        words = {"request": request, "status": status, "text": text, "headers": headers, "query": query}
        given = {"body_fields": body_fields, "then": then, "times": times, "signed": signed, "name": name}
        stub = stub_body(json, result, body, **words, **given)
        (row,) = self._ask("POST", "/stubs", stub)
        return read_stub(row)

    def stubs(self) -> list[Stub]:
        """Return the installed stubs, with the numbers of requests that each matched and answered."""
        return [read_stub(row) for row in self._ask("GET", "/stubs")]

    def clear_stubs(self, name: str | None = None) -> None:
        """Remove all stubs, or only the stub named `name`."""
        self._ask("DELETE", "/stubs" + _below(name))

    # --- clients

    def settled(self, client_predicate: Predicate[Found], within: Duration = "2s") -> Found:
        """Call `client_predicate` repeatedly until it returns a true value, and return that value.

        `settled(lambda: client.positions["KXRAIN-1"] == 3)`. Use this instead of an assertion, since a client needs
        time to process frames. AssertionError and LookupError in the predicate count as false. `within` is host time.
        Raises TimedOut with the last value or error.
        """
        return settle(client_predicate, within)

    def env(self, client: str = GENERIC, account: str | None = None) -> Environment:
        """Point a published client at this exchange, at once, by setting variables in `os.environ`.

        The variables are restored at the end of a `with` block around the result; without one, when the exchange ends.
        The default `account` is the first that the client can use. Raises WrongRequest if the client is unknown or
        cannot use the account, UnknownAccount, and Closed.
        """
        require(client=client, account=account)
        self._guarded.require_open()
        return self._patches.apply(client, account, self.accounts, self.venues)

    # --- control API and further sandboxes

    def ask(
        self, method: str, path: str, body: Any = None, query: Query | None = None, patience_s: float = PATIENCE_S
    ) -> Any:
        """Send a request to the control API; `path` is relative to this sandbox, as in `ask("GET", "log")`.

        Returns the answer's JSON, or a list if the answer is JSON lines. Raises WrongRequest and TimedOut.
        """
        return self._guarded(method, f"{self._path}/{path}".rstrip("/"), body, query, patience_s)

    @short_traceback_contextmanager
    def sandbox(
        self,
        scenario: Scenario = "demo",
        *,
        api_date: str = "latest",
        clock: str = "real",
        faults: Sequence[Mapping[str, Any] | str] = (),
        own_port: bool = True,
        name: str | None = None,
    ) -> Iterator["Exchange"]:
        """Create a new sandbox at the same server, and delete it at the end of the block.

        It has its own port. With `own_port=False` it shares the server's port: the API key of a request selects the
        sandbox.
        """
        body = creation_body(scenario, api_date=api_date, clock=clock, faults=faults, name=name, own_port=own_port)
        with self._created(body) as exchange:
            yield exchange

    @short_traceback_contextmanager
    def fork(
        self,
        at: int | str | datetime | None = None,
        *,
        log: str | Path | None = None,
        clock: str | None = None,
        name: str | None = None,
    ) -> Iterator["Exchange"]:
        """Create a copy of this sandbox in an earlier or its present state, and delete it at the end of the block.

        `at` is the number of a command in the log, or an instant: the copy begins as this sandbox was then; without
        `at`, as it is now. If `log`, the file of a log, is given, that is copied instead. The copy has the keys of its
        source, a port of its own, and the clock's mode at that point unless `clock` is given.
        """
        body = fork_body(log, self.name, at=at, clock=clock, name=name)
        with self._created(body) as exchange:
            yield exchange

    @contextmanager
    def _created(self, body: dict[str, Any]) -> Iterator["Exchange"]:
        """Create a sandbox at the same server from a request's body, and delete it at the end of the block."""
        shown = self._guarded("POST", "sandboxes", self._connection.prepare_creation(body))
        with Exchange(self._connection, shown) as exchange:
            try:
                yield exchange
            finally:
                exchange.discard()

    def discard(self) -> None:
        """Delete the sandbox and its port; do nothing if it is gone already or another process created it.

        Later calls raise Closed, as after the end of the block.
        """
        if self._pid == os.getpid():
            with suppress(Closed, Unreachable, WrongRequest):
                self._ask("DELETE")
            self._guarded.is_open = False

    def __enter__(self) -> "Exchange":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.end()

    def end(self) -> None:
        """End the use of this object: restore `os.environ`, remove key files, and raise Closed in later calls."""
        self._guarded.is_open = False
        self._patches.undo()
        self._files.remove()


def _httpx_transports() -> ModuleType:
    """Import and return the module of transports for httpx. Raises Unavailable if httpx is not installed."""
    try:
        return import_module("mockexchange.api.transport.httpx_transports")
    except ImportError as error:
        if error.name != "httpx":
            raise
        raise Unavailable(f"transports for httpx need httpx: {install_command('httpx')}") from None


def _below(name: str | None) -> str:
    require(name=name)
    return "" if name is None else f"/{quote(name, safe='')}"

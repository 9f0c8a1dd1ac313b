# Written by tools/write_sync_api.py from mockexchange/api/asynchronous/inspection.py: change that.
"""Defines the methods that read: an exchange's accounts, positions, histories and markets, reports and scenarios."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from mockexchange.api.errors import UnknownAccount
from mockexchange.api.synchronous.sandbox_client import SandboxClient
from mockexchange.api.values.arguments import read_row, require, require_as
from mockexchange.api.values.records import LiveEvent
from mockexchange.api.values.results import Position, read_position
from mockexchange.api.values.sandbox_settings import Scenario, sent_scenario


class Inspection(SandboxClient):
    """The methods that read the state of an exchange. Amounts are `Decimal`, instants `datetime`."""

    def positions(self, account: str) -> list[Position]:
        """Return the positions of an account, or of one subaccount (ACCOUNT/BOOK), including those in settled markets.

        They come from the exchange's own state, without the conversions of a venue's API.
        """
        require(account=account)
        name, slash, book = account.partition("/")
        rows = [read_position(row) for row in self._ask("GET", _of_account(name, "positions"))]
        return [row for row in rows if not slash or row.book == book]

    def ledger(self, account: str) -> dict[str, Any]:
        """Return the history of an account: cash by subaccount, fills, orders, settlements and payments, oldest first.

        A derivatives account has `summaries` by subaccount and currency, `trades` and `orders`. Amounts are `Decimal`.
        The history covers all subaccounts: each row names its own in `book`.
        """
        return read_row(self._ask("GET", _of_account(account, "ledger")))

    def orders(self, account: str) -> list[dict[str, Any]]:
        """Return the orders of an account, both open and finished, oldest first, as its `ledger` has them."""
        rows: list[dict[str, Any]] = (self.ledger(account))["orders"]
        return rows

    def list_accounts(self) -> list[dict[str, Any]]:
        """Return all accounts, including those without keys, with their subaccounts and keys but no secrets."""
        rows: list[dict[str, Any]] = self._ask("GET", "/accounts")
        return rows

    def server_info(self) -> dict[str, Any]:
        """Return the server's version, its venues with their API dates and operations, and its limits."""
        info: dict[str, Any] = self._guarded("GET", "info")
        return info

    def equity(self, account: str, points: int = 600) -> dict[str, list[dict[str, Any]]]:
        """Return the worth of an account over exchange time: by currency, at most `points` points, oldest first.

        A point has `at`, `cash`, `exposure`, `realized`, `fees`, `paid_in` and `worth`; `worth` less `paid_in` is the
        profit. Raises WrongRequest for a log of more than 100,000 commands.
        """
        path = f"{self._path}{_of_account(account, 'equity')}"
        shown = self._guarded("GET", path, query={"points": points})
        return {one["currency"]: [read_row(point) for point in one["points"]] for one in shown["series"]}

    def firings(self, kind: str | None = None, name: str | None = None) -> list[dict[str, Any]]:
        """Return the effects of faults and script steps so far, oldest first.

        `kind` ("fault", "script", "trigger" or "finding") and `name` select some of them. Raises WrongRequest for
        another kind.
        """
        query = {"kind": kind, "name": name}
        shown = self._guarded("GET", f"{self._path}/firings", query=query)
        rows: list[dict[str, Any]] = shown["firings"]
        return rows

    def log(self, after: int = 0, last: int | None = None) -> list[dict[str, Any]]:
        """Return the log's records whose `seq` is greater than `after`: all of them, or the newest `last`."""
        query = {"after": after, "last": last}
        lines: list[dict[str, Any]] = self._guarded("GET", f"{self._path}/log", query=query)
        return lines[1:]

    def events(
        self, after: str | None = None, *, kinds: Sequence[str] = (), account: str | None = None
    ) -> list[LiveEvent]:
        """Return the events of the sandbox after the one whose id is `after`; `kinds` and `account` are filters.

        The first event returned is `begin`. To read on, give the id of the last event as `after`; without `after`
        recording starts now, and there are no events yet. An event `lost` has the number of events that are no longer
        kept. Raises WrongRequest for an unknown kind.
        """
        wanted = {"kinds": ",".join(kinds) or None, "account": account}
        query = {"follow": "false", "last_event_id": after, **wanted}
        found: list[LiveEvent] = self._guarded("GET", f"{self._path}/events", query=query)
        return found

    def server_events(self, after: str | None = None) -> list[LiveEvent]:
        """Return the server's events after the one whose id is `after`: sandboxes created, reset or deleted."""
        query = {"follow": "false", "last_event_id": after}
        found: list[LiveEvent] = self._guarded("GET", "events", query=query)
        return found

    def list_reports(self) -> list[dict[str, Any]]:
        """Return the verification reports that the server keeps, newest first, each with the numbers of its rules."""
        rows: list[dict[str, Any]] = self._guarded("GET", "reports")
        return rows

    def get_report(self, name: str) -> dict[str, Any]:
        """Return the verification report of this name. Raises WrongRequest if the server does not keep it."""
        require(name=name)
        report: dict[str, Any] = self._guarded("GET", f"reports/{quote(name, safe='')}")
        return report

    def put_report(self, name: str, report: dict[str, Any]) -> None:
        """Store a verification report at the server, whose web console shows it.

        Raises WrongRequest if it is not valid.
        """
        require(name=name)
        self._guarded("PUT", f"reports/{quote(name, safe='')}", report)

    def list_markets(self) -> list[dict[str, Any]]:
        """Return every market with its status, last price, best prices of the YES side, volume and result."""
        return [read_row(row) for row in self._ask("GET", "/markets")]

    def market_state(self, market: str) -> dict[str, Any]:
        """Return one market with its order book: the bids of `yes` and of `no`, the best price first.

        A level has its `price`, its `count`, and the `orders` of accounts by time priority; `count` includes the bids
        of participants that have no account here. Raises WrongRequest if the market is unknown.
        """
        return read_row(self._ask("GET", _named("markets", "market", market)))

    def list_instruments(self) -> list[dict[str, Any]]:
        """Return every derivative with its mark price, index price, last price and best prices."""
        return [read_row(row) for row in self._ask("GET", "/instruments")]

    def instrument_state(self, instrument: str) -> dict[str, Any]:
        """Return one derivative with its `bids` and `asks`, the best price first. Raises WrongRequest if it is
        unknown.

        A level has its `price`, its `amount`, and the `orders` of accounts by time priority; `amount` includes the
        quotes of participants that have no account here.
        """
        return read_row(self._ask("GET", _named("instruments", "instrument", instrument)))

    # --- scenarios, which are given as a built-in name, a file, YAML text or a mapping, as for `serve`

    def list_scenarios(self) -> list[dict[str, Any]]:
        """Return the built-in scenarios and the files below the server's --scenario-dir: name, title and kind."""
        rows: list[dict[str, Any]] = self._guarded("GET", "scenarios")
        return rows

    def scenario_text(self, name: str | None = None) -> str | None:
        """Return the text of the scenario `name`; without a name, of this sandbox's own scenario.

        Returns None if this sandbox's scenario is a file of JSON lines that is gone or longer than 1 MiB. Raises
        WrongRequest for an unknown name.
        """
        require(name=name)
        path = f"{self._path}/scenario" if name is None else f"scenarios/{quote(name)}"
        text: str | None = (self._guarded("GET", path))["text"]
        return text

    def check_scenario(self, scenario: Scenario) -> list[dict[str, Any]]:
        """Return all errors of a scenario, each with `line`, `path` and `message`; an empty list if there are none."""
        shown = self._guarded("POST", "scenarios/check", {"scenario": sent_scenario(scenario)})
        errors: list[dict[str, Any]] = shown["errors"]
        return errors

    def scenario_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of scenarios; its property `history` describes every step and its fields."""
        schema: dict[str, Any] = self._guarded("GET", "schema")
        return schema


def _named(collection: str, argument: str, name: str) -> str:
    require_as("name", name, argument)
    return f"/{collection}/{quote(name, safe='')}"


def _of_account(account: str, what: str) -> str:
    """Return the path of a resource of an account. Raises UnknownAccount for a name that is not valid."""
    require_as("account", account, "account")
    if not account or "/" in account:
        raise UnknownAccount(f"expected the name of an account, got {account!r}")
    return f"/accounts/{quote(account, safe='')}/{what}"

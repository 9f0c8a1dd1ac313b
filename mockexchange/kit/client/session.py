"""Opens a sandbox for one run of a client, and gives access to its URLs, keys and traffic."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from urllib.parse import urlsplit

from mockexchange.core.commands import Command
from mockexchange.core.refusals import Refusal
from mockexchange.kit.client.accounts.positions import AccountPositions, positions_of
from mockexchange.kit.client.adapter.adapter import ConnectionDetails
from mockexchange.kit.client.orders.exchange_orders import ExchangeOrder, orders_of
from mockexchange.kit.client.traffic import Traffic, traffic_of
from mockexchange.kit.local_exchange import Exchange
from mockexchange.kit.venue import VenueKit
from mockexchange.runtime.ready_file import RunDirectory
from mockexchange.sandbox.credentials import Credential
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.plan import Plan
from mockexchange.scenario.stubs import Stub
from mockexchange.venues.registry import DEFAULT, VENUES
from mockexchange.venues.venue import Venue

NUMBERS = count(1)
"""Numbers in the names of this process's sandboxes, so that several can be open at once."""
CONNECTIONS_MAX = 256
"""The most open connections: the venue allows 200 streams an account, and requests need only a few more."""
CALLS_MAX = 2_000
"""The most requests in the run of one test card; a client that sends more is in a loop."""
TOO_MANY = f"it opened more than {CONNECTIONS_MAX} connections at once, where the venue allows 200: reuse them"
OTHER_HOST = "localhost"
"""Another name of the sandboxes' host, whose URLs have its address."""
ELSEWHERE = "elsewhere.invalid"
LOOPS = f"it sent more than {CALLS_MAX:,} requests"


class NoSuchAccount(LookupError):
    """Raised if the scenario has no such account with a private key. The message names those that it has."""


@dataclass(frozen=True, slots=True)
class Session:
    """An open sandbox with its own port, for one run of a client.

    Methods may be called from any thread except the exchange's own.
    """

    exchange: Exchange
    sandbox: Sandbox
    directory: RunDirectory
    """Directory of the private keys and secrets."""
    kit: VenueKit | None = None
    """The kit of the client's venue; None for the default venue."""
    key_paths: dict[str, str] = field(default_factory=dict)
    """Files of the private keys and secrets written so far, by key id."""

    @property
    def venue(self) -> Venue:
        return venue_of_kit(self.kit)

    @property
    def base_url(self) -> str:
        return self.exchange.base_url(self.sandbox.name, self.venue)

    @property
    def ws_url(self) -> str:
        return self.exchange.ws_url(self.sandbox.name, self.venue)

    @property
    def call_count(self) -> int:
        """Return the number of requests so far, including stream handshakes."""
        return self.sandbox.journal.count

    @property
    def connection_count(self) -> int:
        """Return the number of open connections."""
        return self.exchange.connection_count(self.sandbox.name)

    def credential(self, account: str = "") -> Credential:
        """Return the key of an account; by default, the first key whose private half is known. Raises NoSuchAccount."""
        known = [
            one
            for one in self.sandbox.credentials()
            if one.venue == self.venue.name and (one.private_pem or one.secret) is not None
        ]
        found = next((one for one in known if account in ("", one.account)), None)
        if found is None:
            names = ", ".join(dict.fromkeys(one.account for one in known))
            raise NoSuchAccount(f"no account {account!r} with a private key; known: {names or 'none'}")
        return found

    def private_text(self, account: str = "") -> str:
        """Return the private key of an account, or its secret. Raises NoSuchAccount."""
        credential = self.credential(account)
        return credential.private_pem or credential.secret or ""

    def connection_details(self, account: str = "") -> ConnectionDetails:
        """Return the URLs and the key of an account. The private key or secret is written to a file.

        Raises NoSuchAccount.
        """
        credential = self.credential(account)
        key_id = credential.key_id
        if key_id not in self.key_paths:
            path = self.directory.write_key(credential) or self.directory.write_secret(credential)
            self.key_paths[key_id] = str(path)
        return ConnectionDetails(self.base_url, self.ws_url, key_id, self.key_paths[key_id])

    def orders(self, account: str = "") -> list[ExchangeOrder]:
        """Return the orders of an account, read from the exchange's state. Raises NoSuchAccount."""
        name = self.credential(account).account
        return self.exchange.portal.call(orders_of, self.sandbox.exchange.state, name)

    def install(self, stubs: Sequence[Stub]) -> None:
        """Install stubs. ELSEWHERE in their headers is replaced by this sandbox's address under another host name."""
        here = f"{OTHER_HOST}:{urlsplit(self.base_url).port}"
        for stub in stubs:
            headers = {name: value.replace(ELSEWHERE, here) for name, value in stub.headers.items()}
            self.exchange.portal.call(self.sandbox.stubs.install, replace(stub, headers=headers))

    def positions(self, account: str = "") -> AccountPositions:
        """Return the tickers of an account's positions, read from the exchange's state. Raises NoSuchAccount."""
        name = self.credential(account).account
        return self.exchange.portal.call(positions_of, self.sandbox.exchange.state, name)

    def carry_out(self, commands: Sequence[Command], advance_us: int = 0) -> None:
        """Advance exchange time, then execute commands. Raises ScenarioError if the exchange refuses one."""
        if advance_us:
            self.exchange.portal.call(self.sandbox.advance, advance_us)
        for command in commands:
            outcome = self.exchange.portal.call(self.sandbox.submit, command)
            if isinstance(outcome, Refusal):
                raise ScenarioError(f"the exchange refused a step of the card: {outcome.message}")

    def traffic(self) -> Traffic:
        """Return the requests and frames of the client so far."""
        connections = self.exchange.connections_made(self.sandbox.name)
        found = self.exchange.portal.call(traffic_of, self.sandbox, connections)
        return self.kit.read_traffic(found) if self.kit else found


def venue_of_kit(kit: VenueKit | None) -> Venue:
    return VENUES[kit.name] if kit else DEFAULT


@contextmanager
def open_session(exchange: Exchange, plan: Plan, api_date: str, kit: VenueKit | None = None) -> Iterator[Session]:
    """Open a sandbox with a scenario at an API date ("latest", an alias or a day). Raises ScenarioError."""
    date = venue_of_kit(kit).api_date(api_date)
    sandbox = exchange.open(plan, SandboxOptions(name=f"client-{next(NUMBERS)}", api_date=date))
    directory = RunDirectory()
    try:
        if not sandbox.credentials():
            raise ScenarioError("expected an account: a client needs one to sign its requests")
        yield Session(exchange, sandbox, directory, kit)
    finally:
        exchange.close(sandbox.name)
        directory.remove()

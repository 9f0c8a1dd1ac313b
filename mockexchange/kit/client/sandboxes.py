"""Opens sandboxes for the runs of a client, and gives access to their URLs, keys and traffic.

Each test card gets a new one, with the card's scenario, faults and API date.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import structs

from mockexchange.core.commands import Command
from mockexchange.core.refusals import Refusal
from mockexchange.kit.client.accounts import AccountPositions, ExchangeOrder, added_positions, orders_of, positions_of
from mockexchange.kit.client.adapter import ConnectionDetails
from mockexchange.kit.client.api_documents import ApiDocuments, documents_of
from mockexchange.kit.client.cards import BUILTIN_CARDS, Card
from mockexchange.kit.client.read_tasks import aliases_of
from mockexchange.kit.client.traffic import Traffic, traffic_of
from mockexchange.kit.local_exchange import Exchange
from mockexchange.kit.target import NotJudged
from mockexchange.kit.venue import VenueKit
from mockexchange.runtime import api_documents
from mockexchange.runtime.ready_file import RunDirectory
from mockexchange.sandbox.credentials import Credential
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.errors import ScenarioError
from mockexchange.scenario.fault_rules import FAULTS, Rule
from mockexchange.scenario.loader import load_file, load_scenario
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.plan import Plan
from mockexchange.scenario.stubs import Stub
from mockexchange.venues.registry import DEFAULT, VENUES
from mockexchange.venues.venue import Venue

# A sandbox for one run of a client


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

    def positions(self, account: str = "") -> AccountPositions:
        """Return the tickers of an account's positions, read from the exchange's state. Raises NoSuchAccount."""
        name = self.credential(account).account
        return self.exchange.portal.call(positions_of, self.sandbox.exchange.state, name)

    def install(self, stubs: Sequence[Stub]) -> None:
        """Install stubs. ELSEWHERE in their headers is replaced by this sandbox's address under another host name."""
        here = f"{OTHER_HOST}:{urlsplit(self.base_url).port}"
        for stub in stubs:
            headers = {name: value.replace(ELSEWHERE, here) for name, value in stub.headers.items()}
            self.exchange.portal.call(self.sandbox.stubs.install, replace(stub, headers=headers))

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


# A new sandbox for each card: its scenario, faults and API date


BUILTIN_SCENARIOS = BUILTIN_CARDS.parent / "scenarios"
LEFT_OUT = "--fast leaves it out"
SMALL_PAGES: list[Rule] = FAULTS.read(read_yaml("[{then: {page_size: 2}}]", "survey"), "")


@dataclass(frozen=True)
class CardSandboxes:
    """Opens the sandboxes of a run of test cards at the API date `api_date`.

    `scenario` is the one that the user named; with "" the built-in one is used.
    """

    kit: VenueKit
    exchange: Exchange
    api_date: str
    scenario: str = ""
    is_fast: bool = False
    """Whether slow test cards are left out."""
    documents_by_date: dict[str, ApiDocuments] = field(default_factory=dict)

    @property
    def venue(self) -> Venue:
        return venue_of_kit(self.kit)

    @cached_property
    def plan(self) -> Plan:
        """Return the parsed scenario of the run. Raises ScenarioError."""
        return load_plan(self.scenario or self.kit.client_scenario)

    def documents(self, api_date: str = "") -> ApiDocuments:
        """Return the API documents for an API date, by default for the run's."""
        date = api_date or self.api_date
        if date not in self.documents_by_date:
            self.documents_by_date[date] = documents_of(self.kit, self.venue.api_date(date).day)
        return self.documents_by_date[date]

    @property
    def documented_date(self) -> str:
        """Return the alias of the run's API date. Raises NotJudged if that day has no API documents of its own."""
        day = self.venue.api_date(self.api_date).day
        alias = api_documents.alias_of(self.kit.name, day)
        if alias is None:
            raise NotJudged(f"no document is of {day} itself: choose one of {', '.join(aliases_of(self.kit.name))}")
        return alias

    def reason_to_skip(self, card: Card) -> str:
        """Return why a test card does not apply to the API date (its own or the run's); "" if it applies."""
        if self.is_fast and card.is_slow:
            return LEFT_OUT
        read = self.venue.api_date
        day = read(card.api_date or self.api_date).day
        if day and card.before and day < (read(card.before).day or ""):
            return f"it is about what there is from {card.before} on"
        if day and card.until and day >= (read(card.until).day or ""):
            return f"it is about what there was before {card.until}"
        return ""

    @contextmanager
    def play(self, card: Card) -> Iterator[Session]:
        """Open a new sandbox with the scenario, faults and script of a test card. Raises ScenarioError."""
        with self.open(self._with_auth_mode(self._staged(card), card.is_checking_signatures), card.api_date) as session:
            needed = card.needs.positions
            held = len(session.positions(card.account).listed) if needed else 0
            if needed is None or held <= needed[1]:
                if needed is not None:
                    account = session.credential(card.account).account
                    session.carry_out(list(added_positions(account, needed[0] - held)))
                session.install(card.stubs)
                yield session
                return
        # Positions can be added but not removed: the card is played in the scenario that is made for cards.
        with self.play(replace(card, scenario=self.kit.client_scenario, account="")) as session:
            yield session

    @contextmanager
    def play_checked(self, card: Card) -> Iterator[Session]:
        """Open a test card's sandbox at the run's API date, with wrong signatures refused. Raises ScenarioError."""
        with self.open(self._staged(card)) as session:
            yield session

    def _staged(self, card: Card) -> Plan:
        plan = load_plan(card.scenario) if card.scenario else self.plan
        return replace(plan, faults=[*plan.faults, *card.faults], script=[*plan.script, *card.script])

    @contextmanager
    def survey(self) -> Iterator[Session]:
        """Open a sandbox of the run's scenario with small pages, so that lists have several pages."""
        with self.open(replace(self.plan, faults=[*self.plan.faults, *SMALL_PAGES])) as session:
            yield session

    @contextmanager
    def play_undisturbed(self, card: Card) -> Iterator[Session]:
        """Open a new sandbox for a test card, without its faults and its script."""
        plan = load_plan(card.scenario) if card.needs.has_stream and card.scenario else self.plan
        with self.open(self._with_auth_mode(plan, is_checking_signatures=False), card.api_date) as session:
            yield session

    def _with_auth_mode(self, plan: Plan, is_checking_signatures: bool) -> Plan:
        """Return a plan that accepts any signature unless they are checked; some venues always check them."""
        settings = plan.settings[self.kit.name]
        if is_checking_signatures or not hasattr(settings, "auth_mode"):
            return plan
        return replace(plan, settings={**plan.settings, self.kit.name: structs.replace(settings, auth_mode="off")})

    @contextmanager
    def open(self, plan: Plan, api_date: str = "") -> Iterator[Session]:
        with open_session(self.exchange, plan, api_date or self.api_date, self.kit) as session:
            yield session


def load_plan(name: str) -> Plan:
    """Load a scenario: a built-in one for test cards, a general built-in one, or a file. Raises ScenarioError."""
    own = BUILTIN_SCENARIOS / f"{name}.yaml"
    return load_file(own) if Path(name).name == name and own.is_file() else load_scenario(name)

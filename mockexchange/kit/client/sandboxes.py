"""Opens a new sandbox for each test card, with the card's scenario, faults and API date."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from msgspec import structs

from mockexchange.kit.checks import NotJudged
from mockexchange.kit.client.accounts.positions import added_positions
from mockexchange.kit.client.adapter.task_fields import aliases_of
from mockexchange.kit.client.api_documents import ApiDocuments, documents_of
from mockexchange.kit.client.cards import BUILTIN_CARDS, Card
from mockexchange.kit.client.session import Session, open_session, venue_of_kit
from mockexchange.kit.local_exchange import Exchange
from mockexchange.kit.venue import VenueKit
from mockexchange.runtime import api_documents
from mockexchange.scenario.faults.fault_rules import FAULTS, Rule
from mockexchange.scenario.loader import load_file, load_scenario
from mockexchange.scenario.located_text import read_yaml
from mockexchange.scenario.plan import Plan
from mockexchange.venues.venue import Venue

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
            if not _has_too_many_positions(session, card):
                _add_positions(session, card)
                session.install(card.stubs)
                yield session
                return
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


def _has_too_many_positions(session: Session, card: Card) -> bool:
    needed = card.needs.positions
    return needed is not None and len(session.positions(card.account).listed) > needed[1]


def _add_positions(session: Session, card: Card) -> None:
    """Add the positions that a card needs and the account does not have. Raises ScenarioError."""
    needed = card.needs.positions
    if needed is not None:
        missing = needed[0] - len(session.positions(card.account).listed)
        session.carry_out(list(added_positions(session.credential(card.account).account, missing)))

"""Where cards are played: the exchange, the scenario of the run, and a fresh sandbox for each card."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from mockexchange.kit.checks import NotJudged
from mockexchange.kit.client.api_documents import ApiDocuments, documents_of
from mockexchange.kit.client.cards import BUILTIN_CARDS, Card
from mockexchange.kit.client.session import Session, open_session
from mockexchange.kit.client.task_fields import aliases_of
from mockexchange.kit.local_exchange import Exchange
from mockexchange.kit.venue import VenueKit
from mockexchange.runtime import api_documents
from mockexchange.scenario.faults import FAULTS, Rule
from mockexchange.scenario.loader import Plan, load_file, load_scenario
from mockexchange.scenario.located_text import read_yaml
from mockexchange.venues.registry import DEFAULT

BUILTIN_SCENARIOS = BUILTIN_CARDS.parent / "scenarios"
ACCOUNT = "account"
"""What cards and surveys play in where neither they nor the user say otherwise."""
SMALL_PAGES: list[Rule] = FAULTS.read(read_yaml("[{then: {page_size: 2}}]", "survey"), "")


@dataclass(frozen=True)
class CardSandboxes:
    """`api_date` is that of the run; `scenario` the user's, empty for our own."""

    kit: VenueKit
    exchange: Exchange
    api_date: str
    scenario: str = ""
    documents_by_date: dict[str, ApiDocuments] = field(default_factory=dict)

    @cached_property
    def plan(self) -> Plan:
        """The scenario of the run. Raises ScenarioError."""
        return load_plan(self.scenario or ACCOUNT)

    def documents(self, api_date: str = "") -> ApiDocuments:
        """Return the documents of a date, that of the run if none is given."""
        date = api_date or self.api_date
        if date not in self.documents_by_date:
            self.documents_by_date[date] = documents_of(self.kit, DEFAULT.api_date(date).day)
        return self.documents_by_date[date]

    @property
    def documented_date(self) -> str:
        """The alias of the run's date. Raises NotJudged where the documents are of other days."""
        day = DEFAULT.api_date(self.api_date).day
        alias = api_documents.alias_of(self.kit.name, day)
        if alias is None:
            raise NotJudged(f"no document is of {day} itself: choose one of {', '.join(aliases_of(self.kit.name))}")
        return alias

    def reason_to_skip(self, card: Card) -> str:
        """Say why a card makes no sense at the date it would be played at; nothing if it does."""
        day = DEFAULT.api_date(card.api_date or self.api_date).day
        if day and card.before and day < (DEFAULT.api_date(card.before).day or ""):
            return f"it is about what there is from {card.before} on"
        if day and card.until and day >= (DEFAULT.api_date(card.until).day or ""):
            return f"it is about what there was before {card.until}"
        return ""

    @contextmanager
    def play(self, card: Card) -> Iterator[Session]:
        """Open a fresh sandbox as a card wants it. Raises ScenarioError."""
        plan = load_plan(card.scenario) if card.scenario else self.plan
        staged = replace(plan, faults=[*plan.faults, *card.faults], script=[*plan.script, *card.script])
        with self.open(_settled(staged, card.is_checking_signatures), card.api_date) as session:
            yield session

    @contextmanager
    def survey(self) -> Iterator[Session]:
        """Open a sandbox of the run's scenario in which pages are small, so that lists have to be walked."""
        with self.open(replace(self.plan, faults=[*self.plan.faults, *SMALL_PAGES])) as session:
            yield session

    @contextmanager
    def play_undisturbed(self, card: Card) -> Iterator[Session]:
        """Open a fresh sandbox of the kind that a card plays in, in which nothing is disturbed."""
        plan = load_plan(card.scenario) if card.needs.has_stream and card.scenario else self.plan
        with self.open(_settled(plan, is_checking_signatures=False), card.api_date) as session:
            yield session

    @contextmanager
    def open(self, plan: Plan, api_date: str = "") -> Iterator[Session]:
        with open_session(self.exchange, plan, api_date or self.api_date) as session:
            yield session


def load_plan(name: str) -> Plan:
    """Read a scenario of the cards, a built-in one or a file. Raises ScenarioError."""
    own = BUILTIN_SCENARIOS / f"{name}.yaml"
    return load_file(own) if Path(name).name == name and own.is_file() else load_scenario(name)


def _settled(plan: Plan, is_checking_signatures: bool) -> Plan:
    settings = plan.settings[DEFAULT.name]
    mode = settings.auth_mode if is_checking_signatures else "off"
    return replace(plan, settings={**plan.settings, DEFAULT.name: replace(settings, auth_mode=mode)})

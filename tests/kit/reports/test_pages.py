"""The place in the documentation of each rule and card, for the links of all reports."""

import re

from mockexchange.kit.client.cards import load_cards
from mockexchange.kit.reports.printable_text import page_of
from mockexchange.kit.venues import KITS
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT


@each_row("venue", KITS)
def test_the_page_of_each_card_has_its_place(venue: str) -> None:
    page = (ROOT / "docs" / "verify-client.md").read_text(encoding="utf-8")
    numbers = [card.number for card in load_cards(builtin=KITS[venue].cards)]
    places = [page_of(f"{number} answer") for number in numbers]
    assert places == [page_of(number) for number in numbers]
    assert {place.partition("#")[2] for place in places} <= set(re.findall('<a id="([a-z0-9]+)"', page))


def test_a_rule_has_the_place_of_its_heading() -> None:
    assert page_of("pages.partition") == "docs/verify-rules.md#pagespartition"

"""docs/verify-client.md: its tables are those of the cards and rules, and its example is a card."""

import re
from pathlib import Path

from mockexchange.kit.client.cards import CARD, SEE, read_card
from tools.write_cards_page import TARGET, render

PAGE = TARGET.read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_cards_and_rules() -> None:
    assert render(PAGE) == PAGE, "run: python -m tools.write_cards_page"


def test_every_key_of_a_card_is_explained() -> None:
    explained = set(re.findall(r"`([a-z_]+)`", PAGE.partition("## Cards of your own")[2]))
    assert {*CARD.fields, *SEE.fields} <= explained


def test_the_example_is_a_card(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(card:.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "x01.yaml"
    path.write_text(text, encoding="utf-8")
    assert read_card(path).number == "X01"

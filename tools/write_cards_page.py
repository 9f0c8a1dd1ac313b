"""Write the tables of cards and of rules in docs/verify-client.md from the cards and the rules themselves."""

import re
from pathlib import Path

from mockexchange.kit.client.cards import Card, load_cards
from mockexchange.kit.client.rules import RULES

TARGET = Path(__file__).parents[1] / "docs" / "verify-client.md"


def render(page: str) -> str:
    """Return the page with its tables as they have to be."""
    return _replaced(_replaced(page, "cards", _cards()), "rules", _rules())


def _replaced(page: str, name: str, table: list[str]) -> str:
    lines = "\n".join([f"<!-- {name} -->", *table, f"<!-- end of {name} -->"])
    return re.sub(f"<!-- {name} -->.*<!-- end of {name} -->", lambda _: lines, page, flags=re.DOTALL)


def _cards() -> list[str]:
    rows = [_card(card) for card in load_cards()]
    return ["| card | | expected behaviour |", "|---|---|---|", *rows]


def _card(card: Card) -> str:
    marks = [*(["adapter"] if card.is_for_adapters else []), *(["advice"] if card.advice else [])]
    noted = f" ({', '.join(marks)})" if marks else ""
    return f'| <a id="{card.number.lower()}"></a>{card.number} | {card.title}{noted} | {card.says} |'


def _rules() -> list[str]:
    rows = [f"| `{rule.name}` | {rule.says}{' (advice)' if rule.is_advice else ''} |" for rule in RULES.values()]
    return ["| rule | |", "|---|---|", *rows]


def main() -> None:
    TARGET.write_text(render(TARGET.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Write the tables of cards and of rules in docs/verify-client.md from the cards and the rules themselves."""

import re
from pathlib import Path

from mockexchange.kit.client.cards import ADVICE_ONLY, Card, load_cards
from mockexchange.kit.client.rules import RULES
from mockexchange.kit.venues import KITS

TARGET = Path(__file__).parents[1] / "docs" / "verify-client.md"


def render(page: str) -> str:
    """Return the page with its tables as they have to be."""
    for kit in KITS.values():
        page = _replaced(page, f"cards of {kit.name}", _cards(load_cards(builtin=kit.cards)))
    return _replaced(page, "rules", _rules())


def _replaced(page: str, name: str, table: list[str]) -> str:
    lines = "\n".join([f"<!-- {name} -->", *table, f"<!-- end of {name} -->"])
    return re.sub(f"<!-- {name} -->.*<!-- end of {name} -->", lambda _: lines, page, flags=re.DOTALL)


def _cards(cards: list[Card]) -> list[str]:
    return ["| card | | expected behaviour |", "|---|---|---|", *map(_card, cards)]


def _card(card: Card) -> str:
    marks = [*(["adapter"] if card.is_for_adapters else []), *(["advice"] if card.advice == ADVICE_ONLY else [])]
    noted = f" ({', '.join(marks)})" if marks else ""
    return f'| <a id="{card.number.lower()}"></a>{card.number} | {card.title}{noted} | {card.description} |'


def _rules() -> list[str]:
    rows = [f"| `{rule.name}` | {rule.description}{' (advice)' if rule.is_advice else ''} |" for rule in RULES.values()]
    return ["| rule | |", "|---|---|", *rows]


def main() -> None:
    TARGET.write_text(render(TARGET.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()

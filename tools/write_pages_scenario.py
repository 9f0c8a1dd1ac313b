"""Write the built-in scenario `pages`: one account with enough rows to page through, the same bytes every time.

Unsettled rows: 251 with a position, 9 flat but traded, 12 with only a resting order. Settled: 17. Fills come seven to
an instant, so that rows tie exactly in `last_updated_ts`, also where a page of 50, 100, 200 or 250 ends.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "mockexchange" / "scenario" / "builtin" / "pages.jsonl"

EVENTS = 60
HELD, FLAT, RESTING, SETTLED = 251, 9, 12, 17
ROWS = HELD + FLAT + RESTING + SETTLED
TIED = 7
GAP = "1501ms"

Line = dict[str, Any]


def lines() -> Iterator[Line]:
    """Yield the header, then one line for each step."""
    yield header()
    for number in range(FLAT):
        yield from flat(HELD + number)
    for number in range(SETTLED):
        yield from settled(HELD + FLAT + number)
    for number in range(RESTING):
        yield step(GAP, "rest", trade(HELD + FLAT + SETTLED + number, "no", "1", "0.05"))
    for number in range(HELD):
        yield held(number)


def header() -> Line:
    return {
        "scenario": "pages",
        "title": f"One account with {HELD} open positions in {EVENTS} events, for paging",
        "seed": 4,
        "start": "2025-11-04T00:00:00Z",
        "accounts": {"alice": {"cash": "10000"}},
        "markets": {market(number): listing(number) for number in range(ROWS)},
    }


def market(number: int) -> str:
    return f"{event(number)}-B{60 + number // EVENTS}"


def event(number: int) -> str:
    return f"KXHIGH{chr(65 + number % EVENTS // 10)}-25NOV{5 + number % 10:02d}"


def listing(number: int) -> Line:
    return {"event": event(number), "series": event(number).partition("-")[0]}


def held(number: int) -> Line:
    """Return an open position: YES in two of three, varying prices and counts, every fifth count fractional."""
    count = f"{1 + number * 7 % 40}.{number % 100:02d}" if number % 5 == 0 else str(1 + number * 7 % 40)
    price = f"0.{5 + number * 13 % 90:02d}"
    return step("0s" if number % TIED else GAP, "fill", trade(number, "no" if number % 3 == 1 else "yes", count, price))


def flat(number: int) -> Iterator[Line]:
    yield step(GAP, "fill", trade(number, "yes", "10", "0.40"))
    yield step(GAP, "fill", {**trade(number, "yes", "10", "0.45"), "action": "sell"})


def settled(number: int) -> Iterator[Line]:
    yield step(GAP, "fill", trade(number, "yes", "4", "0.60"))
    yield step(GAP, "settle", {"market": market(number), "result": "no" if number % 2 else "yes"})


def trade(number: int, side: str, count: str, price: str) -> Line:
    return {
        "account": "alice",
        "market": market(number),
        "side": side,
        "action": "buy",
        "count": count,
        "price": price,
    }


def step(after: str, name: str, values: Line) -> Line:
    return {"after": after, name: values}


def render() -> str:
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines())


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")

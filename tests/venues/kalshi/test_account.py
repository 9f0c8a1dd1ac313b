"""Rate limits and costs of requests at every API date."""

import json

from mockexchange.core.commands import AddKey, OpenAccount
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import DATES
from tests.venues.kalshi.world import PREFIX, Venue, at, refusal, why

LIMITS, COSTS = "account/limits", "account/endpoint_costs"


def of_tier(tier: str) -> Venue:
    venue = Venue()
    venue.do(OpenAccount(account="carol", tier=tier), AddKey(account="carol", key="k", key_id="carol", public_key="c"))
    return venue


def flat(tier: str, read: int, write: int) -> str:
    return f'{{"read_limit":{read},"usage_tier":"{tier}","write_limit":{write}}}'


def buckets(tier: str, read: tuple[int, int], write: tuple[int, int]) -> str:
    """(capacity, refill) of each."""
    one, other = (f'{{"bucket_capacity":{capacity},"refill_rate":{refill}}}' for capacity, refill in (read, write))
    return f'{{"grants":[],"read":{one},"usage_tier":"{tier}","write":{other}}}'


ROWS = """
    tier     | day        | read: refill, capacity | write
    basic    | 2026-01-28 |   200   200            |  100   100
    basic    | 2026-06-11 |   200   200            |  100   100
    basic    | 2026-08-20 |   200   400            |  100   100
    basic    | 2026-10    |   200   400            |  100   100
    advanced | 2026-04-21 |   300   300            |  300   300
    advanced | 2026-04-22 |   300   300            |  300   600
    advanced | 2026-10    |   300   600            |  300   600
    expert   | 2026-04-21 |   600   600            |  600   600
    expert   | 2026-10    |   600   600            |  600  1200
    premier  | 2026-02    |  1000  1000            | 1000  1000
    premier  | 2026-09-23 |  1000  1000            | 1000  2000
    premier  | 2026-09-24 |  1200  1200            | 1200  2400
    paragon  | 2026-06    |  2000  2000            | 2000  4000
    paragon  | 2026-10    |  2400  2400            | 2400  4800
    prime    | 2026-06    |  4000  4000            | 4000  8000
    prime    | 2026-10    |  4800  4800            | 4800  9600
    prestige | 2026-08-06 |  6000  6000            | 8000 16000
    prestige | 2026-08-07 | 10000 10000            | 8000 16000
    prestige | 2026-10    | 12000 12000            | 9600 19200
    prestige | compat     | 12000 12000            | 9600 19200
"""
TIERS = sorted({row.split()[0] for row in ROWS.splitlines()[2:] if row})


@each_row("row", ROWS.splitlines()[2:-1])
def test_limits_by_tier_and_date(row: str) -> None:
    tier, date, read, write = (part.strip() for part in row.split("|"))
    (in_refill, in_capacity), (out_refill, out_capacity) = (map(int, part.split()) for part in (read, write))
    old = flat(tier, in_refill // 10, out_refill // 10)
    new = buckets(tier, (in_capacity, in_refill), (out_capacity, out_refill))
    body = of_tier(tier).ask(LIMITS, "carol", date).body.decode()
    if date == "compat":
        assert json.loads(body) == {**json.loads(old), **json.loads(new)}
    else:
        assert body == (old if date < "2026-04-30" else new)


def test_a_tier_that_nobody_knows_has_the_least() -> None:
    assert of_tier("unheard").ask(LIMITS, "carol", "2026-02").body.decode() == flat("unheard", 20, 10)


def test_no_bucket_is_too_small_for_a_request() -> None:
    for tier in TIERS:
        venue = of_tier(tier)
        cost = venue.read(COSTS)["default_cost"]
        limits = venue.read(LIMITS, "carol")
        assert min(limits[kind]["bucket_capacity"] for kind in ("read", "write")) >= cost


@each_row("date", ["2025-11", "2025-12", "2026-01-27"])
def test_limits_are_there_since_january_2026(date: str) -> None:
    answer = Venue().ask(LIMITS, date=date)
    assert refusal(answer) == at(bodies.NOT_FOUND)
    assert why(answer).endswith("the venue has it since 2026-01-28")


def test_limits_are_the_accounts_own() -> None:
    answer = make(date="2026-10").answer(Request("GET", f"{PREFIX}/{LIMITS}"))[0]
    assert refusal(answer) == at(bodies.NO_CREDENTIALS)
    venue = of_tier("prime")
    assert venue.ask(LIMITS, "alice").body != venue.ask(LIMITS, "carol").body
    assert venue.ask(LIMITS, "only_3").body == venue.ask(LIMITS, "alice").body


V1, V2, UPGRADE = "portfolio/orders", "portfolio/events/orders", "account/api_usage_level/upgrade"
QUOTES, LOOKUP = "communications/quotes", "multivariate_event_collections/{collection_ticker}/lookup"
ALWAYS = {
    f"DELETE {V2}/batched": 2,
    f"DELETE {V2}/{{order_id}}": 2,
    f"GET {V1}/{{order_id}}": 2,
    f"POST {UPGRADE}": 30,
    "GET cfbenchmarks": 150,
    "GET cfbenchmarks/*endpoint": 150,
    f"POST {QUOTES}": 2,
    f"DELETE {QUOTES}/{{quote_id}}": 2,
}
SPRING = {f"PUT {LOOKUP}": 2}
JUNE = {**SPRING, "GET margin/balance": 5}
LATER = {"GET margin/balance": 5, f"GET {QUOTES}/{{quote_id}}": 2}
CALLS = (f"POST {V1}", f"POST {V1}/batched", f"POST {V1}/{{order_id}}/amend", f"POST {V1}/{{order_id}}/decrease")
CANCELS = (f"DELETE {V1}/batched", f"DELETE {V1}/{{order_id}}")


@each_row(
    ("date", "wanted"),
    [
        ("2026-04-30", {**ALWAYS, **SPRING, **dict.fromkeys(CANCELS, 2)}),
        ("2026-05-25", {**ALWAYS, **SPRING, **dict.fromkeys(CALLS, 15), **dict.fromkeys(CANCELS, 3)}),
        ("2026-06", {**ALWAYS, **JUNE, **dict.fromkeys(CALLS, 20), **dict.fromkeys(CANCELS, 4)}),
        ("2026-06-18", {**ALWAYS, **JUNE}),
        ("2026-09-03", {**ALWAYS, **LATER, f"DELETE {V2}": 2}),
        ("compat", {**ALWAYS, **JUNE, **LATER, **dict.fromkeys(CANCELS, 2), f"DELETE {V2}": 2}),
    ],
)
def test_costs_other_than_the_default(date: str, wanted: dict[str, int]) -> None:
    answer = make(date=date).answer(Request("GET", f"{PREFIX}/{COSTS}"))[0]
    rows = sorted(
        (f"{PREFIX}/{path.replace('{', ':').replace('}', '')}", method, cost)
        for name, cost in wanted.items()
        for method, path in [name.split()]
    )
    costs = [{"cost": cost, "method": method, "path": path} for path, method, cost in rows]
    body = {"default_cost": 10, "endpoint_costs": costs}
    assert answer.body == json.dumps(body, separators=(",", ":")).encode()


@each_row("date", [date for date in DATES if date < "2026-06"])
def test_costs_are_there_since_the_end_of_april_2026(date: str) -> None:
    answer = Venue().ask(COSTS, date=date)
    assert refusal(answer) == at(bodies.NOT_FOUND)
    assert why(answer).endswith("the venue has it since 2026-04-30")

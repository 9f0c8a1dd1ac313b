"""Rate limits and costs of requests at every API date."""

import json

import pytest

from mockexchange.core.commands import AddKey, OpenAccount
from mockexchange.venues.request import Request
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


# Requests a second, then (capacity, refill) in tokens as recorded in June, then as documented in August.
TIERS = [
    ("basic", (20, 10), ((200, 200), (100, 100)), ((400, 200), (100, 100))),
    ("advanced", (30, 30), ((300, 300), (300, 300)), ((600, 300), (600, 300))),
    ("expert", (60, 60), ((600, 600), (600, 600)), ((600, 600), (1200, 600))),
    ("premier", (100, 100), ((1000, 1000), (1000, 1000)), ((1000, 1000), (2000, 1000))),
    ("paragon", (200, 200), ((2000, 2000), (2000, 2000)), ((2000, 2000), (4000, 2000))),
    ("prime", (400, 400), ((4000, 4000), (4000, 4000)), ((4000, 4000), (8000, 4000))),
    ("prestige", (1000, 800), ((10000, 10000), (8000, 8000)), ((10000, 10000), (16000, 8000))),
]
Pair = tuple[int, int]


@pytest.mark.parametrize(("tier", "requests", "june", "august"), TIERS)
def test_limits_by_tier_and_date(tier: str, requests: Pair, june: tuple[Pair, Pair], august: tuple[Pair, Pair]) -> None:
    venue = of_tier(tier)

    def limits(date: str) -> str:
        return venue.ask(LIMITS, "carol", date).body.decode()

    assert limits("2026-02") == limits("2026-01-28") == limits("2026-04-29") == flat(tier, *requests)
    assert limits("2026-06") == limits("2026-04-30") == limits("2026-08-19") == buckets(tier, *june)
    assert limits("2026-10") == limits("2026-08-20") == buckets(tier, *august)
    assert json.loads(limits("compat")) == {**json.loads(flat(tier, *requests)), **json.loads(limits("2026-10"))}


def test_a_tier_that_nobody_knows_has_the_least() -> None:
    assert of_tier("unheard").ask(LIMITS, "carol", "2026-02").body.decode() == flat("unheard", 20, 10)


def test_no_bucket_is_too_small_for_a_request() -> None:
    for tier, *_ in TIERS:
        venue = of_tier(tier)
        cost = venue.read(COSTS)["default_cost"]
        limits = venue.read(LIMITS, "carol")
        assert min(limits[kind]["bucket_capacity"] for kind in ("read", "write")) >= cost


@pytest.mark.parametrize("date", ["2025-11", "2025-12", "2026-01-27"])
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


def test_costs_other_than_the_default() -> None:
    path = "/trade-api/v2/portfolio/events/orders"
    wanted = {
        "default_cost": 10,
        "endpoint_costs": [
            {"cost": 2, "method": "DELETE", "path": f"{path}/batched"},
            {"cost": 2, "method": "DELETE", "path": f"{path}/{{order_id}}"},
        ],
    }
    for date in ("2026-06", "2026-10", "compat"):
        answer = make(date=date).answer(Request("GET", f"{PREFIX}/{COSTS}"))[0]
        assert answer.body == json.dumps(wanted, separators=(",", ":")).encode()


@pytest.mark.parametrize("date", [date for date in DATES if date < "2026-06"])
def test_costs_are_there_since_the_end_of_april_2026(date: str) -> None:
    answer = Venue().ask(COSTS, date=date)
    assert refusal(answer) == at(bodies.NOT_FOUND)
    assert why(answer).endswith("the venue has it since 2026-04-30")

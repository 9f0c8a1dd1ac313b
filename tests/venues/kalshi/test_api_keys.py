"""The keys of an account at every API date."""

import json
from typing import Any

import pytest

from mockexchange.core.commands import AddKey
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import make
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import DATES, repeated
from tests.venues.kalshi.world import PREFIX, Venue, at, refusal, why

NARROW = ("read::portfolio_balance", "write::trade", "write::transfer")


@pytest.fixture(scope="module")
def venue() -> Venue:
    """alice has a key for all, one for her subaccount and one of narrow scopes; desk one for all and one of st1."""
    venue = Venue()
    venue.do(AddKey(account="alice", key="narrow", key_id="narrow", public_key="alice", scopes=NARROW))
    venue.do(AddKey(account="alice", key="none", key_id="none", public_key="alice", scopes=("read",), subaccount="0"))
    return venue


def row(name: str, scopes: list[str] | None = None, **more: Any) -> dict[str, Any]:
    return {"api_key_id": name, "name": name, **({} if scopes is None else {"scopes": scopes}), **more}


BOTH = ["read", "write"]
FIRST = [row("alice"), row("only_3"), row("narrow"), row("none")]
SCOPED = [row("alice", BOTH), row("only_3", BOTH), row("narrow", BOTH), row("none", ["read"])]
BOUND = [
    row("alice", BOTH),
    row("only_3", BOTH, subaccount=3),
    row("narrow", list(NARROW)),
    row("none", ["read"], subaccount=0),
]
KEYS = {
    "2025-11": FIRST,
    "2025-12": FIRST,
    "2026-02": SCOPED,
    "2026-04": SCOPED,
    "2026-06": SCOPED,
    "2026-10": BOUND,
    "compat": BOUND,
}


@each_row("date", DATES)
def test_keys_are_written_as_of_their_date(venue: Venue, date: str) -> None:
    wanted = json.dumps({"api_keys": KEYS[date]}, separators=(",", ":"), sort_keys=True).encode()
    assert venue.ask("api_keys", date=date).body == wanted


@each_row(
    ("day", "keys"),
    [
        ("2025-12-17", {"api_key_id", "name"}),
        ("2025-12-18", {"api_key_id", "name", "scopes"}),
        ("2026-07-01", {"api_key_id", "name", "scopes"}),
        ("2026-07-02", {"api_key_id", "name", "scopes", "subaccount"}),
    ],
)
def test_what_is_told_of_a_key_grew(venue: Venue, day: str, keys: set[str]) -> None:
    assert set(venue.read("api_keys", date=day)["api_keys"][1]) == keys


@each_row("date", DATES)
def test_a_subtraders_key_bears_its_id(venue: Venue, date: str) -> None:
    bound = {"fcm_subtrader_id": "fcm7_st1"} if date in ("2026-10", "compat") else {}
    scopes = None if date < "2026" else BOTH
    assert venue.read("api_keys", "desk", date)["api_keys"] == [row("desk", scopes), row("st1", scopes, **bound)]


@each_row(
    ("who", "asked", "wanted"),
    [
        ("desk", "fcm7_st1", ["st1"]),
        ("desk", "fcm7_st2", []),
        ("desk", "", ["desk", "st1"]),
        ("alice", "fcm7_st1", []),
    ],
)
def test_keys_of_one_subtrader(venue: Venue, who: str, asked: str, wanted: list[str]) -> None:
    for date in ("2026-10", "compat"):
        keys = venue.read(f"api_keys?fcm_subtrader_id={asked}", who, date)["api_keys"]
        assert [one["name"] for one in keys] == wanted
    answer = venue.ask(f"api_keys?fcm_subtrader_id={asked}", who, "2026-06")
    assert answer.findings == ["parameter 'fcm_subtrader_id' is unknown to GetApiKeys: ignored"]


def test_a_filter_is_given_once(venue: Venue) -> None:
    answer = venue.ask("api_keys?fcm_subtrader_id=a&fcm_subtrader_id=b")
    assert refusal(answer) == at(repeated("fcm_subtrader_id"))


@each_row("date", DATES)
def test_a_restricted_key_may_not_see_the_others(venue: Venue, date: str) -> None:
    answer = venue.ask("api_keys", "only_3", date)
    assert refusal(answer) == at(bodies.RESTRICTED, date)
    assert why(answer) == "key only_3 of alice is restricted to book 3: GetApiKeys spans the account"


def test_keys_are_told_to_their_account_alone() -> None:
    for date in DATES:
        answer = make(date=date).answer(Request("GET", f"{PREFIX}/api_keys"))[0]
        assert refusal(answer) == at(bodies.NO_CREDENTIALS, date)

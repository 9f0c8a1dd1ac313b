"""Writes that are retired, that are not there yet, and that a key may not call."""

from mockexchange.venues.kalshi.resources.order_entry import OPERATIONS, RETIRED_SINCE
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import PREFIX, make, send
from tests.venues.kalshi import bodies
from tests.venues.kalshi.rest_answers import ask, at, refusal, why

V1 = [(one.name, one.method, one.path) for one in OPERATIONS if one.retired_since == RETIRED_SINCE]
V2 = [(one.name, one.method, one.path) for one in OPERATIONS if one.retired_since != RETIRED_SINCE]
NAMES = ("order_id", "order_group_id", "api_key")


def place(path: str) -> str:
    """The path with its parameters filled in."""
    for name in NAMES:
        path = path.replace(f"{{{name}}}", "97ec18b7-10d3-4557-9de0-8598aad625f0")
    return PREFIX + path


@each_row(("name", "method", "path"), V1)
@each_row("date", ["2026-06-18", "2026-10"])
def test_first_order_entry_is_retired_on_its_day(date: str, name: str, method: str, path: str) -> None:
    today = path.replace("/portfolio/orders", "/portfolio/events/orders")
    answer = ask(make(date=date), place(path), method=method)
    assert refusal(answer) == at(bodies.RETIRED, date)
    assert why(answer) == f"{name} is retired since 2026-06-18: call {method} {PREFIX}{today}"
    assert (f"{name}V2", method, today) in V2


@each_row(("name", "method", "path"), V1)
@each_row("date", ["2025-11", "2026-06-17", "compat"])
def test_first_order_entry_is_answered_before(date: str, name: str, method: str, path: str) -> None:
    assert send(make(date=date), method, place(path).removeprefix(PREFIX)).status in (400, 404), name


def test_what_is_retired_is_so_before_anybody_is_asked_who_they_are() -> None:
    request = Request("POST", f"{PREFIX}/portfolio/orders", body=b"{}")
    assert refusal(make(date="2026-10").answer(request)[0]) == at(bodies.RETIRED)
    assert refusal(make(date="2026-06").answer(request)[0]) == at(bodies.NO_CREDENTIALS, "2026-06")


def test_a_write_needs_a_key_that_may_write() -> None:
    sandbox = make("scenario: s\naccounts: {alice: {keys: {ro: {scopes: [read]}}}}")
    answer = ask(sandbox, f"{PREFIX}/portfolio/events/orders", "alice/ro", method="POST")
    assert refusal(answer) == at(bodies.FORBIDDEN)
    assert why(answer) == "key ro of alice has scopes read: CreateOrderV2 needs write or write::trade"


def test_a_write_before_its_day_is_a_path_that_is_not_there() -> None:
    answer = ask(make(date="2026-04-21"), f"{PREFIX}/portfolio/events/orders", method="POST")
    assert refusal(answer) == at(bodies.NOT_FOUND, "2026-04-21")
    assert "did not exist at API date 2026-04-21" in why(answer)
    assert "the venue has it since 2026-04-22" in why(answer)

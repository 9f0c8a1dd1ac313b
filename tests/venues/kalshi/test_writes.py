"""Operations that would change the venue's state: known, dated, and refused."""

import pytest

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.kalshi.operations.writes import FIRST_ORDER_ENTRY, WRITES
from mockexchange.venues.request import Request
from tests.helpers.sandboxes import PREFIX, make
from tests.venues.kalshi import bodies
from tests.venues.kalshi.rest_answers import ask, at, refusal, why

V1 = [(method, path) for _, method, path in FIRST_ORDER_ENTRY]
OTHERS = [(name, method, path) for name, method, path, _ in WRITES]
NAMES = ("order_id", "order_group_id", "api_key")


def place(path: str) -> str:
    """The path with its parameters filled in."""
    for name in NAMES:
        path = path.replace(f"{{{name}}}", "97ec18b7-10d3-4557-9de0-8598aad625f0")
    return PREFIX + path


@pytest.fixture(scope="module", params=["2025-11", "2026-06", "2026-06-18", "2026-10", "compat"])
def dated(request: pytest.FixtureRequest) -> tuple[str, Sandbox]:
    return request.param, make(date=request.param)


@pytest.mark.parametrize(("method", "path"), V1)
def test_first_order_entry_is_retired_on_its_day(dated: tuple[str, Sandbox], method: str, path: str) -> None:
    date, sandbox = dated
    answer = ask(sandbox, place(path), method=method)
    if date in ("2025-11", "2026-06"):
        assert refusal(answer) == at(bodies.FORBIDDEN, date)
        assert "is not emulated: change the exchange by steps" in why(answer)
    else:
        assert refusal(answer) == at(bodies.RETIRED, date)
        assert "is retired since 2026-06-18" in why(answer)


@pytest.mark.parametrize(("name", "method", "path"), FIRST_ORDER_ENTRY)
def test_what_is_retired_says_which_path_has_it_today(name: str, method: str, path: str) -> None:
    today = path.replace("/portfolio/orders", "/portfolio/events/orders")
    answer = ask(make(date="2026-10"), place(path), method=method)
    assert why(answer) == f"{name} is retired since 2026-06-18: call {method} {PREFIX}{today}"
    assert (f"{name}V2", method, today) in OTHERS


def test_what_is_retired_is_so_before_anybody_is_asked_who_they_are() -> None:
    request = Request("POST", f"{PREFIX}/portfolio/orders", body=b"{}")
    assert refusal(make(date="2026-10").answer(request)[0]) == at(bodies.RETIRED)
    assert refusal(make(date="2026-06").answer(request)[0]) == at(bodies.NO_CREDENTIALS, "2026-06")


@pytest.mark.parametrize(("name", "method", "path"), OTHERS)
def test_every_other_write_is_refused_and_says_what_to_do(name: str, method: str, path: str) -> None:
    answer = ask(make(), place(path), "alice/main" if not path.startswith("/fcm") else "desk/main", method=method)
    assert refusal(answer) == at(bodies.FORBIDDEN)
    assert why(answer).startswith(f"{name} is not emulated: change the exchange by steps, with `mockexchange do`")


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


def test_a_write_says_nothing_of_parameters_that_it_never_reads() -> None:
    answer = ask(make(), f"{PREFIX}/portfolio/events/orders/any?subaccount=0&exchange_index=0", method="DELETE")
    assert (answer.status, answer.findings) == (403, [])

"""Beside respx: a suite that patches httpx gives its routes a sandbox as their side effect."""

import asyncio
import re
from typing import Any

import httpx
import pytest
import respx

from tests.api.calls import BASE, VENUE, get, get_async
from tests.helpers.patience import PATIENCE_S

BALANCE = "/portfolio/balance"


def real(exchange: Any) -> Any:
    """The exchange itself: the handlers are no coroutines to be waited for."""
    return getattr(exchange, "_target", exchange)


def test_a_route_is_answered_by_the_sandbox(exchange: Any) -> None:
    with respx.mock(base_url=VENUE) as router:
        route = router.route(path__startswith="/trade-api/v2").mock(side_effect=exchange.httpx_handler)
        with httpx.Client() as http:
            response = get(http, exchange, BALANCE)
    assert response.json()["balance"] > 0
    assert route.call_count == 1
    exchange.journal.expect("GetBalance", times=1, account="alice")


def test_a_route_of_an_asynchronous_client_is_answered(exchange: Any) -> None:
    async def ask() -> httpx.Response:
        async with respx.mock(base_url=VENUE) as router:
            router.route().mock(side_effect=real(exchange).httpx_async_handler)
            async with httpx.AsyncClient() as http:
                return await get_async(http, exchange, BALANCE)

    assert asyncio.run(ask()).status_code == 200


def test_a_plain_handler_answers_an_asynchronous_client_too(exchange: Any) -> None:
    async def ask() -> httpx.Response:
        async with respx.mock() as router:
            router.route().mock(side_effect=exchange.httpx_handler)
            async with httpx.AsyncClient() as http:
                return await http.post(f"{BASE}/portfolio/orders", json={"count": 1})

    assert asyncio.run(ask()).status_code == 410
    assert exchange.journal.expect(method="POST", times=1)[0].json == {"count": 1}


def test_one_route_is_stubbed_and_the_rest_is_the_sandbox(exchange: Any) -> None:
    with respx.mock() as router:
        router.get(f"{BASE}/milestones").respond(json={"milestones": []})
        router.route(url__regex=re.escape(BASE)).mock(side_effect=exchange.httpx_handler)
        with httpx.Client() as http:
            assert http.get(f"{BASE}/milestones").json() == {"milestones": []}
            assert get(http, exchange, BALANCE).status_code == 200


# what a fault does        what the client sees of it               after at most
FAULTS: list[tuple[dict[str, Any], type[Exception], float]] = [
    ({"drop": True}, httpx.RemoteProtocolError, PATIENCE_S),
    ({"reset": True}, httpx.ReadError, PATIENCE_S),
    ({"cut_after": 5}, httpx.RemoteProtocolError, PATIENCE_S),
    ({"delay": "10m"}, httpx.ReadTimeout, 0.05),
]


@pytest.mark.parametrize(("then", "error", "timeout_s"), FAULTS, ids=[str(then) for then, *_ in FAULTS])
def test_a_fault_goes_through_respx(
    exchange: Any, then: dict[str, Any], error: type[Exception], timeout_s: float
) -> None:
    exchange.fault(then=then, times=1)
    with respx.mock() as router:
        router.route().mock(side_effect=exchange.httpx_handler)
        with httpx.Client(timeout=timeout_s) as http, pytest.raises(error):
            get(http, exchange, BALANCE)

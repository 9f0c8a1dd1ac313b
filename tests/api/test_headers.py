"""Requests that are signed for a test which has no client at hand."""

from pathlib import Path

import httpx
import pytest

import mockexchange
from mockexchange import serve
from mockexchange.api.errors import Unavailable
from mockexchange.venues.keys.development_keys import derive_ed25519

VENUES = {
    "scenario": "three venues",
    "accounts": {
        "kim": {"cash": 5},
        "dora": {"venue": "deribit", "cash": {"BTC": 1}},
        "sina": {"venue": "signalplus", "cash": {"BTC": 1}},
    },
}
BODY = b'{"rid": 1, "method": "private/get_positions", "params": {"currency": "BTC"}}'


def test_a_request_is_signed_as_its_venue_wants_it() -> None:
    with serve(VENUES) as exchange:
        asked = {
            "kim": ("GET", f"{exchange.base_url}/portfolio/balance?subaccount=0", b""),
            "dora": ("GET", f"{exchange.venues['deribit'].base_url}/private/get_positions?currency=BTC", b""),
            "sina": ("POST", exchange.venues["signalplus"].base_url, BODY),
        }
        for name, (method, url, body) in asked.items():
            headers = exchange.accounts[name].headers(method, url, body)
            assert httpx.request(method, url, headers=headers, content=body).status_code == 200, name
        exchange.journal.assert_clean()
        assert [request.account for request in exchange.journal.requests()] == list(asked)


def test_the_url_may_be_an_object_or_a_path_and_the_method_small() -> None:
    with serve("demo") as exchange:
        url = httpx.URL(f"{exchange.base_url}/portfolio/balance", params={"subaccount": "0"})
        for signed in (url, "/trade-api/v2/portfolio/balance?subaccount=0"):
            headers = exchange.accounts["alice"].keys["main"].headers("get", signed)
            assert httpx.get(url, headers=headers).status_code == 200


def test_a_path_without_the_prefix_is_diagnosed_not_mended() -> None:
    with serve("demo") as exchange:
        headers = exchange.accounts["alice"].headers("GET", "/portfolio/balance")
        assert httpx.get(f"{exchange.base_url}/portfolio/balance", headers=headers).status_code == 401
        with pytest.raises(AssertionError, match='you signed "/portfolio/balance"; put "/trade-api/v2" in front'):
            exchange.journal.assert_clean()


def test_a_key_of_which_the_public_half_alone_is_known_cannot_sign(tmp_path: Path) -> None:
    pem = tmp_path / "pia.pem"
    pem.write_text(derive_ed25519("headers").public_pem, encoding="ascii")
    public = {"main": {"public_key": str(pem)}}
    cannot = pytest.raises(Unavailable, match="pia's key 'main' cannot sign: the scenario has only its public half")
    with serve({"scenario": "public", "accounts": {"pia": {"keys": public}}}) as exchange, cannot:
        exchange.accounts["pia"].headers("GET", exchange.base_url)


def test_the_secret_is_in_no_header() -> None:
    with mockexchange.serve("deribit") as exchange:
        dora = exchange.accounts["dora"]
        assert dora.secret
        assert dora.secret not in str(dora.headers("GET", exchange.venues["deribit"].base_url))

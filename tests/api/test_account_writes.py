"""A key that a client generates over a socket signs at once, and is refused once it is deleted."""

import time
from base64 import b64encode

import httpx
from cryptography.hazmat.primitives.serialization import load_pem_private_key

import mockexchange
from tests.venues.kalshi.keyring import Signer, sign

BALANCE = "/portfolio/balance"


def test_a_key_lives_from_its_generation_to_its_deletion() -> None:
    with mockexchange.serve("demo") as exchange:
        alice, base = exchange.accounts["alice"], exchange.base_url
        url = f"{base}/api_keys/generate"
        made = httpx.post(url, headers=alice.headers("POST", url), json={"name": "bot"})
        assert made.status_code == 201
        key = made.json()
        private = load_pem_private_key(key["private_key"].encode(), None)
        assert isinstance(private, Signer)

        def status() -> int:
            timestamp = str(time.time_ns() // 1_000_000)
            path = httpx.URL(base + BALANCE).path
            headers = {
                "kalshi-access-key": key["api_key_id"],
                "kalshi-access-timestamp": timestamp,
                "kalshi-access-signature": b64encode(sign(private, f"{timestamp}GET{path}")).decode(),
            }
            return httpx.get(base + BALANCE, headers=headers).status_code

        assert status() == 200
        url = f"{base}/api_keys/{key['api_key_id']}"
        gone = httpx.delete(url, headers=alice.headers("DELETE", url))
        assert (gone.status_code, gone.content) == (204, b"")
        assert status() == 401
        assert [request.status for request in exchange.journal.requests()] == [201, 200, 204, 401]

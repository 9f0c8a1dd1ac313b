"""A bot of Deribit, as a command: it reads its positions by GET, and subscribes on a stream."""

import json
import os
from urllib.parse import urlsplit

import httpx
from websockets.sync.client import connect

URL, STREAM, KEY, SECRET = (
    os.environ[f"DERIBIT_{word}"] for word in ("API_URL", "WS_URL", "CLIENT_ID", "CLIENT_SECRET")
)
CALLS: tuple[tuple[str, dict[str, object]], ...] = (
    ("public/auth", {"grant_type": "client_credentials", "client_id": KEY, "client_secret": SECRET}),
    ("private/subscribe", {"channels": ["user.changes.any.any.raw"]}),
    ("public/test", {}),
)


def main() -> None:
    assert urlsplit(URL).hostname == "127.0.0.1"
    httpx.get(f"{URL}/private/get_positions?currency=BTC", auth=(KEY, SECRET)).raise_for_status()
    with connect(STREAM) as stream:
        for number, (method, params) in enumerate(CALLS):
            stream.send(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}))
            while json.loads(stream.recv()).get("id") != number:
                pass


if __name__ == "__main__":
    main()

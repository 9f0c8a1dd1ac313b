"""Plays the calls of a bot, as a program of its own with the environment that the bot's README asks for.

It is started by test_public_bots.py. Its argument is a JSON file: the variables or files of the key, the URLs, and the
calls in order. It ends with an error at the first answer that is not as the bot needs it.
"""

import base64
import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from websockets.sync.client import ClientConnection, connect

PATIENCE_S = float(os.environ["BOT_PATIENCE_S"])


class Player:
    """Sends what the bot sends, and keeps the values that later calls name."""

    def __init__(self, bot: dict[str, Any]) -> None:
        self.bot = bot
        self.kept: dict[str, Any] = {"now": int(time.time())}
        self.key_id = os.environ[bot["key_id"]] if bot["key_id"].isupper() else bot["key_id"]
        key = os.environ.get(bot["key"], bot["key"])
        pem = key.replace("\\n", "\n").encode() if "PRIVATE KEY" in key else Path(key).read_bytes()
        private = load_pem_private_key(pem, password=None)
        assert isinstance(private, RSAPrivateKey)
        self.private = private
        self.url = os.environ[bot["url"]] if bot["url"].isupper() else bot["url"]
        self.stream: ClientConnection | None = None

    def headers(self, method: str, url: str) -> dict[str, str]:
        now = str(int(time.time() * 1000))
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        signature = self.private.sign(f"{now}{method}{urlsplit(url).path}".encode(), pss, hashes.SHA256())
        return {
            "KALSHI-ACCESS-KEY": self.key_id,
            "KALSHI-ACCESS-TIMESTAMP": now,
            "KALSHI-ACCESS-SIGNATURE": base64.b64encode(signature).decode(),
        }

    def play(self, call: dict[str, Any]) -> None:
        call = self.filled(call)
        if "step" in call:  # somebody else at the exchange
            request = urllib.request.Request(
                os.environ["MOCKEXCHANGE_URL"] + "/_mock/sandboxes/default/commands",
                json.dumps([call["step"]]).encode(),
                {"Authorization": f"Bearer {os.environ['MOCKEXCHANGE_TOKEN']}", "Content-Type": "application/json"},
            )
            urllib.request.urlopen(request, timeout=PATIENCE_S).close()
        elif "subscribe" in call:
            url = self.bot["stream"]
            self.stream = self.stream or connect(url, additional_headers=self.headers("GET", url))
            self.stream.send(json.dumps(call["subscribe"]))
        elif "frame" in call:
            assert self.stream is not None
            while (frame := json.loads(self.stream.recv(PATIENCE_S)))["type"] != call["frame"]:
                assert frame["type"] != "error", frame
            self.check(call, frame)
        else:
            self.ask(call)

    def ask(self, call: dict[str, Any]) -> None:
        query = "?" + urlencode(call["query"]) if call["query"] else ""
        url = self.url + call["path"] + query
        body = None if call["body"] is None else json.dumps(call["body"]).encode()
        headers = {**self.headers(call["method"], url), **self.bot["headers"]}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(url, body, headers, method=call["method"])
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            assert answer.status in (200, 201), (call, answer.status)
            self.check(call, json.load(answer))

    def check(self, call: dict[str, Any], answer: Any) -> None:
        """Compare the fields that the bot reads, with their types; the value of `keep NAME` is kept for later calls."""
        for path, wanted in call["reads"].items():
            found = answer
            for part in path.split("."):
                found = found[int(part)] if part.isdigit() else found[part]
            if isinstance(wanted, str) and wanted.startswith("keep "):
                self.kept[wanted.removeprefix("keep ")] = found
                continue
            assert found == wanted, (call, path, found, answer)
            assert type(found) is type(wanted), (call, path, found)

    def filled(self, value: Any) -> Any:
        """Return a call with `{name}` replaced by what was kept under this name."""
        if isinstance(value, dict):
            return {key: self.filled(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.filled(one) for one in value]
        if value == "{in an hour}":
            return self.kept["now"] + 3600
        if isinstance(value, str):
            for name, kept in self.kept.items():
                value = value.replace("{" + name + "}", str(kept))
        return value


player = Player(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
for made in player.bot["calls"]:
    player.play(made)
if player.stream is not None:
    player.stream.close()

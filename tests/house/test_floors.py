"""A signed page and a stream from the installed command: the smoke test that also runs with the lowest versions.

Nothing is imported here but pytest, the standard library and what the package itself depends on, so that the
environment of `make floors` holds no other version of anything.
"""

import base64
import json
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

import mockexchange
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.house.serving import COMMAND, clean_environment, served

pytestmark = pytest.mark.floors


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Any]]:
    with served(tmp_path_factory.mktemp("home"), str(COMMAND), "serve", "--scenario", "demo") as ready:
        yield ready


def signature(key_path: str, message: bytes) -> str:
    key = load_pem_private_key(Path(key_path).read_bytes(), password=None)
    if isinstance(key, Ed25519PrivateKey):
        return base64.b64encode(key.sign(message)).decode()
    assert isinstance(key, RSAPrivateKey)
    return base64.b64encode(key.sign(message, PSS(MGF1(SHA256()), SHA256.digest_size), SHA256())).decode()


def signed_headers(ready: Mapping[str, Any], path: str) -> dict[str, str]:
    """The headers of a GET by the first member of the ready file."""
    account = next(each for each in ready["accounts"] if each["kind"] == "member")
    timestamp = str(time.time_ns() // 1_000_000)
    return {
        "KALSHI-ACCESS-KEY": account["key_id"],
        "KALSHI-ACCESS-TIMESTAMP": timestamp,
        "KALSHI-ACCESS-SIGNATURE": signature(account["private_key_path"], f"{timestamp}GET{path}".encode()),
    }


def signed_get(ready: Mapping[str, Any], path: str, *, signed_path: str | None = None) -> tuple[int, Any]:
    """Return status and JSON body of a GET by the first member of the ready file."""
    url = ready["venues"]["kalshi"]["base_url"] + path
    headers = signed_headers(ready, signed_path or urlsplit(url).path)
    try:
        with urlopen(Request(url, headers=headers), timeout=PATIENCE_S) as answer:
            return answer.status, json.load(answer)
    except HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def test_a_signed_page_is_answered(ready: Mapping[str, Any]) -> None:
    status, body = signed_get(ready, "/portfolio/positions?limit=2")
    assert status == 200
    assert 0 < len(body["market_positions"]) <= 2


def test_a_wrong_signature_is_refused(ready: Mapping[str, Any]) -> None:
    assert signed_get(ready, "/portfolio/balance", signed_path="/portfolio/balance")[0] == 401


def test_a_stream_is_opened_and_closed(ready: Mapping[str, Any]) -> None:
    url = ready["venues"]["kalshi"]["ws_url"]
    with connect(url, additional_headers=signed_headers(ready, urlsplit(url).path), open_timeout=PATIENCE_S) as stream:
        stream.send('{"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}}')
        answer = json.loads(stream.recv(timeout=PATIENCE_S))
        assert isinstance(answer.pop("sending_ts_ms"), int)
        assert answer == {"type": "subscribed", "id": 1, "msg": {"channel": "fill", "sid": 1}}


def test_a_stream_without_a_key_is_refused(ready: Mapping[str, Any]) -> None:
    with pytest.raises(InvalidStatus) as raised, connect(ready["venues"]["kalshi"]["ws_url"], open_timeout=PATIENCE_S):
        pass
    assert raised.value.response.status_code == 401
    assert raised.value.response.headers["x-mock-diagnosis"]


def test_bytes_that_are_not_http_are_answered_with_400(ready: Mapping[str, Any]) -> None:
    where = urlsplit(ready["control_url"])
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=PATIENCE_S) as connection:
        connection.sendall(b"\x16\x03\x01 not HTTP\r\n\r\n")
        assert connection.recv(1024).startswith(b"HTTP/1.1 400 ")


@each_row(("arguments", "said"), [(["--version"], mockexchange.__version__), (["scenario", "list"], "demo")])
def test_the_command_answers(tmp_path: Path, arguments: list[str], said: str) -> None:
    run = subprocess.run(
        [COMMAND, *arguments],
        cwd=tmp_path,
        env=clean_environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert said in run.stdout

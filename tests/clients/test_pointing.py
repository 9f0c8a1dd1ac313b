"""The table of clients says which of them no variable points: each is imported, and asked which URLs it would dial."""

import json
import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mockexchange.clients.published import CLIENT_SETUPS, CLIENTS, variables_of
from mockexchange.guard.hosts import find_place
from mockexchange.venues.keys.development_keys import development_keys
from tests.clients.processes import find_python
from tests.helpers.rows import each_row

pytestmark = [pytest.mark.clients, pytest.mark.untraced]

KALSHI_PYTHON = """
from {0} import ApiClient, Configuration
urls = [Configuration().host, ApiClient().configuration.host]
"""
DIALLED = {
    "pykalshi": """
from pykalshi import KalshiClient
client = KalshiClient.from_env()
urls = [client.api_base, client.feed()._ws_url]
""",
    "pykalshi-client": """
from pykalshi.config import ClientConfig
urls = [ClientConfig().resolved_http_url, ClientConfig().resolved_ws_url]
""",
    "kalshi-sdk": """
from kalshi import KalshiClient
config = KalshiClient.from_env()._config
urls = [config.base_url, config.ws_base_url]
""",
    "kalshi-python-sync": KALSHI_PYTHON.format("kalshi_python_sync"),
    "kalshi-python-async": KALSHI_PYTHON.format("kalshi_python_async"),
    "kyro": """
from kyro import config_from_env
urls = [str(config_from_env().base_url)]
""",
    "ccxt": """
import ccxt.pro
api = ccxt.pro.deribit().urls["api"]
urls = [api["rest"], api["ws"]]
""",
    "typed-deribit": """
from typed_deribit import Deribit
client = Deribit.new()
from typed_deribit.core.transport.http import resolve_http_base_url
from typed_deribit.core.transport.ws import resolve_ws_url
urls = [resolve_http_base_url(False), resolve_ws_url(False)]
""",
}
"""Programs that put into `urls` what each client of docs/clients.md and docs/deribit.md would dial as it is."""


@each_row("name", DIALLED)
def test_a_client_is_pointed_by_its_variables_or_known_not_to_be(name: str, tmp_path: Path) -> None:
    client, key_file = CLIENTS[name], tmp_path / "key.pem"
    key_file.write_text(development_keys()[0].private_pem or "")
    words = {
        "base_url": "http://127.0.0.1:9/trade-api/v2",
        "ws_url": "ws://127.0.0.1:9/ws/api/v2",
        "origin": "http://127.0.0.1:9",
        "ws_origin": "ws://127.0.0.1:9",
        "key_id": "key-1",
        "key_path": str(key_file),
        "key_pem": key_file.read_text(),
        "secret": "secret-1",
    }
    shown = CLIENT_SETUPS[client.venue].generic if client.unpointed else client
    variables = {name: value for name, value in variables_of(shown, words, {}).items() if value is not None}
    command = [str(find_python(name, client.version)), "-c", f"{DIALLED[name]}\nimport json\nprint(json.dumps(urls))"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(command, env=kept | variables, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    hosts = [urlsplit(url.format(hostname="deribit.com")).hostname or "" for url in json.loads(done.stdout)]
    assert any(find_place(host) for host in hosts) is bool(client.unpointed), hosts
    assert {host for host in hosts if not find_place(host)} <= {"127.0.0.1"}

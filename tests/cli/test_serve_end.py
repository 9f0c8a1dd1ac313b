"""The end of `serve`: everything that it opened is closed, in each of its processes."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from mockexchange.cli.server_connection import find_server
from mockexchange.runtime.http_request import send
from tests.cli.test_click_base import ENVIRONMENT
from tests.helpers.patience import PATIENCE_S, wait_until
from tests.helpers.rows import each_row

OPTIONS = [
    [],
    ["--tls", "--scenario", "deribit"],
    ["--workers", "2", "--scenario", "signalplus", "--control-port", "0"],
    ["--workers", "3", "--store", "sqlite:kept.db"],
]


@each_row("options", OPTIONS, ids=lambda options: " ".join(options) or "plain")
@each_row("has_clients", [False, True])
def test_nothing_is_left_open(options: list[str], has_clients: bool, tmp_path: Path) -> None:
    """Python prints a ResourceWarning for what is left open, as plain text: every line is a JSON object."""
    ready_file = tmp_path / "ready.json"
    command = [sys.executable, "-W", "always::ResourceWarning", "-m", "mockexchange", "serve", "--log-format", "json"]
    command += ["--port", "0", "--ready-file", str(ready_file), *options]
    environment = {**ENVIRONMENT, "XDG_RUNTIME_DIR": str(tmp_path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=pipe, stderr=pipe) as process:
        try:
            wait_until(ready_file.exists)
            clients = _open_clients(ready_file) if has_clients else []
        finally:
            process.terminate()
        _, errors = process.communicate(timeout=PATIENCE_S)
    for client in clients:
        client.close()
    assert process.returncode == 0
    assert [json.loads(line)["event"] for line in errors.splitlines()][:1] == ["start"]


def _open_clients(ready_file: Path) -> list[socket.socket]:
    """Make a sandbox with a port of its own, if it can be, and leave connections open, half of them after an answer."""
    server = find_server(ready_file)
    url = urlsplit(server.ready["venues"]["kalshi"]["base_url"])
    clients = [socket.create_connection((url.hostname, url.port)) for _ in range(6)]
    if url.scheme == "http":
        server.ask("POST", "sandboxes", {"name": "own", "scenario": "lively", "port": 0})
        send("GET", f"{url.geturl()}/exchange/status", {})
        for client in clients[::2]:
            client.sendall(b"GET /trade-api/v2/exchange/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.recv(4096).startswith(b"HTTP/1.1 200")
    return clients

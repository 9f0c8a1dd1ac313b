"""examples/replicas: its compose file by its schema and without an engine, its load balancer in front of servers."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from websockets.sync.client import connect

from mockexchange.clients.request_signers import UnsignedRequest, sign
from tests.examples.programs import EXAMPLES
from tests.examples.test_bot import DEFAULT_OF, judged
from tests.helpers.installations import await_installations
from tests.helpers.patience import PATIENCE_S, wait_until
from tests.helpers.ports import free_port
from tests.helpers.postgres import PostgresServer
from tests.house.checkout import ROOT
from tests.house.image import dockerfile, pairs_of
from tests.server.streaming import subscribe
from tests.server.wire import ADDRESS

REPLICAS = EXAMPLES / "replicas"
COMPOSE, NGINX = REPLICAS / "compose.yaml", REPLICAS / "nginx.conf"
UNPACKED_NGINX = str(ROOT / "build" / "nginx" / "usr" / "sbin")
"""Where .ci/run puts Debian's program; installing it would start a server on all addresses."""
BALANCE, STREAM = "/trade-api/v2/portfolio/balance", "/trade-api/ws/v2"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
Services = Mapping[str, Any]


@pytest.fixture
def services() -> Services:
    found: Services = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    return found


def test_the_file_is_what_its_schema_wants(tmp_path: Path) -> None:
    assert judged("compose-spec", COMPOSE) == ""
    broken = tmp_path / COMPOSE.name
    broken.write_text(COMPOSE.read_text(encoding="utf-8") + "\nunheard-of: {}\n", encoding="utf-8")
    assert "unheard-of" in judged("compose-spec", broken)


def test_the_services_know_each_other(services: Services) -> None:
    mocks, balancer, text = ("mock1", "mock2"), services["balancer"], NGINX.read_text(encoding="utf-8")
    for name in mocks:
        mock = services[name]
        assert mock["command"] == ["--replica", f"{name}:8601"]
        assert f"server {name}:{pairs_of(dockerfile(), 'ENV')['MOCKEXCHANGE_PORT']} " in text
        assert (mock["read_only"], mock["cap_drop"], mock["environment"]) == (
            True,
            ["ALL"],
            services["mock1"]["environment"],
        )
        assert mock["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert set(balancer["depends_on"]) == set(mocks)
    database, settings = services["database"]["environment"], services["mock1"]["environment"]
    user, name = database["POSTGRES_USER"], database["POSTGRES_DB"]
    assert settings["MOCKEXCHANGE_STORE"] == f"postgresql://{user}@database/{name}"
    assert settings["PGPASSWORD"] == database["POSTGRES_PASSWORD"]
    assert balancer["volumes"] == ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
    assert balancer["ports"] == ["127.0.0.1:8600:8600"]
    assert "listen 8600;" in text


@contextmanager
def running(command: list[str | Path], **given: Any) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, **given)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_S)


@contextmanager
def serving(services: Services, name: str, home: Path, database: PostgresServer, port: int) -> Iterator[Any]:
    """Run a server with the settings of its service: only addresses and files are this machine's."""
    home.mkdir()
    settings = {key: DEFAULT_OF.sub(r"\1", value) for key, value in services[name]["environment"].items()}
    own = {
        "MOCKEXCHANGE_STORE": database.url.text,
        "MOCKEXCHANGE_HOST": ADDRESS,
        "MOCKEXCHANGE_PORT": str(port),
        "MOCKEXCHANGE_READY_FILE": str(home / "ready.json"),
        "XDG_RUNTIME_DIR": str(home),
        "HOME": str(home),
        "PATH": os.environ["PATH"],
    }
    arguments = [word.replace(f"{name}:8601", f"{ADDRESS}:{free_port()}") for word in services[name]["command"]]
    command: list[str | Path] = [sys.executable, "-m", "mockexchange", "serve", "--quiet", *arguments]
    with running(command, cwd=home, env={**settings, **own}) as process:
        yield process


@contextmanager
def balancing(home: Path, ports: Mapping[str, int], port: int) -> Iterator[None]:
    """Run the load balancer with its file: only addresses are this machine's."""
    await_installations()
    nginx = shutil.which("nginx", path=os.pathsep.join((os.environ["PATH"], "/usr/sbin", UNPACKED_NGINX)))
    if nginx is None:
        pytest.skip("nginx is not installed: Debian's package is `nginx`")
    home.mkdir()
    text = NGINX.read_text(encoding="utf-8").replace("listen 8600;", f"listen {ADDRESS}:{port};")
    for name, own in ports.items():
        text = text.replace(f"server {name}:8600 ", f"server {ADDRESS}:{own} ")
    places = "".join(f"    {name}_temp_path {home}/{name};\n" for name in TEMPORARY)
    (home / "nginx.conf").write_text(text.replace("http {\n", f"http {{\n{places}"), encoding="utf-8")
    settings = f"daemon off; pid {home}/pid; error_log {home}/error.log;"
    command: list[str | Path] = [nginx, "-p", home, "-c", home / "nginx.conf", "-e", home / "error.log"]
    checked = subprocess.run([*command, "-t", "-g", settings], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    with running([*command, "-g", settings]):
        yield


def answers(url: str, **given: Any) -> bool:
    try:
        return httpx.get(url, timeout=PATIENCE_S, **given).status_code == 200
    except httpx.HTTPError:
        return False


def test_clients_of_the_load_balancer_see_one_exchange(
    services: Services, postgres: PostgresServer, tmp_path: Path
) -> None:
    """It takes seconds: two servers start at once, and one is killed, so that the other one takes its place."""
    port, ports = free_port(), {name: free_port() for name in ("mock1", "mock2")}
    headers = {"Authorization": "Bearer only-for-tests"}
    base = f"http://{ADDRESS}:{port}"
    with ExitStack() as stack:
        stack.enter_context(balancing(tmp_path / "nginx", ports, port))
        processes = {
            name: stack.enter_context(serving(services, name, tmp_path / name, postgres, own))
            for name, own in ports.items()
        }
        wait_until(lambda: all((tmp_path / name / "ready.json").exists() for name in ports))
        client = stack.enter_context(httpx.Client(base_url=base, timeout=PATIENCE_S))
        created = client.put(
            "/_mock/sandboxes/own", json={"scenario": {"scenario": "own", "accounts": {"bob": {}}}}, headers=headers
        )
        assert created.status_code == 201, created.text
        credential = {key: created.json()["accounts"][0][key] for key in ("key_id", "private_key_pem", "secret")}

        def signed(target: str) -> dict[str, str]:
            return sign("kalshi", credential, UnsignedRequest("GET", target, b""))

        def deposit() -> None:
            body = [{"deposit": {"account": "bob", "amount": 1}}]
            done = client.post("/_mock/sandboxes/own/commands", json=body, headers=headers)
            assert done.status_code == 200, done.text

        for cents in (100, 200, 300):
            deposit()
            for _ in range(4):  # of both servers
                assert client.get(BALANCE, headers=signed(BALANCE)).json()["balance"] == cents
        with connect(f"ws://{ADDRESS}:{port}{STREAM}", additional_headers=signed(STREAM)) as stream:
            stream.send(subscribe("fill"))
            assert json.loads(stream.recv(PATIENCE_S))["type"] == "subscribed"
        processes["mock1"].kill()
        wait_until(lambda: answers(f"{base}/_mock/sandboxes", headers=headers))
        deposit()
        assert client.get(BALANCE, headers=signed(BALANCE)).json()["balance"] == 400

"""The servers that are measured, each in a process of its own: ours with a world of N rows, or the plain baseline.

Prints one JSON line when it answers: {port, private_pem}, the latter null where a secret signs.
The other key ids are the API dates. Ends with its standard input.
"""

import argparse
import asyncio
import gc
import json
import sys
from base64 import b64decode
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks import derivatives, history, order_entry, world
from benchmarks.derivatives import CASES, Case
from benchmarks.world import DATES, PATH, START_S, Timed, loop_factory
from mockexchange.core.commands import AddKey
from mockexchange.core.exchange import Exchange
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Slot
from mockexchange.scenario.loader import load_text
from mockexchange.server.http import listener as listeners
from mockexchange.server.server_state import ServerState
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.keys.development_keys import development_keys
from mockexchange.venues.keys.public_keys import load_public_key

SCENARIO = f"""
scenario: bench
start: {datetime.fromtimestamp(START_S, UTC):%Y-%m-%dT%H:%M:%SZ}
auth: {{past: 1h}}
accounts: {{bystander: {{}}}}
"""
WORLDS = {"positions": world.positions, "history": history.history, "orders": order_entry.market}


async def sandbox_of(kind: str, count: int) -> Sandbox:
    """Return a sandbox filled with `count` rows of one account, which has a key for each API date."""
    sandbox = await open_sandbox(load_text(SCENARIO), SandboxOptions(api_date=api_date("latest")))
    _fill(sandbox.exchange, WORLDS[kind](count, START_S * world.SECOND))
    pair = development_keys()[0]
    for date in DATES:
        command = AddKey(account=world.ACCOUNT, key=date, key_id=date, public_key=pair.public_pem, api_date=date)
        await sandbox.submit(command)
    return sandbox


async def derivatives_sandbox(venue: str, count: int) -> Sandbox:
    """Return a sandbox with `count` positions of an account of a venue."""
    sandbox = await open_sandbox(load_text(derivatives.scenario(venue)), SandboxOptions(api_date=api_date("latest")))
    _fill(sandbox.exchange, derivatives.positions(count, START_S * world.SECOND))
    return sandbox


async def serve(opened: Coroutine[Any, Any, Sandbox], private_pem: str | None) -> None:
    """Serve a sandbox as the default one."""
    sandbox = await opened
    gc.freeze()  # as `serve` does after its imports and its history
    server_state = ServerState("127.0.0.1")
    server_state.bind(0)
    server_state.sandboxes.add(Slot(sandbox))
    await server_state.listen(Response(status_code=404))
    assert server_state.main is not None
    await _until_stdin_ends(server_state.main.port, private_pem)
    await server_state.stop()


def _fill(exchange: Exchange, steps: Iterable[Timed]) -> None:
    """Past the log, which no page reads; without collections, for a world has no garbage."""
    gc.disable()
    world.carry_out(exchange, steps)
    gc.enable()


async def serve_baseline(body: bytes, path: str = PATH, method: str = "GET") -> None:
    """A plain Starlette route: reads the headers, verifies one PSS signature, parses a body, returns the bytes."""
    pair = development_keys()[0]
    key = load_public_key(pair.public_pem)
    assert isinstance(key, RSAPublicKey)
    await _listen_plainly(Route(path, _baseline_endpoint(key, body), methods=[method]), pair.private_pem)


async def serve_derivatives_baseline(case: Case, body: bytes) -> None:
    """A plain Starlette route: reads the request, verifies one HMAC, returns the bytes."""
    endpoint = derivatives.baseline_endpoint(case, body)
    await _listen_plainly(Route(case.path, endpoint, methods=["GET", "POST"]), None)


async def _listen_plainly(route: Route, private_pem: str | None) -> None:
    app = Starlette(routes=[route])
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none", server_header=False)
    server = uvicorn.Server(config)
    sock = listeners.bind("127.0.0.1", 0)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    await _until_stdin_ends(sock.getsockname()[1], private_pem)
    server.should_exit = True
    await task


def _baseline_endpoint(key: RSAPublicKey, body: bytes) -> Callable[[Request], Any]:
    scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    algorithm = hashes.SHA256()

    async def endpoint(request: Request) -> Response:
        headers = request.headers
        if headers["kalshi-access-key"] != DATES[0]:
            return Response(status_code=401)
        message = f"{headers['kalshi-access-timestamp']}{request.method}{request.url.path}".encode()
        key.verify(b64decode(headers["kalshi-access-signature"]), message, scheme, algorithm)
        if request.method == "GET":
            return Response(body, media_type="application/json")
        await request.json()
        return Response(body, status_code=201, media_type="application/json")

    return endpoint


async def _until_stdin_ends(port: int, private_pem: str | None) -> None:
    print(json.dumps({"port": port, "private_pem": private_pem}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "kind", choices=[*WORLDS, "baseline", "orders-baseline", *CASES, *(f"{name}-baseline" for name in CASES)]
    )
    parser.add_argument("argument", help="how many rows, or the file with the baseline's body")
    arguments = parser.parse_args()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_job(arguments.kind, arguments.argument))


def _job(kind: str, argument: str) -> Coroutine[Any, Any, None]:
    if kind in WORLDS:
        return serve(sandbox_of(kind, int(argument)), development_keys()[0].private_pem)
    if kind in CASES:
        return serve(derivatives_sandbox(kind, int(argument)), None)
    body = Path(argument).read_bytes()
    if kind == "orders-baseline":
        return serve_baseline(body, order_entry.PATH, "POST")
    venue = kind.removesuffix("-baseline")
    return serve_derivatives_baseline(CASES[venue], body) if venue in CASES else serve_baseline(body)


if __name__ == "__main__":
    main()

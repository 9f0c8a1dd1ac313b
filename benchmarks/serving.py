"""The servers that are measured, each in a process of its own: ours with a world of N rows, or the plain baseline.

Prints one JSON line when it answers: {port, private_pem}. Its key ids are the API dates. Ends with its standard input.
"""

import argparse
import asyncio
import gc
import json
import sys
from base64 import b64decode
from collections.abc import Callable, Iterable
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

from benchmarks import history, world
from benchmarks.world import DATES, PATH, START_S, Timed, loop_factory
from mockexchange.core.commands import AddKey
from mockexchange.core.exchange import Exchange
from mockexchange.sandbox import SandboxOptions, open_sandbox
from mockexchange.sandboxes import Slot
from mockexchange.scenario.keys import development_keys
from mockexchange.scenario.loader import load_text
from mockexchange.server import listener as listeners
from mockexchange.server.hub import Hub
from mockexchange.venues.kalshi.dates import api_date
from mockexchange.venues.kalshi.signing import load_public_key

SCENARIO = f"""
scenario: bench
start: {datetime.fromtimestamp(START_S, UTC):%Y-%m-%dT%H:%M:%SZ}
auth: {{past: 1h}}
accounts: {{bystander: {{}}}}
"""
WORLDS = {"positions": world.positions, "history": history.history}


async def serve_ours(kind: str, count: int) -> None:
    """Our server, its default sandbox filled with `count` rows of one account, which has a key for each API date."""
    hub = Hub("127.0.0.1")
    hub.bind(0)
    sandbox = await open_sandbox(load_text(SCENARIO), SandboxOptions(api_date=api_date("latest")))
    _fill(sandbox.exchange, WORLDS[kind](count, START_S * world.SECOND))
    pair = development_keys()[0]
    for date in DATES:
        command = AddKey(account=world.ACCOUNT, key=date, key_id=date, public_key=pair.public_pem, api_date=date)
        await sandbox.submit(command)
    hub.sandboxes.add(Slot(sandbox))
    await hub.listen(Response(status_code=404))
    assert hub.main is not None
    await _until_stdin_ends(hub.main.port, pair.private_pem)
    await hub.stop()


def _fill(exchange: Exchange, steps: Iterable[Timed]) -> None:
    """Past the log, which no page reads; without collections, for a world has no garbage."""
    gc.disable()
    world.carry_out(exchange, steps)
    gc.enable()


async def serve_baseline(body: bytes) -> None:
    """A plain Starlette route: reads the three headers, verifies one PSS signature, returns the bytes."""
    pair = development_keys()[0]
    key = load_public_key(pair.public_pem)
    assert isinstance(key, RSAPublicKey)
    app = Starlette(routes=[Route(PATH, _baseline_endpoint(key, body))])
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none", server_header=False)
    server = uvicorn.Server(config)
    sock = listeners.bind("127.0.0.1", 0)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    await _until_stdin_ends(sock.getsockname()[1], pair.private_pem)
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
        return Response(body, media_type="application/json")

    return endpoint


async def _until_stdin_ends(port: int, private_pem: str | None) -> None:
    print(json.dumps({"port": port, "private_pem": private_pem}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=[*WORLDS, "baseline"])
    parser.add_argument("argument", help="how many rows, or the file with the baseline's body")
    arguments = parser.parse_args()
    if arguments.kind == "baseline":
        job = serve_baseline(Path(arguments.argument).read_bytes())
    else:
        job = serve_ours(arguments.kind, int(arguments.argument))
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(job)


if __name__ == "__main__":
    main()

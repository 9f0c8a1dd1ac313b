"""The servers that are measured, each in a process of its own: ours with N positions, or the plain baseline.

Prints one JSON line when it answers: {port, key_id, private_pem, path}. Ends with its standard input.
"""

import argparse
import asyncio
import json
import sys
from base64 import b64decode
from collections.abc import Callable
from itertools import chain
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

from benchmarks import world
from benchmarks.world import PATH, loop_factory
from mockexchange.sandbox import SandboxOptions, open_sandbox
from mockexchange.sandboxes import Slot
from mockexchange.scenario.keys import development_keys
from mockexchange.scenario.loader import load_text
from mockexchange.server import listener as listeners
from mockexchange.server.hub import Hub
from mockexchange.venues.kalshi.dates import api_date
from mockexchange.venues.kalshi.signing import load_public_key

SCENARIO = "scenario: bench\nauth: {past: 1h}\naccounts: {bystander: {}}\n"


async def serve_ours(positions: int, date: str) -> None:
    """Our server, its default sandbox filled with `positions` rows of one account."""
    hub = Hub("127.0.0.1")
    hub.bind(0)
    sandbox = await open_sandbox(load_text(SCENARIO), SandboxOptions(api_date=api_date(date)))
    steps = chain(world.list_markets(positions), world.open_positions(positions), world.settle_some(positions))
    for number, command in enumerate(steps):
        await sandbox.submit(command, sandbox.plan.start + number * 1_000)
    pair = development_keys()[0]
    await sandbox.submit(_key(pair.public_pem))
    hub.sandboxes.add(Slot(sandbox))
    await hub.listen(Response(status_code=404))
    assert hub.main is not None
    await _until_stdin_ends(hub.main.port, "bench-key", pair.private_pem)
    await hub.stop()


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
    await _until_stdin_ends(sock.getsockname()[1], "bench-key", pair.private_pem)
    server.should_exit = True
    await task


def _baseline_endpoint(key: RSAPublicKey, body: bytes) -> Callable[[Request], Any]:
    scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    algorithm = hashes.SHA256()

    async def endpoint(request: Request) -> Response:
        headers = request.headers
        if headers["kalshi-access-key"] != "bench-key":
            return Response(status_code=401)
        message = f"{headers['kalshi-access-timestamp']}{request.method}{request.url.path}".encode()
        key.verify(b64decode(headers["kalshi-access-signature"]), message, scheme, algorithm)
        return Response(body, media_type="application/json")

    return endpoint


def _key(public_pem: str) -> Any:
    from mockexchange.core.commands import AddKey

    return AddKey(account=world.ACCOUNT, key="main", key_id="bench-key", public_key=public_pem)


async def _until_stdin_ends(port: int, key_id: str, private_pem: str | None) -> None:
    print(json.dumps({"port": port, "key_id": key_id, "private_pem": private_pem}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--positions", type=int)
    parser.add_argument("--date", default="latest")
    parser.add_argument("--baseline")
    arguments = parser.parse_args()
    job = serve_ours(arguments.positions, arguments.date)
    if arguments.baseline:
        job.close()
        job = serve_baseline(Path(arguments.baseline).read_bytes())
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(job)


if __name__ == "__main__":
    main()

"""A server is ended by `kill -9` again and again while clients deposit; each acknowledged deposit is in the log once.

The log is read after each restart, so a record that changes or goes is found. At the end a replay of the exported
log has to give what the server answers, byte for byte.
"""

import json
import re
import signal
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import httpx

from benchmarks.observations import Observations, Read, act, differences
from benchmarks.one_server import TOKEN, Service, stored
from mockexchange.clients.request_signers import UnsignedRequest, sign
from tests.helpers.postgres import PostgresServer

CLIENTS = 4
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
NO_HEADERS: Mapping[str, str] = {}
SANDBOX = "default"
TIME_OF_READ = re.compile(rb'"updated_ts":\d+')
BALANCE = "/trade-api/v2/portfolio/balance"
TRUTH = (BALANCE, "/trade-api/v2/portfolio/positions", "/trade-api/v2/portfolio/fills")


def kills(
    home: Path, server: PostgresServer | None, seed: int, times: int, commands: int
) -> tuple[Observations, list[str]]:
    """Kill a server so many times while so many commands are acknowledged; return what was seen and what is wrong."""
    store = server.url.text if server else f"sqlite:{home}/kills.db"
    service, seen, random = Service(home, store), Observations(), Random(seed)
    each = -(-commands // times)
    for _ in range(times):
        wanted = len(seen.acknowledged[SANDBOX]) + random.randrange(each // 2, each + each // 2 + 1)
        _deposit_until_killed(service, seen, wanted)
        service.be_there()
        with httpx.Client(headers=HEADERS, timeout=60) as client:
            lines = client.get(f"{service.url}/sandboxes/{SANDBOX}/log").content
        missing = seen.acknowledged[SANDBOX] - seen.note_lines(SANDBOX, lines)
        seen.problems += [f"after a restart the deposit of {one} is missing" for one in sorted(missing)]
    credential = credential_of(home)
    answers = truth(service.url, credential)
    service.end(signal.SIGKILL)
    log = stored(store, "export", SANDBOX)
    problems = differences(seen, {SANDBOX: log}) + stored(store, "check", "--json").decode().splitlines()
    problems += replay_differences(home, log, {"the server": answers}, credential)
    tried, there = len(seen.tried[SANDBOX]), len(seen.acknowledged[SANDBOX])
    seen.summary = f"seed {seed}: {times} kills, {there:,} deposits acknowledged, {tried - there} without an answer"
    return seen, problems


def _deposit_until_killed(service: Service, seen: Observations, wanted: int) -> None:
    """Let clients deposit, and kill the server in the middle of it, once so many are acknowledged."""
    is_over, is_enough = Event(), Event()

    def deposit() -> None:
        with suppress(httpx.HTTPError), httpx.Client(headers=HEADERS, timeout=60) as client:
            while not is_over.is_set():
                act(client, f"{service.url}/sandboxes/{SANDBOX}", SANDBOX, seen, reads=False)
                if len(seen.acknowledged[SANDBOX]) >= wanted:
                    is_enough.set()

    with ThreadPoolExecutor(CLIENTS) as clients:
        for _ in range(CLIENTS):
            clients.submit(deposit)
        is_enough.wait(60)
        service.end(signal.SIGKILL)
        is_over.set()


def credential_of(home: Path) -> dict[str, Any]:
    """Return the key of the account of a running server, from its ready file."""
    [account] = json.loads((home / "ready.json").read_text())["accounts"]
    pem = Path(account["private_key_path"]).read_text()
    return {"key_id": account["key_id"], "private_key_pem": pem, "secret": None}


def signed_get(
    client: httpx.Client, base: str, target: str, credential: dict[str, Any], further: Mapping[str, str] = NO_HEADERS
) -> httpx.Response:
    """Send a GET that is signed now, with further headers."""
    return client.get(
        base + target, headers={**sign("kalshi", credential, UnsignedRequest("GET", target, b"")), **further}
    )


def read_balance(
    client: httpx.Client,
    base: str,
    server: str,
    sandbox: str,
    seen: Observations,
    credential: dict[str, Any],
    *,
    wanted: int | None = None,
) -> int:
    """Read the balance of a sandbox's account at a server, and note it with its time.

    `wanted` is the number of the command that a read of a session has to contain; return that of the answer, or 0.
    """
    further = {} if wanted is None else {"X-Mock-Min-Seq": str(wanted)}
    began = time.monotonic()
    reply = signed_get(client, base, BALANCE, credential, further)
    ended = time.monotonic()
    with seen.lock:
        seen.statuses[reply.status_code] += 1
        if reply.status_code == 200:
            seen.reads.append(Read(began, ended, sandbox, reply.json()["balance"], server, wanted))
        elif reply.status_code != 503 or not reply.headers.get("x-mock-diagnosis"):
            seen.problems.append(f"{server}: {reply.status_code} to a read: {reply.text[:300]}")
    return int(reply.headers.get("x-mock-seq", 0))


def truth(control_url: str, credential: dict[str, Any], targets: Iterable[str] = TRUTH) -> list[bytes]:
    """Return the bodies of reads that show an account."""
    base = control_url.removesuffix("/_mock")
    with httpx.Client(timeout=60) as client:
        answers = [signed_get(client, base, target, credential) for target in targets]
    return [b"%d " % answer.status_code + TIME_OF_READ.sub(b"", answer.content) for answer in answers]


def replay_differences(
    home: Path, log: bytes, answers: dict[str, list[bytes]], credential: dict[str, Any]
) -> list[str]:
    """Serve what a replay of an exported log gives, and compare its answers with those of servers."""
    place = home / "replay"
    place.mkdir(parents=True, exist_ok=True)
    (place / "log.jsonl").write_bytes(log)
    last = len(log.splitlines()) - 1
    again = Service(place, "", ["--from-log", "log.jsonl", "--until", str(last)])
    expected = truth(again.url, credential)
    again.end(signal.SIGKILL)
    return answer_problems(answers, expected)


def answer_problems(answers: Mapping[str, Sequence[bytes]], expected: Sequence[bytes]) -> list[str]:
    """Return what servers answered otherwise than a replay."""
    return [
        f"{name} answers {found!r}, and a replay of the log {wanted!r}"
        for name, found_all in answers.items()
        for found, wanted in zip(found_all, expected, strict=True)
        if found != wanted
    ]

"""`--reads session` and `any`: a follower answers what it has, and the numbers of the log say how new that is."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from mockexchange.server.replicas import follower_role, replica
from mockexchange.server.replicas.follower_role import FollowerRole
from mockexchange.server.workers.reads import Reads
from tests.helpers.patience import PATIENCE_S
from tests.helpers.postgres import PostgresServer
from tests.server.live import PREFIX, Live, SandboxView
from tests.server.replicas.several import serving_two
from tests.server.test_store import SMALL_OBJECT
from tests.server.wire import ADDRESS, Reply, request

BALANCE = PREFIX + "/portfolio/balance"


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica, "LOOK_EVERY_S", 0.02)


async def _never(reads: Reads) -> None:
    await asyncio.Event().wait()


@contextmanager
def held(monkeypatch: pytest.MonkeyPatch, age_s: float) -> Iterator[Callable[[], None]]:
    """Let a follower follow by itself until the function is called, and show a state of this age."""
    monkeypatch.setattr(Reads, "_keep_following", _never)
    monkeypatch.setattr(follower_role, "AGE_S_MAX", age_s)

    def hold() -> None:
        looked = Event()

        async def stay(follower: FollowerRole, seen: Any) -> None:
            looked.set()

        monkeypatch.setattr(FollowerRole, "move", stay)
        assert looked.wait(PATIENCE_S)

    yield hold


def deposit(live: Live) -> int:
    """Deposit a dollar; return the number of the command, which the answer has."""
    reply = live.control("POST", "/sandboxes/default/commands", [{"deposit": {"account": "alice", "amount": 1}}])
    assert reply.status == 200
    return int(reply.headers["x-mock-seq"])


def view(live: Live, name: str = "default", port: int | None = None) -> SandboxView:
    shown = live.json("GET", f"/sandboxes/{name}")
    return SandboxView(live, {**shown, "base_url": f"http://{ADDRESS}:{port or live.port}"})


def read(shown: SandboxView, wanted: str = "") -> Reply:
    headers = shown.client().headers("GET", BALANCE)
    if wanted:
        headers["X-Mock-Min-Seq"] = wanted
    return shown.ask(request("GET", BALANCE, headers))


def cents(reply: Reply) -> int:
    assert reply.status == 200, reply
    return int(json.loads(reply.body)["balance"])


def number(reply: Reply) -> int:
    return int(reply.headers["x-mock-seq"])


def test_a_session_sees_the_writes_whose_number_it_sends(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        held(monkeypatch, 3_600) as hold,
        serving_two(tmp_path, postgres, reads="session") as (home, other),
    ):
        at_home, at_other = view(home), view(home, port=other.port)
        before = cents(read(at_other))
        hold()
        written = deposit(home)
        old = read(at_other)
        assert (cents(old), number(old)) == (before, written - 1)
        assert cents(read(at_other, str(written - 1))) == before
        new = read(at_other, str(written))
        assert (cents(new), number(new)) == (before + 100, written)
        assert number(read(at_home)) == written
        deposit(other)  # the connection is the home's: the write is not here yet
        assert cents(read(at_other)) == before + 100
        assert cents(read(at_other, "newest")) == before + 200  # no number: as a strict read
        deposit(home)
        assert cents(read(at_other, str(written + 1_000))) == before + 300  # of a log before a reset


def test_any_read_is_answered_without_asking(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(monkeypatch, 3_600) as hold, serving_two(tmp_path, postgres, reads="any") as (home, other):
        at_other = view(home, port=other.port)
        before = cents(read(at_other))
        hold()
        written = deposit(home)
        assert cents(read(at_other, str(written))) == before
        home.json("PUT", "/sandboxes/more", {"scenario": SMALL_OBJECT})
        assert read(view(home, "more", other.port)).status == 200  # its key is not known here yet
        assert cents(read(at_other)) == before + 100


def test_what_is_too_old_is_not_shown(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(monkeypatch, -1) as hold, serving_two(tmp_path, postgres, reads="any") as (home, other):
        at_other = view(home, port=other.port)
        before = cents(read(at_other))
        hold()
        deposit(home)
        assert cents(read(at_other)) == before + 100


def test_strict_reads_have_no_number(postgres: PostgresServer, tmp_path: Path) -> None:
    with serving_two(tmp_path, postgres) as (home, other):
        written = deposit(home)
        for shown in (view(home), view(home, port=other.port)):
            reply = read(shown, str(written))
            assert (reply.status, "x-mock-seq" in reply.headers) == (200, False)

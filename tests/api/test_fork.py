"""A fork from Python, in each of the four ways: of an exchange, and of a log in a file."""

import json
from pathlib import Path
from typing import Any

import pytest

from mockexchange import WrongArgument, WrongRequest
from tests.api.connections import get

BUY: dict[str, Any] = {"side": "yes", "action": "buy", "count": 1, "price": "0.56"}


def test_a_fork_is_as_the_exchange_was(exchange: Any, tmp_path: Path) -> None:
    before, last = exchange.positions("alice"), len(exchange.log())
    exchange.fill("alice", "KXRAINNYC-25NOV05-T1", **BUY)
    path = tmp_path / "run.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in exchange.ask("GET", "log")))
    with exchange.fork(last, clock="paused") as old, exchange.fork(log=path) as new:
        assert (old.positions("alice"), new.positions("alice")) == (before, exchange.positions("alice"))
        assert old.accounts["alice"].key_id == exchange.accounts["alice"].key_id
        assert len({old.base_url, new.base_url, exchange.base_url}) == 3
        assert b'"balance":' in get(old, "/portfolio/balance").body
        with new.fork(new.now(), name="of-a-fork") as third:
            assert (third.name, third.positions("alice")) == ("of-a-fork", new.positions("alice"))


def test_a_fork_that_cannot_be_is_refused(exchange: Any, tmp_path: Path) -> None:
    with pytest.raises(WrongRequest, match="none with the number 9,999"), exchange.fork(9_999):
        pass
    for log in (tmp_path / "none", tmp_path, 3):
        with pytest.raises(WrongArgument, match="log"), exchange.fork(log=log):
            pass

"""What is there to be seen of a sandbox: its journal, its log and the truth."""

import pytest

from mockexchange.replay import Replay
from mockexchange.sandbox.state_json.accounts import ledger_of, positions_of
from tests.server.live import PREFIX, SandboxView
from tests.server.small import BALANCE, BUY, POSITIONS, error_of
from tests.server.wire import request

NO_LEVELS = [["0.4300", "80.00"]]
BETWEEN_SHARDS = {
    "account": "alice",
    "source": "event_contract",
    "target": "event_contract",
    "source_shard": 0,
    "target_shard": 1,
}


@pytest.fixture
def busy(sandbox: SandboxView) -> SandboxView:
    """Has answered: 1 positions, 2 balance, 3 positions refused, 4 an unknown path, 5 unsigned."""
    alice = sandbox.client()
    said = [alice.get(POSITIONS), alice.get(BALANCE), alice.get(f"{POSITIONS}?limit=0"), alice.get("/nope", "POST")]
    for raw in [*said, request("GET", PREFIX + BALANCE)]:
        sandbox.ask(raw)
    return sandbox


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("?operation=GetPositions", [1, 3]),
        ("?operation=GetBalance", [2, 5]),
        ("?account=alice", [1, 2, 3]),
        ("?account=bob", []),
        ("?method=POST", [4]),
        (f"?path={PREFIX}{BALANCE}", [2, 5]),
        ("?status=200", [1, 2]),
        ("?status=401&operation=GetBalance", [5]),
        ("?after=3", [4, 5]),
        ("?after=99", []),
        ("?last=2", [4, 5]),
        ("?last=2&account=alice", [2, 3]),
        ("?after=1&last=1&account=alice", [3]),
    ],
)
def test_the_journal_is_filtered(busy: SandboxView, query: str, numbers: list[int]) -> None:
    assert [entry["number"] for entry in busy.journal(query)] == numbers


def test_the_journal_is_filtered_by_key(busy: SandboxView) -> None:
    assert [entry["number"] for entry in busy.journal(f"?key_id={busy.client().key_id}")] == [1, 2, 3]


TWICE = "?status=200&status=401"


@pytest.mark.parametrize(
    "query", ["?color=red", "?status=ok", "?after=-1", "?last=%C2%B2", "?last=1e3", "?last=" + "9" * 30, TWICE]
)
def test_an_unknown_filter_is_named(busy: SandboxView, query: str) -> None:
    reply = busy.live.control("GET", f"/sandboxes/{busy.name}/journal{query}")
    assert reply.status == 400
    assert query[1:].partition("=")[0] in error_of(reply)["message"]


def test_a_journal_is_cleared_and_counts_on(busy: SandboxView) -> None:
    busy.call("DELETE", "/journal")
    assert busy.journal() == []
    busy.ask(busy.client().get(BALANCE))
    assert [entry["number"] for entry in busy.journal()] == [6]


def test_the_log_alone_gives_the_same_truth(busy: SandboxView) -> None:
    busy.call("POST", "/commands", [BUY, {"settle": {"market": "NONE", "result": "yes"}}])
    replay = Replay(busy.log().splitlines())
    assert len(list(replay)) == len(busy.log().splitlines()) - 1
    for account in ("alice", "desk"):
        assert positions_of(replay.exchange.state, account) == busy.positions(account)
        assert ledger_of(replay.exchange.state, account) == busy.ledger(account)


def test_the_truth_names_the_accounts_there_are(sandbox: SandboxView) -> None:
    assert sandbox.positions()[0]["quantity"] == "10.00"
    assert sandbox.positions("desk") == []
    reply = sandbox.live.control("GET", f"/sandboxes/{sandbox.name}/accounts/carol/positions")
    assert reply.status == 404
    assert "alice, desk" in error_of(reply)["message"]


def test_the_ledger_tells_what_a_command_did(sandbox: SandboxView) -> None:
    before = sandbox.ledger()
    sandbox.call("POST", "/commands", [BUY, {"deposit": {"account": "alice", "amount": 5, "payment": "p"}}])
    after = sandbox.ledger()
    assert (len(before["fills"]), len(after["fills"])) == (1, 2)
    assert after["deposits"][: len(before["deposits"])] == before["deposits"]
    assert [(row["id"], row["moved"]) for row in after["deposits"]][-1] == ("p", "5.000000")
    assert float(after["cash"]["0"]) < float(before["cash"]["0"]) + 5


def test_steps_of_lists_and_mappings_are_read_from_json(sandbox: SandboxView) -> None:
    quoted = {"market": "RAIN-1", "yes": [[0.55, 100], [0.5, 1.37]], "no": [["0.43", 80]]}
    steps = [
        {"orderbook": quoted},
        {"allocate": {"account": "alice", "allocations": {"0": 60, "1": 40}}},
        {"cap": {"account": "desk/st1", "limit": None}},
        {"shard_transfer": {"account": "alice", "target_shard": 1, "amount": 0.1, "id": "t", "status": "pending"}},
        {"complete_transfer": {"transfer": "t"}},
    ]
    told = sandbox.call("POST", "/commands", steps)
    events = [event for outcome in told for event in outcome["events"]]
    assert [event for event in events if event["type"] not in ("cash_moved", "level_changed")] == [
        {
            "type": "market_quoted",
            "market": "RAIN-1",
            "yes": [["0.5500", "100.00"], ["0.5000", "1.37"]],
            "no": NO_LEVELS,
        },
        {"type": "balance_allocated", "account": "alice", "allocations": [[0, 60], [1, 40]], "reservation": "sum"},
        {"type": "subtrader_capped", "account": "desk", "book": "st1", "limit": None},
        {"type": "shard_transferred", "transfer": "t", **BETWEEN_SHARDS, "amount": "0.100000", "status": "pending"},
        {"type": "transfer_completed", "transfer": "t"},
    ]


def test_the_ledger_names_the_accounts_there_are(sandbox: SandboxView) -> None:
    assert sandbox.ledger("desk")["fills"] == []
    reply = sandbox.live.control("GET", f"/sandboxes/{sandbox.name}/accounts/carol/ledger")
    assert reply.status == 404
    assert "alice, desk" in error_of(reply)["message"]

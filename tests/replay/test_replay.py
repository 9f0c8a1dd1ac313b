"""Replay: a log gives the same state, a journal the same bytes, and changed recordings give deviations."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from mockexchange.core.commands import Deposit, SettleMarket
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import Result, SubaccountRef
from mockexchange.replay import Deviation, Recording, Replay, Verdict, compare, read_journal
from mockexchange.sandbox.journal import checksum_of
from mockexchange.sandbox.journal_json import entry_to_json
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.state_json.accounts import ledger_of, positions_of
from mockexchange.sandbox.state_json.events import outcome_of
from mockexchange.store.codec import write_log
from mockexchange.store.log import LogError
from mockexchange.venues.request import Request
from tests.core.dump import dump
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import POSITIONS, PREFIX, SMALL, WALL, make, run, signed

BALANCE = f"{PREFIX}/portfolio/balance"
PAY = Deposit(subaccount_ref=SubaccountRef("alice"), amount_micros=1_000_000)
Entries = list[dict[str, Any]]


class Story:
    """A sandbox with alternating requests and commands, and its exported log and journal."""

    def __init__(self, text: str = SMALL, date: str = "2026-10", **options: Any) -> None:
        self.sandbox = make(text, date, **options)
        self.outcomes: list[Any] = []
        sandbox = self.sandbox
        self.ask(signed(sandbox), signed(sandbox, BALANCE), Request("GET", "/nope", "a=b"), Request("POST", POSITIONS))
        self.do(PAY)
        self.ask(signed(sandbox, f"{POSITIONS}?limit=1&page=2"), signed(sandbox, f"{POSITIONS}?limit=0"))
        sandbox.clock.advance(3_600_000_000)
        self.do(SettleMarket(market="NONE", result=Result.YES))
        self.do(SettleMarket(market="RAIN-1", result=Result.YES))
        self.ask(signed(sandbox, f"{POSITIONS}?settlement_status=all"), signed(sandbox, BALANCE, "desk/main"))
        self.ask(signed(sandbox, POSITIONS, at=WALL - 60_000_000), Request("GET", POSITIONS, body=b"\xff body"))

    def ask(self, *requests: Request) -> None:
        for request in requests:
            self.sandbox.answer(request)

    def do(self, command: Any) -> None:
        outcome = run(self.sandbox.submit(command))
        self.outcomes.append(outcome_of(self.sandbox.exchange.state.sequence, self.sandbox.exchange.last_at, outcome))

    @property
    def lines(self) -> list[bytes]:
        return list(write_log(self.sandbox.log))

    @property
    def entries(self) -> Entries:
        """Return the items as they are read from a file."""
        plain: Entries = json.loads(json.dumps([entry_to_json(entry) for entry in self.sandbox.journal]))
        return plain


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


def deviations(verdicts: Iterable[Verdict]) -> list[Deviation]:
    return [verdict.deviation for verdict in verdicts if verdict.deviation]


def again(story: Story, entries: Entries | None = None) -> list[Verdict]:
    text = json.dumps(story.entries if entries is None else entries)
    return list(compare(Replay(story.lines), read_journal(text)))


SAME = [Verdict("answer", number) for number in range(1, 11)]


def truth(sandbox: Sandbox | Replay) -> Any:
    """Return the whole state with all fields, and its JSON."""
    state = sandbox.exchange.state
    told = {name: (positions_of(state, name), ledger_of(state, name)) for name in state.accounts}
    return told, dump(state), state.sequence


# --- a log


def test_the_same_log_gives_the_same_truth(story: Story) -> None:
    replay = Replay(story.lines)
    steps = list(replay)
    assert truth(replay) == truth(story.sandbox)
    assert replay.exchange.last_at == story.sandbox.exchange.last_at
    assert len(steps) == len(story.sandbox.log)
    told = [outcome_of(record.sequence, record.at, outcome) for record, outcome in steps[-3:]]
    assert told == story.outcomes
    assert isinstance(steps[-2][1], Refusal)


def test_a_replayed_log_is_the_same_log(story: Story) -> None:
    again = [record for record, _ in Replay(story.lines)]
    assert again == list(story.sandbox.log)


def test_it_can_be_stopped_on_the_way_and_goes_on(story: Story) -> None:
    replay = Replay(story.lines)
    replay.run_to(5)
    assert replay.exchange.state.sequence == 5
    replay.run_to(3)
    assert replay.exchange.state.sequence == 5
    assert [record.sequence for record, _ in replay] == list(range(6, len(story.sandbox.log) + 1))
    assert list(replay) == []


@each_row("rounding", ["2025", "2026"])
def test_it_rounds_as_the_scenario_did(rounding: str) -> None:
    history = "  - fill: {account: bob, market: RAIN-1, side: yes, action: buy, count: 1, price: 0.5, taker: true}\n"
    sandbox = make(SMALL + history + f'fees: {{rounding: "{rounding}"}}\n')
    replay = Replay(write_log(sandbox.log))
    list(replay)
    assert truth(replay) == truth(sandbox)
    assert positions_of(replay.exchange.state, "bob")[0]["fees"] == {"2025": "0.020000", "2026": "0.017500"}[rounding]


def test_it_archives_what_the_scenario_did() -> None:
    sandbox = make(SMALL + "historical: {cutoff: 2025-11-04T12:00:00.001Z}\n")
    assert [order["archived"] for order in ledger_of(sandbox.exchange.state, "alice")["orders"]] == [True, False, False]
    replay = Replay(write_log(sandbox.log))
    list(replay)
    assert truth(replay) == truth(sandbox)


def test_a_gap_is_found(story: Story) -> None:
    lines = story.lines
    with pytest.raises(LogError, match=r"^expected command 4, got 5: the log has a gap$"):
        list(Replay([*lines[:4], *lines[5:]]))
    with pytest.raises(LogError, match=r"^expected command 5, got 4: the log has a gap$"):
        list(Replay([*lines[:5], *lines[4:]]))


def change_header(lines: list[bytes], **changes: Any) -> list[bytes]:
    return [json.dumps({**json.loads(lines[0]), **changes}).encode(), *lines[1:]]


@each_row(
    ("changes", "words"),
    [
        ({"api_date": "yesterday"}, "line 1: unknown API date 'yesterday'"),
        ({"settings": {"auth": "off"}}, "line 1: Unexpected keyword argument 'auth'"),
        ({"rounding": "1999"}, "line 1: '1999' is not a valid FeeRounding"),
    ],
)
def test_a_header_that_means_nothing_is_named(story: Story, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(LogError) as raised:
        Replay(change_header(story.lines, **changes))
    assert words in str(raised.value)


# --- a journal


@each_row("date", ["2025-11", "2026-10", "compat"])
def test_the_same_journal_gives_the_same_bytes(date: str) -> None:
    story = Story(date=date)
    entries = read_journal(json.dumps(story.entries)).entries
    assert {entry["status"] for entry in entries} >= {200, 400, 401, 404, 405}
    assert again(story) == SAME


@each_row("settings", ["auth: {mode: off}", "auth: {clock: exchange}", "strict_cursors: true"])
def test_it_remembers_the_settings(settings: str) -> None:
    story = Story(SMALL + settings + "\n")
    assert again(story) == SAME


def test_the_order_of_the_entries_does_not_matter(story: Story) -> None:
    assert again(story, story.entries[::-1]) == SAME


def test_an_entry_a_line_is_a_journal_too(story: Story) -> None:
    text = "\n".join(json.dumps(entry) for entry in story.entries)
    assert read_journal(text) == read_journal(json.dumps(story.entries))
    assert read_journal("") == Recording([], [])


def test_bytes_that_were_no_request_are_left_out(story: Story) -> None:
    garbage = {**story.entries[0], "method": "", "number": 99}
    assert len(read_journal(json.dumps([*story.entries, garbage])).entries) == len(story.entries)


def test_a_body_that_was_dropped_is_compared_by_size_and_checksum() -> None:
    story = Story()
    for entry in story.sandbox.journal:
        entry.drop_bodies()
    entries = story.entries
    assert {entry["answer"] for entry in entries} == {None}
    assert again(story, entries) == SAME
    entries[0]["dropped"]["answer"] = [1, checksum_of(b"x")]
    [deviation] = deviations(again(story, entries))
    assert deviation.wanted == "200 "


def changed(number: int, **changes: Any) -> Callable[[Entries], None]:
    def change(entries: Entries) -> None:
        entries[number - 1].update(changes)

    return change


@each_row(
    "tamper",
    [
        changed(1, answer="{}"),
        changed(1, status=201),
        changed(1, position=1),
        changed(1, target=f"{POSITIONS}?limit=1"),
        changed(1, method="HEAD"),
        changed(1, headers=[]),
        changed(1, host_at_us=WALL + 60_000_000),
        changed(2, at_us=0),
        changed(2, answer=None, answer_base64="e30="),
        changed(3, answer="", status=200),
    ],
)
def test_a_tampered_journal_is_reported(story: Story, tamper: Callable[[Entries], None]) -> None:
    entries = story.entries
    tamper(entries)
    assert len(deviations(again(story, entries))) == 1


def test_a_deviation_shows_both_sides(story: Story) -> None:
    entries = story.entries
    entries[2]["answer"] = "something else"
    [deviation] = deviations(again(story, entries))
    assert deviation.title == "answer 3 to GET /nope?a=b"
    assert deviation.got == '404 {"error":{"code":"not_found","message":"not found"}}'
    assert deviation.wanted == "404 something else"


def test_a_tampered_log_is_reported(story: Story) -> None:
    lines = [
        line.replace(b'"price_centicents":5600,"taker"', b'"price_centicents":5500,"taker"') for line in story.lines
    ]
    assert lines != story.lines
    verdicts = list(compare(Replay(lines), Recording(story.entries, [])))
    assert [one.number for one in verdicts if one.deviation] == [1, 2, 7]


def test_a_log_that_ends_before_the_journal_is_reported(story: Story) -> None:
    with pytest.raises(LogError, match=r"the log ends after 23 commands, the journal was written after 24"):
        list(compare(Replay(story.lines[:-3]), Recording(story.entries, [])))


def without(entries: Entries, name: str) -> str:
    return json.dumps([{key: value for key, value in entries[0].items() if key != name}])


@each_row("name", ["number", "position", "at_us", "host_at_us", "method", "target", "status", "headers"])
def test_what_an_entry_must_have_is_missed(story: Story, name: str) -> None:
    with pytest.raises(LogError, match="expected an exported journal"):
        read_journal(without(story.entries, name))


@each_row(
    "text",
    [
        "{",
        "7",
        "[7]",
        "[[]]",
        '["x"]',
        "null",
        "[" * 100_000,
        '{"method": "GET"}',
    ],
)
def test_what_is_no_journal_is_named(text: str) -> None:
    with pytest.raises(LogError, match="expected an exported journal, as `mockexchange journal --json` writes it"):
        read_journal(text)


@each_row(
    "changes",
    [
        {"number": "one"},
        {"position": None},
        {"target": 7},
        {"headers": [["a"]]},
        {"headers": [["a", "\u20ac"]]},
        {"headers": "none"},
        {"body_base64": "?"},
        {"answer_base64": "?"},
        {"dropped": {"answer": 5}},
    ],
)
def test_what_is_no_entry_is_named(story: Story, changes: dict[str, Any]) -> None:
    with pytest.raises(LogError, match="expected an exported journal"):
        read_journal(json.dumps([{**story.entries[0], **changes}]))

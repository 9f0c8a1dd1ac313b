"""Stubs in a replay, and against a plain list of them."""

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockexchange.core.commands import Note
from mockexchange.replay import Verdict
from mockexchange.sandbox.journal_json import entry_to_json
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.located_text import located_json
from mockexchange.scenario.stubs import STUB
from mockexchange.store.log import LogError
from mockexchange.venues.request import Request
from tests.helpers.derivatives import WORLD, ask, of_deribit, of_signalplus
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import POSITIONS, make, run, signed
from tests.sandbox.stubs import NOT_EMULATED, PLAIN, again, call, install, statuses, stubbed


def story() -> Sandbox:
    """The answer of a stub depends on its installation time."""
    sandbox = stubbed(f"name: a, request: GET {NOT_EMULATED}, json: {{n: 1.50}}, times: 1", text=WORLD)
    statuses(sandbox, PLAIN, PLAIN)
    raw = b64encode(bytes(range(256))).decode()
    install(
        sandbox, f"name: a, request: GET {NOT_EMULATED}, body_base64: '{raw}', status: 404", f"request: GET {POSITIONS}"
    )
    statuses(
        sandbox,
        PLAIN,
        signed(sandbox),
        Request("GET", POSITIONS),
        Request("GET", NOT_EMULATED, "", ((b"kalshi-access-key", b"x"),)),
    )
    install(
        sandbox,
        "request: deribit private/nothing, result: [1.50]",
        "request: signalplus private/x, signed: false, text: a",
    )
    statuses(
        sandbox, of_deribit(sandbox, "private/nothing"), of_signalplus(sandbox, "private/x"), call("private/nothing")
    )
    run(sandbox.stubs.remove("a"))
    statuses(sandbox, PLAIN, signed(sandbox))
    run(sandbox.stubs.clear())
    statuses(sandbox, PLAIN, signed(sandbox))
    return sandbox


def test_a_replay_answers_as_the_stubs_did() -> None:
    verdicts = again(story())
    assert verdicts == [Verdict("answer", number) for number in range(1, 14)]


def test_a_replay_knows_which_stub_it_was() -> None:
    sandbox = story()
    entries = [entry_to_json(entry) for entry in sandbox.journal]
    assert [entry["stub"] for entry in entries] == [
        *("a", None, "a", "stub-3", "stub-3", "a"),
        *("stub-4", "stub-5", "stub-4", None, "stub-3", None, None),
    ]
    tampered = [{**entry, "stub": None} if entry["stub"] == "a" else entry for entry in entries]
    assert [verdict.number for verdict in again(sandbox, tampered) if verdict.deviation] == [1, 3, 6]


def test_a_stub_that_the_log_lacks_is_an_error() -> None:
    sandbox = stubbed(f"request: GET {NOT_EMULATED}")
    ask(sandbox, PLAIN)
    entries = [{**entry_to_json(entry), "stub": "other"} for entry in sandbox.journal]
    with pytest.raises(LogError, match="the journal says that stub 'other' answered: the log never installed it"):
        again(sandbox, entries)


def test_a_stub_that_was_removed_answers_no_more() -> None:
    sandbox = story()
    entries = [entry_to_json(entry) for entry in sandbox.journal]
    with pytest.raises(LogError, match="stub 'a' answered"):
        again(sandbox, [*entries[:9], {**entries[9], "stub": "a"}])


@each_row("text", ['{"install":{"request":"nothing"}}', "no JSON"])
def test_an_invalid_stub_in_the_log_is_an_error(text: str) -> None:
    sandbox = make()
    run(sandbox.submit(Note(subject="stub", text=text)))
    ask(sandbox, PLAIN)
    with pytest.raises(LogError, match=r"command \d+: expected a stub: "):
        again(sandbox)


STEP = st.one_of(
    st.tuples(
        st.just("install"),
        st.sampled_from("ab"),
        st.sampled_from(["/x", "/x*", "/y"]),
        st.integers(1, 3),
        st.sampled_from([{}, {"q": "1"}]),
    ),
    st.tuples(st.just("remove"), st.sampled_from("ab")),
    st.tuples(st.just("ask"), st.sampled_from(["/x", "/xy", "/y"]), st.sampled_from(["", "q=1", "q=2"])),
)


class Model:
    """Return the installed stubs, newest last."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def install(self, name: str, path: str, times: int, query: dict[str, str], status: int) -> None:
        self.remove(name)
        self.rows.append({"name": name, "path": path, "left": times, "query": query, "status": status})

    def remove(self, name: str) -> None:
        self.rows = [row for row in self.rows if row["name"] != name]

    def ask(self, path: str, query: str) -> int:
        for row in reversed(self.rows):
            is_there = path == row["path"] or (row["path"] == "/x*" and path.startswith("/x"))
            if is_there and row["left"] and (not row["query"] or query == "q=1"):
                row["left"] -= 1
                return int(row["status"])
        return 404


@given(st.lists(STEP, max_size=30))
def test_stubs_answer_as_a_plain_list_of_them_would(steps: list[Any]) -> None:
    sandbox, model = make("scenario: a\n"), Model()
    for status, (verb, *rest) in enumerate(steps, start=410):
        if verb == "ask":
            path, query = rest
            assert ask(sandbox, Request("GET", path, query)).status == model.ask(path, query)
        elif verb == "remove":
            model.remove(rest[0])
            if rest[0] in sandbox.stubs.installed:
                run(sandbox.stubs.remove(rest[0]))
        else:
            name, path, times, query = rest
            model.install(name, path, times, query, status)
            given_ = {"name": name, "request": f"GET {path}", "times": times, "query": query, "status": status}
            run(sandbox.stubs.install(STUB.read(located_json(json.dumps(given_), "", 0), "")))
    assert all(verdict.deviation is None for verdict in again(sandbox))

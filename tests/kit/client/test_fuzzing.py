"""Response fuzzing: bodies match the documents, and the smallest body that a client cannot take is reported."""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from mockexchange.kit.client import fuzzing
from mockexchange.kit.client.adapter import Adapter, AskedAdapter, ConnectionDetails
from mockexchange.kit.client.adapter_mode import judges
from mockexchange.kit.client.fuzzing import (
    LEFT_OUT,
    FuzzSettings,
    judge_fuzz,
    smaller_bodies,
    smallest_failing,
    trimmed,
)
from mockexchange.kit.client.sandboxes import open_session
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.kalshi.read_tasks import POSITIONS
from mockexchange.kit.local_exchange import Exchange
from mockexchange.kit.target import NotJudged
from mockexchange.kit.venue import VenueKit
from mockexchange.runtime import api_documents
from mockexchange.scenario.loader import load_file, load_text
from tests.helpers.effort import chosen, examples
from tests.house.checkout import ROOT
from tests.kit.client.fake_adapters import answering
from tests.kit.client.verdict_helpers import Bench, bench

WHERE = ConnectionDetails("http://127.0.0.1:1/trade-api/v2", "ws://127.0.0.1:1/trade-api/ws/v2", "key", "/x/key.pem")
EXAMPLES = 80
FEW = FuzzSettings(examples=examples(16))
"""For clients that fail at none: a task takes some ten milliseconds."""
ROW = {
    "exchange_index": 0,
    "fees_paid_dollars": "0.000000",
    "last_updated_ts": "2020-01-01T00:00:00Z",
    "market_exposure_dollars": "0.000000",
    "position_fp": "0.00",
    "realized_pnl_dollars": "0.000000",
    "ticker": "0",
    "total_traded_dollars": "0.000000",
}
EMPTY = {"cursor": "", "event_positions": [], "market_positions": []}
UNKNOWN_NAME = "not_yet_documented"


def patient(
    adapter: AskedAdapter, exchange: Exchange, venue: VenueKit, fixtures: Path | None = None, seed: int = 0
) -> Iterator[Finding]:
    return judge_fuzz(adapter, exchange, venue, settings=FuzzSettings(fixtures, seed, EXAMPLES))


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("clients")) as made:
        yield made


def broken(clients: Bench, judge: Callable[..., Iterator[Finding]], fault: str) -> list[Finding]:
    """The findings without the notes."""
    return [one for one in clients.judged(judge, fault) if one.rule != LEFT_OUT]


def answered(where: str) -> Any:
    """The body in a finding."""
    return json.loads(where.partition(" answered with ")[2])


# --- the search


def test_the_search_goes_to_the_smallest() -> None:
    numbers = st.lists(st.integers(0, 1000))

    assert smallest_failing(numbers, lambda body: sum(body) >= 100, Random(0), EXAMPLES) == [100]
    assert smallest_failing(numbers, lambda body: False, Random(0), EXAMPLES) is None


def test_the_search_ends_after_so_many_bodies() -> None:
    tried: list[list[int]] = []

    def is_wrong(body: list[int]) -> bool:
        tried.append(body)
        return False

    assert smallest_failing(st.lists(st.integers(0, 1000), max_size=50), is_wrong, Random(0), 10) is None
    assert len(tried) == 10


def test_the_shrinking_is_no_part_of_the_count() -> None:
    assert smallest_failing(st.lists(st.integers(0, 1000), min_size=3), lambda body: True, Random(0), 1) == [0, 0, 0]


def test_shrinking_ends_after_a_number_of_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzzing, "SHRINK_TASKS_MAX", 2)
    tried: list[bool] = []

    def is_wrong(body: list[int]) -> bool:
        tried.append(sum(body) >= 10**6)
        return tried[-1]

    smallest_failing(st.lists(st.integers(0, 10**6), max_size=50), is_wrong, Random(0), EXAMPLES)

    assert len(tried) - tried.index(True) - 1 == 2


LISTED = {
    "type": "object",
    "required": ["rows"],
    "properties": {
        "rows": {
            "type": "array",
            "items": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}, "note": {}}},
        },
        "more": {"type": "array", "minItems": 2, "items": {}},
    },
}


def trim(body: Any, is_wrong: Callable[[Any], bool], tasks_max: int = 100) -> Any:
    document = api_documents.read("kalshi/2026-10")
    return trimmed(body, partial(smaller_bodies, document, LISTED), is_wrong, tasks_max)


def some_rows(*numbers: int) -> Any:
    return {"rows": [{"n": number, "note": "x"} for number in numbers], "more": [1, 2]}


def test_rows_and_optional_fields_that_do_not_matter_are_left_out() -> None:
    assert trim(some_rows(1, 2, 3, 4), lambda body: any(row["n"] == 3 for row in body["rows"])) == {"rows": [{"n": 3}]}
    assert trim(some_rows(1, 2, 3, 4), lambda body: len(body["rows"]) >= 2) == {"rows": [{"n": 3}, {"n": 4}]}
    assert trim(some_rows(1), lambda body: "more" in body) == {"rows": [], "more": [1, 2]}
    assert trim(some_rows(1, 2), lambda body: "note" in str(body)) == {"rows": [{"n": 1, "note": "x"}]}


def test_leaving_out_ends_after_a_number_of_tasks() -> None:
    tried: list[Any] = []

    def is_wrong(body: Any) -> bool:
        tried.append(body)
        return False

    assert trim(some_rows(1, 2, 3, 4), is_wrong, 5) == some_rows(1, 2, 3, 4)
    assert len(tried) == 5
    assert tried[0] == {"rows": some_rows(1, 2, 3, 4)["rows"]}


def test_errors_that_differ_in_values_and_counts_are_of_one_kind() -> None:
    errors = ("row A, position '1.5' (wrong)", "row -, position '-2' (wrong); 12 more such rows; it was reading {}")
    assert {fuzzing.kind_of(error) for error in errors} == {" position  (wrong)"}


def test_what_shrinking_leaves_is_left_out(clients: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even without shrinking the body has one row and no optional field except the undocumented one of the mode."""
    monkeypatch.setattr(fuzzing, "SHRINK_TASKS_MAX", 0)
    for found in broken(clients, patient, "sign"):
        body = answered(found.where)
        assert len(body["market_positions"]) == 1
        assert body["event_positions"] == []


# --- clients


def test_a_client_that_reads_everything_right_has_no_finding(clients: Bench) -> None:
    assert clients.judged(partial(judge_fuzz, settings=FEW)) == []


def test_a_client_that_floats_its_money_can_take_every_body(clients: Bench) -> None:
    """Lost digits are a finding of their own kind, reported by the judge of floats only."""
    assert clients.judged(partial(judge_fuzz, settings=FEW), "floats") == []


@pytest.mark.parametrize("api_date", chosen(["latest", "compat"], "latest"))
def test_a_client_that_concludes_one_field_from_others_can_take_every_body(api_date: str, clients: Bench) -> None:
    assert clients.judged(partial(judge_fuzz, api_date=api_date, settings=FEW), "concluding") == []


SMALLEST = {
    "some": (
        "fuzzing.body",
        EMPTY,
        "it raised: IndexError: list index out of range",
        "0 rows",
    ),
    "closed": (
        "fuzzing.unknown_field",
        {**EMPTY, "market_positions": [{**ROW, UNKNOWN_NAME: None}], UNKNOWN_NAME: None},
        f"it raised: ValueError: unknown fields: {UNKNOWN_NAME}",
        "1 row",
    ),
    "sign": (
        "fuzzing.body",
        {**EMPTY, "market_positions": [{**ROW, "position_fp": "-0.01"}]},
        "row 0, position '0.01' (the sign is wrong: NO is negative)",
        "-0.01",
    ),
    "whole": (
        "fuzzing.body",
        {**EMPTY, "market_positions": [{**ROW, "position_fp": "0.01"}]},
        "row 0, position '0' (digits were cut off)",
        "0.01",
    ),
    "nulls": (
        "fuzzing.body",
        {**EMPTY, "market_positions": [ROW]},
        "row 0, position null",
        "0.00",
    ),
    "odd": (
        "fuzzing.body",
        {**EMPTY, "market_positions": [{**ROW, "ticker": ticker} for ticker in ("0", "1", "2")]},
        "2 rows; missing: ",
        "3 rows",
    ),
    "coded": (
        "fuzzing.body",
        {**EMPTY, "market_positions": [{**ROW, "ticker": "\xa0"}]},
        "it raised: UnicodeEncodeError",
        "1 row",
    ),
}


def with_tickers_numbered(body: Any) -> Any:
    """A body whose several tickers are 0, 1, 2: they have to differ, and which ones they are depends on the draw."""
    rows = body["market_positions"]
    if len(rows) > 1:
        assert len({row["ticker"] for row in rows}) == len(rows)
        rows = [{**row, "ticker": str(number)} for number, row in enumerate(rows)]
    return {**body, "market_positions": rows}


@pytest.mark.parametrize(
    "fault",
    [pytest.param(one, marks=pytest.mark.untraced) for one in chosen(list(SMALLEST), "closed", "sign", "coded")],
)
def test_the_smallest_body_that_a_client_cannot_take_is_reported(
    fault: str, clients: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule, body, seen, expected = SMALLEST[fault]
    monkeypatch.setattr(fuzzing, "MODES", {rule: fuzzing.MODES[rule]})

    [found] = broken(clients, patient, fault)
    assert found.rule == rule
    assert found.where.startswith("positions at 2026-10, GetPositions answered with {")
    assert with_tickers_numbered(answered(found.where)) == body
    assert found.seen.startswith(seen)
    assert found.expected == expected
    assert found.place == (
        "docs/adapters.md#response-fuzzing"
        if rule == "fuzzing.unknown_field"
        else "contracts/kalshi/2026-10/openapi.yaml#/paths/~1portfolio~1positions/get"
    )


def test_a_closed_client_can_take_every_documented_body(clients: Bench) -> None:
    assert [one.rule for one in broken(clients, patient, "closed")] == ["fuzzing.unknown_field"]


def test_no_constant_of_a_loaded_module_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothesis draws such constants by default, so that the same seed would give other bodies elsewhere."""
    loaded = Constants(strings={"a constant"})
    monkeypatch.setattr(providers, "_get_local_constants", lambda: loaded)
    monkeypatch.setattr(providers, "CONSTANTS_CACHE", {})
    seen: set[str] = set()

    def is_wrong(body: list[str]) -> bool:
        seen.update(body)
        return False

    texts = st.lists(st.text(), min_size=100)
    assert smallest_failing(texts, is_wrong, Random(0), EXAMPLES) is None
    assert len(seen) > 100
    assert "a constant" not in seen


def test_the_same_seed_finds_the_same(clients: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzzing, "MODES", {fuzzing.BODY: None})
    first, second = (clients.judged(partial(patient, seed=7), "coded") for _ in range(2))

    assert first == second


def test_what_is_found_is_printed_so_that_it_can_be_served_again(clients: Bench) -> None:
    found = broken(clients, patient, "some")[0]

    scenario = found.reproduction.partition("\n")[2].partition("\nmockexchange serve ")[0]
    assert [rule.name for rule in load_text(scenario).faults] == ["fuzzed"]
    assert found.reproduction.startswith("a scenario with this fault, as positions-body-2026-10.yaml:\n")


def test_the_printed_task_has_all_fields_of_a_task(clients: Bench) -> None:
    """It has placeholders for values of a running exchange."""
    lines = broken(clients, patient, "some")[0].reproduction.splitlines()

    assert lines[-4] == "mockexchange serve --api-date 2026-10 --scenario positions-body-2026-10.yaml"
    assert lines[-3] == "then run the same `mockexchange verify client` with --cards R74,"
    task = json.loads(lines[-1])
    assert list(task) == ["id", "task", *ConnectionDetails._fields, "arguments"]
    assert task["task"] == "positions"


def test_what_is_found_is_saved_as_a_scenario_that_shows_it(clients: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "findings"
    found = broken(clients, partial(patient, fixtures=folder), "closed")[0]

    [file] = folder.iterdir()
    assert file.name == "positions-unknown_field-2026-10.yaml"
    assert found.reproduction.startswith(f"mockexchange serve --api-date 2026-10 --scenario {file}\n")
    with open_session(clients.exchange, load_file(file), "2026-10") as session:
        assert (
            clients.adapter.ask("positions", session.connection_details()).error
            == f"ValueError: unknown fields: {UNKNOWN_NAME}"
        )
    head = re.findall("^# (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert head[0] == "An answer to GetPositions that a client could not take: as small as it gets."
    assert head[1:3] == [f"seen: it raised: ValueError: unknown fields: {UNKNOWN_NAME}", "expected: 1 row"]


def test_words_of_a_client_cannot_break_the_file(clients: Bench, tmp_path: Path) -> None:
    found = broken(clients, partial(patient, fixtures=tmp_path), "rude")

    assert found[0].seen == "it raised: ValueError: first second third"
    file = tmp_path / "positions-body-2026-10.yaml"
    assert "# seen: it raised: ValueError: first second third" in file.read_text(encoding="utf-8")
    load_file(file)


def test_a_client_that_cannot_do_it_undisturbed_is_not_judged(clients: Bench) -> None:
    with pytest.raises(NotJudged, match="the adapter supports none of the tasks"):
        clients.judged(judge_fuzz, "mute")
    with pytest.raises(NotJudged, match="positions: it raised: KeyError: 'position'"):
        clients.judged(judge_fuzz, "needy")


ENDS = pytest.mark.parametrize("trouble", ["sys.exit(3)", "sys.stdin.read()"], ids=["crash", "hang"])


def ended(trouble: str, clients: Bench, fixtures: Path | None) -> str:
    """The finding about a client that fails at the first body with a position."""
    fragile = answering(f"""
    from tests.kit.client.mirror import SUPPORTED, bodies, httpx
    if task["id"] > 2:
        with httpx.Client(trust_env=False) as http:
            if '"ticker"' in json.dumps(bodies(task, SUPPORTED["positions"], http)):
                {trouble}
    tell(task, rows=[])
    """)
    venue = KALSHI._replace(tasks=[POSITIONS])
    with Adapter(fragile, task_s_max=5, directory=ROOT) as adapter:
        adapter.ask("hello", WHERE, task_s_max=60)
        return next(judge_fuzz(adapter, clients.exchange, venue, settings=FuzzSettings(fixtures))).seen


@ENDS
def test_a_body_that_ends_a_client_is_reported_and_saved(trouble: str, clients: Bench, tmp_path: Path) -> None:
    said = ended(trouble, clients, tmp_path)

    [file] = tmp_path.iterdir()
    assert '; it was reading {"' in said
    assert said.endswith(f" (all of it, not shrunk: {file})")
    assert len(said.removesuffix(f"{file})")) < 700
    assert '"ticker"' in str(load_file(file).faults[0].given)
    head = file.read_text(encoding="utf-8").splitlines()[:3]
    assert head[0].endswith("that a client could not take: not shrunk, since it ended the adapter.")
    assert head[1].startswith("# seen: adapter `")


def test_a_body_that_ends_a_client_is_cut_where_it_cannot_be_saved(
    clients: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mockexchange.kit.client.adapter.ERROR_CHARS_MAX", 30)
    said = ended("sys.exit(3)", clients, None)

    assert '; it was reading {"' in said
    assert said.endswith("...")


def test_one_error_of_a_task_is_one_finding(clients: Bench) -> None:
    """The client that needs a row fails in both modes, for the same reason."""
    assert [one.rule for one in clients.judged(patient, "some")] == ["fuzzing.left_out"] * 5 + ["fuzzing.body"]


def test_tasks_that_are_not_fuzzed_are_named(clients: Bench) -> None:
    notes = [one for one in clients.judged(patient, "some") if one.rule == LEFT_OUT]
    assert notes[0].seen == "not fuzzed: the adapter does not support it"
    assert [one.where.partition(" ")[0] for one in notes] == [
        "event_positions",
        "balance",
        "fills",
        "orders",
        "settlements",
    ]


def test_cards_can_name_every_judge() -> None:
    assert list(judges()) == ["account", "dates", "poison", "floats", "fuzz"]

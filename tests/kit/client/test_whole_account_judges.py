"""Checks of adapters: each fault of a client is found under its rule, and a client without faults has no finding."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from mockexchange.core.vocabulary import PRIMARY_SUBACCOUNT
from mockexchange.kit.client.adapter import Adapter
from mockexchange.kit.client.read_tasks import aliases_of, meanings_at
from mockexchange.kit.client.rows import compare
from mockexchange.kit.client.sandboxes import open_session
from mockexchange.kit.client.whole_account_judges import (
    judge_account,
    judge_dates,
    judge_floats,
    judge_poison,
    read_reference_account,
)
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.kalshi.read_tasks import POSITIONS, SETTLEMENTS, TASKS
from mockexchange.kit.target import NotJudged
from mockexchange.kit.validation.schemas import resolved
from mockexchange.runtime import api_documents
from mockexchange.sandbox.state_json.accounts import positions_of
from mockexchange.scenario.loader import load_text
from tests.helpers.rows import each_row
from tests.kit.client.fake_adapters import answering
from tests.kit.client.verdict_helpers import Bench, bench, summaries_of

SCHEMA = "contracts/kalshi/{}/openapi.yaml#/components/schemas/{}/properties/{}"
DATES = (*aliases_of("kalshi"), "compat")


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("clients")) as made:
        yield made


# --- the truth


def test_the_truth_is_that_of_the_sandbox(clients: Bench) -> None:
    """It was worked out by hand; the core, which never sees a wire, has to come to the same."""
    with open_session(clients.exchange, load_text(read_reference_account().scenario), "latest") as session:
        rows = positions_of(session.sandbox.exchange.state, "alice")

    held = {row["instrument"]: row for row in rows if row["book"] == PRIMARY_SUBACCOUNT and not row["settled"]}
    told_rows = {row["ticker"]: row for row in read_reference_account().truth["positions"]}
    assert held.keys() == told_rows.keys()
    for ticker, row in held.items():
        for theirs, ours in {"quantity": "position", "updated_at": "updated"}.items():
            assert row[theirs] == told_rows[ticker][ours], ticker
        for name in ("cost", "realized", "fees", "traded", "resting"):
            assert Decimal(row[name]) == Decimal(told_rows[ticker][name]), (ticker, name)


def test_the_rows_of_events_are_the_sums_of_their_markets() -> None:
    market_rows = read_reference_account().truth["positions"]
    for event in read_reference_account().truth["event_positions"]:
        own = [row for row in market_rows if row["ticker"].startswith(f"{event['event']}-")]
        for name in ("cost", "realized", "fees", "traded"):
            assert sum(Decimal(row[name]) for row in own) == Decimal(event[name]), (event["event"], name)


@each_row("task", TASKS, ids=lambda task: task.name)
def test_the_truth_has_every_name_that_is_compared(task: Any) -> None:
    compared = {name for name, wires in task.names.items() if wires}
    assert all(row.keys() == compared for row in read_reference_account().truth[task.name])


@each_row("alias", aliases_of("kalshi"))
@each_row("task", TASKS, ids=lambda task: task.name)
def test_the_table_of_names_has_every_amount_of_the_documents(task: Any, alias: str) -> None:
    """A field that comes new has to get a name, or be left out here on purpose."""
    document = api_documents.read(f"kalshi/{alias}")
    answer = resolved(document, document["paths"][task.path]["get"]["responses"]["200"])
    body = resolved(document, answer["content"]["application/json"]["schema"])
    row = resolved(document, body["properties"][task.rows]["items"]) if task.rows else body
    known = {wire.name for wires in task.names.values() for wire in wires}
    assert set(row["properties"]) - known <= LEFT_OUT
    assert document["components"]["schemas"][task.schema] == row


LEFT_OUT = {
    "resting_order_count",  # of event rows, gone in November 2025
    "updated_ts",
    "balance_breakdown",
    "price",
    "ts",
    "queue_position",
}


# --- clients


@each_row("judge", [judge_account, judge_dates, judge_poison, judge_floats])
def test_a_client_that_reads_everything_right_has_no_finding(judge: Any, clients: Bench) -> None:
    assert clients.judged(judge) == []


LATEST = {
    "sign": [("sign", "B60, position", "'1.37' (the sign is wrong: NO is negative); 1 more such row", "-1.37")],
    "cents": [
        (
            "units",
            "T4000, traded",
            "'240' (a hundred times too large: cents reported as dollars?); 7 more such rows",
            "2.400000",
        ),
    ],
    "label": [
        (
            "units",
            "T4000, cost_cents",
            "'2.400000' (a hundred times too small: dollars reported as cents?); 2 more such rows",
            "240",
        ),
        ("amount", "T120, cost_cents", "'98765432.123457'; 3 more such rows", "9876543212 (cut, not rounded)"),
    ],
    "whole": [("digits", "T120, position", "'123456789' (digits were cut off); 2 more such rows", "123456789.12")],
    "words": [("amount", "T4000, cost", "'$2.400000' (that is no number); 7 more such rows", "2.400000")],
    "nulls": [("absent", "H0, position", "null", "0.00")],
    "nothing": [
        ("zero", "T4000, position", "'0' (0 instead of what there is); 5 more such rows", "6.00"),
        ("digits", "B62, position", "'0' (digits were cut off)", "0.63"),
    ],
    "local": [
        (
            "instant",
            "T4000, updated",
            "'2025-11-04T12:00:00.019' (it has no time zone); 7 more such rows",
            "2025-11-04T12:00:00.019Z",
        )
    ],
    "late": [("instant", "T4000, updated", "'2025-11-04T13:00:00.019Z'; 7 more such rows", "2025-11-04T12:00:00.019Z")],
    "never": [
        (
            "instant",
            "T4000, updated",
            "'yesterday' (that is no instant of RFC 3339); 7 more such rows",
            "2025-11-04T12:00:00.019Z",
        )
    ],
    "zeros": [("absent", "T4000, resting", "'0' (this date does not have it)", "null, or no such name")],
}


@each_row("fault", LATEST)
def test_each_fault_is_named_exactly(fault: str, clients: Bench) -> None:
    findings = clients.judged(judge_account, fault)

    assert all(one.where.startswith("positions at latest, row KX") for one in findings)
    assert [
        (rule.partition(".")[2], where.rpartition("-")[2], *rest) for rule, where, *rest in summaries_of(findings)
    ] == (LATEST[fault])


def test_the_place_of_a_finding_is_the_field_of_the_document(clients: Bench) -> None:
    places = {one.where.partition(",")[0]: one.place for one in clients.judged(judge_dates, "sign")}

    assert places == {
        f"positions at {date}": SCHEMA.format("2026-10" if date == "compat" else date, "MarketPosition", field)
        for date, field in zip(DATES, ["position"] * 2 + ["position_fp"] * 5, strict=True)
    }


def test_rows_that_are_missing_or_too_many_are_named(clients: Bench) -> None:
    """The client requests pages of three: the last row of each is lost, or reported twice."""
    missing = "KXBTCD-25NOV06-T100, KXFEDDECISION-25DEC-H0, KXRAINNYC-25NOV05-T1"

    assert summaries_of(clients.judged(judge_account, "last")) == [
        ("understanding.rows", "positions at latest", f"5 rows; missing: {missing}", "8 rows")
    ]
    assert summaries_of(clients.judged(judge_account, "twice")) == [
        ("understanding.rows", "positions at latest", f"11 rows; too many: {missing}", "8 rows")
    ]


def test_rows_without_a_key_are_compared_in_their_order(clients: Bench) -> None:
    assert clients.judged(judge_account, "nameless") == []


def test_an_unknown_name_is_reported_together_with_the_known_ones(clients: Bench) -> None:
    known = "ticker, shard, position, cost, realized, fees, traded, resting, updated"

    assert summaries_of(clients.judged(judge_account, "novel")) == [
        ("understanding.names", "positions at latest", "unknown names: Position", known)
    ]


def test_text_is_compared_to_the_letter(clients: Bench) -> None:
    assert summaries_of(clients.judged(judge_account, "upper")) == [
        (
            "understanding.text",
            f"{task} at latest, row {key}, side",
            f"'YES'; {count} more such rows",
            "'yes'",
        )
        for task, key, count in (
            ("fills", "f0000000-0000-4000-8000-000000000015", 13),
            ("orders", "d0000000-0000-4000-8000-000000000014", 13),
        )
    ]


def test_a_client_that_needs_a_removed_field_raises_where_it_is_not(clients: Bench) -> None:
    without = ["2026-04", "2026-06", "2026-10"]

    assert summaries_of(clients.judged(judge_account, "needy")) == [
        ("understanding.raised", "positions at latest", "it raised: KeyError: 'position'", "the rows of the answer")
    ]
    assert [one.where for one in clients.judged(judge_dates, "needy")] == [f"positions at {date}" for date in without]
    assert [one.where for one in clients.judged(judge_poison, "needy")] == [
        "positions at compat with removed fields absent"
    ]


def test_a_client_that_reads_removed_fields_is_poisoned(clients: Bench) -> None:
    findings = [one for one in clients.judged(judge_poison, "coarse") if one.where.startswith("positions")]

    assert {one.where.partition(",")[0] for one in findings} == {
        f"positions at compat with removed fields {poison}" for poison in ("zero", "wrong")
    }
    wrong = next(one for one in findings if "wrong" in one.where)
    assert (wrong.seen, wrong.expected) == ("'1006'; 7 more such rows", "6.00")


def test_a_name_reported_at_one_date_has_to_be_reported_at_all_dates_that_have_it(clients: Bench) -> None:
    """A client that leaves out the names that it cannot find reads `position_fp` alone."""
    modern = answering("""
    sys.path.insert(0, '.')
    import httpx
    from tests.kit.client import mirror
    fixed = mirror.SUPPORTED["positions"]
    names = {**fixed.names, "position": fixed.names["position"][:1]}
    mirror.SUPPORTED = {"positions": fixed._replace(names=names)}
    answer = mirror.answer(task, "", httpx.Client(trust_env=False))
    tell(task, **answer)
    """)
    with Adapter(modern) as adapter:
        findings = list(judge_dates(adapter, clients.exchange, KALSHI))

    row = "row KXGOLD-25NOV07-T4000, position"
    assert summaries_of(findings) == [
        ("understanding.absent", f"positions at {date}, {row}", "null; 7 more such rows", "6")
        for date in ("2025-11", "2025-12")
    ]


def test_money_reported_as_a_json_fraction_is_a_finding_of_its_own(clients: Bench) -> None:
    findings = clients.judged(judge_floats, "floats")

    assert summaries_of(findings)[:2] == [
        (
            "understanding.floats",
            f"positions at latest, row KXGOLD-25NOV07-T4000, {name}",
            f"the JSON number {number}",
            "text or a whole number: a float cannot hold every amount of money",
        )
        for name, number in (("position", "6.0"), ("cost", "2.4"))
    ]
    assert {one.place for one in findings} == {"docs/adapters.md#amounts"}
    assert clients.judged(judge_account, "floats") == []
    assert clients.judged(judge_dates, "floats") == []


def test_dust_is_no_other_amount(clients: Bench) -> None:
    assert clients.judged(judge_account, "dust") == []
    assert [one.rule for one in clients.judged(judge_floats, "dust")] == ["understanding.floats"]


@each_row("judge", [judge_account, judge_dates, judge_poison, judge_floats])
def test_an_adapter_that_supports_nothing_cannot_be_judged(judge: Any, clients: Bench) -> None:
    with pytest.raises(
        NotJudged, match=r"^the adapter supports none of the tasks: positions, event_positions, balance"
    ):
        clients.judged(judge, "mute")


def test_floats_cannot_be_judged_where_every_task_failed(clients: Bench) -> None:
    fails = answering("""
    failed = {"error": "no\\nway", "status": 500}
    tell(task, **({"unsupported": True} if task["task"] == "orders" else failed))
    """)
    with Adapter(fails) as adapter, pytest.raises(NotJudged) as caught:
        list(judge_floats(adapter, clients.exchange, KALSHI))
    assert str(caught.value) == (
        "positions: it raised (status 500): no way; event_positions, balance, fills, settlements failed too"
    )


# --- comparing, cell by cell

ROW = {"ticker": "KX-A", "position": "-1.37", "cost": "0.4658", "shard": "0", "updated": "2025-11-04T12:00:00Z"}


def compared(row: dict[str, Any], date: str = "2026-10", true: dict[str, Any] = ROW) -> list[tuple[str, str, str]]:
    found = compare(POSITIONS, [row], [true], meanings_at(POSITIONS, "kalshi", date), "here")
    return [(one.rule.partition(".")[2], one.seen, one.expected) for one in found]


@each_row(
    "row",
    [
        {"position": "-1.37"},
        {"position": "-1.3700", "cost": "+0.465800"},
        {"position_whole": -1},
        {"position_whole": "-1"},
        {"cost_cents": 46},
        {"shard": 0},
        {"shard": "0"},
        {"updated": "2025-11-04T13:00:00+01:00"},
        {"updated": "2025-11-04T12:00:00.000Z"},
        {"updated_seconds": 1762257600},
        {"updated_seconds": "1762257600"},
        {"resting": None},
        {},
    ],
    ids=str,
)
def test_equal_values_in_other_forms_are_right(row: dict[str, Any]) -> None:
    assert compared({"ticker": "KX-A", **row}) == []


@each_row(
    ("row", "wrong"),
    [
        ({"position_whole": -2}, ("amount", "-2", "-1 (cut, not rounded)")),
        ({"cost_cents": 47}, ("amount", "47", "46 (cut, not rounded)")),
        (
            {"cost": "4658"},
            ("units", "'4658' (ten thousand times too large: centi-cents reported as dollars?)", "0.465800"),
        ),
        ({"cost": True}, ("amount", "True (that is no number)", "0.465800")),
        ({"cost": "1e-3"}, ("amount", "'1e-3' (that is no number)", "0.465800")),
        ({"cost": ""}, ("amount", "'' (that is no number)", "0.465800")),
        ({"cost": ["0.4658"]}, ("amount", "['0.4658'] (that is no number)", "0.465800")),
        ({"cost": "\u0660"}, ("amount", "'\u0660' (that is no number)", "0.465800")),
        ({"shard": None}, ("absent", "null", "0")),
        ({"updated_seconds": "soon"}, ("amount", "'soon' (that is no number)", "1762257600")),
        ({"updated": None}, ("absent", "null", "2025-11-04T12:00:00Z")),
    ],
    ids=str,
)
def test_other_values_are_wrong(row: dict[str, Any], wrong: tuple[str, str, str]) -> None:
    assert compared({"ticker": "KX-A", **row}) == [wrong]


def test_what_a_date_cuts_off_is_not_asked_for() -> None:
    assert compared({"ticker": "KX-A", "position": "-1", "cost": "0.46"}, "2025-11") == []
    assert compared({"ticker": "KX-A", "position": "-1.37"}, "2025-11") == [("amount", "'-1.37'", "-1")]
    assert compared({"ticker": "KX-A", "shard": "0"}, "2025-11") == []
    assert compared({"ticker": "KX-A", "shard": "1"}, "2025-11") == [
        ("absent", "'1' (this date does not have it)", "null, or no such name")
    ]


def test_a_value_that_the_exchange_does_not_have_is_null() -> None:
    unknown = {**ROW, "cost": None}

    assert compared({"ticker": "KX-A", "cost": None}, true=unknown) == []
    assert compared({"ticker": "KX-A", "cost": "0"}, true=unknown) == [
        ("absent", "'0' (the exchange has no value here)", "null")
    ]


def test_fees_of_undocumented_precision_may_be_exact_or_in_cents() -> None:
    compare_fees = partial(compare, SETTLEMENTS, meanings=meanings_at(SETTLEMENTS, "kalshi", "2026-02"), where="here")
    true = [{"ticker": "KX-A", "fees": "0.0315"}]

    assert list(compare_fees(reported=[{"ticker": "KX-A", "fees": "0.0315"}], true=true)) == []
    assert list(compare_fees(reported=[{"ticker": "KX-A", "fees": "0.03"}], true=true)) == []
    [wrong] = compare_fees(reported=[{"ticker": "KX-A", "fees": "0.031"}], true=true)
    assert re.fullmatch(r"'0\.031'.*", wrong.seen)
    assert wrong.expected == "0.0315"


def test_a_row_that_is_not_there_is_compared_with_nothing() -> None:
    assert compared({"ticker": "KX-B", "cost": "1"}) == [
        ("rows", "1 row; missing: KX-A; too many: KX-B", "1 row"),
    ]
    found = compare(POSITIONS, [{"cost": "1"}], [], meanings_at(POSITIONS, "kalshi", "2026-10"), "here")
    assert [(one.rule, one.seen) for one in found] == [("understanding.rows", "1 row")]

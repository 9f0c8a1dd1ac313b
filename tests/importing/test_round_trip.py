"""Recordings of the mock come out as scenarios that answer as the recording did."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mockexchange.importing.comparison import UNEXPLAINED
from mockexchange.importing.importing import Imported, import_recording
from mockexchange.venues.registry import DEFAULT
from tests.helpers.effort import examples
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tests.importing.recorder import PREFIX, READS, record

FIXTURES = ROOT / "fixtures" / "scenarios"
DEMO = ROOT / "mockexchange" / "scenario" / "builtin" / "demo.yaml"
RECORDED = [
    ("recorded-2025-11-03", "2025-11"),
    ("recorded-2025-11-03-balance", "2025-11"),
    ("recorded-2025-11-03-fills", "2025-11"),
    ("recorded-2025-11-03-orders", "2025-11"),
    ("recorded-2026-06-11", "2026-06"),
    ("recorded-2026-06-11-fills", "2026-06"),
    ("recorded-2026-06-11-order", "2026-06"),
]
DATES = [*(DEFAULT.wire.aliases if DEFAULT.wire else ()), "compat"]


def unexplained(found: Imported) -> list[object]:
    return [one for one in found.verified if one.comparison.kind == UNEXPLAINED] + [*found.refusals, *found.unread]


def differing(found: Imported) -> set[str]:
    return {row.path for one in found.verified for row in one.comparison.differences}


@each_row(("name", "date"), RECORDED)
def test_the_recorded_scenarios_come_out_of_their_recordings(tmp_path: Path, name: str, date: str) -> None:
    scenario = (FIXTURES / f"{name}.yaml").read_text(encoding="utf-8")
    found = import_recording(record(tmp_path / "run.jsonl", scenario, date))
    assert unexplained(found) == []
    # The venue sorts groups by their ids, which are pseudonyms.
    assert {path for path in differing(found) if not path.startswith("order_groups")} <= {"updated_ts"}
    assert found.api_date.name == date or name.endswith("balance")  # an empty account looks alike at several dates


@each_row("reads", [READS, ("positions", "balance"), ("fills?limit=3", "positions?limit=2", "orders", "settlements")])
def test_the_demo_comes_out_with_few_reads_and_by_pages(tmp_path: Path, reads: tuple[str, ...]) -> None:
    scenario = DEMO.read_text(encoding="utf-8")
    found = import_recording(record(tmp_path / "run.jsonl", scenario, "2026-06", reads), "2026-06")
    wrong = [one for one in found.verified if one.comparison.kind == UNEXPLAINED]
    paths = {row.path.rpartition(".")[2] for one in wrong for row in one.comparison.differences}
    assert paths <= (
        {"portfolio_value", "updated_ts", "resting_orders_count", "total_cost_shares_fp"} if len(reads) == 2 else set()
    )
    assert found.refusals == []


def test_a_scenario_is_imported_the_same_again(tmp_path: Path) -> None:
    scenario = DEMO.read_text(encoding="utf-8")
    first = import_recording(record(tmp_path / "a.jsonl", scenario, "2026-10"))
    again = import_recording(record(tmp_path / "b.jsonl", first.text, "2026-10"))
    assert unexplained(again) == []
    assert first.text.count("fill:") == again.text.count("fill:")


HEAD = """scenario: small
start: 2026-03-01T00:00:00Z
accounts:
  alice: {cash: 5000}
markets:
  KXA-26-T1: {event: KXA-26, series: KXA}
  KXA-26-T2: {event: KXA-26, series: KXA}
history:
"""
UNKNOWN = {"portfolio_value", "updated_ts"}
FILLS = st.lists(
    st.tuples(
        st.sampled_from(["KXA-26-T1", "KXA-26-T2"]),
        st.sampled_from(["yes", "no"]),
        st.sampled_from(["buy", "sell"]),
        st.integers(1, 9),
        st.integers(1, 99),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


def history_of(fills: list[tuple[str, str, str, int, int, bool]]) -> str:
    return "".join(
        f"  - {{after: 1s, fill: {{account: alice, market: {market}, side: {side}, action: {action}, count: {count},"
        f" price: {cents / 100:.2f}, taker: {str(taker).lower()}}}}}\n"
        for market, side, action, count, cents, taker in fills
    )


# Amounts are cut to cents before 2026-03, so that fees of fills that were forgotten cannot be told from rests.
CUT_TO_CENTS = DATES[:3]
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@given(fills=FILLS, date=st.sampled_from(DATES), forgotten=st.integers(0, 3))
@settings(max_examples=examples(12), deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.too_slow])
def test_any_fills_come_out_equal_also_without_the_oldest(
    fills: list[tuple[str, str, str, int, int, bool]], date: str, forgotten: int
) -> None:
    forgotten = 0 if date in CUT_TO_CENTS else forgotten
    kept = max(1, len(fills) - forgotten)
    with TemporaryDirectory() as folder:
        reads = (f"fills?limit={kept}", "positions", "balance") if forgotten else READS
        path = record(Path(folder) / "run.jsonl", HEAD + history_of(fills), date, reads, pages_max=1)
        found = import_recording(path, date)
    wrong = [one for one in found.verified if one.comparison.kind == UNEXPLAINED]
    paths = {row.path for one in wrong for row in one.comparison.differences}
    assert paths <= UNKNOWN
    assert found.refusals == []


def test_what_no_step_gives_is_reported_with_the_smallest_difference(tmp_path: Path) -> None:
    path = record(tmp_path / "run.jsonl", HEAD + history_of([("KXA-26-T1", "yes", "buy", 3, 50, False)]), "2026-06")
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('\\"total_traded_dollars\\":\\"1.500000\\"', '\\"total_traded_dollars\\":\\"1.400000\\"')
    )
    found = import_recording(path)
    (wrong,) = [one for one in found.verified if one.comparison.kind == UNEXPLAINED]
    assert wrong.answer.target == f"{PREFIX}positions"
    assert [tuple(row) for row in wrong.comparison.differences] == [
        ("market_positions[0].total_traded_dollars", '"1.400000"', '"1.500000"')
    ]
    assert not found.is_explained

"""The API date decides how fees are rounded, unless the scenario says it; a log that exists keeps its own rounding."""

import json

from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.sandbox.forks import exported, open_fork, read_source, source_of
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.reopening import describe
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Sandboxes, Slot
from mockexchange.scenario.loader import load_text
from mockexchange.store.memory_log import MemoryLog
from mockexchange.venues.kalshi.named_days import api_date
from tests.core.dump import dump
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import POSITIONS, SMALL, WALL, make, open_again, run, signed

CENTS, GRID = 20_000, 17_500
"""The fee of bob's one contract at 0.5, in microdollars: a whole cent more, or the exact one."""
BOUGHT = "  - fill: {account: bob, market: RAIN-1, side: yes, action: buy, count: 1, price: 0.5, taker: true}\n"
OLD = SandboxOptions(api_date=api_date("2025-11"), clock="paused", host=lambda: WALL)


def fee_of(sandbox: Sandbox) -> int:
    (held,) = sandbox.exchange.state.subaccounts[SubaccountRef("bob")].positions.values()
    return held.fees_micros


def dated(sandbox: Sandbox, rounding: str) -> list[bytes]:
    """Return the exported log of a sandbox as a version wrote it that rounded so at its API date."""
    first, *rest = exported(sandbox)
    return [json.dumps({**json.loads(first), "rounding": rounding}).encode(), *rest]


@each_row(
    ["date", "rounding", "fee", "shown"],
    [
        ("2025-11", None, CENTS, "0.0200"),
        ("2025-12-31", None, CENTS, "0.0200"),
        ("2026-01-01", None, GRID, "0.0100"),
        ("2026-10", None, GRID, "0.017500"),
        ("compat", None, GRID, "0.017500"),
        ("2025-11", "2026", GRID, "0.0100"),
        ("2026-10", "2025", CENTS, "0.020000"),
    ],
)
def test_the_date_decides_and_the_scenario_overrides_it(date: str, rounding: str | None, fee: int, shown: str) -> None:
    sandbox = make(SMALL + BOUGHT + (f"fees: {{rounding: {rounding}}}\n" if rounding else ""), date)
    assert fee_of(sandbox) == fee
    assert sandbox.log.header.rounding == {CENTS: "2025", GRID: "2026"}[fee]
    (row,) = json.loads(sandbox.answer(signed(sandbox, POSITIONS, "bob/main"))[0].body)["market_positions"]
    assert row["fees_paid_dollars"] == shown


def test_sandboxes_of_one_plan_round_by_their_own_dates() -> None:
    """The third sandbox of a plan is a copy of an exchange, which may be of another date."""
    plan = load_text(SMALL + BOUGHT)
    dates = ["2025-11", "2025-11", "2026-10", "2025-11", "2026-10"]
    made = [run(open_sandbox(plan, SandboxOptions(api_date=api_date(date), host=lambda: WALL))) for date in dates]
    assert [fee_of(sandbox) for sandbox in made] == [CENTS, CENTS, GRID, CENTS, GRID]


def test_a_log_keeps_its_rounding_when_it_is_opened_or_forked() -> None:
    async def life() -> None:
        sandbox = await open_sandbox(load_text(SMALL + BOUGHT + "fees: {rounding: 2026}\n"), OLD)
        state = dump(sandbox.exchange.state)
        sandbox.plan = load_text(SMALL + BOUGHT)  # such a log was written before dates decided
        log = MemoryLog(sandbox.log.header)
        log.extend_now(list(sandbox.log))
        restored = await open_again(describe(sandbox), log, lambda: WALL)
        assert (dump(restored.exchange.state), restored.log.header.rounding) == (state, "2026")
        for source in (source_of(sandbox), read_source(dated(sandbox, "2026"))):
            fork = await open_fork(source, OLD)
            assert (fee_of(fork), fork.log.header.rounding) == (GRID, "2026")

    run(life())


def test_a_reset_rounds_by_the_date_again() -> None:
    async def life() -> None:
        source = source_of(await open_sandbox(load_text(SMALL + BOUGHT), OLD))
        options = SandboxOptions(api_date=api_date("2026-10"), clock="paused", host=lambda: WALL)
        sandboxes = Sandboxes()
        sandboxes.add(Slot(await open_fork(source, options)))
        assert fee_of(sandboxes.get("default").sandbox) == CENTS
        assert fee_of(await sandboxes.reset("default")) == GRID

    run(life())

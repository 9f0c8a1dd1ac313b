"""The same commands give the same events, ids and state; the seed changes ids and nothing else."""

from itertools import pairwise

from msgspec.structs import replace

from mockexchange.core.commands import CancelOrder, Command, Deposit, ListMarket, OpenAccount, SettleMarket
from mockexchange.core.events import Event, Filled, OrderRested, PositionChanged
from mockexchange.core.exchange import Exchange, Outcome
from mockexchange.core.vocabulary import FeeRounding, Result, SubaccountRef
from tests.core.dump import dump
from tests.core.world import START, fill, rest

COMMANDS: list[Command] = [
    OpenAccount(account="alice"),
    OpenAccount(account="bob"),
    ListMarket(market="RAIN-1", event="RAIN", series="RAIN"),
    Deposit(subaccount_ref=SubaccountRef("alice"), amount_micros=1_000_000),
    rest("buy yes 5 @ 0.40"),
    fill("buy yes 3 @ 0.40", against=SubaccountRef("bob"), taker=True),
    CancelOrder(order="no such order"),
    fill("sell yes 4 @ 0.45", new="named"),
    SettleMarket(market="RAIN-1", result=Result.NO),
]


def run(commands: list[Command], seed: int = 7) -> tuple[Exchange, list[Outcome]]:
    exchange = Exchange(seed, FeeRounding.GRID)
    return exchange, [exchange.execute(command, START + place) for place, command in enumerate(commands)]


def happened(outcomes: list[Outcome]) -> list[Event]:
    return [event for outcome in outcomes if isinstance(outcome, tuple) for event in outcome]


def ids(events: list[Event]) -> list[str]:
    fills = [each for event in events if isinstance(event, Filled) for each in (event.fill_id, event.order_id)]
    return fills + [event.order_id for event in events if isinstance(event, OrderRested)]


def test_the_same_log_gives_the_same_events_refusals_ids_and_state() -> None:
    (one, first), (two, second) = run(COMMANDS), run(COMMANDS)
    assert first == second
    assert dump(one.state) == dump(two.state)


def test_ids_are_unique() -> None:
    given = ids(happened(run(COMMANDS)[1]))
    both_sides_of_the_trade = 1
    assert len(given) == 7
    assert len(set(given)) == len(given) - both_sides_of_the_trade


def test_another_seed_gives_other_ids_and_the_same_rows() -> None:
    seven, eight = happened(run(COMMANDS, 7)[1]), happened(run(COMMANDS, 8)[1])
    assert set(ids(seven)) & set(ids(eight)) == {"named"}
    assert [e for e in seven if isinstance(e, PositionChanged)] == [e for e in eight if isinstance(e, PositionChanged)]


def test_ids_of_trades_and_of_their_orders_depend_on_the_commands_that_were_not_refused() -> None:
    without_refused: list[Command] = [command for command in COMMANDS if not isinstance(command, CancelOrder)]
    assert len(without_refused) < len(COMMANDS)
    assert ids(happened(run(COMMANDS)[1])) == ids(happened(run(without_refused)[1]))


def test_time_never_goes_back() -> None:
    exchange = Exchange()
    exchange.execute(OpenAccount(account="alice"), START)
    exchange.execute(ListMarket(market="RAIN-1", event="RAIN", series="RAIN"), START - 5)
    changes = [exchange.execute(fill("buy yes 1 @ 0.50"), START + step) for step in (3, 1, 3, 4)]
    rows = [event for outcome in changes if isinstance(outcome, tuple) for event in outcome]
    assert [row.updated_at - START for row in rows if isinstance(row, PositionChanged)] == [3, 3, 3, 4]
    assert exchange.last_at == START + 4


def test_the_start_of_a_log_gives_the_start_of_the_story() -> None:
    whole = run(COMMANDS)[1]
    for length in range(len(COMMANDS)):
        assert run(COMMANDS[:length])[1] == whole[:length]


def test_every_change_has_a_revision_of_its_own() -> None:
    exchange, _ = run(COMMANDS[:3])
    revisions = []
    for count_centis in (100, 200, 300):
        exchange.execute(replace(fill("buy yes 1 @ 0.50"), count_centis=count_centis), START)
        revisions.append(exchange.state.subaccounts[SubaccountRef("alice")].positions["RAIN-1"].revision)
    assert all(before < after for before, after in pairwise(revisions))

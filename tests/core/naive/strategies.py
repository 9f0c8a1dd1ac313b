"""Random commands of every kind over a few names: mostly such as can be carried out, some that must be refused."""

from itertools import product
from operator import itemgetter
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.vocabulary import (
    AccountKind,
    Action,
    FeeType,
    Result,
    Side,
    SubaccountRef,
)
from tests.core.naive.cash_strategies import cash

Commands = SearchStrategy[Command]

ACCOUNTS = {"alice": AccountKind.MEMBER, "bob": AccountKind.MEMBER, "desk": AccountKind.FCM}
BOOKS = [("alice", "3"), ("desk", "st1")]
SERIES = {
    "RAIN": FeeType.QUADRATIC,
    "SUN": FeeType.QUADRATIC_WITH_MAKER_FEES,
    "SNOW": FeeType.QUADRATIC_WITH_COMBO_MAKER_FEES,
    "FLAT": FeeType.FLAT,
}
HOMES = {
    "RAIN-A": ("RAIN", 0),
    "RAIN-B": ("RAIN", 1),
    "SUN-A": ("SUN", 0),
    "SNOW-A": ("SNOW", 0),
    "FLAT-A": ("FLAT", 0),
}


def listed(event: str, number: int, astray: bool = False, price_centicents: int | None = None) -> Command:
    series, index = HOMES[event]
    return commands.ListMarket(
        market=f"{event}-{number}",
        event=event,
        series=series,
        exchange_index=index + astray,
        price_centicents=price_centicents,
    )


def fill(subaccount_ref: SubaccountRef, against: SubaccountRef | None, **values: Any) -> Command:
    return commands.Fill(
        subaccount_ref=subaccount_ref, against=None if against == subaccount_ref else against, **values
    )


TOLD: dict[str, dict[str, Any]] = {
    "six": {
        "subaccount_ref": SubaccountRef("desk", "st1"),
        "market": "RAIN-A-0",
        "side": Side.YES,
        "action": Action.BUY,
    },
    "seven": {"subaccount_ref": SubaccountRef("alice"), "market": "SUN-A-0", "side": Side.NO, "action": Action.SELL},
}


def part_of(order: str, is_new: bool, **values: Any) -> Command:
    return commands.Fill(order=commands.NewOrder(order) if is_new else order, **TOLD[order], **values)


def rested(subaccount_ref: SubaccountRef, group: str | None, is_own: bool, **values: Any) -> Command:
    """`is_own`: in the group of its book, whichever was named."""
    return commands.RestOrder(
        subaccount_ref=subaccount_ref, group=OWN_GROUPS.get(subaccount_ref) if is_own else group, **values
    )


def opened(quantity_centis: int, cost_micros: int, **values: Any) -> Command:
    cost_micros = cost_micros if quantity_centis else 0
    return commands.OpenPosition(quantity_centis=quantity_centis, cost_micros=cost_micros, **values)


OWN_GROUPS = {SubaccountRef("alice"): "near", SubaccountRef("desk", "st1"): "far"}
PRELUDE: list[Command] = [
    *(commands.OpenAccount(account=account, kind=kind) for account, kind in ACCOUNTS.items()),
    *(commands.OpenSubaccount(account=account, subaccount=subaccount) for account, subaccount in BOOKS),
    *(commands.Deposit(subaccount_ref=SubaccountRef(account), amount_micros=50_000_000) for account in ACCOUNTS),
    *(commands.ListSeries(series=name, fee_type=fee_type) for name, fee_type in SERIES.items()),
    *(
        commands.OpenGroup(subaccount_ref=subaccount_ref, group=name, limit_centis=200)
        for subaccount_ref, name in OWN_GROUPS.items()
    ),
    *(listed(event, number) for event, number in product(HOMES, range(2))),
]


class Names(NamedTuple):
    """What commands may be about; the likelier names stand more than once."""

    subaccount_refs: SearchStrategy[SubaccountRef]
    markets: SearchStrategy[str]
    orders: SearchStrategy[str]


ORDERS = st.sampled_from(["one", "two", "three", "four", "five"])
NEVER_RESTED = st.sampled_from(["six", "seven"])
KNOWN = Names(
    st.sampled_from(["alice", "desk/st1", "alice", "bob", "desk/st1", "alice/3", "desk"]).map(SubaccountRef.parse),
    st.sampled_from(["RAIN-A-0", "RAIN-A-0", "RAIN-A-1", "SUN-A-0", "RAIN-B-0", "RAIN-B-1", "SNOW-A-0"]),
    ORDERS,
)
ANY = Names(
    st.sampled_from(["alice", "desk/st1", "alice/4", "desk/st2", "carol"]).map(SubaccountRef.parse),
    st.sampled_from(["RAIN-A-0", "SUN-A-1", "FLAT-A-0", "RAIN-A-2", "RAIN-A-9"]),
    ORDERS,
)

counts = st.integers(1, 5).map(lambda contracts: contracts * 100) | st.integers(1, 400)
prices = st.sampled_from([5_000, 5_200, 9_900, 3_333, 1, 9_999, 6_667])
whole_cents = st.sampled_from([5_000, 5_200, 9_900])
accounts = st.sampled_from([*ACCOUNTS, "carol"])
subaccounts = st.sampled_from(["3", "4", "63", "64", "0", "st1", "st2"])
events = st.sampled_from(list(HOMES))
client_order_ids = st.sampled_from(["", "", "", "mine"])
groups = st.sampled_from(["near", "far", "wide"])
decisions = st.sampled_from(
    [(Result.YES, None), (Result.NO, None), (Result.SCALAR, 2_575), (Result.VOID, None), (Result.SCALAR, 3_000)]
)


def fills(names: Names, orders: SearchStrategy[str] | None = None) -> Commands:
    return st.builds(
        fill,
        subaccount_ref=names.subaccount_refs,
        market=names.markets,
        side=st.sampled_from(Side),
        action=st.sampled_from(Action),
        count_centis=counts,
        price_centicents=prices,
        taker=st.booleans(),
        fee_micros=st.sampled_from([None, None, None, 0, 17_501]),
        against=st.none() | names.subaccount_refs,
        order=st.none() if orders is None else orders | orders.map(commands.NewOrder),
        client_order_id=client_order_ids,
        fill_id=st.sampled_from([None, None, None, None, "trade 1", "trade 2", "trade 3"]),
    )


def parts() -> Commands:
    """Fills of an order that is known by them alone."""
    return st.builds(
        part_of,
        st.sampled_from(sorted(TOLD)),
        is_new=st.booleans(),
        count_centis=counts,
        price_centicents=prices,
        taker=st.sampled_from([True, True, False]),
        fee_micros=st.sampled_from([None, None, None, 17_501]),
        client_order_id=st.sampled_from(["", "", "", "mine"]),
        fill_id=st.none(),
    )


def rests(names: Names) -> Commands:
    return st.builds(
        rested,
        subaccount_ref=names.subaccount_refs,
        group=st.none() | st.none() | groups,
        is_own=st.booleans(),
        market=names.markets,
        side=st.sampled_from(Side),
        action=st.sampled_from(Action),
        count_centis=counts,
        price_centicents=prices,
        order=names.orders | names.orders | st.none(),
        client_order_id=client_order_ids,
        cancel_on_pause=st.booleans(),
    )


def order_changes(names: Names) -> Commands:
    ended = st.builds(commands.CancelOrder, order=names.orders) | st.builds(commands.ExpireOrder, order=names.orders)
    return st.builds(commands.ReduceOrder, order=names.orders, count_centis=counts) | amendments(names) | ended


def amendments(names: Names) -> Commands:
    return st.builds(
        commands.AmendOrder, order=names.orders, price_centicents=whole_cents, count_centis=counts | st.none()
    ) | st.builds(commands.AmendOrder, order=names.orders, count_centis=counts)


def imports(names: Names) -> Commands:
    return st.builds(
        opened,
        subaccount_ref=names.subaccount_refs,
        market=names.markets,
        quantity_centis=st.integers(-500, 500),
        cost_micros=st.integers(0, 5_000_000),
        realized_micros=st.sampled_from([0, -70_000, 1]),
        fees_micros=st.sampled_from([0, 0, 17_500]),
        traded_micros=st.sampled_from([0, 2_500_000]),
        shares_centis=st.sampled_from([None, 0, 700]),
    )


def groupings(names: Names) -> Commands:
    opened = st.builds(
        commands.OpenGroup,
        subaccount_ref=names.subaccount_refs,
        group=groups,
        limit_centis=st.sampled_from([None, 100, 300, 500]),
        exchange_index=st.sampled_from([0, 0, 1]),
    )
    limited = st.builds(commands.LimitGroup, group=groups, limit_centis=st.sampled_from([100, 300, 500]))
    kept = st.builds(commands.TriggerGroup, group=groups) | st.builds(commands.ResetGroup, group=groups) | limited
    return opened | kept | st.builds(commands.DeleteGroup, group=groups)


def lives(names: Names) -> Commands:
    return (
        st.builds(commands.CloseMarket, market=names.markets)
        | st.builds(commands.DisputeMarket, market=names.markets)
        | st.builds(commands.FinalizeMarket, market=names.markets)
        | st.builds(
            decided, st.sampled_from([commands.DetermineMarket, commands.SettleMarket]), names.markets, decisions
        )
    )


def decided(
    kind: type[commands.DetermineMarket | commands.SettleMarket], market: str, decision: tuple[Result, int | None]
) -> Command:
    return kind(market=market, result=decision[0], value_centicents=decision[1])


def quotes(names: Names) -> Commands:
    bids = st.tuples(st.sampled_from([4_800, 3_333, 1]), counts)
    levels = st.lists(bids, max_size=3, unique_by=itemgetter(0)).map(tuple)
    return st.builds(commands.QuoteMarket, market=names.markets, yes=levels, no=levels)


def listings(names: Names) -> Commands:
    return (
        st.builds(commands.PriceMarket, market=names.markets, price_centicents=prices)
        | st.builds(listed, events, st.integers(1, 4), st.sampled_from([False, False, True]), st.none() | prices)
        | st.builds(commands.ListSeries, series=st.sampled_from(["RAIN", "HAIL"]), fee_multiplier=st.just(5_000))
    )


def openings() -> Commands:
    return (
        st.builds(commands.OpenAccount, account=accounts, kind=st.sampled_from(AccountKind))
        | st.builds(commands.OpenSubaccount, account=accounts, subaccount=subaccounts)
        | st.builds(
            commands.AddKey,
            account=accounts,
            key=st.sampled_from(["main", "ro"]),
            key_id=st.sampled_from(["id-1", "id-2", "id-3"]),
            public_key=st.sampled_from(["PEM 1", "PEM 2"]),
            subaccount=st.none() | subaccounts,
        )
    )


def anything(names: Names) -> Commands:
    return (
        fills(names, names.orders)
        | rests(names)
        | order_changes(names)
        | imports(names)
        | cash(names.subaccount_refs)
        | groupings(names)
        | lives(names)
        | listings(names)
        | quotes(names)
        | st.builds(commands.SwitchExchange, trading=st.booleans())
        | st.builds(commands.Note, subject=st.just("fault"), text=st.sampled_from(["on", "off"]))
        | openings()
    )

"""Steps: the text form of an exchange's commands in scenarios, the control API and the command line.

A step is a mapping with one command:
`{fill: {account: alice, market: M, side: yes, action: buy, count: 10, price: 0.56}}`.
Steps of a scenario's history may also have a time, either an instant or a duration since the step before (those of its
script are entries, in `script_entries.py`):
`{at: 2025-11-05T12:00:00Z, settle: {market: M, result: yes}}`, `{after: 5s, settle: {market: M, result: yes}}`.

To add a step, add an entry to the part of `STEPS` that is about its subject.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from msgspec import Struct

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.derivatives.derivative import Greeks, MarginTerms, Terms
from mockexchange.core.derivatives.vocabulary import (
    DerivativeKind,
    Direction,
    Form,
    OptionType,
    OrderLife,
    Period,
    TriggerKind,
    TriggerSource,
)
from mockexchange.core.model.markets import EventDetails, Leg, MarketDetails, SeriesDetails
from mockexchange.core.vocabulary import (
    EXCHANGE_INDEX_MAX,
    PRIMARY_SUBACCOUNT,
    AccountKind,
    Action,
    FeeType,
    Instance,
    PaymentMethod,
    PaymentStatus,
    Reservation,
    Result,
    SelfTradePrevention,
    Severity,
    Side,
    TimeInForce,
    TransferStatus,
)
from mockexchange.scenario.error_collection import is_collecting
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.instants import INSTANT
from mockexchange.scenario.located_text import Located
from mockexchange.scenario.value_types import (
    AMOUNT,
    AMOUNT_ABOVE_ZERO,
    BOOK,
    BOOLEAN,
    COUNT,
    COUNT_ABOVE_ZERO,
    DURATION,
    MULTIPLIER,
    NAME,
    NUMBER,
    NUMBER_ABOVE_ZERO,
    PART,
    PAYOUT,
    PRICE,
    SECONDS,
    SIGNED_AMOUNT,
    SIGNED_COUNT,
    SIGNED_NUMBER,
    STRIKE,
    TEXT,
    Field,
    ListOf,
    Made,
    MapOf,
    Nullable,
    Record,
    Scalar,
    TupleOf,
    below,
    choice,
    integer,
    keywords,
    matching,
    may,
    must,
    one_of,
    wrong,
)
from mockexchange.venues.keys.public_keys import load_public_key
from mockexchange.venues.registry import DEFAULT, VENUES

# Types of values that several steps and the scenario's top level use


def _api_date(text: str) -> str:
    """Return the name of an API date if any venue has it. Reading the account checks that its own venue has it."""
    for venue in VENUES.values():
        with suppress(ValueError):
            venue.api_date(text)
            return text
    DEFAULT.api_date(text)
    return text


def _public_key(text: str) -> str:
    load_public_key(text)
    return text


def of_venues(name: str) -> tuple[str, ...]:
    """Return the words that all venues together allow for a kind of value, such as "currency"."""
    return tuple(dict.fromkeys(word for venue in VENUES.values() for word in venue.scenario.vocabulary.get(name, ())))


_SCOPES = tuple(dict.fromkeys(scope for venue in VENUES.values() for scope in venue.auth.scopes))
VENUE = choice({name: "" if venue is DEFAULT else name for name, venue in VENUES.items()})
CURRENCIES = of_venues("currency")
CURRENCY = one_of("a currency such as BTC", CURRENCIES)

SIDE = choice({"yes": Side.YES, "no": Side.NO})
BOOK_ACTIONS = {"bid": Action.BUY, "ask": Action.SELL}
"""The action that each side of the order book stands for, in prices of YES."""
SIDE_OF_BOOK = choice({"yes": Side.YES, "no": Side.NO, **{name: name for name in BOOK_ACTIONS}})
ACTION = choice({"buy": Action.BUY, "sell": Action.SELL})
RESULT = choice({result.value: result for result in Result})
ACCOUNT_KIND = choice({kind.value: kind for kind in AccountKind})
FEE_TYPE = choice({kind.value: kind for kind in FeeType})
SELF_TRADE_PREVENTION = choice({kind.value: kind for kind in SelfTradePrevention})
TIME_IN_FORCE = choice({force.value: force for force in TimeInForce})
PAYMENT_METHOD = choice({method.value: method for method in PaymentMethod})
OPENING_STATUS = choice({status.value: status for status in (PaymentStatus.APPLIED, PaymentStatus.PENDING)})
FINAL_STATUS = choice({status.value: status for status in PaymentStatus if status is not PaymentStatus.PENDING})
INSTANCE = choice({instance.value: instance for instance in Instance})
TRANSFER_STATUS = choice({status.value: status for status in TransferStatus})
RESERVATION = choice({kind.value: kind for kind in Reservation})
SEVERITY = choice({severity.value: severity for severity in Severity})
TIER = keywords(*of_venues("tier"))
STRIKE_TYPE = keywords(*of_venues("strike_type"))
EXCHANGE_INDEX = integer(0, EXCHANGE_INDEX_MAX)
ALLOCATIONS = MapOf(integer(0, 100), EXCHANGE_INDEX, "a mapping of exchange indexes to percents such as {0: 60, 1: 40}")
LEVELS_MAX = 10_000
LEGS_MAX = 100
"""The most levels of a side of a book: as many as a market has prices, and a step sets them all at once."""
LEVELS = ListOf(
    TupleOf((PRICE, COUNT_ABOVE_ZERO), "a level [price, count]"), "a list of levels [price, count]", LEVELS_MAX
)
SCOPES = ListOf(one_of("a scope such as read or trade:read", _SCOPES), "a list of scopes such as [read, write]")
API_DATE = Scalar("an API date", _api_date, {"type": "string", "minLength": 1}, shows_reason=True)
PUBLIC_KEY = Scalar("a public key", _public_key, {"type": "string", "pattern": "^-----BEGIN"}, shows_reason=True)


# Kinds of steps: the keys of a step, and the command that it becomes


Details = Callable[..., Any]
"""A constructor of a nested part of a command, such as its field `details`."""
Prepare = Callable[[dict[str, Any]], dict[str, Any]]
"""A function that changes the values of a step, by key, before they become fields.

Raises ValueError on contradictions.
"""
Check = Callable[[Any], None]
"""A function that raises ValueError if a command's details contradict each other."""


class StepKind(Struct, frozen=True, dict=True):
    """A kind of step: the schema of its keys, and the command that a step becomes.

    `names` maps the keys of the step to fields of the command. A field such as "details.title" belongs to a nested
    value, here `details`. A step without any key of `details` gives the command no `details`.
    """

    command: Callable[..., Command]
    record: Record
    names: dict[str, str]
    details: Details | None = None
    check: Check | None = None
    prepare: Prepare | None = None

    @cached_property
    def _composite(self) -> frozenset[str]:
        """The fields of the command whose values may be lists or mappings, which become tuples."""
        fields = self.record.fields.items()
        return frozenset(self.names[key] for key, field in fields if not isinstance(field.kind, Scalar))

    def build(self, values: dict[str, Any]) -> Command:
        """Return the command for the values of a step. Raises ValueError if they contradict each other."""
        if self.prepare:
            values = self.prepare({key: value for key, value in values.items() if value is not None})
        given = {self.names[key]: value for key, value in values.items() if value is not None}
        for name in self._composite & given.keys():
            value = given[name]
            if isinstance(value, list):
                given[name] = tuple(value)
            elif isinstance(value, dict):
                given[name] = tuple(value.items())
        if self.details is None:
            return self.command(**given)
        plain = {name: value for name, value in given.items() if "." not in name}
        parts: dict[str, dict[str, Any]] = {}
        for name, value in given.items():
            part, dot, field = name.partition(".")
            if dot:
                parts.setdefault(part, {})[field] = value
        plain |= {part: self.details(**own) for part, own in parts.items()}
        if self.check and "details" in plain:
            self.check(plain["details"])
        return self.command(**plain)


def step(
    command: Callable[..., Command],
    details: Details | None = None,
    check: Check | None = None,
    prepare: Prepare | None = None,
    /,
    **fields: tuple[str, Field],
) -> StepKind:
    """Define a kind of step; `fields` maps each of its keys to (field of the command, type of the value)."""
    record = Record({key: field for key, (_, field) in fields.items()})
    names = {key: name for key, (name, _) in fields.items()}
    return StepKind(command, record, names, details, check, prepare)


STEPS: dict[str, StepKind] = {}
"""The kinds of steps by name, in the order in which errors and the schema list them."""


# Fills, opening balances, orders and their groups


NEW = "new"
"""The word by which a fill asks for a new order, alone or with the new order's id."""


class OrderOfFillType:
    """The schema of `order` in a step for a fill: the id of an existing order, `new`, or `{new: ID}`."""

    def read(self, node: Located, path: str) -> str | commands.NewOrder | None:
        if isinstance(node.value, dict):
            order_id = _NEW_ORDER.read(node, path)[NEW]
            return commands.NewOrder(order_id)
        name: str = NAME.read(node, path)
        return None if name == NEW else name

    def json_schema(self) -> dict[str, Any]:
        return {"anyOf": [NAME.json_schema(), _NEW_ORDER.json_schema()]}


_NEW_ORDER = Record({NEW: must(NAME)})


def _with_book_side(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of an order with a side and an action: a bid buys YES, an ask sells YES."""
    side, action = values["side"], values.get("action")
    if isinstance(side, Side):
        if action is None:
            raise ValueError(f"expected the key 'action' beside side {side}: buy or sell")
        return values
    if action is not None:
        raise ValueError(f"expected side {side} without `action`: a bid buys YES, an ask sells YES")
    return {**values, "side": Side.YES, "action": BOOK_ACTIONS[side]}


_TRADE = {
    "account": ("subaccount_ref", must(BOOK)),
    "market": ("market", must(NAME)),
    "side": ("side", must(SIDE)),
    "action": ("action", must(ACTION)),
    "count": ("count_centis", must(COUNT_ABOVE_ZERO)),
    "price": ("price_centicents", must(PRICE)),
    "client_order_id": ("client_order_id", may(NAME)),
}
_ORDER_ID = {"order": ("order", may(NAME))}
_ORDER_OPTIONS = {
    "group": ("group", may(NAME)),
    "expires": ("expires_at", may(INSTANT)),
    "self_trade_prevention": ("self_trade_prevention", may(SELF_TRADE_PREVENTION)),
    "cancel_on_pause": ("cancel_on_pause", may(BOOLEAN, False)),
}
_ORDER = {"order": ("order", must(NAME))}
_GROUP = {"group": ("group", must(NAME))}

STEPS |= {
    "fill": step(
        commands.Fill,
        **_TRADE,
        order=("order", may(OrderOfFillType())),
        taker=("taker", may(BOOLEAN, False)),
        fee=("fee_micros", may(AMOUNT)),
        against=("against", may(BOOK)),
        against_order=("against_order", may(OrderOfFillType())),
        against_fee=("against_fee_micros", may(AMOUNT)),
        id=("fill_id", may(NAME)),
    ),
    "open": step(
        commands.OpenPosition,
        account=("subaccount_ref", must(BOOK)),
        market=("market", must(NAME)),
        position=("quantity_centis", must(SIGNED_COUNT)),
        exposure=("cost_micros", must(AMOUNT)),
        realized=("realized_micros", may(SIGNED_AMOUNT, 0)),
        fees=("fees_micros", may(AMOUNT, 0)),
        traded=("traded_micros", may(AMOUNT, 0)),
        shares=("shares_centis", may(COUNT)),
    ),
    "rest": step(
        commands.RestOrder,
        **_TRADE,
        **_ORDER_ID,
        **_ORDER_OPTIONS,
    ),
    "place": step(
        commands.PlaceOrder,
        None,
        None,
        _with_book_side,
        **{**_TRADE, "side": ("side", must(SIDE_OF_BOOK)), "action": ("action", may(ACTION))},
        **_ORDER_ID,
        time_in_force=("time_in_force", may(TIME_IN_FORCE)),
        post_only=("post_only", may(BOOLEAN, False)),
        reduce_only=("reduce_only", may(BOOLEAN, False)),
        max_cost=("max_cost_micros", may(AMOUNT)),
        **_ORDER_OPTIONS,
    ),
    "print": step(
        commands.TradeMarket,
        market=("market", must(NAME)),
        side=("side", must(SIDE)),
        count=("count_centis", must(COUNT_ABOVE_ZERO)),
        price=("price_centicents", must(PRICE)),
    ),
    "reduce": step(commands.ReduceOrder, **_ORDER, count=("count_centis", must(COUNT_ABOVE_ZERO))),
    "cancel": step(commands.CancelOrder, **_ORDER),
    "cancel_all": step(
        commands.CancelAllOrders,
        account=("account", must(PART)),
        subaccount=("subaccount", may(PART)),
        market=("market", may(NAME)),
    ),
    "amend": step(
        commands.AmendOrder,
        **_ORDER,
        price=("price_centicents", may(PRICE)),
        count=("count_centis", may(COUNT)),
        client_order_id=("client_order_id", may(NAME)),
        expires=("expires_at", may(INSTANT)),
        clears_expiry=("clears_expiry", may(BOOLEAN, False)),
    ),
    "expire": step(commands.ExpireOrder, **_ORDER),
    "group": step(
        commands.OpenGroup,
        account=("subaccount_ref", must(BOOK)),
        group=("group", may(NAME)),
        limit=("limit_centis", may(COUNT_ABOVE_ZERO)),
        exchange_index=("exchange_index", may(EXCHANGE_INDEX, 0)),
    ),
    "trigger_group": step(commands.TriggerGroup, **_GROUP),
    "reset_group": step(commands.ResetGroup, **_GROUP),
    "limit_group": step(commands.LimitGroup, **_GROUP, limit=("limit_centis", must(COUNT_ABOVE_ZERO))),
    "delete_group": step(commands.DeleteGroup, **_GROUP),
}


# Requests for quotes (RFQs), quotes for them, and block trades


_QUOTE = {"quote": ("quote", must(NAME))}

STEPS |= {
    "rfq": step(
        commands.CreateRfq,
        account=("subaccount_ref", must(BOOK)),
        market=("market", must(NAME)),
        count=("count_centis", may(COUNT_ABOVE_ZERO)),
        cost=("cost_micros", may(AMOUNT_ABOVE_ZERO)),
        rest_remainder=("rest_remainder", may(BOOLEAN, False)),
        replaces=("replaces", may(BOOLEAN, False)),
        rfq=("rfq", may(NAME)),
    ),
    "delete_rfq": step(commands.DeleteRfq, rfq=("rfq", must(NAME))),
    "rfq_quote": step(
        commands.QuoteRfq,
        account=("subaccount_ref", must(BOOK)),
        rfq=("rfq", may(NAME)),
        market=("market", may(NAME)),
        yes_bid=("yes_centicents", may(PAYOUT, 0)),
        no_bid=("no_centicents", may(PAYOUT, 0)),
        rest_remainder=("rest_remainder", may(BOOLEAN, False)),
        post_only=("post_only", may(BOOLEAN, False)),
        quote=("quote", may(NAME)),
    ),
    "cancel_rfq_quote": step(commands.CancelRfqQuote, **_QUOTE),
    "accept_rfq_quote": step(
        commands.AcceptRfqQuote, side=("side", must(SIDE)), quote=("quote", may(NAME)), rfq=("rfq", may(NAME))
    ),
    "confirm_rfq_quote": step(commands.ConfirmRfqQuote, quote=("quote", may(NAME)), account=("account", may(PART))),
    "void_rfq_quote": step(commands.VoidRfqQuote, **_QUOTE),
    "execute_rfq_quote": step(commands.ExecuteRfqQuote, **_QUOTE),
    "block_trade": step(
        commands.ProposeBlockTrade,
        account=("proposer", must(PART)),
        buyer=("buyer", must(BOOK)),
        seller=("seller", must(BOOK)),
        market=("market", must(NAME)),
        price=("price_centicents", must(PRICE)),
        count=("count_centis", must(COUNT_ABOVE_ZERO)),
        maker=("maker_side", must(SIDE)),
        expires=("expires_at", must(INSTANT)),
        proposal=("proposal", may(NAME)),
    ),
    "accept_block_trade": step(
        commands.AcceptBlockTrade, proposal=("proposal", must(NAME)), account=("subaccount_ref", must(BOOK))
    ),
}


# Deposits, withdrawals and transfers of cash


_AMOUNT = ("amount_micros", must(AMOUNT_ABOVE_ZERO))
_SHARD = ("shard", may(EXCHANGE_INDEX, 0))
_PAYMENT = {
    "account": ("subaccount_ref", must(BOOK)),
    "amount": _AMOUNT,
    "payment": ("payment", may(NAME)),
    "method": ("method", may(PAYMENT_METHOD, PaymentMethod.ACH)),
    "fee": ("fee_micros", may(AMOUNT, 0)),
    "status": ("status", may(OPENING_STATUS, PaymentStatus.APPLIED)),
    "shard": _SHARD,
}

STEPS |= {
    "deposit": step(commands.Deposit, **_PAYMENT),
    "withdraw": step(commands.Withdraw, **_PAYMENT),
    "open_cash": step(
        commands.OpenCash,
        account=("subaccount_ref", must(BOOK)),
        amount=("amount_micros", must(SIGNED_AMOUNT)),
        shard=_SHARD,
    ),
    "finalize_payment": step(
        commands.FinalizePayment, payment=("payment", must(NAME)), status=("status", must(FINAL_STATUS))
    ),
    "transfer": step(
        commands.Transfer,
        source=("source", must(BOOK)),
        target=("target", must(BOOK)),
        amount=_AMOUNT,
        id=("transfer", may(NAME)),
        shard=_SHARD,
    ),
    "shard_transfer": step(
        commands.TransferShard,
        account=("account", must(PART)),
        source=("source", may(INSTANCE, Instance.EVENT_CONTRACT)),
        target=("target", may(INSTANCE, Instance.EVENT_CONTRACT)),
        source_shard=("source_shard", may(EXCHANGE_INDEX, 0)),
        target_shard=("target_shard", may(EXCHANGE_INDEX, 0)),
        source_book=("source_subaccount", may(PART, PRIMARY_SUBACCOUNT)),
        target_book=("target_subaccount", may(PART, PRIMARY_SUBACCOUNT)),
        amount=_AMOUNT,
        id=("transfer", may(NAME)),
        status=("status", may(TRANSFER_STATUS, TransferStatus.COMPLETE)),
    ),
    "complete_transfer": step(commands.CompleteTransfer, transfer=("transfer", must(NAME))),
    "allocate": step(
        commands.AllocateBalance,
        account=("account", must(PART)),
        allocations=("allocations", must(ALLOCATIONS)),
        reservation=("reservation", may(RESERVATION, Reservation.SUM)),
    ),
    "rebalance": step(commands.RebalanceCash, account=("account", must(PART))),
    "netting": step(commands.SetNetting, account=("subaccount_ref", must(BOOK)), enabled=("enabled", must(BOOLEAN))),
}


# Accounts, subaccounts, keys, and the restrictions of subtraders


CATEGORIES = ListOf(NAME, "a list of categories")

STEPS |= {
    "account": step(
        commands.OpenAccount,
        account=("account", must(PART)),
        kind=("kind", may(ACCOUNT_KIND, AccountKind.MEMBER)),
        account_id=("account_id", may(NAME, "")),
        user_id=("user_id", may(NAME, "")),
        tier=("tier", may(TIER, "basic")),
        venue=("venue", may(VENUE, "")),
    ),
    "book": step(commands.OpenSubaccount, account=("account", must(PART)), book=("subaccount", must(PART))),
    "key": step(
        commands.AddKey,
        account=("account", must(NAME)),
        key=("key", must(NAME)),
        key_id=("key_id", must(NAME)),
        public_key=("public_key", may(PUBLIC_KEY)),
        secret=("secret", may(TEXT)),
        scopes=("scopes", may(SCOPES)),
        book=("subaccount", may(NAME)),
        api_date=("api_date", may(API_DATE)),
    ),
    "remove_key": step(commands.RemoveKey, account=("account", must(NAME)), key_id=("key_id", must(NAME))),
    "tier": step(commands.SetTier, account=("account", must(PART)), tier=("tier", must(TIER))),
    "restrict": step(
        commands.RestrictSubtrader,
        account=("subaccount_ref", must(BOOK)),
        categories=("categories", may(CATEGORIES, [])),
        blocked=("blocked", may(BOOLEAN, False)),
    ),
    "cap": step(
        commands.CapSubtrader, account=("subaccount_ref", must(BOOK)), limit=("limit_micros", must(Nullable(AMOUNT)))
    ),
}


# Series, events and markets, and the exchange itself


_MARKET = {"market": ("market", must(NAME))}
_RESULT = {**_MARKET, "result": ("result", must(RESULT)), "value": ("value_centicents", may(PAYOUT))}

# The scenario's top level has the same fields: key = (command field, field).
SERIES_FIELDS = {
    "fee_type": ("fee_type", may(FEE_TYPE, FeeType.QUADRATIC)),
    "fee_multiplier": ("fee_multiplier", may(MULTIPLIER, commands.FEE_MULTIPLIER_UNIT)),
    "title": ("details.title", may(TEXT)),
    "category": ("details.category", may(TEXT)),
    "frequency": ("details.frequency", may(TEXT)),
    "tags": ("details.tags", may(ListOf(TEXT))),
}
EVENT_FIELDS = {
    "title": ("details.title", may(TEXT)),
    "sub_title": ("details.sub_title", may(TEXT)),
    "category": ("details.category", may(TEXT)),
    "mutually_exclusive": ("details.mutually_exclusive", may(BOOLEAN)),
    "strike_at": ("details.strike_at", may(INSTANT)),
    "strike_period": ("details.strike_period", may(TEXT)),
}
COMBINED_LEGS = ListOf(
    Made(Record({"event": must(NAME), "market": must(NAME), "side": must(SIDE)}), Leg), "a list of legs", LEGS_MAX
)
MARKET_FIELDS = {
    "event": ("event", must(NAME)),
    "series": ("series", must(NAME)),
    "title": ("title", may(TEXT, "")),
    "price": ("price_centicents", may(PRICE)),
    "exchange_index": ("exchange_index", may(EXCHANGE_INDEX, 0)),
    "subtitle": ("details.subtitle", may(TEXT)),
    "yes_title": ("details.yes_title", may(TEXT)),
    "no_title": ("details.no_title", may(TEXT)),
    "open": ("details.open_at", may(INSTANT)),
    "close": ("details.close_at", may(INSTANT)),
    "expected_expiration": ("details.expected_expiration_at", may(INSTANT)),
    "expiration": ("details.expiration_at", may(INSTANT)),
    "settlement_timer": ("details.settlement_timer_s", may(SECONDS)),
    "can_close_early": ("details.can_close_early", may(BOOLEAN)),
    "rules": ("details.rules_primary", may(TEXT)),
    "rules_secondary": ("details.rules_secondary", may(TEXT)),
    "strike_type": ("details.strike_type", may(STRIKE_TYPE)),
    "floor_strike": ("details.floor_strike", may(STRIKE)),
    "cap_strike": ("details.cap_strike", may(STRIKE)),
}
BOOK_FIELDS = {"yes": ("yes", may(LEVELS, [])), "no": ("no", may(LEVELS, []))}


def _require_order(details: MarketDetails) -> None:
    """Refuse a market that closes before it opens, or expires before it closes."""
    opens_at, closes_at, expires_at = details.open_at, details.close_at, details.expiration_at
    if opens_at is not None and closes_at is not None and opens_at >= closes_at:
        raise ValueError("close: expected an instant after `open`")
    if closes_at is not None and expires_at is not None and closes_at > expires_at:
        raise ValueError("expiration: expected `close` or an instant after it")


STEPS |= {
    "series": step(commands.ListSeries, SeriesDetails, series=("series", must(NAME)), **SERIES_FIELDS),
    "event": step(commands.DescribeEvent, EventDetails, event=("event", must(NAME)), **EVENT_FIELDS),
    "market": step(commands.ListMarket, MarketDetails, _require_order, **_MARKET, **MARKET_FIELDS),
    "combination": step(
        commands.ListCombination,
        **_MARKET,
        event=("event", must(NAME)),
        series=("series", must(NAME)),
        collection=("collection", must(NAME)),
        legs=("legs", must(COMBINED_LEGS)),
        title=("title", may(TEXT, "")),
        close=("close_at", may(INSTANT)),
        exchange_index=("exchange_index", may(EXCHANGE_INDEX, 0)),
    ),
    "look_up": step(commands.LookUpMarket, **_MARKET),
    "orderbook": step(commands.QuoteMarket, **_MARKET, **BOOK_FIELDS),
    "replenish": step(commands.ReplenishMarket, **_MARKET),
    "price": step(commands.PriceMarket, **_MARKET, price=("price_centicents", must(PRICE))),
    "close": step(commands.CloseMarket, **_MARKET),
    "determine": step(commands.DetermineMarket, **_RESULT),
    "dispute": step(commands.DisputeMarket, **_MARKET),
    "finalize": step(commands.FinalizeMarket, **_MARKET),
    "settle": step(commands.SettleMarket, **_RESULT),
    "exchange": step(
        commands.SwitchExchange,
        active=("active", may(BOOLEAN, True)),
        trading=("trading", may(BOOLEAN, True)),
        resume=("resume_at", may(INSTANT)),
    ),
    "market_trading": step(commands.SwitchMarket, **_MARKET, trading=("trading", must(BOOLEAN))),
    "announce": step(
        commands.Announce,
        message=("message", must(TEXT)),
        type=("severity", may(SEVERITY, Severity.INFO)),
        at=("delivered_at", may(INSTANT)),
        active=("active", may(BOOLEAN, True)),
    ),
}


# Derivatives: prices, trades, settlement, funding, delivery, and cash by currency


LEG_RATIO_MAX = 100
USD, USDC = "USD", "USDC"
COIN = matching("a currency such as BTC", re.compile("[A-Z][A-Z0-9]{0,11}"))
"""The type of a derivative's base coin; accounts need not be able to hold it, unlike its settlement currency."""
_LEG = TupleOf((NAME, integer(-LEG_RATIO_MAX, LEG_RATIO_MAX)), "a leg [instrument, ratio]")
_GREEKS = Made(Record({name: may(SIGNED_NUMBER) for name in ("delta", "gamma", "vega", "theta")}), Greeks)
_MARGIN = Made(Record({name: may(NUMBER) for name in ("initial", "maintenance", "slope")}), MarginTerms)
_INSTRUMENT = {"instrument": ("derivative", must(NAME))}
_PRICING = {"iv": ("iv", may(NUMBER_ABOVE_ZERO)), "greeks": ("greeks", may(_GREEKS))}


class Lot(NamedTuple):
    """Defaults of a derivative: contract size, smallest amount, tick, maker fee and taker fee."""

    contract_size: Decimal
    amount_min: Decimal
    tick: Decimal
    maker_fee: Decimal
    taker_fee: Decimal


def _lot(size: str, least: str, tick: str, maker: str, taker: str) -> Lot:
    return Lot(*map(Decimal, (size, least, tick, maker, taker)))


# Inverse futures are counted in 10 USD where the coin is BTC and in 1 USD otherwise [doc]. The other numbers are
# choices: what the exchange lists differs by coin and changes, so scenarios and not clients should rely on them.
LOTS = {
    (False, Form.INVERSE): _lot("1", "1", "0.05", "0", "0.0005"),
    (False, Form.LINEAR): _lot("0.0001", "0.0001", "0.01", "0", "0.0005"),
    (True, Form.INVERSE): _lot("1", "0.1", "0.0001", "0.0003", "0.0003"),
    (True, Form.LINEAR): _lot("1", "0.1", "0.0001", "0.0003", "0.0003"),
}
"""Default sizes and fees by (whether it is an option, form)."""
LOT_BTC = _lot("10", "10", "0.5", "0", "0.0005")
"""Default sizes and fees of inverse futures of BTC."""

DERIVATIVE_FIELDS = {
    "kind": ("terms.kind", must(choice({kind.value: kind for kind in DerivativeKind}))),
    "form": ("terms.form", may(choice({form.value: form for form in Form}))),
    "base": ("terms.base", must(COIN)),
    "quote": ("terms.quote", may(COIN)),
    "index": ("terms.index", may(NAME)),
    "period": ("terms.period", may(choice({period.value: period for period in Period}))),
    "expires": ("terms.expires_at", may(INSTANT)),
    "strike": ("terms.strike", may(NUMBER_ABOVE_ZERO)),
    "option_type": ("terms.option_type", may(choice({kind.value: kind for kind in OptionType}))),
    "legs": ("terms.legs", may(ListOf(_LEG, "a list of legs [instrument, ratio]"))),
    "contract_size": ("terms.contract_size", may(NUMBER_ABOVE_ZERO)),
    "amount_min": ("terms.amount_min", may(NUMBER_ABOVE_ZERO)),
    "tick": ("terms.tick", may(NUMBER_ABOVE_ZERO)),
    "maker_fee": ("terms.maker_fee", may(SIGNED_NUMBER)),
    "taker_fee": ("terms.taker_fee", may(SIGNED_NUMBER)),
    "margin": ("terms.margin", may(_MARGIN)),
    "mark": ("mark", must(SIGNED_NUMBER)),
    "settlement": ("settlement", may(NUMBER)),
    **_PRICING,
}
"""The fields of an instrument in a scenario, and of the step that lists an instrument."""


def terms_of(**given: Any) -> Terms:
    """Return the terms of a derivative from the values of a step and the defaults.

    Without a form, a quote of dollars or no quote means inverse, any other quote means linear. The default quote of the
    linear form is USDC. Raises ValueError if the values contradict each other.
    """
    kind, base = given["kind"], given["base"]
    form = given.get("form") or (Form.INVERSE if given.get("quote") in (None, USD) else Form.LINEAR)
    quote = given.get("quote") or (USD if form is Form.INVERSE else USDC)
    is_of_options = kind in (DerivativeKind.OPTION, DerivativeKind.OPTION_COMBO)
    is_of_btc = base == "BTC" and not is_of_options and form is Form.INVERSE
    is_perpetual = kind is DerivativeKind.FUTURE and given.get("expires_at") is None
    usual = {
        **(LOT_BTC if is_of_btc else LOTS[is_of_options, form])._asdict(),
        "index": f"{base}_{quote}".lower(),
        "period": Period.PERPETUAL if is_perpetual else Period.MONTH,
    }
    terms = Terms(**{**usual, **given, "form": form, "quote": quote})
    if terms.settlement_currency not in CURRENCIES:  # no account could hold it
        key = "base" if form is Form.INVERSE else "quote"
        advice = did_you_mean(terms.settlement_currency, CURRENCIES)
        known = f"one of {', '.join(CURRENCIES)}, since that is what it settles in"
        raise ValueError(f"{key}: expected {known}; got {terms.settlement_currency!r}{advice}")
    return terms


STEPS |= {
    "index": step(commands.SetIndex, index=("index", must(NAME)), price=("price", must(NUMBER_ABOVE_ZERO))),
    "instrument": step(commands.ListDerivative, terms_of, instrument=("terms.name", must(NAME)), **DERIVATIVE_FIELDS),
    "mark": step(commands.MarkDerivative, **_INSTRUMENT, price=("price", must(SIGNED_NUMBER)), **_PRICING),
    "trade": step(
        commands.TradeDerivative,
        account=("subaccount_ref", must(BOOK)),
        **_INSTRUMENT,
        direction=("direction", must(choice({direction.value: direction for direction in Direction}))),
        amount=("amount", must(NUMBER_ABOVE_ZERO)),
        price=("price", must(SIGNED_NUMBER)),
        taker=("taker", may(BOOLEAN, False)),
        fee=("fee", may(SIGNED_NUMBER)),
        against=("against", may(BOOK)),
        order=("order", may(NAME)),
        id=("trade", may(NAME)),
        label=("label", may(TEXT, "")),
    ),
    "hold": step(
        commands.OpenHolding,
        account=("subaccount_ref", must(BOOK)),
        **_INSTRUMENT,
        size=("size", must(SIGNED_NUMBER)),
        average_price=("average_price", must(NUMBER_ABOVE_ZERO)),
        reference=("reference", may(NUMBER_ABOVE_ZERO)),
        average_price_usd=("average_price_usd", may(NUMBER_ABOVE_ZERO)),
        realized=("realized", may(SIGNED_NUMBER)),
        realized_funding=("realized_funding", may(SIGNED_NUMBER)),
    ),
    "session": step(commands.SettleSession, prices=("prices", may(MapOf(NUMBER_ABOVE_ZERO), {}))),
    "funding": step(
        commands.PayFunding,
        **_INSTRUMENT,
        rate=("rate", must(SIGNED_NUMBER)),
        interest=("interest_value", may(SIGNED_NUMBER)),
    ),
    "deliver": step(commands.DeliverDerivative, **_INSTRUMENT, price=("price", may(NUMBER_ABOVE_ZERO))),
    "credit": step(
        commands.CreditCurrency,
        account=("subaccount_ref", must(BOOK)),
        currency=("currency", must(CURRENCY)),
        amount=("amount", must(SIGNED_NUMBER)),
    ),
}


# Orders of derivatives, and quotes of traders outside the scenario


_LEVELS = ListOf(
    TupleOf((NUMBER_ABOVE_ZERO, NUMBER_ABOVE_ZERO), "a level [price, amount]"),
    "a list of [price, amount]",
    LEVELS_MAX,
)
_FLAGS = ("post_only", "reject_post_only", "reduce_only")
STEPS |= {
    "quote": step(
        commands.QuoteDerivative, **_INSTRUMENT, bids=("bids", may(_LEVELS, ())), asks=("asks", may(_LEVELS, ()))
    ),
    "order": step(
        commands.PlaceDerivativeOrder,
        account=("subaccount_ref", must(BOOK)),
        **_INSTRUMENT,
        direction=("direction", must(choice({direction.value: direction for direction in Direction}))),
        amount=("amount", must(NUMBER_ABOVE_ZERO)),
        price=("price", may(NUMBER_ABOVE_ZERO)),
        time_in_force=("life", may(choice({life.value: life for life in OrderLife}))),
        **{name: (name, may(BOOLEAN, False)) for name in _FLAGS},
        label=("label", may(TEXT, "")),
        order=("order", may(NAME)),
        trigger=("trigger", may(choice({source.value: source for source in TriggerSource}))),
        trigger_kind=("trigger_kind", may(choice({kind.value: kind for kind in TriggerKind}))),
        trigger_price=("trigger_price", may(NUMBER_ABOVE_ZERO)),
    ),
    "edit": step(
        commands.EditDerivativeOrder,
        order=("order", must(NAME)),
        amount=("amount", may(NUMBER_ABOVE_ZERO)),
        price=("price", may(NUMBER_ABOVE_ZERO)),
        **{name: (name, may(BOOLEAN)) for name in _FLAGS},
        trigger_price=("trigger_price", may(NUMBER_ABOVE_ZERO)),
    ),
    "cancel_orders": step(
        commands.CancelDerivativeOrders,
        account=("subaccount_ref", must(BOOK)),
        instrument=("derivative", may(NAME)),
        currency=("currency", may(CURRENCY)),
        kinds=("kinds", may(ListOf(choice({kind.value: kind for kind in DerivativeKind}), "a list of kinds"), ())),
        label=("label", may(TEXT)),
    ),
}


# Reading a step


TIMES = ("at", "after")


class Step(NamedTuple):
    """A command with its time: an instant, a duration after the previous step, or neither.

    `node` has file and line for errors, and while errors are collected, the step's parsed text.
    """

    command: Command
    at: int | None
    after_us: int | None
    node: Located


class StepType:
    """The schema of a step: one command with an optional time."""

    def read(self, node: Located, path: str) -> Step:
        given = node.value
        if isinstance(given, str) and given in STEPS:
            raise wrong(node, path, f"a mapping such as `{given}: {{...}}`")
        if not isinstance(given, dict):
            raise wrong(node, path, f"a step with one of {', '.join(STEPS)}")
        names = [key for key in given if key not in TIMES]
        name = names[0] if len(names) == 1 else ""
        if name not in STEPS:
            unknown = next((name for name in names if name not in STEPS), None)
            if unknown is not None:
                advice = did_you_mean(unknown, (*STEPS, *TIMES)) or f": known are {', '.join(STEPS)}"
                raise ScenarioError(f"unknown step {unknown!r}{advice}", node.file, node.line_of(unknown), path)
            found = ", ".join(names) or "none"
            message = f"expected one of {', '.join(STEPS)}; got {found}"
            raise ScenarioError(message, node.file, node.line, path)
        if len(given) > 2:
            raise ScenarioError("expected `at` or `after`, got both", node.file, node.line, path)
        at = INSTANT.read(given["at"], below(path, "at")) if "at" in given else None
        after_us = DURATION.read(given["after"], below(path, "after")) if "after" in given else None
        command = read_command(name, given[name], below(path, name))
        # A check looks into steps that are refused; else a long history would keep all of its text.
        place = node if is_collecting() else Located(None, node.file, node.line, node.key_lines)
        return Step(command, at, after_us, place)

    def json_schema(self) -> dict[str, Any]:
        steps = {name: kind.record.json_schema() for name, kind in STEPS.items()}
        return {
            "type": "object",
            "properties": {**steps, "at": INSTANT.json_schema(), "after": DURATION.json_schema()},
            "maxProperties": 2,
            "additionalProperties": False,
            "oneOf": [{"required": [name]} for name in STEPS],
        }


STEP = StepType()


def read_command(name: str, node: Located, path: str) -> Command:
    kind = STEPS[name]
    values = kind.record.read(node, path)
    try:
        return kind.build(values)
    except ValueError as error:
        raise ScenarioError(str(error), node.file, node.line, path) from None

"""Faults of Deribit and SignalPlus: most are edits of answers, some are functions without effect."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.suites.planted.planting import Planter
from contracts.suites.targets import unchanged
from mockexchange.core.derivatives import order_checks
from mockexchange.venues.deribit import authentication, routes
from mockexchange.venues.deribit.resources import positions, trades
from mockexchange.venues.keys import secrets
from mockexchange.venues.signalplus import authentication as gateway
from mockexchange.venues.signalplus.resources import positions as gateway_positions

Wrap = Callable[[ASGIApp], ASGIApp]
Plant = Callable[[Planter], None]


class Fault(NamedTuple):
    """A fault and the rules of which one has to find it. `wrap` edits answers, `plant` changes the server."""

    name: str
    rules: tuple[str, ...]
    wrap: Wrap = unchanged
    plant: Plant = lambda planter: None


class Edited:
    """An application whose answers at some paths are edited: matches of a pattern in the body, or the status."""

    def __init__(
        self, app: ASGIApp, path: str, edits: tuple[tuple[bytes, bytes], ...], statuses: dict[int, int]
    ) -> None:
        self._app, self._path, self._edits, self._statuses = app, re.compile(path), edits, statuses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        said: list[Message] = []

        async def keep(message: Message) -> None:
            said.append(message)

        await self._app(scope, receive, keep)
        body = b"".join(message.get("body", b"") for message in said[1:])
        start = said[0]
        if self._path.search(scope["path"]):
            for pattern, replacement in self._edits:
                body = re.sub(pattern, replacement, body)
            start = {**start, "status": self._statuses.get(start["status"], start["status"])}
        await send(start)
        await send({"type": "http.response.body", "body": body})


def edit(
    name: str, rules: str, pattern: bytes, replacement: bytes, *, path: str = "", statuses: dict[int, int] | None = None
) -> Fault:
    def wrap(app: ASGIApp) -> ASGIApp:
        return Edited(app, path, ((pattern, replacement),), statuses or {})

    return Fault(name, tuple(rules.split()), wrap)


def answering(name: str, rules: str, statuses: dict[int, int]) -> Fault:
    return edit(name, rules, b"$^", b"", statuses=statuses)


def broken(name: str, rules: str, original: Any, make: Callable[[Any], Any]) -> Fault:
    return Fault(name, tuple(rules.split()), plant=lambda planter: planter.function(original, make))


def always(value: Any) -> Callable[[Any], Any]:
    return lambda original: lambda *given, **named: value


LIST, ONE = "get_positions$", "get_position$"
DOCUMENTED = "reads.answered"
STATE = "get_order_state$"
WRITES = (
    edit("an order has another amount", "orders.placed", rb'"amount":10.0', b'"amount":20.0', path="buy$"),
    edit("an order that rests has fills", "orders.placed", rb'"filled_amount":0.0', b'"filled_amount":1.0', path=STATE),
    edit("an edit is not marked", "orders.edited", rb'"replaced":true', b'"replaced":false', path="edit$"),
    edit("an edit loses the label", "orders.edited", rb'"label":"[0-9a-f]+"', b'"label":""', path="edit$"),
    edit("a canceled order is open", "orders.canceled", b'"cancelled"', b'"open"', path="cancel$"),
    edit("a canceled order becomes open", "orders.canceled", b'"cancelled"', b'"open"', path=STATE),
    edit(
        "a label finds nothing", "orders.labels", rb'"result":.*,"usIn"', b'"result":[],"usIn"', path="orders_by_label$"
    ),
    edit("a trigger order rests at once", "orders.triggers", b'"order_state":"untriggered"', b'"order_state":"open"'),
    edit("canceled orders are miscounted", "orders.labels", b'"result":2', b'"result":1', path="cancel_by_label$"),
    edit("all orders are miscounted", "orders.cancel_all", rb'"result":[1-9]', b'"result":99', path="by_instrument$"),
    edit("fills are counted twice", "orders.filled", b'"filled_amount":10.0', b'"filled_amount":20.0', path=STATE),
    edit("a trade has another price", "orders.filled", rb'"price":\d+', b'"price":1', path="trades_by_order$"),
    broken("prices between the ticks are taken", "orders.refused", order_checks.require_price, always(None)),
)
"""Faults of order entry."""
DERIBIT = (
    *WRITES,
    edit("the id is left out", "envelopes.id", rb'"id":[^,]*,', b""),
    edit(
        "the id is a number too large for a float",
        "envelopes.id",
        rb'"id":9007199254740993,',
        b'"id":9007199254740992,',
    ),
    edit("usDiff does not add up", "envelopes.times", rb'"usDiff":\d+', b'"usDiff":7'),
    edit("usIn is a text", DOCUMENTED, rb'"usIn":(\d+)', rb'"usIn":"\1"'),
    edit("testnet is missing", DOCUMENTED, rb',"testnet":(true|false)', b""),
    edit("jsonrpc is 1.0", DOCUMENTED, rb'"jsonrpc":"2.0"', b'"jsonrpc":"1.0"'),
    edit("numbers have exponents", "envelopes.numbers", rb":0\.0000(\d)(\d+)", rb":\1.\2e-5"),
    edit("numbers have ten decimals", "envelopes.numbers", rb"(\.\d{9})", rb"\g<1>1"),
    edit("amounts are texts", DOCUMENTED, rb'"delta":([-\d.]+)', rb'"delta":"\1"', path=LIST),
    edit("shorts are positive", "positions.rows", rb'"size":-', b'"size":', path=LIST),
    edit("shorts are bought", "positions.rows", rb'"sell"', b'"buy"', path=LIST),
    edit("a flat row has no direction zero", "positions.rows positions.never_held", rb'"zero"', b'"buy"', path=ONE),
    edit("a flat row has a price", "positions.never_held", rb'"average_price":0.0', b'"average_price":1.0', path=ONE),
    edit("the whole profit is off", "positions.rows", rb'"total_profit_loss":0.0256', b'"total_profit_loss":0.0257'),
    edit(
        "the session's profit is the whole",
        "positions.session",
        rb'"floating_profit_loss":-0.01447419\d',
        b'"floating_profit_loss":0.025691112',
    ),
    edit(
        "an option's profit is in dollars",
        "positions.rows",
        rb'"total_profit_loss":0.00427',
        b'"total_profit_loss":486.155',
    ),
    edit(
        "profit in dollars is the session's",
        "positions.rows",
        rb'"floating_profit_loss_usd":[-\d.]+',
        b'"floating_profit_loss_usd":-573.82',
    ),
    edit("a linear size is in coin", "positions.rows", rb'"size":-5692.275', b'"size":-0.05'),
    edit("delta is that of one contract", "positions.rows", rb'"delta":0.974421544', b'"delta":1.0'),
    edit(
        "size_currency is at the index",
        "positions.rows",
        rb'"size_currency":0.974421544',
        b'"size_currency":0.974672484',
    ),
    edit("leverage has a fraction", DOCUMENTED, rb'"leverage":(\d+)', rb'"leverage":\1.0'),
    edit("leverage is that of another", "positions.rows", rb'"leverage":25', b'"leverage":50'),
    edit("margins are swapped", "positions.rows", rb'"initial_margin":0.039', b'"initial_margin":0.0039'),
    edit("gamma is missing", DOCUMENTED, rb'"gamma":[-\d.]+,', b""),
    edit("futures have gamma", DOCUMENTED, rb'"leverage"', b'"gamma":0.0,"leverage"'),
    edit("the price of liquidation is missing", DOCUMENTED, rb'"estimated_liquidation_price":null,', b""),
    edit("open_orders_margin is missing", DOCUMENTED, rb'"open_orders_margin":0.0,', b""),
    edit("kind is perpetual", DOCUMENTED, rb'"kind":"future"', b'"kind":"perpetual"', path=LIST),
    edit("one position is another", "positions.one", rb'"mark_price":113882.95', b'"mark_price":113882.9', path=ONE),
    edit("equity has no options", "summaries.sums", rb'"equity":[-\d.]+', b'"equity":2.466368086'),
    edit("a summary lacks a position", "summaries.rows", rb'"futures_pl":0.02589', b'"futures_pl":0.00589'),
    edit("one summary is another", "summaries.all", rb'"balance":2', b'"balance":3', path="get_account_summary$"),
    edit("has_more is never so", "trades.count", rb'"has_more":true', b'"has_more":false'),
    edit("trades have no fee_currency", DOCUMENTED + " trades.order", rb'"fee_currency":"\w+",', b""),
    edit("an error has no data", "refusals.worded", rb'"data":\{[^}]*\},', b""),
    edit("an error's param is missing", "refusals.worded", rb',"param":"[a-z_]+"', b""),
    edit("an error is worded otherwise", "refusals.unknown", rb"Method not found", b"Method Not Found"),
    edit("an error is flat", "refusals.worded", rb'"error":\{"code":(-?\d+).*\}', rb'"error":\1,"message":"no"}'),
    answering("errors are answered 200", "refusals.worded", {400: 200}),
    answering("a bad token is a 401", "refusals.worded tokens.spoiled", {400: 401}),
    answering("what is for streams is a 404", "refusals.streams_only", {400: 404}),
    broken("no secret is compared", "tokens.wrong tokens.missigned", secrets.are_equal, always(True)),
    broken("no time is looked at", "tokens.missigned tokens.wrong", authentication.require_time, always(None)),
    broken("no scope is asked for", "refusals.scopes tokens.narrowed", routes.require_scope, always(None)),
    broken("no filter is heeded", "filters.kept", positions.passes_filters, always(True)),
    broken(
        "no instants are heeded", "trades.between", trades._window, lambda window: lambda start, end: window(None, None)
    ),
)
GATEWAY = "positions.rows"
SIGNALPLUS = (
    edit("a long rid goes through a float", "calls.rid", rb'"rid":9223372036854775807', b'"rid":9223372036854775808'),
    edit(
        "a very long rid has an exponent",
        "calls.rid",
        rb'"rid":12345678901234567890123456789',
        b'"rid":1.2345678901234568e28',
    ),
    edit("the rid is a text", "calls.rid", rb'"rid":(\d+)', rb'"rid":"\1"'),
    edit("jsonrpc is there too", "calls.base", rb'^\{"rid"', b'{"jsonrpc":"2.0","rid"'),
    edit("totalprofitLoss is spelt as in the table", GATEWAY, rb"totalProfitLoss", b"totalprofitLoss"),
    edit("amounts are numbers", GATEWAY, rb'"delta":"([-\d.]+)"', rb'"delta":\1'),
    edit("the last .0 is left out", GATEWAY, rb'\.0"', b'"'),
    edit("an amount has zeros behind", GATEWAY, rb'"averagePrice":"110957.5"', b'"averagePrice":"110957.50"'),
    edit("leverage is a text", GATEWAY, rb'"leverage":(\d+)', rb'"leverage":"\1"'),
    edit("side is direction", GATEWAY, rb'"side"', b'"direction"'),
    edit("fields are Deribit's", GATEWAY, rb'"markPrice"', b'"mark_price"'),
    edit("what does not apply is null", GATEWAY, rb'"leverage"', b'"gamma":null,"leverage"'),
    edit("a price of liquidation", GATEWAY, rb'"leverage"', b'"estimatedLiquidationPrice":"0.0","leverage"'),
    edit("shorts are positive", GATEWAY, rb'"size":"-', b'"size":"'),
    edit(
        "the whole profit is the session's",
        GATEWAY,
        rb'"totalProfitLoss":"0.0256\d+"',
        b'"totalProfitLoss":"-0.014474194"',
    ),
    edit("a linear size is in coin", GATEWAY, rb'"size":"-5692.275"', b'"size":"-0.05"'),
    edit(
        "keys are in another order",
        "positions.keys",
        rb'"averagePrice":("[-\d.]+"),"delta":("[-\d.]+")',
        rb'"delta":\2,"averagePrice":\1',
    ),
    answering("a bad signature is a 400", "signatures.refused", {401: 400}),
    answering("errors are answered 200", "calls.worded", {400: 200}),
    answering("another verb is a 404", "calls.verbs", {405: 404}),
    edit("the error of a bad signature is another", "signatures.refused", rb"token invalid", b"invalid token"),
    broken("no secret is compared", "signatures.refused signatures.another_key", secrets.are_equal, always(True)),
    broken("no time is looked at", "signatures.refused", gateway._require_time, always(None)),
    broken("no filter is heeded", "positions.currency positions.kind", gateway_positions._passes_filters, always(True)),
)

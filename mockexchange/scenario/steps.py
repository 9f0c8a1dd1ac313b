"""Steps: the words in which scenarios, the control API and the command line ask for commands.

A step is a mapping with one command and, in a history, optionally `at` (an instant) or `after` (a duration since the
step before): `{fill: {account: alice, market: M, side: yes, action: buy, count: 10, price: 0.56}}`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from mockexchange.core import commands
from mockexchange.core.commands import Command
from mockexchange.core.vocabulary import AccountKind, Action, FeeType, Result, Side
from mockexchange.scenario.errors import ScenarioError, did_you_mean
from mockexchange.scenario.kinds import (
    AMOUNT,
    AMOUNT_ABOVE_ZERO,
    BOOK,
    BOOLEAN,
    COUNT,
    COUNT_ABOVE_ZERO,
    DURATION,
    INSTANT,
    MULTIPLIER,
    NAME,
    PART,
    PAYOUT,
    PRICE,
    SIGNED_AMOUNT,
    SIGNED_COUNT,
    TEXT,
    Field,
    Kind,
    ListOf,
    Record,
    Scalar,
    below,
    choice,
    integer,
    wrong,
)
from mockexchange.scenario.source import Located
from mockexchange.venues.kalshi.dates import api_date
from mockexchange.venues.kalshi.signing import load_public_key

TIMES = ("at", "after")

# The scopes that the venue's documentation of 2026-10 names.
SCOPE_NAMES = (
    "read",
    "write",
    "read::block_trade_accept",
    "read::portfolio_balance",
    "write::trade",
    "write::transfer",
    "write::fcm_risk",
    "write::block_trade_accept",
)


def _api_date(text: str) -> str:
    api_date(text)
    return text


def _public_key(text: str) -> str:
    load_public_key(text)
    return text


SIDE = choice({"yes": Side.YES, "no": Side.NO})
ACTION = choice({"buy": Action.BUY, "sell": Action.SELL})
RESULT = choice({result.value: result for result in Result})
ACCOUNT_KIND = choice({kind.value: kind for kind in AccountKind})
FEE_TYPE = choice({kind.value: kind for kind in FeeType})
EXCHANGE_INDEX = integer(0, 63)
SCOPES = ListOf(choice({scope: scope for scope in SCOPE_NAMES}), f"a list of scopes: {', '.join(SCOPE_NAMES)}")
API_DATE = Scalar("an API date", _api_date, {"type": "string", "minLength": 1}, says_why=True)
PUBLIC_KEY = Scalar("a public key", _public_key, {"type": "string", "pattern": "^-----BEGIN"}, says_why=True)


def must(kind: Kind) -> Field:
    return Field(kind, required=True)


def may(kind: Kind, default: Any = None) -> Field:
    return Field(kind, default=default)


@dataclass(frozen=True, slots=True)
class StepKind:
    """How one step reads and which command it is: `names` maps its keys to the command's fields."""

    command: Callable[..., Command]
    record: Record
    names: dict[str, str]

    def build(self, values: dict[str, Any]) -> Command:
        return self.command(**{self.names[key]: _frozen(value) for key, value in values.items() if value is not None})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _step(command: Callable[..., Command], **fields: tuple[str, Field]) -> StepKind:
    """`key=(command field, field)`."""
    record = Record({key: field for key, (_, field) in fields.items()})
    return StepKind(command, record, {key: name for key, (name, _) in fields.items()})


_MARKET = ("market", must(NAME))
_RESULT = {"market": _MARKET, "result": ("result", must(RESULT)), "value": ("value_centicents", may(PAYOUT))}
_TRADE = {
    "account": ("purse", must(BOOK)),
    "market": _MARKET,
    "side": ("side", must(SIDE)),
    "action": ("action", must(ACTION)),
    "count": ("count_centis", must(COUNT_ABOVE_ZERO)),
    "price": ("price_centicents", must(PRICE)),
    "order": ("order", may(NAME)),
}
_CASH = {"account": ("purse", must(BOOK)), "amount": ("amount_micros", must(AMOUNT_ABOVE_ZERO))}

STEPS: dict[str, StepKind] = {
    "fill": _step(
        commands.Fill,
        **_TRADE,
        taker=("taker", may(BOOLEAN, False)),
        fee=("fee_micros", may(AMOUNT)),
        against=("against", may(BOOK)),
    ),
    "open": _step(
        commands.OpenPosition,
        account=("purse", must(BOOK)),
        market=_MARKET,
        position=("quantity_centis", must(SIGNED_COUNT)),
        exposure=("cost_micros", must(AMOUNT)),
        realized=("realized_micros", may(SIGNED_AMOUNT, 0)),
        fees=("fees_micros", may(AMOUNT, 0)),
        traded=("traded_micros", may(AMOUNT, 0)),
        shares=("shares_centis", may(COUNT)),
    ),
    "rest": _step(commands.RestOrder, **_TRADE),
    "reduce": _step(commands.ReduceOrder, order=("order", must(NAME)), count=("count_centis", must(COUNT_ABOVE_ZERO))),
    "cancel": _step(commands.CancelOrder, order=("order", must(NAME))),
    "deposit": _step(commands.Deposit, **_CASH),
    "withdraw": _step(commands.Withdraw, **_CASH),
    "transfer": _step(
        commands.Transfer,
        source=("source", must(BOOK)),
        target=("target", must(BOOK)),
        amount=("amount_micros", must(AMOUNT_ABOVE_ZERO)),
    ),
    "account": _step(
        commands.OpenAccount,
        account=("account", must(PART)),
        kind=("kind", may(ACCOUNT_KIND, AccountKind.MEMBER)),
        account_id=("account_id", may(NAME, "")),
    ),
    "book": _step(commands.OpenBook, account=("account", must(PART)), book=("book", must(PART))),
    "key": _step(
        commands.AddKey,
        account=("account", must(NAME)),
        key=("key", must(NAME)),
        key_id=("key_id", must(NAME)),
        public_key=("public_key", must(PUBLIC_KEY)),
        scopes=("scopes", may(SCOPES)),
        book=("book", may(NAME)),
        api_date=("api_date", may(API_DATE)),
    ),
    "series": _step(
        commands.ListSeries,
        series=("series", must(NAME)),
        fee_type=("fee_type", may(FEE_TYPE, FeeType.QUADRATIC)),
        fee_multiplier=("fee_multiplier", may(MULTIPLIER, commands.FEE_MULTIPLIER_UNIT)),
    ),
    "market": _step(
        commands.ListMarket,
        market=_MARKET,
        event=("event", must(NAME)),
        series=("series", must(NAME)),
        title=("title", may(TEXT, "")),
        price=("price_centicents", may(PRICE)),
        exchange_index=("exchange_index", may(EXCHANGE_INDEX, 0)),
    ),
    "price": _step(commands.PriceMarket, market=_MARKET, price=("price_centicents", must(PRICE))),
    "close": _step(commands.CloseMarket, market=_MARKET),
    "determine": _step(commands.DetermineMarket, **_RESULT),
    "dispute": _step(commands.DisputeMarket, market=_MARKET),
    "finalize": _step(commands.FinalizeMarket, market=_MARKET),
    "settle": _step(commands.SettleMarket, **_RESULT),
}


class Step(NamedTuple):
    """A command and when it is to happen: at an instant, after a duration, or neither; `node` is where it stands."""

    command: Command
    at: int | None
    after_us: int | None
    node: Located


class StepType:
    """The schema of a step."""

    def read(self, node: Located, path: str) -> Step:
        given = node.value
        if not isinstance(given, dict):
            raise wrong(node, path, f"a step with one of {', '.join(STEPS)}")
        name = _name_of(node, [key for key in given if key not in TIMES], path)
        if len(given) > 2:
            raise ScenarioError("expected `at` or `after`, got both", node.file, node.line, path)
        at = INSTANT.read(given["at"], below(path, "at")) if "at" in given else None
        after_us = DURATION.read(given["after"], below(path, "after")) if "after" in given else None
        return Step(_command(name, given[name], below(path, name)), at, after_us, node)

    def json_schema(self) -> dict[str, Any]:
        times = {"at": INSTANT.json_schema(), "after": DURATION.json_schema()}
        return {"oneOf": [_variant(name, kind, times) for name, kind in STEPS.items()]}


STEP = StepType()


def _name_of(node: Located, names: list[str], path: str) -> str:
    unknown = next((name for name in names if name not in STEPS), None)
    if unknown is not None:
        advice = did_you_mean(unknown, (*STEPS, *TIMES)) or f": known are {', '.join(STEPS)}"
        raise ScenarioError(f"unknown step {unknown!r}{advice}", node.file, node.line_of(unknown), path)
    if len(names) != 1:
        found = ", ".join(names) or "none"
        raise ScenarioError(f"expected one of {', '.join(STEPS)}; got {found}", node.file, node.line, path)
    return names[0]


def _command(name: str, node: Located, path: str) -> Command:
    kind = STEPS[name]
    values = kind.record.read(node, path)
    try:
        return kind.build(values)
    except ValueError as error:
        raise ScenarioError(str(error), node.file, node.line, path) from None


def _variant(name: str, kind: StepKind, times: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: kind.record.json_schema(), **times},
        "required": [name],
        "maxProperties": 2,
        "additionalProperties": False,
    }

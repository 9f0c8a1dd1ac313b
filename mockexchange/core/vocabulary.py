"""Enumerations, references and scaled integer units that commands, events and state share.

money   micro-dollars      `_micros`       1_000_000 is one dollar
price   centi-cents        `_centicents`      10_000 is one dollar
count   centi-contracts    `_centis`             100 is one contract

A price times a count is a whole number of micro-dollars, so no amount is ever rounded by arithmetic.
"""

import re
from enum import StrEnum
from functools import cache, reduce
from typing import NamedTuple

MICROS_PER_DOLLAR = 1_000_000
MICROS_PER_CENT = 10_000
CENTICENTS_PER_DOLLAR = 10_000
CENTIS_PER_CONTRACT = 100

PRIMARY_SUBACCOUNT = "0"
"""Name of the subaccount that every account has.

Others are "1" to "63"; a subtrader's subaccount has the subtrader's name.
"""
SUBACCOUNTS_MAX = 63
EXCHANGE_INDEX_MAX = 63

WRITTEN_WORDS = {"Subaccount": "Book", "Derivative": "Contract"}
"""Words in the names of commands and events for which logs and JSON have another."""


class AccountKind(StrEnum):
    """Kinds of accounts: a member, or an FCM with subtraders."""

    MEMBER = "member"
    FCM = "fcm"


class Side(StrEnum):
    """An outcome of a market, YES or NO; its contracts pay if it happens."""

    YES = "yes"
    NO = "no"


class Action(StrEnum):
    """The direction of an order: buy or sell."""

    BUY = "buy"
    SELL = "sell"


class Result(StrEnum):
    """Results of a market: SCALAR pays a value between 0 and 1 dollar, VOID pays positions back at cost."""

    YES = "yes"
    NO = "no"
    SCALAR = "scalar"
    VOID = "void"


class MarketStatus(StrEnum):
    """Stages of a market, from trading to payout."""

    OPEN = "open"
    CLOSED = "closed"
    DETERMINED = "determined"
    DISPUTED = "disputed"
    FINALIZED = "finalized"


class FeeType(StrEnum):
    """The fee schedule of a series, which selects the formula of its fees."""

    QUADRATIC = "quadratic"
    QUADRATIC_WITH_MAKER_FEES = "quadratic_with_maker_fees"
    QUADRATIC_WITH_COMBO_MAKER_FEES = "quadratic_with_combo_maker_fees"
    FLAT = "flat"


class FeeRounding(StrEnum):
    """How a fee is rounded: up to a whole cent (2025), or to the exchange's balance step with rebates (2026)."""

    CENT = "2025"
    GRID = "2026"


class OrderStatus(StrEnum):
    """Status of an order."""

    RESTING = "resting"
    CANCELED = "canceled"
    EXECUTED = "executed"


class TimeInForce(StrEnum):
    """How long an order may rest: until canceled, not at all, or not at all and only if it can be filled whole."""

    GOOD_TILL_CANCELED = "good_till_canceled"
    IMMEDIATE_OR_CANCEL = "immediate_or_cancel"
    FILL_OR_KILL = "fill_or_kill"


class OrderReason(StrEnum):
    """Reasons for the last change of an order."""

    PLACED = "placed"
    TRADE = "trade"
    DECREASE = "decrease"
    AMEND = "amend"
    CANCEL = "cancel"
    GROUP = "group"
    """The order's group was triggered or deleted."""
    CLOSE = "close"
    HALT = "halt"
    EXPIRY = "expiry"
    SELF_TRADE = "self_trade"
    """The order would have traded with another order of its account."""
    POST_ONLY = "post_only"
    """The order was post-only and would have crossed."""
    REDUCE_ONLY = "reduce_only"
    """The order was reduce-only, and the rest of its count would not have reduced the position."""


class SelfTradePrevention(StrEnum):
    """Which order is canceled when both sides of a trade would be of one account."""

    TAKER_AT_CROSS = "taker_at_cross"
    MAKER = "maker"


class PaymentKind(StrEnum):
    """Kinds of payments: deposit or withdrawal."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"


class PaymentMethod(StrEnum):
    """Means of payment, such as ACH or a debit card."""

    ACH = "ach"
    WIRE = "wire"
    CRYPTO = "crypto"
    DEBIT = "debit"
    APM = "apm"


class PaymentStatus(StrEnum):
    """Stages of a payment."""

    PENDING = "pending"
    APPLIED = "applied"
    FAILED = "failed"
    RETURNED = "returned"


class Instance(StrEnum):
    """The two instances (separate exchanges) of one venue: one for event contracts, one for margined contracts."""

    EVENT_CONTRACT = "event_contract"
    MARGINED = "margined"


class TransferStatus(StrEnum):
    """Stages of a transfer of cash between shards."""

    PENDING = "pending"
    COMPLETE = "complete"


class Reservation(StrEnum):
    """The rules for how much cash stays on a shard for resting orders when cash is reallocated."""

    NONE = "none"
    MAX = "max"
    SUM = "sum"


class Severity(StrEnum):
    """How serious an announcement of the exchange is."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class SubaccountRef(NamedTuple):
    """A reference to one subaccount of an account, written `alice`, `alice/3` or `desk/st1`."""

    account: str
    subaccount: str = PRIMARY_SUBACCOUNT

    @classmethod
    def parse(cls, text: str) -> "SubaccountRef":
        """Parse ACCOUNT or ACCOUNT/SUBACCOUNT. Raises ValueError for other texts."""
        account, slash, subaccount = text.partition("/")
        if not account or (slash and not subaccount):
            raise ValueError(f"expected ACCOUNT or ACCOUNT/BOOK, got {text!r}")
        return cls(account, subaccount or PRIMARY_SUBACCOUNT)

    def __str__(self) -> str:
        return self.account if self.subaccount == PRIMARY_SUBACCOUNT else f"{self.account}/{self.subaccount}"


@cache
def written_name(kind: type) -> str:
    """Return the name of a type of commands or events in JSON, such as ContractTraded of DerivativeTraded."""
    return reduce(lambda name, word: name.replace(word, WRITTEN_WORDS[word]), WRITTEN_WORDS, kind.__name__)


def written_tag(kind: type) -> str:
    """Return the word for a type of commands or events in logs and JSON, such as `contract_traded`.

    It follows from the name of the class, so the name of a command is part of the format of logs.
    """
    return re.sub("(?<!^)(?=[A-Z])", "_", written_name(kind)).lower()

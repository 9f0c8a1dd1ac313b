"""Refusals of commands. A refusal is a value that `Exchange.execute` returns; the state stays unchanged."""

from enum import StrEnum

from msgspec import Struct


class RefusalCode(StrEnum):
    """Codes of refusals, as the control API and scenarios show them."""

    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_SUBACCOUNT = "unknown_book"
    UNKNOWN_MARKET = "unknown_market"
    UNKNOWN_ORDER = "unknown_order"
    UNKNOWN_GROUP = "unknown_group"
    UNKNOWN_PAYMENT = "unknown_payment"
    UNKNOWN_TRANSFER = "unknown_transfer"
    UNKNOWN_DERIVATIVE = "unknown_contract"
    UNKNOWN_INDEX = "unknown_index"
    ALREADY_EXISTS = "already_exists"
    KEY_IN_USE = "key_in_use"
    UNKNOWN_KEY = "unknown_key"
    WRONG_KIND = "wrong_kind"
    WRONG_EVENT = "wrong_event"
    ILLEGAL_TRANSITION = "illegal_transition"
    MARKET_NOT_OPEN = "market_not_open"
    ORDER_NOT_RESTING = "order_not_resting"
    ORDER_MISMATCH = "order_mismatch"
    GROUP_MISMATCH = "group_mismatch"
    GROUP_TRIGGERED = "group_triggered"
    POSITION_EXISTS = "position_exists"
    FEE_UNKNOWN = "fee_unknown"
    DERIVATIVE_DELIVERED = "contract_delivered"
    AMOUNT_OUT_OF_RANGE = "amount_out_of_range"
    PRICE_OUT_OF_RANGE = "price_out_of_range"
    INSUFFICIENT_CASH = "insufficient_cash"
    POST_ONLY_WOULD_CROSS = "post_only_would_cross"
    FILL_OR_KILL_UNFILLED = "fill_or_kill_unfilled"
    DUPLICATE_CLIENT_ORDER_ID = "duplicate_client_order_id"
    PRICE_OFF_GRID = "price_off_grid"
    COUNT_OFF_GRID = "count_off_grid"
    TRADING_PAUSED = "trading_paused"
    EXCHANGE_PAUSED = "exchange_paused"
    EXPIRY_IN_PAST = "expiry_in_past"
    REDUCE_ONLY_NEEDS_IOC = "reduce_only_needs_ioc"
    SUBTRADER_BLOCKED = "subtrader_blocked"
    SUBTRADER_CAPPED = "subtrader_capped"
    POSITION_LIMIT = "position_limit"
    AMEND_COUNT_TOO_SMALL = "amend_count_too_small"
    SELF_TRADE = "self_trade"
    NO_PASSIVE_PRICE = "no_passive_price"
    NOTHING_TO_REDUCE = "nothing_to_reduce"
    TRIGGER_REACHED = "trigger_reached"
    TOO_MANY_ORDERS = "too_many_orders"
    UNKNOWN_RFQ = "unknown_rfq"
    UNKNOWN_QUOTE = "unknown_quote"
    UNKNOWN_PROPOSAL = "unknown_proposal"
    RFQ_CLOSED = "rfq_closed"
    TOO_MANY_RFQS = "too_many_rfqs"
    QUOTE_NOT_OPEN = "quote_not_open"
    PROPOSAL_NOT_OPEN = "proposal_not_open"


class Refusal(Struct, frozen=True):
    """A refused command: `code` is for programs; `message` names the error, what was expected and the remedy."""

    code: RefusalCode
    message: str


class Refused(Exception):
    """The exception that carries a Refusal from a handler to `Exchange.execute`, which returns it."""

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(message)
        self.refusal = Refusal(code, message)

"""Defines the JSON fields of a currency. The shown fees of deposits and withdrawals are constants."""

from typing import NamedTuple

from mockexchange.venues.dated import ApiDate, Field
from mockexchange.venues.deribit.objects.rows import always, integer, text, writer


class Currency(NamedTuple):
    name: str
    title: str
    coin_type: str
    decimals: int


CURRENCIES = (
    Currency("BTC", "Bitcoin", "BITCOIN", 8),
    Currency("ETH", "Ethereum", "ETHER", 6),
    Currency("USDC", "USD Coin", "USDC", 6),
    Currency("USDT", "Tether USD", "USDT", 6),
    Currency("EURR", "StablR Euro", "EURR", 6),
)
"""The currencies that positions can be filtered by."""
CURRENCY: tuple[Field, ...] = (
    always("apr", "0.0", "name"),
    text("coin_type"),
    text("currency", "name"),
    text("currency_long", "title"),
    integer("decimals"),
    always("in_cross_collateral_pool", "false", "name"),
    always("min_confirmations", "1", "name"),
    always("min_withdrawal_fee", "0.0", "name"),
    text("network_currency", "name"),
    always("network_fee", "0.0", "name"),
    always("withdrawal_fee", "0.0", "name"),
    always("withdrawal_priorities", "[]", "name"),
)

_WRITE = writer(CURRENCY)


def currency_text(currency: Currency, api_date: ApiDate) -> str:
    return _WRITE(currency, api_date)

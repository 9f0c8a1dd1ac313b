"""Defines the JSON object with the price of an index."""

from decimal import Decimal
from typing import NamedTuple

from mockexchange.venues.dated import ApiDate, Field
from mockexchange.venues.deribit.objects.rows import number, writer


class IndexPrice(NamedTuple):
    price: Decimal


INDEX_PRICE: tuple[Field, ...] = (number("estimated_delivery_price", "price"), number("index_price", "price"))

_WRITE = writer(INDEX_PRICE)


def index_price_text(price: Decimal, api_date: ApiDate) -> str:
    return _WRITE(IndexPrice(price), api_date)

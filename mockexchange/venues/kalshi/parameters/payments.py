"""Defines the query parameters of the operations that list payments and transfers: a page's limit and cursor."""

from mockexchange.venues.kalshi.parameters.rows import CURSOR, LIMIT, LIMIT_500, Parameter

GET_PAYMENTS: tuple[Parameter, ...] = (CURSOR, LIMIT_500)
GET_SUBACCOUNT_TRANSFERS: tuple[Parameter, ...] = (CURSOR, LIMIT)

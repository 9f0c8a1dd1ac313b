"""Parameters of payments and transfers: pages alone."""

from mockexchange.venues.kalshi.parameters.rows import CURSOR, LIMIT, LIMIT_500, Parameter

GET_PAYMENTS: tuple[Parameter, ...] = (CURSOR, LIMIT_500)
GET_SUBACCOUNT_TRANSFERS: tuple[Parameter, ...] = (CURSOR, LIMIT)

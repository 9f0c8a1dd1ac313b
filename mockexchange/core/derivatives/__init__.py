"""Futures, perpetuals, options and combos: their terms and prices, holdings, cash by currency. All in `Decimal`."""

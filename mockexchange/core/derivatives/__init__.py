"""Futures, perpetuals, options and combos: contracts, holdings of them, cash by currency. Everything is `Decimal`."""

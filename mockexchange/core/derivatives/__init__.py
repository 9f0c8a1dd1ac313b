"""Futures, perpetuals, options and combos: terms, prices, positions, and cash by currency. Amounts are `Decimal`."""

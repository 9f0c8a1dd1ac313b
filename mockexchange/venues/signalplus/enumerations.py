"""Words of the venue that a scenario uses as well, and the lists of its parameters' values."""

ANY = "any"
CURRENCIES = ("BTC", "ETH", "USDC", "USDT", "EURR")
"""[doc]"""
KINDS = ("future", "option", "spot", "future_combo", "option_combo")
"""[doc] Spot is still listed, though Deribit's own documents have dropped it."""
INTERVALS = ("raw", "100ms", "agg2")
"""[doc] Of channels; here everything is told at once."""
TRADE_READ = "trade:read"
SCOPES = ("account:read", TRADE_READ)
"""Deribit's words: nothing is known of what SignalPlus calls them."""

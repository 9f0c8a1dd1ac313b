"""Lists the enumerations of SignalPlus: scopes and the values of its parameters."""

ANY = "any"
CURRENCIES = ("BTC", "ETH", "USDC", "USDT", "EURR")
"""Currencies of positions and channels [doc]."""
KINDS = ("future", "option", "spot", "future_combo", "option_combo")
"""Kinds of instruments [doc]. Spot is still listed, though Deribit's own documents dropped it."""
INTERVALS = ("raw", "100ms", "agg2")
"""Intervals in channel names [doc]; the mock sends every change at once in each of them."""
TRADE_READ = "trade:read"
SCOPES = ("account:read", TRADE_READ)
"""Scopes of keys, by Deribit's names: those of SignalPlus are unknown."""

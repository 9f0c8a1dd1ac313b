"""The enumerations of this venue: scopes and the values of its parameters."""

ANY = "any"
CURRENCIES = ("BTC", "ETH", "USDC", "USDT", "EURR")
"""Currencies of positions and channels [doc]."""
KINDS = ("future", "option", "spot", "future_combo", "option_combo")
"""Kinds of instruments [doc]. Spot is still listed, though Deribit's own documents dropped it."""
INTERVALS = ("raw", "100ms", "agg2")
"""Intervals of channels [doc]; here every change is sent at once."""
TRADE_READ = "trade:read"
SCOPES = ("account:read", TRADE_READ)
"""Scopes by Deribit's names: those of SignalPlus are unknown."""

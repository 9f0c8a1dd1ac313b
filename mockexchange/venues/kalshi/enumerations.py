"""Lists the values of the venue's enumerations that scenarios may use."""

SCOPES = (
    "read",
    "write",
    "read::block_trade_accept",
    "read::portfolio_balance",
    "write::trade",
    "write::transfer",
    "write::fcm_risk",
    "write::block_trade_accept",
)
"""The scopes of keys that the documentation of 2026-10 names."""
TIERS = ("basic", "advanced", "expert", "premier", "paragon", "prime", "prestige")
"""The usage tiers of the same documentation, which decide the rate limits of an account."""
STRIKE_TYPES = (
    "greater",
    "greater_or_equal",
    "less",
    "less_or_equal",
    "between",
    "functional",
    "custom",
    "structured",
)

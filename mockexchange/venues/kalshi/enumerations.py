"""Lists the values of the venue's enumerations that scenarios may use."""

# The scopes that the documentation of 2026-10 names.
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
# The usage tiers of the same documentation.
TIERS = ("basic", "advanced", "expert", "premier", "paragon", "prime", "prestige")
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

"""How much a client may do before it is stopped."""

CONNECTIONS_MAX = 256
"""Open at once: the venue allows 200 streams an account, and no client needs more than a few for its requests."""
CALLS_MAX = 2_000
"""In one run of a card: one that sends more is in a loop."""
TOO_MANY = f"it opened more than {CONNECTIONS_MAX} connections at once, where the venue allows 200: reuse them"
LOOPS = f"it sent more than {CALLS_MAX:,} requests"

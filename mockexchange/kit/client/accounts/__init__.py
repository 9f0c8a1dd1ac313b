"""The account that a client test uses: its positions as the exchange has them, and its secrets."""

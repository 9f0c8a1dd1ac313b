"""The account of a card: its positions as the exchange has them, and its secrets."""

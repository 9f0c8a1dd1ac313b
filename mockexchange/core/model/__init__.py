"""The types of the exchange's state: accounts, markets, orders, positions, and lists of fills and the like."""

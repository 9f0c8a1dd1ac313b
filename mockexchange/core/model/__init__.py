"""The state of the exchange: accounts, markets, orders, positions and the lists that grow."""

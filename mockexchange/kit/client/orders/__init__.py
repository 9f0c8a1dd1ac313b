"""Tasks of adapters that trade: how they are played, the orders of the exchange, and the comparison of both."""

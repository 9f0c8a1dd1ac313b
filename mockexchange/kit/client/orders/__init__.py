"""Runs tasks of adapters that trade, and compares what the client reports with the exchange's orders."""

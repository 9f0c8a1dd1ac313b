"""Kalshi's rows as steps of a scenario."""

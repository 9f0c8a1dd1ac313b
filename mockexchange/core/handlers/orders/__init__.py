"""Handlers of orders and order groups, with the checks and the matching."""

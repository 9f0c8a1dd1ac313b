"""Imports accounts at JSON-RPC venues that hold derivatives: positions, trades, and cash by currency."""

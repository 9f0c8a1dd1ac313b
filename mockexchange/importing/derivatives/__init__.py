"""Imports accounts that hold derivatives: positions, trades and cash by currency, in answers of JSON-RPC."""

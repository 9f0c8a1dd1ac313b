"""Trades of derivatives: their handlers, parties, legs and rows."""

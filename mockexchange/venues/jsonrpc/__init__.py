"""Envelopes, sessions and rejections, shared by the venues with JSON-RPC."""

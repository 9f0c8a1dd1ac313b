"""Envelopes, sessions and rejections, shared by the venues of JSON-RPC."""

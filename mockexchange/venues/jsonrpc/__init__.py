"""Envelopes, sessions and rejections of JSON-RPC, shared by the venues that use it."""

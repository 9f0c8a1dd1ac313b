"""Kalshi's WebSocket streams without socket and event loop: bytes in, frames out."""

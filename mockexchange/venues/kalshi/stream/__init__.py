"""Implements Kalshi's WebSocket streams without a socket and an event loop: it takes bytes and returns frames."""

"""The venue's WebSocket surface without a socket: bytes in, frames out, no event loop."""

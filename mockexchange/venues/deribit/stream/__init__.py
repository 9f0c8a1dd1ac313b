"""The venue's streams without socket and event loop: bytes in, frames out."""

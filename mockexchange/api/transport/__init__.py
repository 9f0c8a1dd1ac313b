"""Connections of the Python API to a server: in this process, over HTTP, and as transports for httpx."""

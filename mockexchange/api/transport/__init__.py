"""Connections of the Python API to a sandbox: in process, over HTTP, and as transports of httpx."""

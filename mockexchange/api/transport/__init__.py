"""Connects the Python API with a server, in this process or over HTTP, and httpx with a sandbox."""

"""Serves HTTP: listening sockets, uvicorn's protocols, and the REST endpoint of the venues."""
